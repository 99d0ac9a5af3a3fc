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
#include "store/store_mail.h"

void
store_reply_id(char id[STORE_REPLY_ID + 1])
{
	uint8_t	 raw[STORE_REPLY_ID / 2];
	size_t	 i;

	arc4random_buf(raw, sizeof(raw));
	for (i = 0; i < sizeof(raw); i++)
		(void)snprintf(id + 2 * i, 3, "%02x", raw[i]);
}

int
store_reply_add(struct store *s, struct store_reply *r, time_t now)
{
	char	 own[STORE_MSGID_MAX + 1], outside[STORE_MSGID_MAX + 1];
	size_t	 i;
	int	 ret;

	if (strlen(r->id) != STORE_REPLY_ID ||
	    r->nhandles > STORE_REPLY_HANDLES || r->dkey[0] == '\0')
		return db_fail(s, STORE_REFUSED, "malformed reply");
	if (rule_msgid(s, r->own, own) == -1 ||
	    rule_msgid(s, r->outside, outside) == -1 || db_enter(s) == -1)
		return -1;
	r->created = now;
	ret = db_run(s, "INSERT INTO reply (id, worker, mailbox, "
	    "conversation, smtpd, own, dkey, outside, commands, created) "
	    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", "tiiitettei", r->id,
	    (int64_t)r->worker, (int64_t)r->mailbox, (int64_t)r->conversation,
	    r->smtpd, own, r->dkey, outside, r->commands, (int64_t)now);
	for (i = 0; i < r->nhandles && ret != -1; i++)
		ret = db_run(s, "INSERT INTO reply_handle (reply, handle) "
		    "VALUES (?, ?) ON CONFLICT DO NOTHING", "ti", r->id,
		    (int64_t)r->handle[i]);
	return db_leave(s, ret == -1 ? -1 : 0);
}

static int
get_handles(struct store *s, struct store_reply *r)
{
	sqlite3_stmt	*st;
	int		 ret;

	r->nhandles = 0;
	if ((st = db_get(s, "SELECT handle FROM reply_handle WHERE reply = ? "
	    "ORDER BY handle", "t", r->id)) == NULL)
		return -1;
	while ((ret = db_step(s, st)) == 1) {
		if (r->nhandles == STORE_REPLY_HANDLES) {
			ret = db_fail(s, STORE_DAMAGED, "%s: a reply has too "
			    "many handles", s->path);
			break;
		}
		r->handle[r->nhandles++] = sqlite3_column_int64(st, 0);
	}
	db_done(s, st);
	return ret;
}

int
store_reply_get(struct store *s, const char *id, time_t now,
    struct store_reply *r)
{
	sqlite3_stmt	*st;
	int		 ret;

	if ((st = db_get(s, "SELECT worker, mailbox, conversation, created, "
	    "smtpd, own, dkey, outside, commands, id FROM reply "
	    "WHERE id = ? AND created > ?", "ti", id,
	    (int64_t)now - STORE_REPLY_LIFE)) == NULL)
		return -1;
	if ((ret = db_step(s, st)) == 1) {
		r->worker = sqlite3_column_int64(st, 0);
		r->mailbox = sqlite3_column_int64(st, 1);
		r->conversation = sqlite3_column_int64(st, 2);
		r->created = sqlite3_column_int64(st, 3);
		if (db_text(s, st, 4, r->smtpd, sizeof(r->smtpd)) == -1 ||
		    db_text(s, st, 5, r->own, sizeof(r->own)) == -1 ||
		    db_text(s, st, 6, r->dkey, sizeof(r->dkey)) == -1 ||
		    db_text(s, st, 7, r->outside, sizeof(r->outside)) == -1 ||
		    db_text(s, st, 8, r->commands,
		    sizeof(r->commands)) == -1 ||
		    db_text(s, st, 9, r->id, sizeof(r->id)) == -1)
			ret = -1;
	}
	db_done(s, st);
	if (ret == 1 && get_handles(s, r) == -1)
		return -1;
	return ret;
}

int
store_reply_before(struct store *s, const struct store_reply *r, time_t now,
    uint64_t *conversation, char *outside, size_t size)
{
	sqlite3_stmt	*st;
	int		 ret;

	if ((st = db_get(s, "SELECT conversation, outside FROM reply "
	    "WHERE worker = ? AND mailbox = ? AND dkey = ? AND created > ? "
	    "ORDER BY outside = '', created, conversation LIMIT 1", "iiti",
	    (int64_t)r->worker, (int64_t)r->mailbox, r->dkey,
	    (int64_t)now - STORE_REPLY_LIFE)) == NULL)
		return -1;
	if ((ret = db_step(s, st)) == 1) {
		*conversation = sqlite3_column_int64(st, 0);
		if (db_text(s, st, 1, outside, size) == -1)
			ret = -1;
	}
	db_done(s, st);
	return ret;
}

