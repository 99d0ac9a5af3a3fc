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

#include <sys/time.h>
#include <sys/types.h>

#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "courier.h"

/* What the courier knows of accounts. */

static int
account_cmp(struct account *a, struct account *b)
{
	return a->id < b->id ? -1 : a->id > b->id;
}

RB_GENERATE(account_tree, account, entry, account_cmp)

static void	link_ready(struct upstream *up, void *arg);
static void	link_reply(struct upstream *up, int tag, const struct smtpreply
	    *r, void *arg);
static void	link_drained(struct upstream *up, void *arg);
static void	link_closed(struct upstream *up, const struct upstream_end
	    *end, void *arg);

static void	stuck_watch(struct courier *c);
static void	pool_serve(struct account *a);
static void	pool_works(struct courier *c, struct account *a);
static void	pool_failed(struct courier *c, struct account *a, const struct
	    upstream_end *end);

/* Forgets the secret, or takes another over. */
static int
account_secret(struct account *a, const char *secret)
{
	if (a->secret != NULL)
		freezero(a->secret, strlen(a->secret));
	a->secret = NULL;
	if (secret == NULL)
		return 0;
	return (a->secret = strdup(secret)) == NULL ? -1 : 0;
}

/* Forgets what the keeper says anew. */
static void
account_clear(struct account *a)
{
	account_secret(a, NULL);
	free(a->name);
	free(a->host);
	free(a->user);
	free(a->reply);
	a->name = a->host = a->user = a->reply = NULL;
	a->expires = 0;
	a->asked = a->refused = a->proven = 0;
	a->full = 0;
	a->failures = 0;
	a->retry = 0;
}

void
account_free(struct courier *c, struct account *a)
{
	RB_REMOVE(account_tree, &c->accounts, a);
	account_clear(a);
	free(a);
}

/* Takes over what the keeper says, or nothing of it. */
static int
account_fill(struct account *a, const struct courier_target *t)
{
	char	*name = strdup(t->name), *host = strdup(t->host);
	char	*user = strdup(t->user), *secret = NULL;

	if (!t->oauth)
		secret = strdup(t->secret);
	if (name == NULL || host == NULL || user == NULL ||
	    (!t->oauth && secret == NULL)) {
		free(name);
		free(host);
		free(user);
		if (secret != NULL)
			freezero(secret, strlen(secret));
		return -1;
	}
	account_clear(a);
	a->name = name;
	a->host = host;
	a->user = user;
	a->secret = secret;
	a->generation = t->generation;
	a->transport = t->transport;
	a->verify = t->verify;
	a->oauth = t->oauth;
	a->port = t->port;
	return 0;
}

struct account *
account_get(struct courier *c, const struct courier_target *t)
{
	struct account	 find = { .id = t->account }, *a;
	struct link	*l, *next;
	int		 new = 0;

	if ((a = RB_FIND(account_tree, &c->accounts, &find)) == NULL) {
		if ((a = calloc(1, sizeof(*a))) == NULL)
			return NULL;
		a->id = t->account;
		TAILQ_INIT(&a->links);
		TAILQ_INIT(&a->waiters);
		RB_INSERT(account_tree, &c->accounts, a);
		new = 1;
	} else if (a->generation == t->generation)
		return a;
	/* Who waits for it goes on with what it was when memory is short. */
	if (account_fill(a, t) == -1) {
		if (new)
			account_free(c, a);
		return NULL;
	}
	for (l = TAILQ_FIRST(&a->links); l != NULL; l = next) {
		next = TAILQ_NEXT(l, entry);
		link_retire(l);
	}
	return a;
}

int
account_count(const struct account *a, enum link_state state)
{
	const struct link	*l;
	int			 n = 0;

	TAILQ_FOREACH(l, &a->links, entry)
		if (l->state == state && !l->old)
			n++;
	return n;
}

static int
account_live(const struct account *a)
{
	return account_count(a, LINK_IDLE) + account_count(a, LINK_BUSY) +
	    account_count(a, LINK_RESET);
}

/* One of its transactions waits for too long. */
static int
account_stuck(const struct account *a)
{
	const struct link	*l;
	time_t			 now = clock_seconds();

	TAILQ_FOREACH(l, &a->links, entry)
		if (l->state != LINK_CONNECTING && !l->old && l->owes &&
		    now - l->since >= POOL_STUCK_TIME)
			return 1;
	return 0;
}

/* Sessions with accounts' servers, from connecting to QUIT. */

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
	a->touched = clock_seconds();
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

/* Begins to connect; NULL when that cannot be. */
static struct link *
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
	l->since = clock_seconds();
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

/* Gives one that is idle to a session. */
static void
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
		l->since = clock_seconds();
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
	l->since = clock_seconds();
	l->owes = upstream_outstanding(up) > 0;
	if (l->state == LINK_RESET)
		link_cleaned(l, tag, r);
	else if (l->state == LINK_BUSY)
		l->courier->mail->answer(l->session, tag, r);
}

