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
 * What must be remembered: mailboxes, workers, conversations, handles, and
 * how far each message has come.  This header opens the store; by topic:
 *
 *	store_admin.h	what smtprelayctl changes and shows
 *	store_mail.h	what a message on its way needs
 *	store_watch.h	what the tables answer, and when it changed
 *	store_export.h	everything as text
 *
 * The backend is SQLite; nothing of it shows here.  A store belongs to the
 * process that opened it: open it after the last fork.  Open it before the
 * sandbox closes; afterwards no further file is opened.
 *
 * Unless a comment says otherwise, functions return 0 for success; lookups
 * return 1 found, 0 not found; -1 is an error that store_error() tells.
 * Times are seconds since 1970.  Texts are UTF-8 and end in NUL; a text that
 * does not fit where it is asked for is an error.  Ids are never 0; workers',
 * mailboxes' and conversations' are never used again.  Every function that
 * writes is one transaction, or a part of the caller's.
 */

#ifndef STORE_H
#define STORE_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* Limits, in bytes and without the final NUL. */
#define STORE_ADDR_MAX		320	/* local part, @, domain */
#define STORE_LOCAL_MAX		47	/* of a mailbox: room for +HANDLE */
#define STORE_NAME_MAX		256	/* a display name */
#define STORE_WORKER_MAX	32	/* a worker's short name */
#define STORE_LOGIN_MAX		128
#define STORE_SUBJECT_MAX	255
#define STORE_MSGID_MAX		998	/* RFC 5322 section 2.1.1 */
#define STORE_SMTPD_MAX		64	/* smtpd's message id */
#define STORE_DKEY_MAX		998	/* original Message-Id, or a hash */
#define STORE_STATUS_MAX	32	/* RFC 3463 */
#define STORE_DIAG_MAX		200
#define STORE_COMMANDS_MAX	64
#define STORE_TEXT_MAX		512	/* of an event */
#define STORE_WORKER_ADDRS	32	/* addresses of one worker */
#define STORE_REPLY_ID		32	/* hexadecimal digits */
#define STORE_GATE_MAX		64	/* the name of a gate */
#define STORE_PATH_MAX		1000

enum store_kind {
	STORE_OK,
	STORE_BUSY,		/* somebody else held it longer than we wait */
	STORE_FULL,		/* the disk is */
	STORE_DAMAGED,		/* not a store, or not a whole one */
	STORE_NEWER,		/* made by a newer release than this */
	STORE_READONLY,
	STORE_MISSING,		/* no such file: init makes it */
	STORE_REFUSED,		/* against the rules: text says which */
	STORE_OTHER
};

struct store_err {
	enum store_kind	 kind;
	char		 text[512];	/* a sentence, without newline */
};

struct store;

#define STORE_CREATE	0x01	/* make it if it is missing */
#define STORE_RDONLY	0x02	/* refuse to change anything */

/*
 * Opens the store at path, brings an older schema up to this release's, and
 * makes every file that it will ever need.  flags as above; busy_ms is how
 * long to wait for another process, in milliseconds.  Returns the store, to
 * be closed with store_close(), or NULL with *err.
 */
struct store *store_open(const char *path, int flags, int busy_ms,
	    struct store_err *err);

/* Ends an open transaction without keeping it and frees; NULL is allowed. */
void	store_close(struct store *s);

/*
 * Says whether the file at the store's path is another than the one that was
 * opened, or gone: 1 or 0.  What is written then would be lost; open anew.
 */
int	store_replaced(const struct store *s);

/* Changes how long to wait for another process, in milliseconds. */
void	store_timeout(struct store *s, int busy_ms);

/* What the last failure was; good until the next call. */
const struct store_err *store_error(const struct store *s);

/* A word for a kind of error: "busy", "full", ... */
const char *store_kind_name(enum store_kind kind);

/*
 * Transactions.  store_begin() waits for its turn to write; everything until
 * store_commit() happens together or not at all, and is on disk when that
 * returns 0.  store_begin_read() only fixes what is seen.  After a failure of
 * any call within, or of store_commit(), call store_rollback().  They do not
 * nest.
 */
int	store_begin(struct store *s);
int	store_begin_read(struct store *s);
int	store_commit(struct store *s);
void	store_rollback(struct store *s);

/*
 * Whether a commit is on disk when it returns, which is so at first.  Else it
 * is once a later one is, in the same order: enough for what need only be
 * known to other processes, or will be followed by more.  Not within a
 * transaction.
 */
int	store_durable(struct store *s, int on);

/* The schema's version; the newest that this release knows. */
int	store_version(struct store *s);
int	store_version_newest(void);

/*
 * Overwrites what deleted rows left behind in the log: in the file itself
 * nothing of them stays.  Returns 1; 0 if others are reading just now, and
 * then it stays until the log is written anew.
 */
int	store_shred(struct store *s);

/*
 * Copies address to buf in the form that is compared: ASCII letters in lower
 * case.  Returns 0, or -1 if it does not fit.
 */
int	store_fold(const char *address, char *buf, size_t size);

#endif
