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

#include "addr.h"
#include "authreswrite.h"
#include "dkimkeys.h"
#include "dmarc.h"
#include "engine.h"
#include "log.h"
#include "received.h"
#include "spf.h"

#define AUTH_SECONDS	30	/* for all questions of a message */
#define AUTH_QUEUE	(2 * 1024 * 1024)	/* bytes for the front */
#define AUTH_CARRY	(2 * SPOOL_BLOCK + 128 * 1024)	/* lines cut */

struct etx_auth {
	struct engine		*e;
	struct etx		*tx;
	struct spoolfile	 file;
	struct dkim		*dkim;
	struct spf		*spf;
	struct dkimkeys		*keys;
	struct dmarc_check	*dmarc;
	struct event		 timer;		/* for answers, or to replay */
	int			 waiting;	/* answers under way */
	int			 spf_result;
	char			 spf_domain[DNS_NAME_MAX + 1];
	struct sbuf		 carry;		/* lines read from the file */
	struct sbuf		 field;		/* Authentication-Results */
};

static void	auth_finished(struct etx_auth *, const struct dmarc *);

void
engine_auth_free(struct etx *tx)
{
	struct etx_auth	*a = tx->auth;

	if (a == NULL)
		return;
	evtimer_del(&a->timer);
	spf_cancel(a->spf);
	dkimkeys_cancel(a->keys);
	dmarc_cancel(a->dmarc);
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
	struct dmarc	 d;

	(void)fd;
	(void)events;
	spf_cancel(a->spf);
	dkimkeys_cancel(a->keys);
	dmarc_cancel(a->dmarc);
	a->spf = NULL;
	a->keys = NULL;
	a->dmarc = NULL;
	memset(&d, 0, sizeof(d));
	d.result = DMARC_TEMPERROR;
	d.unsure = 1;
	auth_finished(a, &d);
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

static void
auth_judged(const struct dmarc *d, void *arg)
{
	struct etx_auth	*a = arg;

	a->dmarc = NULL;
	auth_finished(a, d);
}

/* SPF and DKIM are known: who is aligned with the writer? */
static void
auth_align(struct etx_auth *a)
{
	struct dmarc_ident	 v[1 + DKIM_SIGS_MAX];
	struct dkim_sig		*s;
	struct dmarc		 now;
	const char		*writer = a->tx->facts.writer;
	size_t			 i, n = 0;

	if (a->spf_domain[0] != '\0' && (a->spf_result == SPF_PASS ||
	    a->spf_result == SPF_TEMPERROR)) {
		v[n].method = DMARC_SPF;
		v[n].temporary = a->spf_result == SPF_TEMPERROR;
		v[n++].domain = a->spf_domain;
	}
	for (i = 0; i < dkim_count(a->dkim); i++) {
		s = dkim_sig(a->dkim, i);
		if (!dkim_counts(s) && s->result != DKIM_TEMPERROR)
			continue;
		v[n].method = DMARC_DKIM;
		v[n].temporary = !dkim_counts(s);
		v[n++].domain = s->domain;
	}
	switch (dmarc_check(&a->dmarc, &now, a->e->dns, writer == NULL ? NULL :
	    addr_domain(writer), v, n, auth_judged, a)) {
	case 0:
		break;
	case 1:
		auth_finished(a, &now);
		break;
	default:
		engine_fail(a->e, a->tx);
	}
}

static void
auth_one(struct etx_auth *a)
{
	if (--a->waiting == 0)
		auth_align(a);
}

static void
auth_keys(void *arg)
{
	struct etx_auth	*a = arg;

	a->keys = NULL;
	auth_one(a);
}

static void
auth_spf(const struct spf_result *r, void *arg)
{
	struct etx_auth	*a = arg;

	a->spf = NULL;
	a->spf_result = r->result;
	/* DMARC is about MAIL FROM alone (RFC 9989 4.4.2). */
	if (addr_domain(a->tx->sender) != NULL)
		strlcpy(a->spf_domain, addr_domain(a->tx->sender),
		    sizeof(a->spf_domain));
	auth_one(a);
}

/* Asks for the sender's policy, where it is known who sends. */
static int
auth_ask_spf(struct etx_auth *a)
{
	struct spf_request	 req;
	unsigned char		 addr[16];
	const char		*source = a->tx->source;
	size_t			 len = strlen(source);

	memset(&req, 0, sizeof(req));
	if (len > 1 && source[0] == '[') {
		source++;
		len -= 2;
	}
	if ((req.family = received_addr(source, len, addr)) == 0 ||
	    a->tx->sender[0] == '\0')
		return 0;
	req.addr = addr;
	req.sender = a->tx->sender;
	req.helo = "unknown";
	if ((a->spf = spf_check(a->e->dns, &req, auth_spf, a)) == NULL)
		return -1;
	a->waiting++;
	return 0;
}

int
engine_auth_end(struct etx *tx)
{
	struct etx_auth	*a = tx->auth;
	struct timeval	 tv = { AUTH_SECONDS, 0 };

	if (dkim_finish(a->dkim) == -1 || evtimer_add(&a->timer, &tv) == -1)
		return -1;
	a->waiting = 1;
	switch (dkimkeys_ask(&a->keys, a->e->dns, dkim_sig(a->dkim, 0),
	    dkim_count(a->dkim), auth_keys, a)) {
	case 0:
		a->waiting++;
		break;
	case -1:
		return -1;
	}
	if (auth_ask_spf(a) == -1)
		return -1;
	auth_one(a);
	return 0;
}

/* What was found, for those who read the message next. */
static int
auth_write(struct etx_auth *a, const struct dmarc *d)
{
	struct authreswrite	 w;
	size_t			 i;

	if (a->tx->admd == NULL)
		return 0;
	authreswrite_begin(&w, &a->field, a->tx->admd);
	if (a->spf_domain[0] != '\0')
		authreswrite_spf(&w, spf_word(a->spf_result), a->tx->sender,
		    NULL);
	for (i = 0; i < dkim_count(a->dkim); i++)
		authreswrite_dkim(&w, dkim_sig(a->dkim, i));
	if (i == 0)
		authreswrite_nodkim(&w);
	authreswrite_dmarc(&w, d);
	if (authreswrite_end(&w) == -1) {
		sbuf_reset(&a->field);
		log_warnx("no Authentication-Results under the name %s",
		    a->tx->admd);
	}
	return 0;
}

static void
auth_finished(struct etx_auth *a, const struct dmarc *d)
{
	struct etx	*tx = a->tx;
	int		 pass = d->spf || d->dkim;

	evtimer_del(&a->timer);
	auth_write(a, d);
	log_debug("sender authentication of %s: spf %d, dkim %d, dmarc %s",
	    d->author, d->spf, d->dkim, dmarc_result(d->result));
	engine_after(a->e, tx, engine_mail_authenticated(a->e, tx, pass,
	    !pass && d->unsure));
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
