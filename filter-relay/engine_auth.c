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

/*
 * Sender authentication by our own resolver: the message waits in the spool
 * until it is whole, its signatures' keys and the sender's policy are asked
 * for, and then the keeper gets its facts once more.
 */

#include <sys/socket.h>

#include <event.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "engine.h"
#include "header/addr.h"
#include "judge/authreswrite.h"
#include "judge/judge.h"

#define AUTH_SECONDS	30	/* for all questions of a message */
#define AUTH_QUEUE	(2 * 1024 * 1024)	/* bytes for the front */
#define AUTH_CARRY	(2 * SPOOL_BLOCK + 128 * 1024)	/* lines cut */

struct etx_auth {
	struct engine		*e;
	struct etx		*tx;
	struct spoolfile	 file;
	struct dkim		*dkim;
	struct judge		*judge;		/* answers are under way */
	struct event		 timer;		/* for answers, or to replay */
	struct sbuf		 carry;		/* lines read from the file */
	struct sbuf		 field;		/* Authentication-Results */
};

void
engine_auth_free(struct etx *tx)
{
	struct etx_auth	*a = tx->auth;

	if (a == NULL)
		return;
	evtimer_del(&a->timer);
	judge_cancel(a->judge);
	dkim_free(a->dkim);
	spoolfile_free(a->e->spool, &a->file);
	sbuf_free(&a->carry);
	sbuf_free(&a->field);
	free(a);
	tx->auth = NULL;
}

/* Time is over: what was not answered is a temporary error. */
static void
auth_late(int fd, short events, void *arg)
{
	struct etx_auth	*a = arg;

	(void)fd;
	(void)events;
	judge_late(a->judge);
}

/* The header, as it came but for dots. */
static int
auth_header(struct etx_auth *a, const struct sbuf *header)
{
	const char	*p = header->data, *end = p + header->len, *nl;
	int		 dot;

	for (; p < end; p = nl + 1) {
		nl = memchr(p, '\n', end - p);
		if (nl == p)
			break;
		dot = p[0] == '.';
		if (dkim_header_line(a->dkim, p + dot, nl - p - dot) == -1)
			return -1;
	}
	return dkim_header_end(a->dkim);
}

int
engine_auth_begin(struct engine *e, struct etx *tx)
{
	struct etx_auth	*a;
	int		 rv = 0;

	if (tx->auth != NULL || (a = calloc(1, sizeof(*a))) == NULL)
		return -1;
	a->e = e;
	a->tx = tx;
	tx->auth = a;
	evtimer_set(&a->timer, auth_late, a);
	sbuf_init(&a->carry, AUTH_CARRY);
	sbuf_init(&a->field, AUTHRESWRITE_MAX);
	if ((a->dkim = dkim_new(time(NULL))) == NULL ||
	    auth_header(a, &tx->header) == -1)
		return -1;
	tx->state = ETX_AUTH;
	if (tx->held.len > 0)
		rv = engine_auth_data(tx, tx->held.data, tx->held.len);
	sbuf_free(&tx->held);
	return rv == 0 && tx->eom ? engine_auth_end(tx) : rv;
}

int
engine_auth_data(struct etx *tx, const char *p, size_t len)
{
	struct etx_auth	*a = tx->auth;
	const char	*end = p + len, *nl;
	int		 dot;

	if (spoolfile_add(a->e->spool, &a->file, p, len) == -1) {
		log_warnx("a message that waits for its end does not fit "
		    "into the spool");
		return -1;
	}
	if (!dkim_wants_body(a->dkim))
		return 0;
	for (; p < end; p = nl + 1) {
		nl = memchr(p, '\n', end - p);
		dot = p[0] == '.';
		if (dkim_body(a->dkim, p + dot, nl - p - dot) == -1 ||
		    dkim_body_eol(a->dkim) == -1)
			return -1;
	}
	return 0;
}

