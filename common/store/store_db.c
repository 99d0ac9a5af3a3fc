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

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "store/store_db.h"

const char	 db_commit[] = "COMMIT";
const char	 db_rollback[] = "ROLLBACK";

int
db_fail(struct store *s, enum store_kind kind, const char *fmt, ...)
{
	va_list	 ap;

	s->err.kind = kind;
	va_start(ap, fmt);
	(void)vsnprintf(s->err.text, sizeof(s->err.text), fmt, ap);
	va_end(ap);
	return -1;
}

static enum store_kind
kind_of(int code)
{
	switch (code & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return STORE_BUSY;
	case SQLITE_FULL:
		return STORE_FULL;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_FORMAT:
		return STORE_DAMAGED;
	case SQLITE_READONLY:
	case SQLITE_PERM:
		return STORE_READONLY;
	case SQLITE_CONSTRAINT:
		return STORE_REFUSED;
	case SQLITE_IOERR:
		if (code == SQLITE_IOERR_SHORT_READ ||
		    code == SQLITE_IOERR_SHMSIZE)
			return STORE_DAMAGED;
		return STORE_OTHER;
	default:
		return STORE_OTHER;
	}
}

int
db_error(struct store *s, const char *what)
{
	int	 code;

	code = s->db == NULL ? SQLITE_NOMEM : sqlite3_extended_errcode(s->db);
	if ((code & 0xff) == SQLITE_CANTOPEN)
		return db_fail(s, STORE_OTHER, "%s: %s: cannot open it, or "
		    "its -wal or -shm file, or cannot make them in its "
		    "directory (%d)", s->path, what, code);
	return db_fail(s, kind_of(code), "%s: %s: %s (%d)", s->path, what,
	    s->db == NULL ? "out of memory" : sqlite3_errmsg(s->db), code);
}

static int
bind(struct store *s, sqlite3_stmt *st, const char *types, va_list ap)
{
	const char	*t;
	const void	*b;
	size_t		 len;
	int		 i, rc = SQLITE_OK;

	for (i = 1; *types != '\0' && rc == SQLITE_OK; i++, types++) {
		switch (*types) {
		case 'i':
			rc = sqlite3_bind_int64(st, i, va_arg(ap, int64_t));
			break;
		case 't':
		case 'e':
			t = va_arg(ap, const char *);
			if (t == NULL || (*types == 'e' && *t == '\0'))
				rc = sqlite3_bind_null(st, i);
			else
				rc = sqlite3_bind_text(st, i, t, -1,
				    SQLITE_TRANSIENT);
			break;
		case 'b':
			b = va_arg(ap, const void *);
			len = va_arg(ap, size_t);
			rc = sqlite3_bind_blob64(st, i, b, len,
			    SQLITE_TRANSIENT);
			break;
		default:
			rc = SQLITE_MISUSE;
			break;
		}
	}
	return rc == SQLITE_OK ? 0 : db_error(s, "bind");
}

/*
 * Looks the statement up in the cache, or prepares it into a free place.
 * When it is in use further up the stack, or the cache is full, it is
 * prepared for this use alone.
 */
static sqlite3_stmt *
lookup(struct store *s, const char *sql)
{
	struct store_stmt	*place = NULL;
	sqlite3_stmt		*st;
	size_t			 h, i;

	h = ((uintptr_t)sql >> 3) * 2654435761U;
	for (i = 0; i < STORE_STMTS; i++) {
		place = &s->stmt[(h + i) % STORE_STMTS];
		if (place->sql == sql || place->sql == NULL)
			break;
	}
	if (i == STORE_STMTS || place->busy)
		place = NULL;
	else if (place->sql == sql) {
		place->busy = 1;
		return place->stmt;
	}
	if (sqlite3_prepare_v3(s->db, sql, -1,
	    place != NULL ? SQLITE_PREPARE_PERSISTENT : 0, &st, NULL) !=
	    SQLITE_OK) {
		(void)db_error(s, "prepare");
		return NULL;
	}
	if (place != NULL) {
		place->sql = sql;
		place->stmt = st;
		place->busy = 1;
	}
	return st;
}

