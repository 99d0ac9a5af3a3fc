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

#include <openssl/evp.h>
#include <stdio.h>

#include "base/lex.h"
#include "header/handle.h"
#include "header/verp.h"
#include "store/store_db.h"
#include "store/store_limit.h"
#include "store/store_mail.h"

int
store_event_add(struct store *s, const struct store_event *ev, time_t now)
{
	return db_write(s, "INSERT INTO event (created, kind, mailbox, "
	    "conversation, worker, text) VALUES (?, ?, nullif(?, 0), "
	    "nullif(?, 0), nullif(?, 0), ?)", "dtiiue", now, ev->kind,
	    ev->mailbox, ev->conversation, ev->worker,
	    ev->text) == -1 ? -1 : 0;
}

static const struct db_column	 event_columns[] = {
	DB_INT(store_event, id), DB_INT(store_event, when),
	DB_TEXT(store_event, kind), DB_INT(store_event, mailbox),
	DB_INT(store_event, conversation), DB_INT(store_event, worker),
	DB_TEXT(store_event, text), DB_END
};

int
store_event_each(struct store *s, uint64_t after, unsigned int last,
    int (*cb)(const struct store_event *, void *), void *arg)
{
	struct store_event	 ev;
	struct db_query		*q;
	int64_t			 from;
	int			 ret;

	if (last > 0) {
		ret = db_number(s, &from, "SELECT id FROM event WHERE id > ? "
		    "ORDER BY id DESC LIMIT 1 OFFSET ?", "iu", after, last);
		if (ret == -1)
			return -1;
		if (ret == 1)
			after = from;
	}
	q = db_get(s, "SELECT id, created, kind, mailbox, conversation, "
	    "worker, text FROM event WHERE id > ? ORDER BY id", "i", after);
	while ((ret = db_next(s, q, event_columns, &ev)) == 1)
		if (cb(&ev, arg) != 0)
			return db_stop(s, q);
	return ret;
}

int
store_failing_set(struct store *s, const char *address, const char *status,
    const char *diagnostic, time_t now)
{
	char	 st[STORE_STATUS_MAX + 1], diag[STORE_DIAG_MAX + 1];

	rule_cut(status, st, sizeof(st));
	rule_cut(diagnostic, diag, sizeof(diag));
	return db_write(s, "UPDATE worker_address SET status = ?, "
	    "diagnostic = ?, failing = coalesce(failing, ?) "
	    "WHERE folded = lower(?)", "eedt", st, diag, now, address);
}

static const struct db_column	 counts_columns[] = {
	DB_INT(store_counts, mailboxes), DB_INT(store_counts, workers),
	DB_INT(store_counts, workers_disabled), DB_INT(store_counts, failing),
	DB_INT(store_counts, conversations),
	DB_INT(store_counts, conversations_open),
	DB_INT(store_counts, participants),
	DB_INT(store_counts, handles_live),
	DB_INT(store_counts, return_paths_live),
	DB_INT(store_counts, messages), DB_INT(store_counts, copies_unqueued),
	DB_INT(store_counts, replies_unqueued),
	DB_INT(store_counts, accounts), DB_INT(store_counts, accounts_failing),
	DB_INT(store_counts, identities),
	DB_INT(store_counts, identities_unverified), DB_END
};

int
store_counts(struct store *s, time_t now, struct store_counts *c)
{
	struct stat	 sb;

	memset(c, 0, sizeof(*c));
	if (db_row(s, counts_columns, c,
	    "SELECT (SELECT count(*) FROM mailbox),"
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
	    " (SELECT count(*) FROM identity WHERE verified IS NULL)", "d",
	    now) == -1)
		return -1;
	if (stat(db_path(s), &sb) == 0)
		c->bytes = sb.st_size;
	return 0;
}

static const struct db_column	 copy_columns[] = {
	DB_INT(store_copy, id), DB_TEXT(store_copy, msgid),
	DB_TEXT(store_copy, rpath), DB_INT(store_copy, queued), DB_END
};

static int
find_copy(struct store *s, uint64_t message, uint32_t worker,
    struct store_copy *c)
{
	int	 ret;

	ret = db_row(s, copy_columns, c, "SELECT id, msgid, rpath, "
	    "queued IS NOT NULL FROM copy WHERE message = ? AND "
	    "worker IS nullif(?, 0)", "iu", message, worker);
	if (ret == 1)
		c->begun = 1;
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
	if ((ret = find_copy(s, message, worker, c)) == 0) {
		ret = db_insert(s, &c->id, "INSERT INTO copy (message, "
		    "worker, msgid, rpath, begun) VALUES (?, nullif(?, 0), ?, "
		    "?, ?)", "iueed", message, worker, bare, c->rpath, now);
		c->queued = c->begun = 0;
		(void)strlcpy(c->msgid, bare, sizeof(c->msgid));
	}
	return db_leave(s, ret == -1 ? -1 : 0);
}

