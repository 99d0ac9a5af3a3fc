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

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "base/compat.h"
#include "base/log.h"
#include "bounce.h"
#include "crypto/token.h"
#include "customer.h"
#include "header/handle.h"
#include "header/startaddr.h"
#include "reply.h"
#include "run.h"
#include "store/store_mail.h"
#include "store/tokenbox.h"

#define RUN_LOCK_POLL	50		/* milliseconds between two tries */
#define RUN_TOKEN_TRIES	1000		/* seconds that a token may lie ahead */

static int	work(struct run *);
static int	what_is(struct run *);
static int	claim(struct run *, const uint8_t *);
static int	mailbox_mail(struct run *);
static int	begins(struct run *, const struct store_reply *);
static int	loops(struct run *);
static int	add_member(const struct store_worker *, void *);

int
run_message(struct run *r)
{
	int	n;

	if (store_durable(r->store, 0) == -1) {
		run_store_failed(r, "open");
		return RUN_RETRY;
	}
	if ((n = claim(r, r->digest)) != 1) {
		if (n == 0)
			log_info("%s: another run is at it",
			    r->letter.smtpd_id);
		return RUN_RETRY;
	}
	n = work(r);
	if (r->locked && store_claim_release(r->store, r->lock,
	    getpid()) == -1)
		run_store_failed(r, "release");
	/* with this, all that was recorded is on disk */
	if (store_durable(r->store, 1) == -1 ||
	    store_claim_release(r->store, r->digest, getpid()) == -1) {
		run_store_failed(r, "release");
		return RUN_RETRY;
	}
	return n;
}

static int
work(struct run *r)
{
	int	n;

	/* smtpd's own id is always there, but nothing may rest on that */
	if (r->letter.smtpd_id[0] == '\0')
		(void)snprintf(r->letter.smtpd_id,
		    sizeof(r->letter.smtpd_id), "%02x%02x%02x%02x%02x%02x",
		    r->digest[0], r->digest[1], r->digest[2], r->digest[3],
		    r->digest[4], r->digest[5]);
	if ((n = what_is(r)) == -1) {
		run_store_failed(r, "recipient");
		return RUN_RETRY;
	}
	if (n == 0) {
		/* gone since smtpd took the message */
		if (rpath_addr_parse(r->recipient, (char[RPATH_LEN + 1]){ 0 },
		    &(const char *){ NULL }) == 1) {
			log_info("%s: dropped: for a return path that has "
			    "expired", r->letter.smtpd_id);
			return RUN_DONE;
		}
		log_warnx("%s: no such address: %s", r->letter.smtpd_id,
		    r->recipient);
		return RUN_RETRY;
	}
	if ((n = loops(r)) != 0)
		return n == -1 ? RUN_RETRY : RUN_DONE;
	if (r->rcpt.kind == STORE_RCPT_RPATH)
		return bounce_run(r);
	return mailbox_mail(r);
}

/* Looks the recipient up: 1, 0 it is nothing of ours, -1. */
static int
what_is(struct run *r)
{
	char	mailbox[STORE_ADDR_MAX + 1], name[HANDLE_LEN + 1];
	char	whom[ADDR_MAX + 1];
	int	n;

	if ((n = store_rcpt_get(r->store, r->recipient, r->now,
	    &r->rcpt)) != 0)
		return n;
	/* a handle that is no longer known leaves mail to its mailbox */
	if (handle_addr_parse(r->recipient, mailbox, sizeof(mailbox),
	    name) != 1 && startaddr_parse(r->recipient, mailbox, whom) != 1)
		return 0;
	if ((n = store_rcpt_get(r->store, mailbox, r->now, &r->rcpt)) != 1)
		return n;
	return r->rcpt.kind == STORE_RCPT_MAILBOX;
}

/*
 * Whether the message goes round: it is one of our own copies come back, or
 * has passed too many hosts.  1 yes, 0 no, -1.
 */
static int
loops(struct run *r)
{
	int	n;

	if (r->letter.received > FACTS_RECEIVED_LOOP) {
		log_warnx("%s: dropped: a loop, %u hosts",
		    r->letter.smtpd_id, r->letter.received);
		run_event(r, "loop", 0, 0, "dropped %s: %u hosts",
		    r->letter.smtpd_id, r->letter.received);
		return 1;
	}
	if (r->rcpt.mailbox.id == 0 || r->letter.reply_id[0] != '\0')
		return 0;
	n = tokenbox_is_ours(r->store, r->keys, r->letter.message_id, r->now);
	if (n == 1) {
		log_warnx("%s: dropped: a loop, it is a copy of ours",
		    r->letter.smtpd_id);
		run_event(r, "loop", 0, 0, "dropped %s: a copy of ours",
		    r->letter.smtpd_id);
	}
	return n;
}

