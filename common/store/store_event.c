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

#include "store/store_int.h"
#include "store/store_mail.h"

int
store_event_add(struct store *s, const struct store_event *ev, time_t now)
{
	int	 ret;

	if (db_enter(s) == -1)
		return -1;
	ret = db_run(s, "INSERT INTO event (created, kind, mailbox, "
	    "conversation, worker, text) VALUES (?, ?, nullif(?, 0), "
	    "nullif(?, 0), nullif(?, 0), ?)", "itiiie", (int64_t)now,
	    ev->kind, (int64_t)ev->mailbox, (int64_t)ev->conversation,
	    (int64_t)ev->worker, ev->text);
	return db_leave(s, ret == -1 ? -1 : 0);
}

static int
fill(struct store *s, sqlite3_stmt *st, struct store_event *ev)
{
	ev->id = sqlite3_column_int64(st, 0);
	ev->when = sqlite3_column_int64(st, 1);
	ev->mailbox = sqlite3_column_int64(st, 3);
	ev->conversation = sqlite3_column_int64(st, 4);
	ev->worker = sqlite3_column_int64(st, 5);
	if (db_text(s, st, 2, ev->kind, sizeof(ev->kind)) == -1 ||
	    db_text(s, st, 6, ev->text, sizeof(ev->text)) == -1)
		return -1;
	return 0;
}

int
store_event_each(struct store *s, uint64_t after, unsigned int last,
    int (*cb)(const struct store_event *, void *), void *arg)
{
	struct store_event	 ev;
	sqlite3_stmt		*st;
	int64_t			 from;
	int			 ret;

	if (last > 0) {
		ret = db_number(s, &from, "SELECT id FROM event "
		    "WHERE id > ? ORDER BY id DESC LIMIT 1 OFFSET ?", "ii",
		    (int64_t)after, (int64_t)last);
		if (ret == -1)
			return -1;
		if (ret == 1)
			after = from;
	}
	if ((st = db_get(s, "SELECT id, created, kind, mailbox, "
	    "conversation, worker, text FROM event WHERE id > ? ORDER BY id",
	    "i", (int64_t)after)) == NULL)
		return -1;
	while ((ret = db_step(s, st)) == 1) {
		if (fill(s, st, &ev) == -1) {
			ret = -1;
			break;
		}
		if (cb(&ev, arg) != 0) {
			ret = db_fail(s, STORE_REFUSED, "stopped");
			break;
		}
	}
	db_done(s, st);
	return ret;
}

int
store_failing_set(struct store *s, const char *address, const char *status,
    const char *diagnostic, time_t now)
{
	char	 folded[STORE_ADDR_MAX + 1], st[STORE_STATUS_MAX + 1];
	char	 diag[STORE_DIAG_MAX + 1];
	int	 ret;

	if (store_fold(address, folded, sizeof(folded)) == -1)
		return 0;
	rule_cut(status, st, sizeof(st));
	rule_cut(diagnostic, diag, sizeof(diag));
	if (db_enter(s) == -1)
		return -1;
	ret = db_run(s, "UPDATE worker_address SET status = ?, "
	    "diagnostic = ?, failing = coalesce(failing, ?) "
	    "WHERE folded = ?", "eeit", st, diag, (int64_t)now, folded);
	return db_leave(s, ret);
}

int
store_counts(struct store *s, time_t now, struct store_counts *c)
{
	sqlite3_stmt	*st;
	struct stat	 sb;
	int		 ret;

	memset(c, 0, sizeof(*c));
	if ((st = db_get(s, "SELECT (SELECT count(*) FROM mailbox),"
	    " (SELECT count(*) FROM worker),"
	    " (SELECT count(*) FROM worker WHERE enabled = 0),"
	    " (SELECT count(*) FROM worker_address"
	    "  WHERE failing IS NOT NULL),"
	    " (SELECT count(*) FROM conversation),"
	    " (SELECT count(*) FROM conversation WHERE open = 1),"
	    " (SELECT count(*) FROM participant),"
	    " (SELECT count(*) FROM handle WHERE revoked = 0 AND"
	    "  expires > ?1),"
	    " (SELECT count(*) FROM rpath WHERE expires > ?1),"
	    " (SELECT count(*) FROM message),"
	    " (SELECT count(*) FROM copy WHERE queued IS NULL),"
	    " (SELECT count(*) FROM sent WHERE queued IS NULL),"
	    " (SELECT count(*) FROM account),"
	    " (SELECT count(*) FROM account_state WHERE failures > 0),"
	    " (SELECT count(*) FROM identity),"
	    " (SELECT count(*) FROM identity WHERE verified IS NULL)", "i",
	    (int64_t)now)) == NULL)
		return -1;
	if ((ret = db_step(s, st)) == 1) {
		c->mailboxes = sqlite3_column_int64(st, 0);
		c->workers = sqlite3_column_int64(st, 1);
		c->workers_disabled = sqlite3_column_int64(st, 2);
		c->failing = sqlite3_column_int64(st, 3);
		c->conversations = sqlite3_column_int64(st, 4);
		c->conversations_open = sqlite3_column_int64(st, 5);
		c->participants = sqlite3_column_int64(st, 6);
		c->handles_live = sqlite3_column_int64(st, 7);
		c->return_paths_live = sqlite3_column_int64(st, 8);
		c->messages = sqlite3_column_int64(st, 9);
		c->copies_unqueued = sqlite3_column_int64(st, 10);
		c->replies_unqueued = sqlite3_column_int64(st, 11);
		c->accounts = sqlite3_column_int64(st, 12);
		c->accounts_failing = sqlite3_column_int64(st, 13);
		c->identities = sqlite3_column_int64(st, 14);
		c->identities_unverified = sqlite3_column_int64(st, 15);
	}
	db_done(s, st);
	if (ret == -1)
		return -1;
	if (stat(s->path, &sb) == 0)
		c->bytes = sb.st_size;
	return 0;
}
