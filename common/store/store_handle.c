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

#include "header/handle.h"
#include "store/store_int.h"
#include "store/store_mail.h"

#define HANDLE								\
	"SELECT h.id, h.address, h.worker, c.mailbox, h.conversation,"	\
	" h.participant, h.created, h.expires, h.revoked FROM handle h"	\
	" JOIN conversation c ON c.id = h.conversation "

static int
fill(struct store *s, sqlite3_stmt *st, time_t now, struct store_handle *h)
{
	h->id = sqlite3_column_int64(st, 0);
	h->worker = sqlite3_column_int64(st, 2);
	h->mailbox = sqlite3_column_int64(st, 3);
	h->conversation = sqlite3_column_int64(st, 4);
	h->participant = sqlite3_column_int64(st, 5);
	h->created = sqlite3_column_int64(st, 6);
	h->expires = sqlite3_column_int64(st, 7);
	h->revoked = sqlite3_column_int64(st, 8) != 0;
	h->live = !h->revoked && h->expires > now;
	return db_text(s, st, 1, h->address, sizeof(h->address));
}

static int
get(struct store *s, sqlite3_stmt *st, time_t now, struct store_handle *h)
{
	int	 ret;

	if (st == NULL)
		return -1;
	if ((ret = db_step(s, st)) == 1 && fill(s, st, now, h) == -1)
		ret = -1;
	db_done(s, st);
	return ret;
}

int
store_handle_byid(struct store *s, uint64_t id, time_t now,
    struct store_handle *h)
{
	return get(s, db_get(s, HANDLE "WHERE h.id = ?", "i", (int64_t)id),
	    now, h);
}

int
store_handle_each(struct store *s, uint32_t worker, uint64_t conversation,
    time_t now, int (*cb)(const struct store_handle *, void *), void *arg)
{
	struct store_handle	 h;
	sqlite3_stmt		*st;
	int			 ret;

	if ((st = db_get(s, HANDLE "WHERE h.worker = ? AND "
	    "h.conversation = ? AND h.current = 1 AND h.revoked = 0 AND "
	    "h.expires > ? ORDER BY h.id", "iii", (int64_t)worker,
	    (int64_t)conversation, (int64_t)now)) == NULL)
		return -1;
	while ((ret = db_step(s, st)) == 1) {
		if (fill(s, st, now, &h) == -1) {
			ret = -1;
			break;
		}
		if (cb(&h, arg) != 0) {
			ret = db_fail(s, STORE_REFUSED, "stopped");
			break;
		}
	}
	db_done(s, st);
	return ret;
}

static int
make(struct store *s, uint32_t worker, uint64_t conversation,
    uint64_t participant, time_t now, time_t lifetime)
{
	sqlite3_stmt	*st;
	char		 name[HANDLE_LEN + 1], mailbox[STORE_ADDR_MAX + 1];
	char		 address[STORE_ADDR_MAX + 1];
	int		 ret;

	if ((st = db_get(s, "SELECT m.address FROM conversation c "
	    "JOIN mailbox m ON m.id = c.mailbox WHERE c.id = ?", "i",
	    (int64_t)conversation)) == NULL)
		return -1;
	if ((ret = db_step(s, st)) == 1 &&
	    db_text(s, st, 0, mailbox, sizeof(mailbox)) == -1)
		ret = -1;
	db_done(s, st);
	if (ret == 0)
		return db_fail(s, STORE_REFUSED, "there is no such "
		    "conversation");
	if (ret == -1)
		return -1;
	handle_make(name);
	if (handle_addr(mailbox, name, address, sizeof(address)) == -1)
		return db_fail(s, STORE_REFUSED, "%s: too long for handles",
		    mailbox);
	if (db_run(s, "UPDATE handle SET current = 0 WHERE worker = ? AND "
	    "conversation = ? AND participant = ? AND current = 1", "iii",
	    (int64_t)worker, (int64_t)conversation,
	    (int64_t)participant) == -1)
		return -1;
	return db_run(s, "INSERT INTO handle (address, worker, conversation, "
	    "participant, created, expires) VALUES (?, ?, ?, ?, ?, ?)",
	    "tiiiii", address, (int64_t)worker, (int64_t)conversation,
	    (int64_t)participant, (int64_t)now, (int64_t)now + lifetime);
}

int
store_handle_issue(struct store *s, uint32_t worker, uint64_t conversation,
    uint64_t participant, time_t now, time_t lifetime, struct store_handle *h)
{
	static const char	 sql[] = HANDLE "WHERE h.worker = ? AND "
	    "h.conversation = ? AND h.participant = ? AND h.current = 1";
	int			 ret;

	if (db_enter(s) == -1)
		return -1;
	ret = get(s, db_get(s, sql, "iii", (int64_t)worker,
	    (int64_t)conversation, (int64_t)participant), now, h);
	if (ret == 1 && h->live) {
		if (now + lifetime - h->expires > lifetime / 10) {
			ret = db_run(s, "UPDATE handle SET expires = ? "
			    "WHERE id = ?", "ii", (int64_t)now + lifetime,
			    (int64_t)h->id);
			h->expires = now + lifetime;
		}
	} else if (ret != -1) {
		ret = make(s, worker, conversation, participant, now,
		    lifetime);
		if (ret != -1)
			ret = get(s, db_get(s, sql, "iii", (int64_t)worker,
			    (int64_t)conversation, (int64_t)participant), now,
			    h);
	}
	return db_leave(s, ret == -1 ? -1 : 0);
}