/* A reply or a member's when there is a record of it, else a customer's. */
static int
mailbox_mail(struct run *r)
{
	struct store_reply	rec;
	size_t			i;
	int			n = 0;

	if (r->letter.reply_id[0] != '\0' &&
	    (n = store_reply_get(r->store, r->letter.reply_id, r->now,
	    &rec)) == -1) {
		run_store_failed(r, "reply");
		return RUN_RETRY;
	}
	if (n == 1 && (rec.mailbox != r->rcpt.mailbox.id ||
	    strcmp(rec.smtpd, r->letter.smtpd_id) != 0))
		n = 0;
	if (n == 1 && begins(r, &rec) == -1) {
		run_store_failed(r, "handle");
		return RUN_RETRY;
	}
	if (n == 1 && r->rcpt.kind == STORE_RCPT_MAILBOX)
		return reply_team(r, &rec);
	for (i = 0; n == 1 && i < rec.nhandles; i++)
		if (rec.handle[i] == r->rcpt.handle.id)
			return reply_participant(r, &rec);
	if (r->letter.reply_id[0] != '\0')
		log_info("%s: X-Relay-Reply of no record of ours",
		    r->letter.smtpd_id);
	return customer_run(r);
}

/*
 * A worker's mail that begins a conversation with the one whom the recipient
 * names has a handle for that one, and goes on as if it were to the handle.
 */
static int
begins(struct run *r, const struct store_reply *rec)
{
	struct store_participant p;
	struct store_handle	h;
	char			box[ADDR_MAX + 1], whom[ADDR_MAX + 1];
	size_t			i;
	int			n;

	if (r->rcpt.kind != STORE_RCPT_MAILBOX ||
	    startaddr_parse(r->recipient, box, whom) != 1)
		return 0;
	if ((n = store_participant_byaddr(r->store, rec->conversation, whom,
	    &p)) != 1)
		return n;
	for (i = 0; i < rec->nhandles; i++) {
		if ((n = store_handle_byid(r->store, rec->handle[i], r->now,
		    &h)) == -1)
			return -1;
		if (n == 1 && h.participant == p.id) {
			r->rcpt.kind = STORE_RCPT_HANDLE;
			r->rcpt.handle = h;
			return 1;
		}
	}
	return 0;
}

/* 1 the claim is ours, 0 another's who lives, -1. */
static int
claim(struct run *r, const uint8_t *hash)
{
	int	holder, n, tries;

	for (tries = 0; tries < 3; tries++) {
		n = store_claim(r->store, hash, getpid(), time(NULL),
		    &holder);
		if (n == -1)
			run_store_failed(r, "claim");
		if (n != 0)
			return n;
		if (kill(holder, 0) != -1 || errno != ESRCH)
			return 0;
		/* its process is gone without a word */
		if (store_claim_break(r->store, hash, holder) == -1) {
			run_store_failed(r, "claim");
			return -1;
		}
	}
	return 0;
}

int
run_lock(struct run *r, const char *a, const char *b)
{
	struct timespec	 pause = { 0, RUN_LOCK_POLL * 1000000L };
	EVP_MD_CTX	*md;
	time_t		 deadline = time(NULL) + RUN_LOCK_WAIT;
	unsigned int	 len = 0;
	int		 n = -1;

	if ((md = EVP_MD_CTX_new()) != NULL &&
	    EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1 &&
	    EVP_DigestUpdate(md, &r->rcpt.mailbox.id,
	    sizeof(r->rcpt.mailbox.id)) == 1 &&
	    EVP_DigestUpdate(md, a, strlen(a) + 1) == 1 &&
	    EVP_DigestUpdate(md, b, strlen(b) + 1) == 1)
		n = EVP_DigestFinal_ex(md, r->lock, &len) == 1 ? 0 : -1;
	EVP_MD_CTX_free(md);
	if (n == -1 || len != sizeof(r->lock)) {
		log_warnx("%s: no digest", r->letter.smtpd_id);
		return -1;
	}
	while ((n = claim(r, r->lock)) == 0) {
		if (time(NULL) >= deadline) {
			log_info("%s: another run is at it",
			    r->letter.smtpd_id);
			return -1;
		}
		(void)nanosleep(&pause, NULL);
	}
	r->locked = n == 1;
	return n == 1 ? 0 : -1;
}

int
run_begin(struct run *r, int durable)
{
	if (store_durable(r->store, durable) == 0 &&
	    store_begin(r->store) == 0)
		return 0;
	run_store_failed(r, "begin");
	return -1;
}

int
run_commit(struct run *r)
{
	if (store_commit(r->store) == 0 && store_durable(r->store, 0) == 0)
		return 0;
	run_store_failed(r, "commit");
	store_rollback(r->store);
	return -1;
}

void
run_store_failed(const struct run *r, const char *what)
{
	const struct store_err	*err = store_error(r->store);

	log_warnx("%s: %s: %s: %s", r->letter.smtpd_id, what,
	    store_kind_name(err->kind), err->text);
}