int
store_copy_queued(struct store *s, uint64_t id, time_t now)
{
	int	 ret;

	ret = db_write(s, "UPDATE copy SET queued = coalesce(queued, ?) "
	    "WHERE id = ?", "di", now, id);
	if (ret == 0)
		ret = db_fail(s, STORE_REFUSED, "there is no such copy");
	return ret == -1 ? -1 : 0;
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
	    "pid <> ? AND taken > ? AND taken <= ?", "budd", hash,
	    (size_t)STORE_HASH, pid, now - STORE_CLAIM_LIFE,
	    now + STORE_CLAIM_LIFE);
	if (ret == 1) {
		*holder = other;
		return db_leave(s, 0);
	}
	if (ret == 0)
		ret = db_run(s, "INSERT INTO claim (hash, pid, taken) "
		    "VALUES (?, ?, ?) ON CONFLICT (hash) DO UPDATE "
		    "SET pid = excluded.pid, taken = excluded.taken", "bud",
		    hash, (size_t)STORE_HASH, pid, now);
	return db_leave(s, ret == -1 ? -1 : 1);
}

int
store_claim_release(struct store *s, const uint8_t hash[STORE_HASH], int pid)
{
	return db_write(s, "DELETE FROM claim WHERE hash = ? AND pid = ?",
	    "bu", hash, (size_t)STORE_HASH, pid) == -1 ? -1 : 0;
}

int
store_copy_known(struct store *s, uint32_t worker, const char *msgid)
{
	char	 bare[STORE_MSGID_MAX + 1];
	int64_t	 n;

	if (rule_msgid(s, msgid, bare) == -1)
		return -1;
	return db_number(s, &n, "SELECT id FROM copy WHERE worker = ? AND "
	    "msgid = ? LIMIT 1", "ut", worker, bare);
}

void
store_reply_id(char id[STORE_REPLY_ID + 1])
{
	uint8_t	 raw[STORE_REPLY_ID / 2];

	arc4random_buf(raw, sizeof(raw));
	lex_hex_write(raw, sizeof(raw), id);
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
	    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", "tuiitetted", r->id,
	    r->worker, r->mailbox, r->conversation, r->smtpd, own, r->dkey,
	    outside, r->commands, now);
	for (i = 0; i < r->nhandles && ret != -1; i++)
		ret = db_run(s, "INSERT INTO reply_handle (reply, handle) "
		    "VALUES (?, ?) ON CONFLICT DO NOTHING", "ti", r->id,
		    r->handle[i]);
	return db_leave(s, ret == -1 ? -1 : 0);
}

static int
get_handles(struct store *s, struct store_reply *r)
{
	static const struct db_column	 columns[] = { DB_ID, DB_END };
	struct db_query			*q;
	uint64_t			 handle;
	int				 ret;

	r->nhandles = 0;
	q = db_get(s, "SELECT handle FROM reply_handle WHERE reply = ? "
	    "ORDER BY handle", "t", r->id);
	while ((ret = db_next(s, q, columns, &handle)) == 1) {
		if (r->nhandles == STORE_REPLY_HANDLES) {
			db_done(q);
			return db_fail(s, STORE_DAMAGED, "%s: a reply has too "
			    "many handles", db_path(s));
		}
		r->handle[r->nhandles++] = handle;
	}
	return ret;
}

static const struct db_column	 reply_columns[] = {
	DB_INT(store_reply, worker), DB_INT(store_reply, mailbox),
	DB_INT(store_reply, conversation), DB_INT(store_reply, created),
	DB_TEXT(store_reply, smtpd), DB_TEXT(store_reply, own),
	DB_TEXT(store_reply, dkey), DB_TEXT(store_reply, outside),
	DB_TEXT(store_reply, commands), DB_TEXT(store_reply, id), DB_END
};

int
store_reply_get(struct store *s, const char *id, time_t now,
    struct store_reply *r)
{
	int	 ret;

	ret = db_row(s, reply_columns, r, "SELECT worker, mailbox, "
	    "conversation, created, smtpd, own, dkey, outside, commands, id "
	    "FROM reply WHERE id = ? AND created > ?", "td", id,
	    now - STORE_REPLY_LIFE);
	return ret == 1 && get_handles(s, r) == -1 ? -1 : ret;
}

/* What an earlier record of the same message says. */
struct earlier {
	uint64_t	 conversation;
	char		 outside[STORE_MSGID_MAX + 1];
};

