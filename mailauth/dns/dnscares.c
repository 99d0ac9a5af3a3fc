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

#include <sys/types.h>
#include <sys/time.h>

#include <event.h>
#include <string.h>

#include "base/clock.h"
#include "base/compat.h"
#include "dns/dns.h"
#include "dns/dns_resolver.h"
#include "dns/dnscache.h"
#include "dns/dnscares.h"
#include "smtp/aresev.h"

#define TRIES	2

TAILQ_HEAD(waiting, dns_query);

/* A question that a name server has been asked, and who waits for it. */
struct flight {
	RB_ENTRY(flight)	 node;
	struct cares		*cares;
	struct waiting		 waiting;
	int			 type;
	char			 name[DNS_NAME_MAX + 1];
};

RB_HEAD(dnscares_flights, flight);

struct cares {
	struct dns		 dns;		/* first */
	struct aresev		*aev;
	struct dnscache		*cache;
	struct dnscares_flights	 flights;
	struct waiting		 fresh;		/* not looked at yet */
	struct event		 look;
	size_t			 sent;
};

static int
flight_cmp(const struct flight *a, const struct flight *b)
{
	if (a->type != b->type)
		return a->type < b->type ? -1 : 1;
	return strcmp(a->name, b->name);
}

RB_PROTOTYPE(dnscares_flights, flight, node, flight_cmp)
RB_GENERATE(dnscares_flights, flight, node, flight_cmp)

static void
cares_answer(const struct dns_answer *a, void *arg)
{
	struct flight *f = arg;
	struct cares *c = f->cares;
	struct dns_query *q;

	/* Whoever asks the same from inside a callback finds the cache. */
	RB_REMOVE(dnscares_flights, &c->flights, f);
	dnscache_put(c->cache, f->name, f->type, a, clock_seconds());
	while ((q = TAILQ_FIRST(&f->waiting)) != NULL) {
		TAILQ_REMOVE(&f->waiting, q, work_entry);
		dns_done(q, a);
	}
	free(f);
}

/* A question fails here and now. */
static void
cares_fail(struct dns_query *q, int status)
{
	struct dns_answer a;

	memset(&a, 0, sizeof(a));
	a.status = status;
	dns_done(q, &a);
}

/* Sends a question, or joins one that is under way. */
static void
cares_send(struct cares *c, struct dns_query *q)
{
	struct flight *f, *other;

	if ((f = calloc(1, sizeof(*f))) == NULL) {
		cares_fail(q, DNS_SERVFAIL);
		return;
	}
	f->cares = c;
	f->type = q->type;
	strlcpy(f->name, q->name, sizeof(f->name));
	TAILQ_INIT(&f->waiting);
	if ((other = RB_INSERT(dnscares_flights, &c->flights, f)) != NULL) {
		free(f);
		f = other;
	} else if (aresev_query(c->aev, f->name, f->type, cares_answer,
	    f) == NULL) {
		RB_REMOVE(dnscares_flights, &c->flights, f);
		free(f);
		cares_fail(q, DNS_SERVFAIL);
		return;
	} else
		c->sent++;
	q->work = f;
	TAILQ_INSERT_TAIL(&f->waiting, q, work_entry);
}

static void
cares_arm(struct cares *c)
{
	struct timeval now = { 0, 0 };

	evtimer_add(&c->look, &now);
}

/* One question of those that are new: others, and the loop, come in turn. */
static void
cares_look(int fd, short what, void *arg)
{
	struct cares *c = arg;
	struct dns_query *q;
	const struct dns_answer *a;

	(void)fd;
	(void)what;
	if ((q = TAILQ_FIRST(&c->fresh)) == NULL)
		return;
	TAILQ_REMOVE(&c->fresh, q, work_entry);
	q->work = NULL;
	if (!TAILQ_EMPTY(&c->fresh))
		cares_arm(c);
	if (!q->valid)
		cares_fail(q, DNS_NXDOMAIN);
	else if ((a = dnscache_get(c->cache, q->name, q->type,
	    clock_seconds())) != NULL)
		dns_done(q, a);
	else
		cares_send(c, q);
}

static int
cares_start(struct dns_query *q)
{
	struct cares *c = (struct cares *)q->dns;

	if (TAILQ_EMPTY(&c->fresh))
		cares_arm(c);
	q->work = &c->fresh;
	TAILQ_INSERT_TAIL(&c->fresh, q, work_entry);
	return 0;
}

static void
cares_cancel(struct dns_query *q)
{
	struct cares *c = (struct cares *)q->dns;
	struct flight *f = q->work;

	if (q->work == &c->fresh)
		TAILQ_REMOVE(&c->fresh, q, work_entry);
	else
		/* What is asked stays asked: the cache takes it. */
		TAILQ_REMOVE(&f->waiting, q, work_entry);
}

static void
cares_free(struct dns *d)
{
	struct cares *c = (struct cares *)d;
	struct flight *f;

	evtimer_del(&c->look);
	aresev_free(c->aev);
	while ((f = RB_ROOT(&c->flights)) != NULL) {
		RB_REMOVE(dnscares_flights, &c->flights, f);
		free(f);
	}
	dnscache_free(c->cache);
	free(c);
}

static const struct dns_ops cares_ops = {
	cares_start, cares_cancel, cares_free
};

struct dns *
dnscares_new(struct event_base *base, const struct dnscares_conf *conf)
{
	static const struct dnscares_conf none;
	struct aresev_conf ac;
	struct cares *c;

	if (conf == NULL)
		conf = &none;
	memset(&ac, 0, sizeof(ac));
	ac.servers = conf->servers;
	ac.timeout = conf->timeout;
	ac.tries = conf->tries > 0 ? conf->tries : TRIES;
	if ((c = calloc(1, sizeof(*c))) == NULL)
		return NULL;
	dns_init(&c->dns, &cares_ops);
	RB_INIT(&c->flights);
	TAILQ_INIT(&c->fresh);
	evtimer_set(&c->look, cares_look, c);
	if (base != NULL)
		event_base_set(base, &c->look);
	if ((c->cache = dnscache_new(
	    conf->entries > 0 ? conf->entries : DNSCACHE_ENTRIES,
	    conf->bytes > 0 ? conf->bytes : DNSCACHE_BYTES)) == NULL ||
	    (c->aev = aresev_new(base, &ac)) == NULL) {
		dnscache_free(c->cache);
		free(c);
		return NULL;
	}
	return &c->dns;
}

size_t
dnscares_sent(const struct dns *d)
{
	return ((const struct cares *)d)->sent;
}