/* What was found, for those who read the message next. */
static int
auth_write(struct etx_auth *a, const struct judge_result *r)
{
	struct authreswrite	 w;
	unsigned char		 addr[16];
	const char		*helo;
	size_t			 i;

	if (a->tx->admd == NULL)
		return 0;
	(void)engine_handoff_origin(a->tx, addr, &helo);
	authreswrite_begin(&w, &a->field, a->tx->admd);
	if (r->spf_asked)
		authreswrite_spf(&w, spf_word(r->spf.result), a->tx->sender,
		    helo);
	for (i = 0; i < dkim_count(a->dkim); i++)
		authreswrite_dkim(&w, dkim_sig(a->dkim, i));
	if (i == 0)
		authreswrite_nodkim(&w);
	authreswrite_dmarc(&w, &r->dmarc);
	if (authreswrite_end(&w) == -1) {
		sbuf_reset(&a->field);
		log_warnx("no Authentication-Results under the name %s",
		    a->tx->admd);
	}
	return 0;
}

static void
auth_judged(const struct judge_result *r, void *arg)
{
	struct etx_auth		*a = arg;
	struct etx		*tx = a->tx;
	const struct dmarc	*d = &r->dmarc;
	int			 pass = d->spf || d->dkim;

	a->judge = NULL;
	evtimer_del(&a->timer);
	auth_write(a, r);
	log_debug("sender authentication of %s: spf %d, dkim %d, dmarc %s",
	    d->author, d->spf, d->dkim, dmarc_result(d->result));
	engine_gate_judged(tx, r, dkim_sig(a->dkim, 0), dkim_count(a->dkim));
	if (tx->planned) {
		engine_after(a->e, tx, engine_mail_plan(a->e, tx));
		return;
	}
	engine_after(a->e, tx, engine_mail_authenticated(a->e, tx, pass,
	    !pass && d->unsure));
}

/* Asks the DNS: 1 and *now: all is known; 0: it comes later; or -1. */
static int
auth_ask(struct etx_auth *a, struct judge_result *now)
{
	struct judge_request	 req;
	struct etx		*tx = a->tx;
	unsigned char		 addr[16];

	memset(&req, 0, sizeof(req));
	req.family = engine_handoff_origin(tx, addr, &req.helo);
	req.addr = addr;
	req.sender = tx->sender;
	if (tx->facts.writer != NULL)
		req.author = addr_domain(tx->facts.writer);
	req.sigs = dkim_sig(a->dkim, 0);
	req.nsigs = dkim_count(a->dkim);
	req.nlists = engine_gate_lists(tx, &req.lists);
	return judge_ask(&a->judge, now, a->e->dns, &req, auth_judged, a);
}

int
engine_auth_end(struct etx *tx)
{
	struct etx_auth		*a = tx->auth;
	struct timeval		 tv = { AUTH_SECONDS, 0 };
	struct judge_result	 now;

	if (dkim_finish(a->dkim) == -1)
		return -1;
	switch (auth_ask(a, &now)) {
	case 0:
		return evtimer_add(&a->timer, &tv);
	case 1:
		auth_judged(&now, a);
		return 0;
	}
	return -1;
}

const struct sbuf *
engine_auth_field(const struct etx *tx)
{
	return &tx->auth->field;
}

/* Sends a part of the message on, and comes again for the next. */
static void
auth_replay(int fd, short events, void *arg)
{
	struct etx_auth	*a = arg;
	struct engine	*e = a->e;
	struct etx	*tx = a->tx;
	struct timeval	 tv = { 0, 0 };
	char		*p, *last;
	int		 n = 1, rv = 0;

	(void)fd;
	(void)events;
	if (e->front == NULL || ipc_queued(e->front) > AUTH_QUEUE) {
		tv.tv_usec = 20000;
		evtimer_add(&a->timer, &tv);
		return;
	}
	if ((n = spoolfile_read(e->spool, &a->file, &a->carry)) == -1)
		rv = -1;
	p = a->carry.data;
	if (rv == 0 && a->carry.len > 0 &&
	    (last = memrchr(p, '\n', a->carry.len)) != NULL) {
		rv = engine_mail_body(e, tx, p, last + 1 - p);
		a->carry.len -= last + 1 - p;
		memmove(p, last + 1, a->carry.len);
	}
	if (rv == 0 && n == 0) {
		tx->replaying = 0;
		rv = engine_mail_end(e, tx);
	} else if (rv == 0 && evtimer_add(&a->timer, &tv) == -1)
		rv = -1;
	engine_after(e, tx, rv);
}

int
engine_auth_replay(struct etx *tx)
{
	struct etx_auth	*a = tx->auth;
	struct timeval	 tv = { 0, 0 };

	tx->replaying = 1;
	evtimer_set(&a->timer, auth_replay, a);
	return evtimer_add(&a->timer, &tv);
}