static sqlite3_stmt *
vget(struct store *s, const char *sql, const char *types, va_list ap)
{
	sqlite3_stmt	*st;

	if ((st = lookup(s, sql)) == NULL)
		return NULL;
	if (bind(s, st, types, ap) == -1) {
		db_done(s, st);
		return NULL;
	}
	return st;
}

sqlite3_stmt *
db_get(struct store *s, const char *sql, const char *types, ...)
{
	sqlite3_stmt	*st;
	va_list		 ap;

	va_start(ap, types);
	st = vget(s, sql, types, ap);
	va_end(ap);
	return st;
}

void
db_done(struct store *s, sqlite3_stmt *st)
{
	size_t	 i;

	if (st == NULL)
		return;
	for (i = 0; i < STORE_STMTS; i++) {
		if (s->stmt[i].stmt == st) {
			(void)sqlite3_reset(st);
			(void)sqlite3_clear_bindings(st);
			s->stmt[i].busy = 0;
			return;
		}
	}
	(void)sqlite3_finalize(st);
}

int
db_step(struct store *s, sqlite3_stmt *st)
{
	switch (sqlite3_step(st)) {
	case SQLITE_ROW:
		return 1;
	case SQLITE_DONE:
		return 0;
	default:
		return db_error(s, "step");
	}
}

int
db_run(struct store *s, const char *sql, const char *types, ...)
{
	sqlite3_stmt	*st;
	va_list		 ap;
	int		 n;

	va_start(ap, types);
	st = vget(s, sql, types, ap);
	va_end(ap);
	if (st == NULL)
		return -1;
	while ((n = db_step(s, st)) == 1)
		continue;
	if (n == 0)
		n = sqlite3_changes(s->db);
	db_done(s, st);
	return n;
}

int
db_number(struct store *s, int64_t *n, const char *sql, const char *types,
    ...)
{
	sqlite3_stmt	*st;
	va_list		 ap;
	int		 ret;

	va_start(ap, types);
	st = vget(s, sql, types, ap);
	va_end(ap);
	if (st == NULL)
		return -1;
	if ((ret = db_step(s, st)) == 1) {
		if (sqlite3_column_type(st, 0) == SQLITE_NULL)
			ret = 0;
		else
			*n = sqlite3_column_int64(st, 0);
	}
	db_done(s, st);
	return ret;
}

int
db_exec(struct store *s, const char *sql)
{
	if (sqlite3_exec(s->db, sql, NULL, NULL, NULL) != SQLITE_OK)
		return db_error(s, "exec");
	return 0;
}

int
db_text(struct store *s, sqlite3_stmt *st, int col, char *buf, size_t size)
{
	const char	*t;
	size_t		 len;

	buf[0] = '\0';
	if (sqlite3_column_type(st, col) == SQLITE_NULL)
		return 0;
	if ((t = (const char *)sqlite3_column_text(st, col)) == NULL)
		return db_error(s, "column");
	len = sqlite3_column_bytes(st, col);
	if (len >= size || strlen(t) != len)
		return db_fail(s, STORE_DAMAGED, "%s: a stored text is "
		    "longer than it may be", s->path);
	memcpy(buf, t, len + 1);
	return 0;
}

int
db_one_text(struct store *s, sqlite3_stmt *st, char *buf, size_t size)
{
	int	 ret;

	if (st == NULL)
		return -1;
	if ((ret = db_step(s, st)) == 1 && db_text(s, st, 0, buf, size) == -1)
		ret = -1;
	db_done(s, st);
	return ret;
}

int
store_version_newest(void)
{
	return schema_newest;
}

int
store_version(struct store *s)
{
	int64_t	 n;

	if (db_number(s, &n, "PRAGMA user_version", "") != 1)
		return -1;
	return n;
}

/* Says that the schema is a newer release's; -1. */
int
schema_newer(struct store *s, int version)
{
	return db_fail(s, STORE_NEWER, "%s: has schema %d, made by a newer "
	    "release; this one knows up to %d", s->path, version,
	    schema_newest);
}

