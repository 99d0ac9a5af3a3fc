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
#include "store/store_sqlite.h"
#include "store/store_watch.h"

/* Refuses what is no store, or a newer one; *version gets the version. */
static int
inspect_schema(struct store *s, int *version)
{
	int64_t	 appid, tables;

	if (db_number(s, &appid, "PRAGMA application_id", "") != 1 ||
	    db_number(s, &tables, "SELECT count(*) FROM sqlite_schema",
	    "") != 1 || (*version = store_version(s)) == -1)
		return -1;
	if (tables == 0 && *version == 0) {
		if (s->flags & STORE_CREATE)
			return 0;
		return db_fail(s, STORE_DAMAGED, "%s: is empty (smtprelayctl "
		    "init fills it, or restore a backup)", s->path);
	}
	if (appid != STORE_APPID || *version < 1)
		return db_fail(s, STORE_DAMAGED, "%s: is not a database of "
		    "this program", s->path);
	return *version > store_version_newest() ?
	    schema_newer(s, *version) : 0;
}

/* Makes or migrates the schema up to version target; 0 or -1. */
static int
migrate_schema(struct store *s, int target)
{
	char	 sql[96];
	int	 version, ret = -1;

	if (store_begin(s) == -1)
		return -1;
	/* Another process may have done it while we waited. */
	if ((version = store_version(s)) == -1)
		goto out;
	for (; version < target; version++)
		if (db_exec(s, schema_steps[version]) == -1)
			goto out;
	(void)snprintf(sql, sizeof(sql), "PRAGMA user_version = %d;"
	    "PRAGMA application_id = %d", version, STORE_APPID);
	ret = db_exec(s, sql);
 out:
	return db_leave(s, ret);
}

int
store_shred(struct store *s)
{
	int64_t	 busy;

	if (db_number(s, &busy, "PRAGMA wal_checkpoint(TRUNCATE)", "") != 1)
		return -1;
	return busy == 0;
}

int
store_durable(struct store *s, int on)
{
	return db_exec(s, on ? "PRAGMA synchronous = FULL" :
	    "PRAGMA synchronous = NORMAL");
}

int
store_watch_fd(struct store *s)
{
	char	 shm[STORE_PATH_MAX + 8];

	if (s->watch_fd != -1)
		return s->watch_fd;
	(void)snprintf(shm, sizeof(shm), "%s-shm", s->path);
	if ((s->watch_fd = open(shm, O_RDONLY | O_CLOEXEC)) == -1)
		return db_fail(s, STORE_OTHER, "%s: %s", shm,
		    strerror(errno));
	return s->watch_fd;
}

#define WAL_NAP		20		/* milliseconds */
#define WAL_KEEP	"67108864"	/* bytes of it after a checkpoint */

static int
create_file(struct store *s)
{
	mode_t	 mask;
	int	 fd;

	mask = umask(007);
	fd = open(s->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0660);
	(void)umask(mask);
	if (fd == -1 && errno != EEXIST)
		return db_fail(s, errno == EROFS || errno == EACCES ?
		    STORE_READONLY : STORE_MISSING, "%s: %s", s->path,
		    strerror(errno));
	if (fd != -1)
		close(fd);
	return 0;
}

/*
 * Whether a file is there at all is asked first, for SQLite's own answer
 * ("unable to open database file") names no cause.
 */
static int
inspect_file(struct store *s)
{
	struct stat	 st;

	if (stat(s->path, &st) == -1)
		return db_fail(s, errno == ENOENT ? STORE_MISSING :
		    STORE_OTHER, "%s: %s%s", s->path, strerror(errno),
		    errno == ENOENT ? " (smtprelayctl init makes it)" : "");
	s->dev = st.st_dev;
	s->ino = st.st_ino;
	if (!S_ISREG(st.st_mode))
		return db_fail(s, STORE_DAMAGED, "%s: not a regular file",
		    s->path);
	if (access(s->path, R_OK) == -1)
		return db_fail(s, STORE_OTHER, "%s: %s", s->path,
		    strerror(errno));
	if (!(s->flags & STORE_RDONLY) && access(s->path, W_OK) == -1)
		return db_fail(s, STORE_READONLY, "%s: %s", s->path,
		    strerror(errno));
	return 0;
}

static int
set_up(struct store *s)
{
	int	 one = 1;

	(void)sqlite3_extended_result_codes(s->db, 1);
	if (sqlite3_file_control(s->db, "main", SQLITE_FCNTL_PERSIST_WAL,
	    &one) != SQLITE_OK)
		return db_error(s, "persistent WAL");
	(void)sqlite3_limit(s->db, SQLITE_LIMIT_ATTACHED, 0);
	(void)sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	(void)sqlite3_db_config(s->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0,
	    NULL);
	/* Passwords are sealed, but even so nothing of them shall stay. */
	if (db_exec(s, "PRAGMA temp_store = MEMORY;"
	    "PRAGMA secure_delete = ON;"
	    "PRAGMA foreign_keys = ON;"
	    "PRAGMA recursive_triggers = OFF;"
	    "PRAGMA synchronous = FULL;"
	    "PRAGMA journal_size_limit = " WAL_KEEP) == -1)
		return -1;
	return 0;
}