static const struct db_column	 earlier_columns[] = {
	DB_INT(earlier, conversation), DB_TEXT(earlier, outside), DB_END
};

int
store_reply_before(struct store *s, const struct store_reply *r, time_t now,
    uint64_t *conversation, char *outside, size_t size)
{
	struct earlier	 row;
	int		 ret;

	if ((ret = db_row(s, earlier_columns, &row, "SELECT conversation, "
	    "outside FROM reply WHERE worker = ? AND mailbox = ? AND dkey = ? "
	    "AND created > ? ORDER BY outside = '', created, conversation "
	    "LIMIT 1", "uitd", r->worker, r->mailbox, r->dkey,
	    now - STORE_REPLY_LIFE)) != 1)
		return ret;
	*conversation = row.conversation;
	if (strlcpy(outside, row.outside, size) >= size)
		return db_fail(s, STORE_REFUSED, "no room for a Message-Id");
	return 1;
}

/* What is known of a handle's part of a reply. */
struct sent {
	char		 rpath[STORE_ADDR_MAX + 1];
	int		 pid;
	int64_t		 begun;
	int		 queued;
};

static const struct db_column	 sent_columns[] = {
	DB_TEXT(sent, rpath), DB_INT(sent, pid), DB_INT(sent, begun),
	DB_INT(sent, queued), DB_END
};

int
store_sent_begin(struct store *s, uint32_t worker, const char *dkey,
    uint64_t handle, time_t now, int *pid, char *rpath, size_t size,
    enum store_sent *state)
{
	struct sent	 old;
	int		 ret;

	if (db_enter(s) == -1)
		return -1;
	ret = db_row(s, sent_columns, &old, "SELECT rpath, pid, begun, "
	    "queued IS NOT NULL FROM sent WHERE worker = ? AND dkey = ? AND "
	    "handle = ?", "uti", worker, dkey, handle);
	if (ret == 0) {
		*state = STORE_SENT_NEW;
		ret = db_run(s, "INSERT INTO sent (worker, dkey, handle, "
		    "rpath, pid, begun) VALUES (?, ?, ?, ?, ?, ?)", "utieud",
		    worker, dkey, handle, rpath, *pid, now);
	} else if (ret == 1 && old.queued) {
		*state = STORE_SENT_DONE;
	} else if (ret == 1 && old.pid != *pid && old.pid != 0 &&
	    now < old.begun + STORE_CLAIM_LIFE &&
	    now > old.begun - STORE_CLAIM_LIFE) {
		*state = STORE_SENT_BUSY;
		*pid = old.pid;
	} else if (ret == 1) {
		*state = STORE_SENT_AGAIN;
		if (strlcpy(rpath, old.rpath, size) >= size)
			ret = db_fail(s, STORE_REFUSED, "no room for a "
			    "return path");
		else
			ret = db_run(s, "UPDATE sent SET pid = ?, begun = ? "
			    "WHERE worker = ? AND dkey = ? AND handle = ?",
			    "uduti", *pid, now, worker, dkey, handle);
	}
	return db_leave(s, ret == -1 ? -1 : 0);
}

int
store_sent_queued(struct store *s, uint32_t worker, const char *dkey,
    uint64_t handle, time_t now)
{
	int	 ret;

	ret = db_write(s, "UPDATE sent SET queued = coalesce(queued, ?) "
	    "WHERE worker = ? AND dkey = ? AND handle = ?", "duti", now,
	    worker, dkey, handle);
	if (ret == 0)
		ret = db_fail(s, STORE_REFUSED, "nothing was begun");
	return ret == -1 ? -1 : 0;
}

/* Whose pid is 0 is nobody's: the next run need not wait. */
int
store_sent_failed(struct store *s, uint32_t worker, const char *dkey,
    uint64_t handle)
{
	return db_write(s, "UPDATE sent SET pid = 0 WHERE worker = ? AND "
	    "dkey = ? AND handle = ? AND queued IS NULL", "uti", worker, dkey,
	    handle) == -1 ? -1 : 0;
}

int
store_commands_once(struct store *s, uint32_t worker, const char *dkey,
    time_t now)
{
	return db_write(s, "INSERT INTO command (worker, dkey, created) "
	    "VALUES (?, ?, ?) ON CONFLICT DO NOTHING", "utd", worker, dkey,
	    now);
}

#define OUTID_BYTES	16	/* of the SHA-256 of user and id */
#define OUTID_KEY	(2 * OUTID_BYTES)	/* in hexadecimal digits */

