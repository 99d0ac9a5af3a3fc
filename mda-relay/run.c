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
#include "crypto/token.h"
#include "header/handle.h"
#include "header/startaddr.h"
#include "run.h"
#include "store/own_msgid.h"
#include "store/store_mail.h"

#define RUN_LOCK_POLL	50		/* milliseconds between two tries */
#define RUN_TOKEN_TRIES	1000		/* seconds that a token may lie ahead */

int
run_claim(struct run *r, const uint8_t *hash)
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
		if (store_claim_release(r->store, hash, holder) == -1) {
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
		log_warnx("%s: no digest", r->letter.header.smtpd_id);
		return -1;
	}
	while ((n = run_claim(r, r->lock)) == 0) {
		if (time(NULL) >= deadline) {
			log_info("%s: another run is at it",
			    r->letter.header.smtpd_id);
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

	log_warnx("%s: %s: %s: %s", r->letter.header.smtpd_id, what,
	    store_kind_name(err->kind), err->text);
}

enum mailer_result
run_send(struct run *r, const char *rpath, const char *to, const char *what,
    const char *whom, char reply[MAILER_REPLY_MAX])
{
	enum mailer_result	result;

	result = mailer_send(r->sender, rpath, to, reply);
	log_info("%s: %s for %s: %s: %s", r->letter.header.smtpd_id, what, whom,
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
			    r->letter.header.smtpd_id);
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
	log_warnx("%s: too many copies at once", r->letter.header.smtpd_id);
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
