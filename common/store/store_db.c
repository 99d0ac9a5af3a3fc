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

#include <stdio.h>

#include "store/store_db.h"
#include "store/store_sqlite.h"

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
get_kind(int code)
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
	case SQLITE_MISMATCH:
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

const char *
db_reason(struct store *s)
{
	return s->db == NULL ? "out of memory" : sqlite3_errmsg(s->db);
}

const char *
db_path(const struct store *s)
{
	return s->path;
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
	return db_fail(s, get_kind(code), "%s: %s: %s (%d)", s->path, what,
	    db_reason(s), code);
}

static int
bind_all(struct store *s, sqlite3_stmt *st, const char *types, va_list ap)
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
		case 'u':
			rc = sqlite3_bind_int64(st, i,
			    va_arg(ap, unsigned int));
			break;
		case 'd':
			rc = sqlite3_bind_int64(st, i, va_arg(ap, time_t));
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
 * When it is in use further up the stack, or the cache is full, or it is not
 * to be kept, it is prepared for this use alone.
 */
static struct db_query *
find_query(struct store *s, const char *sql, int keep)
{
	struct db_query	*q = NULL;
	size_t		 h, i;

	h = ((uintptr_t)sql >> 3) * 2654435761U;
	for (i = 0; i < STORE_STMTS && keep; i++) {
		q = &s->stmt[(h + i) % STORE_STMTS];
		if (q->sql == sql && !q->busy) {
			q->busy = 1;
			return q;
		}
		if (q->sql == sql || q->sql == NULL)
			break;
	}
	keep = keep && i < STORE_STMTS && q->sql == NULL;
	if (!keep && (q = calloc(1, sizeof(*q))) == NULL) {
		(void)db_fail(s, STORE_OTHER, "out of memory");
		return NULL;
	}
	if (sqlite3_prepare_v3(s->db, sql, -1,
	    keep ? SQLITE_PREPARE_PERSISTENT : 0, &q->stmt, NULL) !=
	    SQLITE_OK) {
		(void)db_error(s, "prepare");
		if (!keep)
			free(q);
		return NULL;
	}
	if (keep)
		q->sql = sql;
	q->busy = 1;
	return q;
}

static struct db_query *
get_query(struct store *s, const char *sql, const char *types, va_list ap)
{
	struct db_query	*q;

	if ((q = find_query(s, sql, 1)) == NULL)
		return NULL;
	if (bind_all(s, q->stmt, types, ap) == -1) {
		db_done(q);
		return NULL;
	}
	return q;
}

struct db_query *
db_get(struct store *s, const char *sql, const char *types, ...)
{
	struct db_query	*q;
	va_list		 ap;

	va_start(ap, types);
	q = get_query(s, sql, types, ap);
	va_end(ap);
	return q;
}

struct db_query *
db_prepare(struct store *s, const char *sql)
{
	return find_query(s, sql, 0);
}

void
db_done(struct db_query *q)
{
	if (q == NULL)
		return;
	if (q->sql == NULL) {
		(void)sqlite3_finalize(q->stmt);
		free(q);
		return;
	}
	(void)sqlite3_reset(q->stmt);
	(void)sqlite3_clear_bindings(q->stmt);
	q->busy = 0;
}

int
db_step(struct store *s, struct db_query *q)
{
	switch (sqlite3_step(q->stmt)) {
	case SQLITE_ROW:
		return 1;
	case SQLITE_DONE:
		return 0;
	default:
		return db_error(s, "step");
	}
}

int
db_column(struct store *s, struct db_query *q, int column, const char **text)
{
	*text = NULL;
	if (sqlite3_column_type(q->stmt, column) == SQLITE_NULL)
		return 0;
	*text = (const char *)sqlite3_column_text(q->stmt, column);
	return *text == NULL ? db_error(s, "column") : 1;
}

/* Copies a column; NULL becomes "".  1, 0 it is NULL, -1 it does not fit. */
static int
copy_text(struct store *s, struct db_query *q, int column, char *buf,
    size_t size)
{
	const char	*t;
	size_t		 len;
	int		 ret;

	buf[0] = '\0';
	if ((ret = db_column(s, q, column, &t)) != 1)
		return ret;
	len = sqlite3_column_bytes(q->stmt, column);
	if (len >= size || strlen(t) != len)
		return db_fail(s, STORE_DAMAGED, "%s: a stored text is "
		    "longer than it may be", s->path);
	memcpy(buf, t, len + 1);
	return 1;
}

/* Takes a row over: 1 or -1. */
static int
fill_row(struct store *s, struct db_query *q, const struct db_column *c,
    void *row)
{
	int64_t		 n;
	uint32_t	 half;
	char		*to;
	int		 i;

	for (i = 0; c[i].type != '\0'; i++) {
		to = (char *)row + c[i].offset;
		if (c[i].type == 't') {
			if (copy_text(s, q, i, to, c[i].size) == -1)
				return -1;
			continue;
		}
		n = sqlite3_column_int64(q->stmt, i);
		half = (uint32_t)n;
		if (c[i].size == sizeof(n))
			memcpy(to, &n, sizeof(n));
		else
			memcpy(to, &half, sizeof(half));
	}
	return 1;
}