enum mailer_result
run_send(struct run *r, const char *rpath, const char *to, const char *what,
    const char *whom, char reply[MAILER_REPLY_MAX])
{
	enum mailer_result	result;

	result = mailer_send(r->sender, rpath, to, reply);
	log_info("%s: %s for %s: %s: %s", r->letter.smtpd_id, what, whom,
	    result == MAILER_QUEUED ? "queued" :
	    result == MAILER_REFUSED ? "refused" : "later", reply);
	return result;
}

void
run_event(struct run *r, const char *kind, uint64_t conversation,
    uint32_t worker, const char *fmt, ...)
{
	struct store_event	ev;
	va_list			ap;

	memset(&ev, 0, sizeof(ev));
	(void)strlcpy(ev.kind, kind, sizeof(ev.kind));
	ev.mailbox = r->rcpt.mailbox.id;
	ev.conversation = conversation;
	ev.worker = worker;
	va_start(ap, fmt);
	(void)vsnprintf(ev.text, sizeof(ev.text), fmt, ap);
	va_end(ap);
	if (store_event_add(r->store, &ev, r->now) == -1)
		run_store_failed(r, "event");
}

int
run_rpath(struct run *r, const char *mailbox, struct store_rpath *rp)
{
	if (store_rpath_make(r->store, conf_bounce_domain(r->conf, mailbox),
	    r->now, rp) == -1) {
		run_store_failed(r, "return path");
		return -1;
	}
	return 0;
}

int
run_token(struct run *r, const struct store_worker *w, uint64_t conversation,
    const char *mailbox, char *msgid, size_t size)
{
	char	text[TOKEN_LEN + 1];
	time_t	when, last;
	int	n;

	/* two messages of one second must not share an id */
	when = token_time(r->now, w->revoked);
	for (last = when + RUN_TOKEN_TRIES; when < last; when++) {
		if (token_make(r->keys, w->id, conversation, when, mailbox,
		    text, sizeof(text)) == -1 ||
		    token_msgid(text, addr_domain(mailbox), msgid,
		    size) == -1) {
			log_warnx("%s: no token can be made",
			    r->letter.smtpd_id);
			return -1;
		}
		n = store_copy_known(r->store, w->id, msgid);
		if (n == 0)
			return 0;
		if (n == -1) {
			run_store_failed(r, "token");
			return -1;
		}
	}
	log_warnx("%s: too many copies at once", r->letter.smtpd_id);
	return -1;
}

int
run_is_ours(struct run *r, const char *addr)
{
	struct store_mailbox	mb;
	char			base[ADDR_MAX + 1], tag[ADDR_MAX + 1];
	char			name[RPATH_LEN + 1];
	const char		*domain;
	int			n;

	/* a mailbox may have a plus of its own */
	if (handle_addr_parse(addr, base, sizeof(base), name) == 1 ||
	    startaddr_parse(addr, base, tag) == 1) {
		if ((n = store_mailbox_get(r->store, base, &mb)) != 0)
			return n;
	}
	if (addr_split_tag(addr, base, sizeof(base), tag, sizeof(tag)) == -1)
		return 0;
	if (rpath_addr_parse(addr, name, &domain) == 1 &&
	    (conf_is_our_domain(r->conf, domain) ||
	    (r->conf->bounce_domain != NULL &&
	    strcasecmp(domain, r->conf->bounce_domain) == 0)))
		return 1;
	return store_mailbox_get(r->store, base, &mb);
}

int
run_is_inside(struct run *r, uint64_t mailbox, const char *addr)
{
	struct store_worker	w;
	int			n;

	if ((n = run_is_ours(r, addr)) != 0)
		return n;
	if ((n = store_worker_byaddr(r->store, addr, &w)) != 1)
		return n;
	return store_is_member(r->store, mailbox, w.id);
}

int
members_get(struct run *r, uint64_t mailbox, struct members *m)
{
	memset(m, 0, sizeof(*m));
	if (store_mailbox_members(r->store, mailbox, add_member, m) == 0)
		return 0;
	run_store_failed(r, "members");
	members_free(m);
	return -1;
}

static int
add_member(const struct store_worker *w, void *arg)
{
	struct members		*m = arg;
	struct store_worker	*v;

	if ((v = reallocarray(m->v, m->n + 1, sizeof(*v))) == NULL)
		return -1;
	m->v = v;
	v[m->n++] = *w;
	return 0;
}

void
members_free(struct members *m)
{
	free(m->v);
	memset(m, 0, sizeof(*m));
}

int
members_able(const struct members *m, uint32_t worker)
{
	size_t	i;

	for (i = 0; i < m->n; i++)
		if (m->v[i].id == worker)
			return m->v[i].enabled;
	return 0;
}
