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

/*
 * Queries, errors and transactions, for those who write SQL.  Nothing here
 * names the database: what is under it are store_db.c and store_open.c.
 *
 * A query is its SQL, what is bound to it, and where its columns go:
 *
 *	static const struct db_column columns[] = {
 *		DB_INT(store_mailbox, id), DB_TEXT(store_mailbox, address),
 *		DB_END
 *	};
 *
 *	q = db_get(s, "SELECT id, address FROM mailbox WHERE ...", ...);
 *	while ((ret = db_next(s, q, columns, &mb)) == 1)
 *		if (cb(&mb, arg) != 0)
 *			return db_stop(s, q);
 *	return ret;
 */

#ifndef STORE_DB_H
#define STORE_DB_H

#include <stdarg.h>
#include <stddef.h>

#include "base/compat.h"

#include "store/store.h"

#define STORE_APPID	0x72656c79	/* "rely": PRAGMA application_id */
#define STORE_SAMETIME	(10 * 86400)	/* smtpd ids are its queue's: after
					 * this they may come again */

struct db_query;

/* Where one column of a row goes; a list of them ends with DB_END. */
struct db_column {
	char	 type;		/* i: integer of 4 or 8 bytes, t: text */
	size_t	 offset;
	size_t	 size;
};

/* A field of struct type.  NULL is 0, or "". */
#define DB_FIELD(letter, type, field)					\
	{ letter, offsetof(struct type, field),				\
	    sizeof(((struct type *)0)->field) }
#define DB_INT(type, field)	DB_FIELD('i', type, field)
#define DB_TEXT(type, field)	DB_FIELD('t', type, field)
#define DB_ID			{ 'i', 0, sizeof(uint64_t) } /* alone */
#define DB_END			{ '\0', 0, 0 }

/* Remembers an error; always returns -1. */
int	db_fail(struct store *s, enum store_kind kind, const char *fmt, ...)
	    __attribute__((__format__(printf, 3, 4)));

/* Remembers what the database says is wrong while doing what; returns -1. */
int	db_error(struct store *s, const char *what);

/* What the database said of the last failure, for people. */
const char *db_reason(struct store *s);

/* The name of the file, for what is told to people. */
const char *db_path(const struct store *s);

/*
 * A query, prepared once for each literal sql, with its parameters bound by
 * types, a letter for each:
 *
 *	i	int64_t or uint64_t
 *	u	unsigned int, uint32_t, or an int that is not negative
 *	d	time_t
 *	t	const char * (NULL: NULL), which is copied
 *	e	the same, but "" is NULL, too
 *	b	const void * and size_t
 *
 * NULL on an error, which db_next() turns into -1.  What does not read it to
 * its end gives it back with db_done(); until then another db_get() of it
 * makes a second one.
 */
struct db_query *db_get(struct store *s, const char *sql, const char *types,
	    ...);
void	db_done(struct db_query *q);

/* The same for SQL that was put together: it is not kept after db_done(). */
struct db_query *db_prepare(struct store *s, const char *sql);

/*
 * Reads the next row into the structure that columns describe: 1; 0 the rows
 * have ended; -1 an error, such as a text that does not fit its field.  But
 * for 1, q (which may be NULL: -1) has been given back.
 */
int	db_next(struct store *s, struct db_query *q,
	    const struct db_column *columns, void *row);

/* Gives q back, and says that a callback ended the walk: -1. */
int	db_stop(struct store *s, struct db_query *q);

/* Reads the first row of a query, if any: 1, 0 or -1. */
int	db_row(struct store *s, const struct db_column *columns, void *row,
	    const char *sql, const char *types, ...);

/* The same for one text: 1, 0 if there is no row or it is NULL, -1. */
int	db_text(struct store *s, char *buf, size_t size, const char *sql,
	    const char *types, ...);

/* The same for one number. */
int	db_number(struct store *s, int64_t *n, const char *sql,
	    const char *types, ...);

/* For those who do not know the columns: 1 there is a row, 0 no more, -1. */
int	db_step(struct store *s, struct db_query *q);

/* A column of that row as text, good until the next step: 1, 0 NULL, -1. */
int	db_column(struct store *s, struct db_query *q, int column,
	    const char **text);

/* Runs a statement to its end: rows changed, or -1. */
int	db_run(struct store *s, const char *sql, const char *types, ...);

/* Runs q, which may have been run before, with n texts (or NULL). */
int	db_run_texts(struct store *s, struct db_query *q,
	    const char *const *text, int n);

/* Runs an INSERT; *id gets the row's. 0 or -1. */
int	db_insert(struct store *s, uint64_t *id, const char *sql,
	    const char *types, ...);

/* The same as db_run() between db_enter() and db_leave(). */
int	db_write(struct store *s, const char *sql, const char *types, ...);

/* Runs SQL that is not worth keeping. */
int	db_exec(struct store *s, const char *sql);

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

/* Says that the schema is a newer release's; -1. */
int	schema_newer(struct store *s, int version);

/* Rules of what may be stored (store_admin.c). */

/* Checks a mailbox's address against the rules; -1 is STORE_REFUSED. */
int	rule_mailbox(struct store *s, const char *folded,
	    const char *const *domains, size_t n);
/* Checks any other address: a dot-atom and a domain, in ASCII. */
int	rule_address(struct store *s, const char *address);
/* Whether a name is 1 to max letters, digits, - and _, and no - first. */
int	rule_is_name(const char *name, size_t max);
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