#define RPATH								\
	"SELECT r.id, r.address, r.kind, c.mailbox, r.conversation,"	\
	" r.message, r.worker, r.participant, r.sent_to, r.created,"	\
	" r.expires, r.quoted, r.gate FROM rpath r"			\
	" LEFT JOIN conversation c ON c.id = r.conversation "

static int
get_rpath(struct store *s, const char *address, time_t now,
    struct store_rpath *rp)
{
	sqlite3_stmt	*st;
	int		 ret;

	if ((st = db_get(s, RPATH "WHERE r.address = ? AND r.expires > ?",
	    "ti", address, (int64_t)now)) == NULL)
		return -1;
	if ((ret = db_step(s, st)) == 1) {
		rp->id = sqlite3_column_int64(st, 0);
		rp->kind = sqlite3_column_int64(st, 2);
		rp->mailbox = sqlite3_column_int64(st, 3);
		rp->conversation = sqlite3_column_int64(st, 4);
		rp->message = sqlite3_column_int64(st, 5);
		rp->worker = sqlite3_column_int64(st, 6);
		rp->participant = sqlite3_column_int64(st, 7);
		rp->created = sqlite3_column_int64(st, 9);
		rp->expires = sqlite3_column_int64(st, 10);
		rp->quoted = sqlite3_column_int64(st, 11);
		if (db_text(s, st, 1, rp->address,
		    sizeof(rp->address)) == -1 || db_text(s, st, 8,
		    rp->address_to, sizeof(rp->address_to)) == -1 ||
		    db_text(s, st, 12, rp->gate, sizeof(rp->gate)) == -1)
			ret = -1;
	}
	db_done(s, st);
	return ret;
}

int
store_rpath_make(struct store *s, const char *domain, time_t now,
    struct store_rpath *rp)
{
	char	 name[RPATH_LEN + 1];
	int	 ret;

	rpath_make(name);
	if (rpath_addr(name, domain, rp->address, sizeof(rp->address)) == -1)
		return db_fail(s, STORE_REFUSED, "%.100s: domain too long",
		    domain);
	rp->created = now;
	rp->expires = now + STORE_RPATH_LIFE;
	rp->quoted = 0;
	if (db_enter(s) == -1)
		return -1;
	ret = db_run(s, "INSERT INTO rpath (address, kind, conversation, "
	    "message, worker, participant, sent_to, created, expires, gate) "
	    "VALUES (?, ?, nullif(?, 0), nullif(?, 0), nullif(?, 0), "
	    "nullif(?, 0), ?, ?, ?, ?)", "tiiiiieiie", rp->address,
	    (int64_t)rp->kind, (int64_t)rp->conversation,
	    (int64_t)rp->message, (int64_t)rp->worker,
	    (int64_t)rp->participant, rp->address_to, (int64_t)rp->created,
	    (int64_t)rp->expires, rp->gate);
	if (ret != -1) {
		rp->id = sqlite3_last_insert_rowid(s->db);
		ret = 0;
	}
	return db_leave(s, ret);
}

int
store_rpath_quote(struct store *s, uint64_t id)
{
	int	 ret;

	if (db_enter(s) == -1)
		return -1;
	ret = db_run(s, "UPDATE rpath SET quoted = quoted + 1 WHERE id = ? "
	    "AND quoted < ?", "ii", (int64_t)id, (int64_t)STORE_RPATH_QUOTES);
	return db_leave(s, ret);
}

int
store_rpath_unquote(struct store *s, uint64_t id)
{
	int	 ret;

	if (db_enter(s) == -1)
		return -1;
	ret = db_run(s, "UPDATE rpath SET quoted = quoted - 1 WHERE id = ? "
	    "AND quoted > 0", "i", (int64_t)id);
	return db_leave(s, ret == -1 ? -1 : 0);
}

/*
 * The form of the address says which table to ask, except that a mailbox is
 * asked for first: nothing else can have its address.
 */
int
store_rcpt_get(struct store *s, const char *address, time_t now,
    struct store_rcpt *rcpt)
{
	char		 folded[STORE_ADDR_MAX + 1];
	char		 box[STORE_ADDR_MAX + 1], name[RPATH_LEN + 1];
	const char	*domain;
	uint64_t	 mailbox = 0;
	int		 ret;

	memset(rcpt, 0, sizeof(*rcpt));
	if (store_fold(address, folded, sizeof(folded)) == -1)
		return 0;
	if ((ret = store_mailbox_get(s, folded, &rcpt->mailbox)) != 0) {
		rcpt->kind = STORE_RCPT_MAILBOX;
		return ret;
	}
	if (handle_addr_parse(folded, box, sizeof(box), name)) {
		rcpt->kind = STORE_RCPT_HANDLE;
		ret = get(s, db_get(s, HANDLE "WHERE h.address = ?", "t",
		    folded), now, &rcpt->handle);
		mailbox = rcpt->handle.mailbox;
	} else if (rpath_addr_parse(folded, name, &domain)) {
		rcpt->kind = STORE_RCPT_RPATH;
		ret = get_rpath(s, folded, now, &rcpt->rpath);
		mailbox = rcpt->rpath.mailbox;
	}
	if (ret == 1 && mailbox != 0 &&
	    store_mailbox_byid(s, mailbox, &rcpt->mailbox) == -1)
		return -1;
	return ret;
}