/* Only a digest is kept of what is not for the outside. */
static int
make_outid_key(struct store *s, const char *user, const char *inside,
    char key[OUTID_KEY + 1])
{
	EVP_MD_CTX		*md;
	unsigned char		 hash[EVP_MAX_MD_SIZE];
	char			 bare[STORE_MSGID_MAX + 1];
	int			 ok;

	if (rule_msgid(s, inside, bare) == -1)
		return -1;
	md = EVP_MD_CTX_new();
	ok = md != NULL && EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1 &&
	    EVP_DigestUpdate(md, user, strlen(user) + 1) == 1 &&
	    EVP_DigestUpdate(md, bare, strlen(bare)) == 1 &&
	    EVP_DigestFinal_ex(md, hash, NULL) == 1;
	EVP_MD_CTX_free(md);
	if (!ok)
		return db_fail(s, STORE_OTHER, "no digest");
	lex_hex_write(hash, OUTID_BYTES, key);
	return 0;
}

int
store_outid_get(struct store *s, const char *user, const char *inside,
    char *buf, size_t size)
{
	char	 key[OUTID_KEY + 1];

	if (make_outid_key(s, user, inside, key) == -1)
		return -1;
	return db_text(s, buf, size, "SELECT outside FROM outid WHERE id = ?",
	    "t", key);
}

int
store_outid_put(struct store *s, const char *user, const char *inside,
    const char *outside, time_t now)
{
	char	 key[OUTID_KEY + 1], bare[STORE_MSGID_MAX + 1];

	if (make_outid_key(s, user, inside, key) == -1 ||
	    rule_msgid(s, outside, bare) == -1)
		return -1;
	return db_write(s, "INSERT INTO outid (id, outside, created) "
	    "VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET outside = "
	    "excluded.outside, created = excluded.created", "ttd", key, bare,
	    now) == -1 ? -1 : 0;
}

#define WRAP_SKEW	60	/* seconds that processes' clocks differ */

static const struct db_column	 wrapped_columns[] = {
	DB_INT(store_rpath, id), DB_TEXT(store_rpath, address),
	DB_INT(store_rpath, created), DB_INT(store_rpath, expires),
	DB_INT(store_rpath, quoted), DB_END
};

/* One of today at this domain: 1, 0 or -1. */
static int
find_wrapped(struct store *s, const char *domain, time_t now,
    struct store_rpath *rp)
{
	const char	*at;
	char		 name[RPATH_LEN + 1];
	int		 ret;

	if ((ret = db_row(s, wrapped_columns, rp, "SELECT id, address, "
	    "created, expires, quoted FROM rpath WHERE gate = ? AND "
	    "sent_to = ? AND created > ? ORDER BY created DESC, id DESC "
	    "LIMIT 1", "ttd", rp->gate, rp->address_to,
	    now - STORE_WRAP_REUSE)) != 1)
		return ret;
	/* The clock was set back, it has served, or we are called another. */
	return rp->created <= now + WRAP_SKEW &&
	    rp->quoted < STORE_RPATH_QUOTES &&
	    rpath_addr_parse(rp->address, name, &at) &&
	    strcasecmp(at, domain) == 0;
}

static int
make_wrapped(struct store *s, const char *domain, time_t now,
    struct store_rpath *rp)
{
	struct store_limit	 limit = { "wrapped", rp->gate,
				    STORE_WRAPS_DAY, STORE_WRAP_REUSE, 1 };
	size_t			 which;
	int			 ret;

	if ((ret = store_limit_take(s, &limit, 1, now, &which)) != 1)
		return ret;
	return store_rpath_make(s, domain, now, rp) == -1 ? -1 : 1;
}

int
store_wrap(struct store *s, const char *gate, const char *sender,
    const char *domain, time_t now, struct store_rpath *rp)
{
	int	 ret;

	memset(rp, 0, sizeof(*rp));
	rp->kind = STORE_RPATH_WRAPPED;
	if (gate[0] == '\0' || strlcpy(rp->gate, gate, sizeof(rp->gate)) >=
	    sizeof(rp->gate))
		return db_fail(s, STORE_REFUSED, "a gate without a name, or "
		    "with too long a one");
	if (!verp_valid(sender) || strlcpy(rp->address_to, sender,
	    sizeof(rp->address_to)) >= sizeof(rp->address_to))
		return db_fail(s, STORE_REFUSED, "%.100s: no sender to which "
		    "anything could be sent back", sender);
	/* Mostly it is there, and then nothing needs to be written. */
	if ((ret = find_wrapped(s, domain, now, rp)) != 0)
		return ret;
	if (db_enter(s) == -1)
		return -1;
	if ((ret = find_wrapped(s, domain, now, rp)) == 0)
		ret = make_wrapped(s, domain, now, rp);
	return db_leave(s, ret);
}