/*
 * SQLite does not wait where two that read both want to write, as they do
 * when several programs find a new file at once: so we do.
 */
static int
switch_to_wal(struct store *s, int busy_ms)
{
	const struct timespec	 nap = { 0, WAL_NAP * 1000000L };
	char			 mode[32];
	int64_t			 until;
	int			 ret;

	until = clock_ms() + busy_ms;
	while ((ret = db_text(s, mode, sizeof(mode), "PRAGMA "
	    "journal_mode = WAL", "")) == -1 && s->err.kind == STORE_BUSY &&
	    clock_ms() < until)
		(void)nanosleep(&nap, NULL);
	return ret == 1 ? strcmp(mode, "wal") == 0 : ret;
}

static const char *const ends[] = { db_commit, db_rollback };

/*
 * Everything that SQLite opens late is made to be open now: the WAL, the
 * shared memory and its source of randomness.
 */
static int
open_rest(struct store *s)
{
	struct db_query	*q;
	unsigned char	 rnd;
	int64_t		 n;
	size_t		 i;

	sqlite3_randomness(sizeof(rnd), &rnd);
	/* To end a transaction must need no memory to prepare it. */
	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		if ((q = db_get(s, ends[i], "")) == NULL)
			return -1;
		db_done(q);
	}
	if (db_number(s, &n, "SELECT count(*) FROM sqlite_schema", "") == -1)
		return -1;
	return 0;
}

static int
open_db(struct store *s, int busy_ms)
{
	int	 version, mode, ret;

	if ((s->flags & STORE_CREATE) && create_file(s) == -1)
		return -1;
	if (inspect_file(s) == -1)
		return -1;
	mode = s->flags & STORE_RDONLY ? SQLITE_OPEN_READONLY :
	    SQLITE_OPEN_READWRITE;
	if (sqlite3_open_v2(s->path, &s->db, mode | SQLITE_OPEN_PRIVATECACHE |
	    SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
		return db_error(s, "open");
	store_timeout(s, busy_ms);
	if (set_up(s) == -1 || inspect_schema(s, &version) == -1)
		return -1;
	if (sqlite3_db_readonly(s->db, "main") == 1 &&
	    !(s->flags & STORE_RDONLY))
		return db_fail(s, STORE_READONLY, "%s: cannot be written",
		    s->path);
	if (!(s->flags & STORE_RDONLY)) {
		if ((ret = switch_to_wal(s, busy_ms)) == -1)
			return -1;
		if (ret == 0)
			return db_fail(s, STORE_OTHER, "%s: the file system "
			    "cannot carry a WAL", s->path);
		if (version < store_version_newest() &&
		    migrate_schema(s, store_version_newest()) == -1)
			return -1;
	} else if (version < store_version_newest())
		return db_fail(s, STORE_READONLY, "%s: has an older schema "
		    "(%d), and may not be changed", s->path, version);
	return open_rest(s);
}

struct store *
store_open(const char *path, int flags, int busy_ms, struct store_err *err)
{
	struct store	*s;

	if ((s = calloc(1, sizeof(*s))) == NULL) {
		err->kind = STORE_OTHER;
		(void)strlcpy(err->text, "out of memory", sizeof(err->text));
		return NULL;
	}
	s->watch_fd = -1;
	s->flags = flags;
	if (strlcpy(s->path, path, sizeof(s->path)) >= sizeof(s->path))
		(void)db_fail(s, STORE_OTHER, "database: path too long");
	else if (open_db(s, busy_ms) == 0)
		return s;
	*err = s->err;
	store_close(s);
	return NULL;
}

void
store_close(struct store *s)
{
	size_t	 i;

	if (s == NULL)
		return;
	if (s->depth > 0)
		store_rollback(s);
	for (i = 0; i < STORE_STMTS; i++)
		(void)sqlite3_finalize(s->stmt[i].stmt);
	(void)sqlite3_close(s->db);
	if (s->watch_fd != -1)
		close(s->watch_fd);
	free(s);
}

int
store_replaced(const struct store *s)
{
	struct stat	 st;

	return stat(s->path, &st) == -1 || st.st_dev != s->dev ||
	    st.st_ino != s->ino;
}

void
store_timeout(struct store *s, int busy_ms)
{
	(void)sqlite3_busy_timeout(s->db, busy_ms);
}

const struct store_err *
store_error(const struct store *s)
{
	return &s->err;
}

const char *
store_kind_name(enum store_kind kind)
{
	static const char *const	 names[] = {
		"ok", "busy", "full", "damaged", "newer", "read-only",
		"missing", "refused", "other"
	};

	if ((size_t)kind >= sizeof(names) / sizeof(names[0]))
		return "other";
	return names[kind];
}
