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

#include "store/store_int.h"

#define NEWEST	schema_newest

int
store_version_newest(void)
{
	return NEWEST;
}

int
store_version(struct store *s)
{
	int64_t	 n;

	if (db_number(s, &n, "PRAGMA user_version", "") != 1)
		return -1;
	return n;
}

int
schema_newer(struct store *s, int version)
{
	return db_fail(s, STORE_NEWER, "%s: has schema %d, made by a newer "
	    "release; this one knows up to %d", s->path, version, NEWEST);
}

int
schema_inspect(struct store *s, int *version)
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
	return *version > NEWEST ? schema_newer(s, *version) : 0;
}

int
schema_migrate(struct store *s, int target)
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

static int
check_pragma(struct store *s, const char *sql, const char *what, int *sound)
{
	sqlite3_stmt	*st;
	const char	*t;
	int		 ret;

	if ((st = db_get(s, sql, "")) == NULL)
		return -1;
	if ((ret = db_step(s, st)) == 1) {
		t = (const char *)sqlite3_column_text(st, 0);
		if (t == NULL || strcmp(t, "ok") != 0) {
			*sound = 0;
			(void)db_fail(s, STORE_DAMAGED, "%s: %s: %s", s->path,
			    what, t == NULL ? "" : t);
		}
	}
	db_done(s, st);
	return ret == -1 ? -1 : 0;
}

int
store_check(struct store *s)
{
	int	 sound = 1;

	if (check_pragma(s, "PRAGMA integrity_check(1)", "damaged",
	    &sound) == -1)
		return s->err.kind == STORE_DAMAGED ? 0 : -1;
	if (sound && check_pragma(s, "PRAGMA foreign_key_check",
	    "a row refers to nothing in table", &sound) == -1)
		return -1;
	return sound;
}
