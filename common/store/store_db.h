/*
 * Copyright (c) 2026 The opensmtpd-relay developers
 *
 * Permission to use, copy, modify, and distribute this software for any
 * purpose with or without fee is hereby granted, provided that the above
 * copyright notice and this permission notice appear in all copies.
 *
 * THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES
 * WITH REGARD TO THIS SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF
 * MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR
 * ANY SPECIAL, DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES
 * WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN
 * ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF
 * OR IN CONNECTION WITH THE USE OR PERFORMANCE OF THIS SOFTWARE.
 */

/* Statements, errors and transactions: all of SQLite that the store knows. */

#ifndef STORE_DB_H
#define STORE_DB_H

#include <sys/types.h>

#include <stdarg.h>

#include <sqlite3.h>

#include "base/compat.h"

#include "store/store.h"

#define STORE_APPID	0x72656c79	/* "rely": PRAGMA application_id */
#define STORE_STMTS	256		/* places for prepared statements */
#define STORE_SAMETIME	(10 * 86400)	/* smtpd ids are its queue's: after
					 * this they may come again */

struct store_stmt {
	const char	*sql;		/* the literal's address is the key */
	sqlite3_stmt	*stmt;
	int		 busy;
};

struct store {
	sqlite3		*db;
	struct store_err err;
	int		 flags;
	int		 depth;		/* of transactions; 0: none is open */
	int		 reading;	/* the open one only reads */
	int		 watch_fd;
	dev_t		 dev;		/* of the file that was opened */
	ino_t		 ino;
	char		 path[STORE_PATH_MAX + 1];
	struct store_stmt stmt[STORE_STMTS];
};

/* Statements and errors. */

/* Remembers an error; always returns -1. */
int	db_fail(struct store *s, enum store_kind kind, const char *fmt, ...)
	    __attribute__((__format__(printf, 3, 4)));

/* Remembers what SQLite says is wrong while doing what; returns -1. */
int	db_error(struct store *s, const char *what);

/*
 * A statement, prepared once for each literal sql, with its parameters bound
 * by types: i int64_t, t const char * (NULL: NULL; copied), e the same but ""
 * is NULL too, b const void * and size_t.  NULL on an error.  Give it back
 * with db_done(); until then another db_get() of it makes a second one.
 */
sqlite3_stmt *db_get(struct store *s, const char *sql, const char *types,
	    ...);
void	db_done(struct store *s, sqlite3_stmt *st);

/* 1 there is a row, 0 it has ended, -1 error. */
int	db_step(struct store *s, sqlite3_stmt *st);

/* Runs a statement to its end: rows changed, or -1. */
int	db_run(struct store *s, const char *sql, const char *types, ...);

/* Runs a query for one number: 1, 0 if there is no row or it is NULL, -1. */
int	db_number(struct store *s, int64_t *n, const char *sql,
	    const char *types, ...);

/* Reads one text, and ends st, which may be NULL: 1, 0 no row, -1. */
int	db_one_text(struct store *s, sqlite3_stmt *st, char *buf,
	    size_t size);

/* COMMIT and ROLLBACK, which are prepared before they are needed. */
extern const char	 db_commit[], db_rollback[];

/* Runs SQL that is not worth keeping. */
int	db_exec(struct store *s, const char *sql);

/* Copies a column; NULL becomes "".  -1 if it does not fit. */
int	db_text(struct store *s, sqlite3_stmt *st, int col, char *buf,
	    size_t size);

/*
 * Brackets for a function that writes more than once: a transaction of its
 * own, or a part of the open one that is undone alone.  db_leave() takes the
 * function's return value and keeps what was done unless it is -1; it
 * returns the same, or -1 if it could not be kept.
 */
int	db_enter(struct store *s);
int	db_leave(struct store *s, int ret);

/*
 * Brackets for what must be read as of one moment: a transaction, unless one
 * is open.  db_fix() returns what db_unfix() takes, or -1; that returns ret.
 */
int	db_fix(struct store *s);
int	db_unfix(struct store *s, int fixed, int ret);

/* store_steps.c: how each version of the schema comes from the last. */

extern const char *const schema_steps[];
extern const int schema_newest;

/* Says that the schema is a newer release's; -1. */
int	schema_newer(struct store *s, int version);

/* Rules of what may be stored (store_admin.c). */

/* Checks a mailbox's address against the rules; -1 is STORE_REFUSED. */
int	rule_mailbox(struct store *s, const char *folded,
	    const char *const *domains, size_t n);
/* Checks any other address: a dot-atom and a domain, in ASCII. */
int	rule_address(struct store *s, const char *address);
/* Checks the form of a worker's name. */
int	rule_worker(struct store *s, const char *name);
/* Checks a text to show: UTF-8 without control characters, at most max. */
int	rule_text(struct store *s, const char *what, const char *text,
	    size_t max);
/* Copies at most size - 1 bytes, never half a character. */
void	rule_cut(const char *src, char *dst, size_t size);
/* Folds, or says STORE_REFUSED. */
int	rule_fold(struct store *s, const char *address,
	    char buf[STORE_ADDR_MAX + 1]);
/* Checks what is stored of an account; secret: whether it has one. */
struct store_account;
int	rule_account(struct store *s, const struct store_account *acc,
	    int secret);
/*
 * Looks for somebody else's identity that is the address with a tag: 1 with
 * the identity in other, 0 or -1.
 */
int	rule_tagged(struct store *s, const char *user, const char *folded,
	    char other[STORE_ADDR_MAX + 1]);
/* Copies a Message-Id without angle brackets, or says STORE_REFUSED. */
int	rule_msgid(struct store *s, const char *id,
	    char buf[STORE_MSGID_MAX + 1]);

#endif
