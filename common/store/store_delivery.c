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

#include "header/handle.h"
#include "header/verp.h"
#include "store/store_db.h"
#include "store/store_limit.h"
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

static int
find_copy(struct store *s, uint64_t message, uint32_t worker,
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
	if ((ret = find_copy(s, message, worker, c)) == 0) {
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
store_durable(struct store *s, int on)
{
	return db_exec(s, on ? "PRAGMA synchronous = FULL" :
	    "PRAGMA synchronous = NORMAL");
}

int
store_copy_known(struct store *s, uint32_t worker, const char *msgid)
{
	char	 bare[STORE_MSGID_MAX + 1];
	int64_t	 n;

	if (rule_msgid(s, msgid, bare) == -1)
		return -1;
	return db_number(s, &n, "SELECT id FROM copy WHERE worker = ? AND "
	    "msgid = ? LIMIT 1", "it", (int64_t)worker, bare);
}

int
store_message_byown(struct store *s, uint64_t mailbox, uint32_t worker,
    const char *own, struct store_message *m)
{
	char	 bare[STORE_MSGID_MAX + 1];
	int64_t	 id;
	int	 n;

	if (rule_msgid(s, own, bare) == -1)
		return -1;
	n = db_number(s, &id, "SELECT id FROM message WHERE worker = ? AND "
	    "own = ? AND mailbox = ? ORDER BY id LIMIT 1", "iti",
	    (int64_t)worker, bare, (int64_t)mailbox);
	return n == 1 ? store_message_get(s, (uint64_t)id, m) : n;
}

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

#define OUTID_BYTES	16	/* of the SHA-256 of user and id */
#define OUTID_KEY	(2 * OUTID_BYTES)	/* in hexadecimal digits */

/* Only a digest is kept of what is not for the outside. */
static int
outid_key(struct store *s, const char *user, const char *inside,
    char key[OUTID_KEY + 1])
{
	static const char	 digits[] = "0123456789abcdef";
	EVP_MD_CTX		*md;
	unsigned char		 hash[EVP_MAX_MD_SIZE];
	char			 bare[STORE_MSGID_MAX + 1];
	int			 i, ok;

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
	for (i = 0; i < OUTID_BYTES; i++) {
		key[2 * i] = digits[hash[i] >> 4];
		key[2 * i + 1] = digits[hash[i] & 15];
	}
	key[OUTID_KEY] = '\0';
	return 0;
}

int
store_outid_get(struct store *s, const char *user, const char *inside,
    char *buf, size_t size)
{
	sqlite3_stmt	*st;
	char		 key[OUTID_KEY + 1];
	int		 n;

	if (outid_key(s, user, inside, key) == -1 ||
	    (st = db_get(s, "SELECT outside FROM outid WHERE id = ?", "t",
	    key)) == NULL)
		return -1;
	if ((n = db_step(s, st)) == 1 && db_text(s, st, 0, buf, size) == -1)
		n = -1;
	db_done(s, st);
	return n;
}

int
store_outid_put(struct store *s, const char *user, const char *inside,
    const char *outside, time_t now)
{
	char	 key[OUTID_KEY + 1], bare[STORE_MSGID_MAX + 1];
	int	 ret;

	if (outid_key(s, user, inside, key) == -1 ||
	    rule_msgid(s, outside, bare) == -1 || db_enter(s) == -1)
		return -1;
	ret = db_run(s, "INSERT INTO outid (id, outside, created) "
	    "VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET "
	    "outside = excluded.outside, created = excluded.created", "tti",
	    key, bare, (int64_t)now);
	return db_leave(s, ret == -1 ? -1 : 0);
}

int
store_outid_prune(struct store *s, time_t before, unsigned int max)
{
	return db_run(s, "DELETE FROM outid WHERE id IN (SELECT id FROM outid "
	    "WHERE created < ? ORDER BY created LIMIT ?)", "ii",
	    (int64_t)before, (int64_t)max);
}

#define WRAP_SKEW	60	/* seconds that processes' clocks differ */

/* One of today at this domain: 1, 0 or -1. */
static int
find_wrapped(struct store *s, const char *domain, time_t now,
    struct store_rpath *rp)
{
	sqlite3_stmt	*st;
	const char	*at;
	char		 name[RPATH_LEN + 1];
	int		 ret;

	if ((st = db_get(s, "SELECT id, address, created, expires, quoted "
	    "FROM rpath WHERE gate = ? AND sent_to = ? AND created > ? "
	    "ORDER BY created DESC, id DESC LIMIT 1", "tti", rp->gate,
	    rp->address_to, (int64_t)now - STORE_WRAP_REUSE)) == NULL)
		return -1;
	if ((ret = db_step(s, st)) == 1) {
		rp->id = sqlite3_column_int64(st, 0);
		rp->created = sqlite3_column_int64(st, 2);
		rp->expires = sqlite3_column_int64(st, 3);
		rp->quoted = sqlite3_column_int64(st, 4);
		if (db_text(s, st, 1, rp->address,
		    sizeof(rp->address)) == -1)
			ret = -1;
	}
	db_done(s, st);
	if (ret != 1)
		return ret;
	/* The clock was set back, it has served, or we are called another. */
	return rp->created <= now + WRAP_SKEW &&
	    rp->quoted < STORE_RPATH_QUOTES &&
	    rpath_addr_parse(rp->address, name, &at) &&
	    strcasecmp(at, domain) == 0;
}

static int
make(struct store *s, const char *domain, time_t now, struct store_rpath *rp)
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
		ret = make(s, domain, now, rp);
	return db_leave(s, ret);
}
