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

/* Sessions with accounts' servers, from connecting to QUIT. */

#include <sys/types.h>

#include <errno.h>
#include <stdio.h>

#include "base/log.h"
#include "courier_int.h"

static void link_ready(struct upstream *, void *);
static void link_reply(struct upstream *, int, const struct smtpreply *,
    void *);
static void link_drained(struct upstream *, void *);
static void link_closed(struct upstream *, const struct upstream_end *,
    void *);

static const struct upstream_cb callbacks = {
	link_ready, link_reply, link_drained, link_closed
};

/* Takes it out of its account, which has room for another then. */
static void
link_leave(struct link *l)
{
	struct account	*a = l->account;

	if (l->state == LINK_IDLE) {
		TAILQ_REMOVE(&l->courier->idle, l, idle_entry);
		a->nidle--;
	}
	event_del(&l->timer);
	TAILQ_REMOVE(&a->links, l, entry);
	a->nlinks--;
	a->touched = courier_now();
	l->account = NULL;
	l->session = NULL;
	l->state = LINK_QUIT;
}

static void
link_free(struct link *l)
{
	upstream_free(l->up);
	l->courier->nlinks--;
	free(l);
}

/* Says goodbye; nothing else waits for that. */
static void
link_quit(struct link *l)
{
	link_leave(l);
	upstream_quit(l->up);
}

static void
link_timeout(int fd, short what, void *arg)
{
	struct link	*l = arg;

	(void)fd;
	(void)what;
	link_quit(l);
}

/* Whoever is idle longest gives its place to one that is needed. */
static int
link_room(struct courier *c)
{
	struct link	*l;

	if (c->nlinks < c->maxlinks)
		return 1;
	if ((l = TAILQ_FIRST(&c->idle)) == NULL)
		return 0;
	link_leave(l);
	link_free(l);
	return 1;
}

struct link *
link_new(struct courier *c, struct account *a)
{
	static const enum upstream_kind	 kinds[] = { 0, UPSTREAM_SMTP_TLS,
					    UPSTREAM_SMTPS, UPSTREAM_LMTP };
	struct upstream_conf		 conf = { 0 };
	struct link			*l;

	if (!link_room(c) || (l = calloc(1, sizeof(*l))) == NULL)
		return NULL;
	conf.kind = kinds[a->transport];
	conf.host = a->host;
	conf.port = a->port;
	conf.verify = a->verify;
	conf.helo = c->helo;
	if (a->user[0] != '\0' && a->transport != COURIER_LMTP) {
		conf.login = a->oauth ? UPSTREAM_BEARER : UPSTREAM_PASSWORD;
		conf.user = a->user;
		conf.secret = a->secret;
	}
	if ((l->up = upstream_new(&c->env, &conf, &callbacks, l)) == NULL) {
		log_warn("account %s", a->name);
		free(l);
		return NULL;
	}
	l->courier = c;
	l->account = a;
	l->state = LINK_CONNECTING;
	l->since = courier_now();
	evtimer_set(&l->timer, link_timeout, l);
	TAILQ_INSERT_TAIL(&a->links, l, entry);
	a->nlinks++;
	c->nlinks++;
	stuck_watch(c);
	return l;
}

/* It can be used now, by whoever waits or comes next. */
static void
link_idle(struct link *l)
{
	struct account	*a = l->account;

	l->state = LINK_IDLE;
	l->owes = 0;
	TAILQ_INSERT_TAIL(&l->courier->idle, l, idle_entry);
	a->nidle++;
	courier_timer(&l->timer, POOL_IDLE_TIME);
	pool_serve(a);
	if (a->nidle <= POOL_IDLE)
		return;
	TAILQ_FOREACH(l, &a->links, entry)
		if (l->state == LINK_IDLE) {
			link_quit(l);
			return;
		}
}

void
link_take(struct link *l, struct session *s)
{
	struct account	*a = l->account;

	TAILQ_REMOVE(&l->courier->idle, l, idle_entry);
	a->nidle--;
	event_del(&l->timer);
	/* The first to be used again is the one that was used last. */
	TAILQ_REMOVE(&a->links, l, entry);
	TAILQ_INSERT_TAIL(&a->links, l, entry);
	l->state = LINK_BUSY;
	l->session = s;
	s->link = l;
}

void
link_release(struct link *l, int clean)
{
	struct account	*a = l->account;

	l->session->link = NULL;
	l->session = NULL;
	l->used = 1;
	if (l->old) {
		link_quit(l);
		pool_serve(a);
	} else if (clean)
		link_idle(l);
	else {
		l->state = LINK_RESET;
		link_owes(l, 1);
		if (upstream_command(l->up, TAG_CLEAN, "RSET") == -1)
			link_drop(l);
	}
}

void
link_drop(struct link *l)
{
	struct account	*a = l->account;

	if (l->session != NULL)
		l->session->link = NULL;
	link_leave(l);
	link_free(l);
	pool_serve(a);
}

void
link_retire(struct link *l)
{
	if (l->state == LINK_BUSY)
		l->old = 1;
	else
		link_quit(l);
}

void
link_owes(struct link *l, int owes)
{
	if (!owes || !l->owes)
		l->since = courier_now();
	l->owes = owes;
}

int
link_command(struct link *l, int tag, const char *line)
{
	if (upstream_command(l->up, tag, line) == -1)
		return -1;
	link_owes(l, 1);
	return 0;
}

static void
link_ready(struct upstream *up, void *arg)
{
	struct link	*l = arg;

	(void)up;
	if (l->state != LINK_CONNECTING)
		return;
	pool_works(l->courier, l->account);
	link_idle(l);
}

/* A reply that nobody waits for any more. */
static void
link_cleaned(struct link *l, int tag, const struct smtpreply *r)
{
	if (tag != TAG_CLEAN && r->code != 354)
		return;
	if (tag != TAG_CLEAN || r->code / 100 != 2)
		link_drop(l);
	else
		link_idle(l);
}

static void
link_reply(struct upstream *up, int tag, const struct smtpreply *r, void *arg)
{
	struct link	*l = arg;

	if (l->state == LINK_QUIT)
		return;
	l->since = courier_now();
	l->owes = upstream_outstanding(up) > 0;
	if (l->state == LINK_RESET)
		link_cleaned(l, tag, r);
	else if (l->state == LINK_BUSY)
		mail_answer(l->session, tag, r);
}

static void
link_drained(struct upstream *up, void *arg)
{
	struct link	*l = arg;

	(void)up;
	if (l->state != LINK_BUSY)
		return;
	link_owes(l, 0);
	mail_drained(l->session);
}

static void
link_closed(struct upstream *up, const struct upstream_end *end, void *arg)
{
	struct link	*l = arg;
	struct account	*a = l->account;
	struct session	*s = l->session;
	enum link_state	 was = l->state;
	struct courier	*c = l->courier;
	int		 used = l->used;

	(void)up;
	if (was == LINK_QUIT) {
		link_free(l);
		return;
	}
	link_leave(l);
	link_free(l);
	if (was == LINK_CONNECTING)
		pool_failed(c, a, end);
	else if (was == LINK_BUSY)
		mail_gone(s, a, used, end);
	pool_serve(a);
}
