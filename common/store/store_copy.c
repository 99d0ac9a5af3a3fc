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

#include "store/store_int.h"
#include "store/store_mail.h"

static int
find(struct store *s, uint64_t message, uint32_t worker,
    struct store_copy *c)
{
	sqlite3_stmt	*st;
	int		 ret;

	if ((st = db_get(s, "SELECT id, msgid, rpath, queued FROM copy "
	    "WHERE message = ? AND worker IS nullif(?, 0)", "ii",
	    (int64_t)message, (int64_t)worker)) == NULL)
		return -1;
	if ((ret = db_step(s, st)) == 1) {
		c->id = sqlite3_column_int64(st, 0);
		c->queued = sqlite3_column_type(st, 3) != SQLITE_NULL;
		c->begun = 1;
		if (db_text(s, st, 1, c->msgid, sizeof(c->msgid)) == -1 ||
		    db_text(s, st, 2, c->rpath, sizeof(c->rpath)) == -1)
			ret = -1;
	}
	db_done(s, st);
	return ret;
}

int
store_copy_begin(struct store *s, uint64_t message, uint32_t worker,
    time_t now, struct store_copy *c)
{
	char	 bare[STORE_MSGID_MAX + 1];
	int	 ret;

	if (rule_msgid(s, c->msgid, bare) == -1 || db_enter(s) == -1)
		return -1;
	if ((ret = find(s, message, worker, c)) == 0) {
		ret = db_run(s, "INSERT INTO copy (message, worker, msgid, "
		    "rpath, begun) VALUES (?, nullif(?, 0), ?, ?, ?)",
		    "iieei", (int64_t)message, (int64_t)worker, bare,
		    c->rpath, (int64_t)now);
		c->id = sqlite3_last_insert_rowid(s->db);
		c->queued = c->begun = 0;
		(void)strlcpy(c->msgid, bare, sizeof(c->msgid));
	}
	return db_leave(s, ret == -1 ? -1 : 0);
}

int
store_copy_queued(struct store *s, uint64_t id, time_t now)
{
	int	 ret;

	if (db_enter(s) == -1)
		return -1;
	ret = db_run(s, "UPDATE copy SET queued = coalesce(queued, ?) "
	    "WHERE id = ?", "ii", (int64_t)now, (int64_t)id);
	if (ret == 0)
		ret = db_fail(s, STORE_REFUSED, "there is no such copy");
	return db_leave(s, ret == -1 ? -1 : 0);
}

int
store_claim(struct store *s, const uint8_t hash[STORE_HASH], int pid,
    time_t now, int *holder)
{
	int64_t	 other;
	int	 ret;

	if (db_enter(s) == -1)
		return -1;
	ret = db_number(s, &other, "SELECT pid FROM claim WHERE hash = ? AND "
	    "pid <> ? AND taken > ? AND taken <= ?", "biii", hash,
	    (size_t)STORE_HASH, (int64_t)pid, (int64_t)now - STORE_CLAIM_LIFE,
	    (int64_t)now + STORE_CLAIM_LIFE);
	if (ret == 1) {
		*holder = other;
		return db_leave(s, 0);
	}
	if (ret == 0)
		ret = db_run(s, "INSERT INTO claim (hash, pid, taken) "
		    "VALUES (?, ?, ?) ON CONFLICT (hash) DO UPDATE SET "
		    "pid = excluded.pid, taken = excluded.taken", "bii", hash,
		    (size_t)STORE_HASH, (int64_t)pid, (int64_t)now);
	return db_leave(s, ret == -1 ? -1 : 1);
}

int
store_claim_release(struct store *s, const uint8_t hash[STORE_HASH], int pid)
{
	int	 ret;

	if (db_enter(s) == -1)
		return -1;
	ret = db_run(s, "DELETE FROM claim WHERE hash = ? AND pid = ?", "bi",
	    hash, (size_t)STORE_HASH, (int64_t)pid);
	return db_leave(s, ret == -1 ? -1 : 0);
}

int
store_claim_break(struct store *s, const uint8_t hash[STORE_HASH], int holder)
{
	return store_claim_release(s, hash, holder);
}