/* What is known of it: 1, 0 or -1. */
static int
sent_find(struct store *s, uint32_t worker, const char *dkey,
    uint64_t handle, int *queued, int64_t *begun, int *pid, char *rpath,
    size_t size)
{
	sqlite3_stmt	*st;
	int		 ret;

	if ((st = db_get(s, "SELECT rpath, pid, begun, queued FROM sent "
	    "WHERE worker = ? AND dkey = ? AND handle = ?", "iti",
	    (int64_t)worker, dkey, (int64_t)handle)) == NULL)
		return -1;
	if ((ret = db_step(s, st)) == 1) {
		*pid = sqlite3_column_int64(st, 1);
		*begun = sqlite3_column_int64(st, 2);
		*queued = sqlite3_column_type(st, 3) != SQLITE_NULL;
		if (db_text(s, st, 0, rpath, size) == -1)
			ret = -1;
	}
	db_done(s, st);
	return ret;
}

int
store_sent_begin(struct store *s, uint32_t worker, const char *dkey,
    uint64_t handle, time_t now, int *pid, char *rpath, size_t size,
    enum store_sent *state)
{
	char	 old[STORE_ADDR_MAX + 1];
	int64_t	 begun = 0;
	int	 other = 0, queued = 0, ret;

	if (db_enter(s) == -1)
		return -1;
	ret = sent_find(s, worker, dkey, handle, &queued, &begun, &other, old,
	    sizeof(old));
	if (ret == 0) {
		*state = STORE_SENT_NEW;
		ret = db_run(s, "INSERT INTO sent (worker, dkey, handle, "
		    "rpath, pid, begun) VALUES (?, ?, ?, ?, ?, ?)", "itieii",
		    (int64_t)worker, dkey, (int64_t)handle, rpath,
		    (int64_t)*pid, (int64_t)now);
	} else if (ret == 1 && queued) {
		*state = STORE_SENT_DONE;
	} else if (ret == 1 && other != *pid && other != 0 &&
	    now < begun + STORE_CLAIM_LIFE && now > begun - STORE_CLAIM_LIFE) {
		*state = STORE_SENT_BUSY;
		*pid = other;
	} else if (ret == 1) {
		*state = STORE_SENT_AGAIN;
		if (strlcpy(rpath, old, size) >= size)
			ret = db_fail(s, STORE_REFUSED, "no room for a "
			    "return path");
		else
			ret = db_run(s, "UPDATE sent SET pid = ?, begun = ? "
			    "WHERE worker = ? AND dkey = ? AND handle = ?",
			    "iiiti", (int64_t)*pid, (int64_t)now,
			    (int64_t)worker, dkey, (int64_t)handle);
	}
	return db_leave(s, ret == -1 ? -1 : 0);
}

int
store_sent_queued(struct store *s, uint32_t worker, const char *dkey,
    uint64_t handle, time_t now)
{
	int	 ret;

	if (db_enter(s) == -1)
		return -1;
	ret = db_run(s, "UPDATE sent SET queued = coalesce(queued, ?) "
	    "WHERE worker = ? AND dkey = ? AND handle = ?", "iiti",
	    (int64_t)now, (int64_t)worker, dkey, (int64_t)handle);
	if (ret == 0)
		ret = db_fail(s, STORE_REFUSED, "nothing was begun");
	return db_leave(s, ret == -1 ? -1 : 0);
}

/* Whose pid is 0 is nobody's: the next run need not wait. */
int
store_sent_failed(struct store *s, uint32_t worker, const char *dkey,
    uint64_t handle)
{
	int	 ret;

	if (db_enter(s) == -1)
		return -1;
	ret = db_run(s, "UPDATE sent SET pid = 0 WHERE worker = ? AND "
	    "dkey = ? AND handle = ? AND queued IS NULL", "iti",
	    (int64_t)worker, dkey, (int64_t)handle);
	return db_leave(s, ret == -1 ? -1 : 0);
}

int
store_commands_once(struct store *s, uint32_t worker, const char *dkey,
    time_t now)
{
	int	 ret;

	if (db_enter(s) == -1)
		return -1;
	ret = db_run(s, "INSERT INTO command (worker, dkey, created) "
	    "VALUES (?, ?, ?) ON CONFLICT DO NOTHING", "iti",
	    (int64_t)worker, dkey, (int64_t)now);
	return db_leave(s, ret);
}