static int
begin(struct store *s, const char *sql, int reading)
{
	if (s->depth != 0)
		return db_fail(s, STORE_OTHER, "a transaction is open "
		    "already");
	if (!reading && (s->flags & STORE_RDONLY))
		return db_fail(s, STORE_READONLY, "%s: opened for reading "
		    "only", s->path);
	/* What could not be rolled back for want of memory. */
	if (!sqlite3_get_autocommit(s->db))
		store_rollback(s);
	if (db_run(s, sql, "") == -1)
		return -1;
	s->depth = 1;
	s->reading = reading;
	return 0;
}

/*
 * A newer release may have changed the schema under a process that has been
 * running for long: what this one would write could then be wrong.
 */
int
store_begin(struct store *s)
{
	int	 version;

	if (begin(s, "BEGIN IMMEDIATE", 0) == -1)
		return -1;
	if ((version = store_version(s)) != -1) {
		if (version <= store_version_newest())
			return 0;
		(void)schema_newer(s, version);
	}
	store_rollback(s);
	return -1;
}

int
store_begin_read(struct store *s)
{
	int64_t	 n;

	if (begin(s, "BEGIN DEFERRED", 1) == -1)
		return -1;
	/* The moment that is seen is that of the first read. */
	if (db_number(s, &n, "SELECT count(*) FROM sqlite_schema", "") != -1)
		return 0;
	store_rollback(s);
	return -1;
}

int
store_commit(struct store *s)
{
	struct store_err	 err;

	if (s->depth != 1)
		return db_fail(s, STORE_OTHER, "no transaction is open");
	if (db_run(s, db_commit, "") != -1) {
		s->depth = 0;
		return 0;
	}
	err = s->err;
	store_rollback(s);
	s->err = err;
	return -1;
}

void
store_rollback(struct store *s)
{
	struct store_err	 err = s->err;

	/* After some failures, such as a full disk, it is rolled back. */
	if (!sqlite3_get_autocommit(s->db))
		(void)db_run(s, db_rollback, "");
	s->depth = 0;
	s->err = err;
}

/* Literals, so that each is prepared once. */
#define DEPTH_MAX	6
static const char *const	 save[DEPTH_MAX + 1] = {
	NULL, "SAVEPOINT d1", "SAVEPOINT d2", "SAVEPOINT d3", "SAVEPOINT d4",
	"SAVEPOINT d5", "SAVEPOINT d6"
};
static const char *const	 undo[DEPTH_MAX + 1] = {
	NULL, "ROLLBACK TO d1", "ROLLBACK TO d2", "ROLLBACK TO d3",
	"ROLLBACK TO d4", "ROLLBACK TO d5", "ROLLBACK TO d6"
};
static const char *const	 release[DEPTH_MAX + 1] = {
	NULL, "RELEASE d1", "RELEASE d2", "RELEASE d3", "RELEASE d4",
	"RELEASE d5", "RELEASE d6"
};

int
db_enter(struct store *s)
{
	if (s->depth == 0)
		return store_begin(s);
	if (s->reading)
		return db_fail(s, STORE_OTHER, "this transaction only reads");
	if (s->depth > DEPTH_MAX)
		return db_fail(s, STORE_OTHER, "transactions too deep");
	if (db_run(s, save[s->depth], "") == -1)
		return -1;
	s->depth++;
	return 0;
}

int
db_leave(struct store *s, int ret)
{
	struct store_err	 err;

	if (s->depth == 1) {
		if (ret != -1)
			return store_commit(s) == -1 ? -1 : ret;
		store_rollback(s);
		return -1;
	}
	s->depth--;
	if (ret != -1)
		return db_run(s, release[s->depth], "") == -1 ? -1 : ret;
	/* A full disk may have ended the whole transaction already. */
	err = s->err;
	if (!sqlite3_get_autocommit(s->db)) {
		(void)db_run(s, undo[s->depth], "");
		(void)db_run(s, release[s->depth], "");
	}
	s->err = err;
	return -1;
}

int
db_fix(struct store *s)
{
	if (s->depth > 0)
		return 0;
	return store_begin_read(s) == -1 ? -1 : 1;
}

int
db_unfix(struct store *s, int fixed, int ret)
{
	if (fixed == 1)
		store_rollback(s);
	return ret;
}
