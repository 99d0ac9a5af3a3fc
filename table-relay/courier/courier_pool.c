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

/* Which transaction gets which session with its account's server, and when
 * an account is given up for a while. */

#include <sys/types.h>

#include <stdio.h>
#include <time.h>

#include "base/log.h"
#include "courier_int.h"

#define SWEEP		30	/* seconds between two looks for the idle */
#define TOKEN_SPARE	30	/* seconds that a token must still be good */
#define FORGET		3600	/* seconds until failures are forgotten */

static void
pool_sweep(int fd, short what, void *arg)
{
	struct courier	*c = arg;
	struct account	*a, *next;
	time_t		 now = courier_now();

	(void)fd;
	(void)what;
	for (a = RB_MIN(account_tree, &c->accounts); a != NULL; a = next) {
		next = RB_NEXT(account_tree, &c->accounts, a);
		if (a->nlinks == 0 && a->nwaiters == 0 &&
		    now - a->touched >= POOL_FORGET_TIME &&
		    (a->failures == 0 || now - a->retry >= FORGET))
			account_free(c, a);
	}
	lograte_flush(c->rate, time(NULL));
	courier_timer(&c->sweep_timer, SWEEP);
}

void
pool_init(struct courier *c)
{
	RB_INIT(&c->accounts);
	TAILQ_INIT(&c->idle);
	evtimer_set(&c->sweep_timer, pool_sweep, c);
	courier_timer(&c->sweep_timer, SWEEP);
}

static void
pool_unqueue(struct session *s)
{
	struct account	*a = s->account;

	TAILQ_REMOVE(&a->waiters, s, waiter);
	a->nwaiters--;
	s->account = NULL;
}

void
pool_cancel(struct session *s)
{
	if (s->account != NULL)
		pool_unqueue(s);
}

/* Says no to all that wait. */
static void
pool_refuse(struct account *a, const char *reply)
{
	struct session	*s;

	while ((s = TAILQ_FIRST(&a->waiters)) != NULL) {
		pool_unqueue(s);
		mail_nolink(s, reply);
	}
}

/* Has the secret been got with which to log in?  Asks for a token if not. */
static int
pool_secret(struct courier *c, struct account *a)
{
	if (!a->oauth)
		return 1;
	if (a->secret != NULL && a->expires > time(NULL) + TOKEN_SPARE)
		return 1;
	if (!a->asked) {
		a->asked = 1;
		/* Without an answer from there all time runs out here. */
		(void)courier_send_account(c->oauth, a->refused ?
		    COURIER_TOKEN_BAD : COURIER_TOKEN, a->id, a->id,
		    a->generation);
	}
	return 0;
}

/* How many links it may have now. */
static int
pool_limit(struct account *a)
{
	if (account_live(a) == 0)
		return 1;	/* nobody knows whether it lets us in */
	if (a->full > 0 && courier_now() < a->fulltill)
		return a->full;
	return POOL_ACCOUNT_LINKS;
}

/* Begins to connect for those that wait; what is being reset comes first. */
static void
pool_grow(struct courier *c, struct account *a)
{
	int	n = account_count(a, LINK_CONNECTING);
	int	soon = n + account_count(a, LINK_RESET);

	while (soon < a->nwaiters && n + account_live(a) < pool_limit(a) &&
	    a->nlinks < 2 * POOL_ACCOUNT_LINKS) {
		if (!pool_secret(c, a) || link_new(c, a) == NULL)
			return;
		n++;
		soon++;
	}
}

void
pool_serve(struct account *a)
{
	struct session	*s;
	struct link	*l;

	for (;;) {
		TAILQ_FOREACH_REVERSE(l, &a->links, link_list, entry)
			if (l->state == LINK_IDLE)
				break;
		if (l == NULL || (s = TAILQ_FIRST(&a->waiters)) == NULL)
			break;
		pool_unqueue(s);
		link_take(l, s);
		mail_link(s, l);
	}
	if ((s = TAILQ_FIRST(&a->waiters)) != NULL)
		pool_grow(s->courier, a);
}

/* Nobody was let in for as long as MAIL may take: not to be waited for. */
static int
pool_slow(struct account *a)
{
	const struct link	*l = TAILQ_FIRST(&a->links);

	return account_live(a) == 0 && l != NULL &&
	    l->state == LINK_CONNECTING &&
	    courier_now() - l->since >= SESSION_MAIL_TIME;
}