static void
link_drained(struct upstream *up, void *arg)
{
	struct link	*l = arg;

	(void)up;
	if (l->state != LINK_BUSY)
		return;
	link_owes(l, 0);
	l->courier->mail->drained(l->session);
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
		c->mail->gone(s, a, used, end);
	pool_serve(a);
}

/*
 * smtpd opens no further connection to us while more than two are open and
 * there is not much to do: a few transactions that stand still would hold up
 * the mail of all other accounts.  So no more than two may.
 */

#define LOOK		1	/* seconds between two looks */
#define STILL_MAX	2	/* transactions that may stand still */
#define STILL_DOT	60	/* seconds after the final dot, when the
				 * server might have taken the message */

/* Whether a transaction has made no progress for too long; of a message
 * that goes slowly every byte is progress. */
static int
stuck_is(struct session *s, time_t now)
{
	size_t	waiting;

	if (s->link != NULL && (s->state == SESSION_DATA ||
	    s->state == SESSION_END)) {
		waiting = upstream_waiting(s->link->up);
		if (waiting != s->link->waiting)
			s->link->since = now;
		s->link->waiting = waiting;
	}
	return s->link != NULL && s->mail && s->link->owes &&
	    now - s->link->since >= POOL_STUCK_TIME;
}

/* Of more than may be, the one that has stood still for longest. */
static struct session *
stuck_find(struct courier *c, time_t now)
{
	struct session	*s, *worst = NULL;
	int		 n = 0;

	TAILQ_FOREACH(s, &c->sessions, entry) {
		if (!stuck_is(s, now))
			continue;
		n++;
		if (s->state == SESSION_END &&
		    now - s->link->since < STILL_DOT)
			continue;
		if (worst == NULL || s->link->since < worst->link->since)
			worst = s;
	}
	return n > STILL_MAX ? worst : NULL;
}

static void
stuck_look(int fd, short what, void *arg)
{
	struct courier	*c = arg;
	struct session	*s;
	char		 reply[COURIER_REPLY_MAX];
	time_t		 now = clock_seconds();

	(void)fd;
	(void)what;
	while ((s = stuck_find(c, now)) != NULL) {
		snprintf(reply, sizeof(reply), "451 4.4.1 %s makes no "
		    "progress", s->link->account->host);
		c->mail->lose(s, reply);
	}
	if (c->nlinks > 0)
		courier_timer(&c->stuck_timer, LOOK);
}

void
stuck_init(struct courier *c)
{
	evtimer_set(&c->stuck_timer, stuck_look, c);
}

static void
stuck_watch(struct courier *c)
{
	if (!evtimer_pending(&c->stuck_timer, NULL))
		courier_timer(&c->stuck_timer, LOOK);
}

/* Which transaction gets which session with its account's server, and when
 * an account is given up for a while. */

#define SWEEP		30	/* seconds between two looks for the idle */
#define TOKEN_SPARE	30	/* seconds that a token must still be good */
#define FORGET		3600	/* seconds until failures are forgotten */

static void
pool_sweep(int fd, short what, void *arg)
{
	struct courier	*c = arg;
	struct account	*a, *next;
	time_t		 now = clock_seconds();

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
		s->courier->mail->nolink(s, reply);
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
	if (a->full > 0 && clock_seconds() < a->fulltill)
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

/* A link is free or gone: what is waited for might be there now. */
static void
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
		s->courier->mail->link(s, l);
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
	    clock_seconds() - l->since >= SESSION_MAIL_TIME;
}

static void
pool_enter(struct session *s, struct account *a)
{
	char		 reply[COURIER_REPLY_MAX];
	const char	*why = NULL;

	a->touched = clock_seconds();
	if (account_stuck(a))
		why = "makes no progress";
	else if (a->nidle == 0 && a->retry > a->touched && a->reply != NULL) {
		s->courier->mail->nolink(s, a->reply);
		return;
	} else if (pool_slow(a))
		why = "does not answer";
	else if (a->nwaiters >= POOL_ACCOUNT_WAIT)
		why = "is busy";
	if (why != NULL) {
		snprintf(reply, sizeof(reply), "451 4.4.1 %s %s", a->host,
		    why);
		s->courier->mail->nolink(s, reply);
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
		s->courier->mail->nolink(s, "451 4.3.0 Out of memory");
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

/* The account's server has let us in, or not, or has gone before that. */
static void
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

static void
pool_failed(struct courier *c, struct account *a,
    const struct upstream_end *end)
{
	char	 reply[COURIER_REPLY_MAX];
	int	 delay, live = account_live(a);

	if (live > 0 && !end->badlogin) {
		/* It takes so many of us and no more. */
		a->full = live;
		a->fulltill = clock_seconds() + POOL_FULL_TIME;
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
	a->retry = clock_seconds() + delay;
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