int
db_next(struct store *s, struct db_query *q, const struct db_column *columns,
    void *row)
{
	int	 ret;

	if (q == NULL)
		return -1;
	if ((ret = db_step(s, q)) == 1)
		ret = fill_row(s, q, columns, row);
	if (ret != 1)
		db_done(q);
	return ret;
}

int
db_stop(struct store *s, struct db_query *q)
{
	db_done(q);
	return db_fail(s, STORE_REFUSED, "stopped");
}

/* Runs a query to its first row: as db_step(), and *q, which may be NULL. */
static int
get_first(struct store *s, struct db_query **q, const char *sql,
    const char *types, va_list ap)
{
	*q = get_query(s, sql, types, ap);
	return *q == NULL ? -1 : db_step(s, *q);
}

int
db_row(struct store *s, const struct db_column *columns, void *row,
    const char *sql, const char *types, ...)
{
	struct db_query	*q;
	va_list		 ap;
	int		 ret;

	va_start(ap, types);
	if ((ret = get_first(s, &q, sql, types, ap)) == 1)
		ret = fill_row(s, q, columns, row);
	va_end(ap);
	db_done(q);
	return ret;
}

int
db_text(struct store *s, char *buf, size_t size, const char *sql,
    const char *types, ...)
{
	struct db_query	*q;
	va_list		 ap;
	int		 ret;

	va_start(ap, types);
	if ((ret = get_first(s, &q, sql, types, ap)) == 1)
		ret = copy_text(s, q, 0, buf, size);
	va_end(ap);
	db_done(q);
	return ret;
}

int
db_number(struct store *s, int64_t *n, const char *sql, const char *types,
    ...)
{
	struct db_query	*q;
	va_list		 ap;
	int		 ret;

	va_start(ap, types);
	ret = get_first(s, &q, sql, types, ap);
	va_end(ap);
	if (ret == 1 && sqlite3_column_type(q->stmt, 0) == SQLITE_NULL)
		ret = 0;
	if (ret == 1)
		*n = sqlite3_column_int64(q->stmt, 0);
	db_done(q);
	return ret;
}

/* Steps to the end: rows changed, or -1. */
static int
run_query(struct store *s, struct db_query *q)
{
	int	 n;

	while ((n = db_step(s, q)) == 1)
		continue;
	return n == -1 ? -1 : sqlite3_changes(s->db);
}

static int
run_once(struct store *s, const char *sql, const char *types, va_list ap)
{
	struct db_query	*q;
	int		 n;

	if ((q = get_query(s, sql, types, ap)) == NULL)
		return -1;
	n = run_query(s, q);
	db_done(q);
	return n;
}

int
db_run(struct store *s, const char *sql, const char *types, ...)
{
	va_list	 ap;
	int	 n;

	va_start(ap, types);
	n = run_once(s, sql, types, ap);
	va_end(ap);
	return n;
}

int
db_run_texts(struct store *s, struct db_query *q, const char *const *text,
    int n)
{
	int	 i;

	(void)sqlite3_reset(q->stmt);
	(void)sqlite3_clear_bindings(q->stmt);
	for (i = 0; i < n; i++)
		if (text[i] != NULL && sqlite3_bind_text(q->stmt, i + 1,
		    text[i], -1, SQLITE_TRANSIENT) != SQLITE_OK)
			return db_error(s, "bind");
	return run_query(s, q);
}

int
db_insert(struct store *s, uint64_t *id, const char *sql, const char *types,
    ...)
{
	va_list	 ap;
	int	 n;

	va_start(ap, types);
	n = run_once(s, sql, types, ap);
	va_end(ap);
	if (n == -1)
		return -1;
	*id = sqlite3_last_insert_rowid(s->db);
	return 0;
}

int
db_write(struct store *s, const char *sql, const char *types, ...)
{
	va_list	 ap;
	int	 n;

	if (db_enter(s) == -1)
		return -1;
	va_start(ap, types);
	n = run_once(s, sql, types, ap);
	va_end(ap);
	return db_leave(s, n);
}

int
db_exec(struct store *s, const char *sql)
{
	if (sqlite3_exec(s->db, sql, NULL, NULL, NULL) != SQLITE_OK)
		return db_error(s, "exec");
	return 0;
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
	    store_version_newest());
}

static int
begin_with(struct store *s, const char *sql, int reading)
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

	if (begin_with(s, "BEGIN IMMEDIATE", 0) == -1)
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

	if (begin_with(s, "BEGIN DEFERRED", 1) == -1)
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

#define DEPTH_MAX	6
#define LEVEL(d)	{ "SAVEPOINT " d, "ROLLBACK TO " d, "RELEASE " d }

/* What brackets a part of a transaction: literals, each prepared once. */
static const struct {
	const char	*save;
	const char	*undo;
	const char	*release;
} level[DEPTH_MAX + 1] = {
	{ NULL, NULL, NULL }, LEVEL("d1"), LEVEL("d2"), LEVEL("d3"),
	LEVEL("d4"), LEVEL("d5"), LEVEL("d6")
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
	if (db_run(s, level[s->depth].save, "") == -1)
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
		return db_run(s, level[s->depth].release, "") == -1 ? -1 : ret;
	/* A full disk may have ended the whole transaction already. */
	err = s->err;
	if (!sqlite3_get_autocommit(s->db)) {
		(void)db_run(s, level[s->depth].undo, "");
		(void)db_run(s, level[s->depth].release, "");
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