static void
pool_enter(struct session *s, struct account *a)
{
	char		 reply[COURIER_REPLY_MAX];
	const char	*why = NULL;

	a->touched = courier_now();
	if (account_stuck(a))
		why = "makes no progress";
	else if (a->nidle == 0 && a->retry > a->touched && a->reply != NULL) {
		mail_nolink(s, a->reply);
		return;
	} else if (pool_slow(a))
		why = "does not answer";
	else if (a->nwaiters >= POOL_ACCOUNT_WAIT)
		why = "is busy";
	if (why != NULL) {
		snprintf(reply, sizeof(reply), "451 4.4.1 %s %s", a->host,
		    why);
		mail_nolink(s, reply);
		return;
	}
	s->account = a;
	TAILQ_INSERT_TAIL(&a->waiters, s, waiter);
	a->nwaiters++;
	pool_serve(a);
}

void
pool_get(struct session *s, const struct courier_target *t)
{
	struct account	*a;

	if ((a = account_get(s->courier, t)) == NULL)
		mail_nolink(s, "451 4.3.0 Out of memory");
	else
		pool_enter(s, a);
}

void
pool_again(struct session *s, struct account *a)
{
	struct link	*l, *next;

	/* The others that lay idle are no better than that one. */
	for (l = TAILQ_FIRST(&a->links); l != NULL; l = next) {
		next = TAILQ_NEXT(l, entry);
		if (l->state == LINK_IDLE && l->used)
			link_retire(l);
	}
	pool_enter(s, a);
}

static void
pool_report(struct courier *c, const struct account *a, const char *stage,
    const char *text, int delay)
{
	struct courier_report	r = { 0 };

	r.account = a->id;
	r.generation = a->generation;
	r.works = stage == NULL;
	if (stage != NULL) {
		strlcpy(r.stage, stage, sizeof(r.stage));
		strlcpy(r.text, text, sizeof(r.text));
		r.retry = time(NULL) + delay;
		lograte_info(c->rate, time(NULL), a->name,
		    "account %s: %s", a->name, text);
	}
	(void)courier_send_report(c->keeper, &r);
}

void
pool_works(struct courier *c, struct account *a)
{
	a->failures = 0;
	a->retry = 0;
	a->proven = 1;
	a->refused = 0;
	pool_report(c, a, NULL, NULL, 0);
}

/* Seconds until the next try. */
static int
pool_delay(const struct account *a, int login)
{
	int		delay = login ? POOL_LOGIN_MIN : POOL_RETRY_MIN;
	int		most = login ? POOL_LOGIN_MAX : POOL_RETRY_MAX;
	unsigned int	i;

	for (i = 1; i < a->failures && delay < most; i++)
		delay *= 2;
	return delay < most ? delay : most;
}

void
pool_failed(struct courier *c, struct account *a,
    const struct upstream_end *end)
{
	char	 reply[COURIER_REPLY_MAX];
	int	 delay, live = account_live(a);

	if (live > 0 && !end->badlogin) {
		/* It takes so many of us and no more. */
		a->full = live;
		a->fulltill = courier_now() + POOL_FULL_TIME;
		return;
	}
	if (a->oauth && end->badlogin) {
		account_secret(a, NULL);
		a->refused = 1;
		if (a->proven) {
			a->proven = 0;	/* it was good once: a new one */
			return;
		}
	}
	a->failures++;
	delay = pool_delay(a, end->badlogin);
	a->retry = courier_now() + delay;
	snprintf(reply, sizeof(reply), "%s %s",
	    end->stage == UPSTREAM_AUTH ? "454 4.7.0" : "451 4.4.1",
	    end->text);
	free(a->reply);
	a->reply = strdup(reply);
	pool_report(c, a, upstream_stagename(end->stage), end->text,
	    delay);
	pool_refuse(a, reply);
}

void
pool_token(struct courier *c, const struct courier_token *t)
{
	struct upstream_end	 end = { .stage = UPSTREAM_AUTH };
	struct account		 find = { .id = t->account }, *a;

	if ((a = RB_FIND(account_tree, &c->accounts, &find)) == NULL ||
	    a->generation != t->generation || !a->asked)
		return;
	a->asked = 0;
	if (t->state == COURIER_TOKEN_GOOD) {
		a->proven = 0;
		if (account_secret(a, t->text) == 0)
			a->expires = t->expires;
		pool_grow(c, a);
		return;
	}
	end.badlogin = t->state == COURIER_TOKEN_REVOKED;
	snprintf(end.text, sizeof(end.text), "no access token: %.400s",
	    t->text);
	pool_failed(c, a, &end);
}

void
pool_ask_again(struct courier *c)
{
	struct account	*a;

	RB_FOREACH(a, account_tree, &c->accounts)
		if (a->asked) {
			a->asked = 0;
			if (a->nwaiters > 0)
				(void)pool_secret(c, a);
		}
}
