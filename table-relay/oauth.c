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
 * The process that gets access tokens for accounts with OAuth 2.  The courier
 * asks for them by account; the keeper gives what they are asked for with,
 * one account at a time, and keeps a refresh token that a server renewed.
 */

#include <sys/types.h>
#include <sys/time.h>

#include <event.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/compat.h"
#include "base/log.h"
#include "courier/courier_msg.h"
#include "crypto/oauthtext.h"
#include "oauth/oauthfetch.h"
#include "proc/sandbox.h"
#include "smtp/resolve.h"
#include "table-relay.h"

#define OAUTH_ACCOUNTS	65536
#define OAUTH_SPARE	60	/* s before its end that a token is not given */
#define OAUTH_LEAST	30	/* s that even a short-lived one is */
#define OAUTH_AHEAD	300	/* s before its end that it is renewed */
#define OAUTH_SOON	5	/* s until a failed request is made again ... */
#define OAUTH_LATER	300	/* ... at most, each time twice as long */
#define OAUTH_REFUSED	300	/* the same when it was refused */
#define OAUTH_REFUSED_MAX	3600
#define OAUTH_KEEPER	20	/* s for the keeper to answer */

enum oauth_doing {
	OAUTH_NOTHING,
	OAUTH_FINDING,		/* the keeper is asked */
	OAUTH_FETCHING		/* the server is */
};

struct oauth;

struct oauth_account {
	RB_ENTRY(oauth_account)	 entry;
	struct oauth		*oauth;
	uint64_t		 id, generation;
	enum oauth_doing	 doing;
	struct oauthfetch_query	*query;
	int			 waiting;	/* the courier has asked ... */
	uint64_t		 question;	/* ... with this id */
	char			*token;
	time_t			 got, expires;
	int			 given;		/* to the courier */
	char			*refresh;	/* newer than the keeper's
						 * may be, or NULL */
	int			 failures;
	time_t			 retry;
	int			 state;		/* the answer until then */
	char			 why[OAUTHANSWER_TEXT_MAX];
	struct event		 timer;
};

RB_HEAD(oauth_tree, oauth_account);

struct oauth {
	struct ipc		*keeper, *courier;
	struct resolve		*resolve;
	struct oauthfetch	*fetch;
	struct oauth_tree	 accounts;
	size_t			 naccounts;
};

static int
compare_accounts(const struct oauth_account *a, const struct oauth_account *b)
{
	return a->id < b->id ? -1 : a->id > b->id;
}

RB_PROTOTYPE(oauth_tree, oauth_account, entry, compare_accounts);
RB_GENERATE(oauth_tree, oauth_account, entry, compare_accounts);

static void
wipe_string(char **p)
{
	if (*p != NULL)
		freezero(*p, strlen(*p));
	*p = NULL;
}

static void
drop_account(struct oauth_account *a)
{
	if (a->query != NULL)
		oauthfetch_cancel(a->query);
	evtimer_del(&a->timer);
	wipe_string(&a->token);
	wipe_string(&a->refresh);
	RB_REMOVE(oauth_tree, &a->oauth->accounts, a);
	a->oauth->naccounts--;
	free(a);
}

static void
set_alarm(struct oauth_account *a, time_t seconds)
{
	struct timeval	 tv = { seconds > 0 ? seconds : 0, 0 };

	evtimer_add(&a->timer, &tv);
}

/* Whether the token is still worth to be given. */
static int
is_usable(const struct oauth_account *a, time_t now)
{
	return a->token != NULL && (now < a->expires - OAUTH_SPARE ||
	    now < a->got + OAUTH_LEAST);
}

/* Gives the courier the token, if it waits for one. */
static void
give_token(struct oauth_account *a)
{
	struct courier_token	 t;
	time_t			 now = time(NULL);

	if (!a->waiting)
		return;
	memset(&t, 0, sizeof(t));
	t.account = a->id;
	t.generation = a->generation;
	t.state = COURIER_TOKEN_GOOD;
	/* A short life is no reason to ask again and again. */
	t.expires = a->expires;
	if (t.expires < now + OAUTH_SPARE)
		t.expires = now + OAUTH_SPARE;
	if (strlcpy(t.text, a->token, sizeof(t.text)) < sizeof(t.text) &&
	    courier_send_token(a->oauth->courier, a->question, &t) == 0) {
		a->waiting = 0;
		a->given = 1;
	}
	explicit_bzero(&t, sizeof(t));
}

/* Tells the courier why there is none. */
static void
refuse_token(struct oauth_account *a)
{
	struct courier_token	 t;

	if (!a->waiting)
		return;
	memset(&t, 0, sizeof(t));
	t.account = a->id;
	t.generation = a->generation;
	t.state = a->state;
	strlcpy(t.text, a->why, sizeof(t.text));
	if (courier_send_token(a->oauth->courier, a->question, &t) == 0)
		a->waiting = 0;
}

/* No token came of it: for how long nobody asks again. */
static void
fail_account(struct oauth_account *a, int state, const char *why)
{
	int	 delay, most, i;

	a->doing = OAUTH_NOTHING;
	delay = state == COURIER_TOKEN_REVOKED ? OAUTH_REFUSED : OAUTH_SOON;
	most = state == COURIER_TOKEN_REVOKED ? OAUTH_REFUSED_MAX :
	    OAUTH_LATER;
	for (i = 0; i < a->failures && delay < most; i++)
		delay *= 2;
	if (delay > most)
		delay = most;
	a->failures++;
	a->retry = time(NULL) + delay;
	a->state = state;
	strlcpy(a->why, why, sizeof(a->why));
	/* Else the courier says it, with the account's name. */
	if (!a->waiting)
		log_info("account %llu: no access token: %s",
		    (unsigned long long)a->id, why);
	/* One that is renewed ahead of its time goes on meanwhile. */
	if (is_usable(a, time(NULL)))
		set_alarm(a, delay);
	else {
		/* Remembered while its next failure would count as one more. */
		wipe_string(&a->token);
		set_alarm(a, delay + OAUTH_REFUSED_MAX);
	}
	refuse_token(a);
}

static void
ask_secrets(struct oauth_account *a)
{
	if (a->doing != OAUTH_NOTHING)
		return;
	a->doing = OAUTH_FINDING;
	/* A keeper that is not there is asked when it comes. */
	(void)courier_send_account(a->oauth->keeper, OAUTH_FIND, a->id, a->id,
	    a->generation);
	set_alarm(a, OAUTH_KEEPER);
}

/* The end of a token is near, or the keeper has not answered. */
static void
on_timer(int fd, short what, void *arg)
{
	struct oauth_account	*a = arg;

	(void)fd;
	(void)what;
	if (a->doing == OAUTH_FINDING)
		fail_account(a, COURIER_TOKEN_LATER, "the keeper is silent");
	else if (a->doing == OAUTH_FETCHING)
		return;
	else if (a->token != NULL && a->given)
		ask_secrets(a);
	else {
		/* Nobody uses it. */
		wipe_string(&a->token);
		if (a->refresh == NULL && !a->waiting)
			drop_account(a);
	}
}

static void
store_refresh(struct oauth_account *a)
{
	struct oauth_secrets	 s = { a->id, a->generation, "" };

	if (strlcpy(s.text, a->refresh, sizeof(s.text)) < sizeof(s.text))
		(void)courier_send_secrets(a->oauth->keeper, OAUTH_ROTATED, 0,
		    &s);
	explicit_bzero(&s, sizeof(s));
}

static void
on_answer(struct oauthanswer *answer, void *arg)
{
	struct oauth_account	*a = arg;
	time_t			 ahead;

	a->query = NULL;
	if (answer->state != OAUTHANSWER_GOOD) {
		fail_account(a, answer->state == OAUTHANSWER_LATER ?
		    COURIER_TOKEN_LATER : COURIER_TOKEN_REVOKED,
		    answer->text);
		return;
	}
	a->doing = OAUTH_NOTHING;
	a->failures = 0;
	a->retry = 0;
	wipe_string(&a->token);
	a->token = answer->token;
	answer->token = NULL;
	a->got = time(NULL);
	a->expires = a->got + answer->life;
	a->given = 0;
	if (answer->refresh != NULL) {
		wipe_string(&a->refresh);
		a->refresh = answer->refresh;
		answer->refresh = NULL;
		store_refresh(a);
	}
	ahead = answer->life / 5 < OAUTH_AHEAD ? answer->life / 5 :
	    OAUTH_AHEAD;
	if (answer->life - ahead > OAUTH_SPARE)
		set_alarm(a, answer->life - ahead);
	give_token(a);
}

/* What the keeper gave: off to the server with it. */
static void
fetch_token(struct oauth_account *a, const char *text)
{
	struct oauthtext	 o;
	char			 err[256];

	if (oauthtext_parse(&o, text, err, sizeof(err)) == -1) {
		oauthtext_free(&o);
		fail_account(a, COURIER_TOKEN_REVOKED,
		    "its OAuth data makes no sense");
		return;
	}
	if (a->refresh != NULL && strcmp(a->refresh, o.refresh_token) == 0)
		wipe_string(&a->refresh);	/* it is stored by now */
	if (a->refresh != NULL) {
		store_refresh(a);
		if (oauthtext_renew(&o, a->refresh) == -1) {
			oauthtext_free(&o);
			fail_account(a, COURIER_TOKEN_LATER, "no memory");
			return;
		}
	}
	a->doing = OAUTH_FETCHING;
	evtimer_del(&a->timer);
	a->query = oauthfetch_start(a->oauth->fetch, &o, on_answer, a);
	if (a->query == NULL)
		fail_account(a, COURIER_TOKEN_LATER, "no memory");
}

static struct oauth_account *
lookup_account(struct oauth *o, uint64_t id)
{
	struct oauth_account	 find = { .id = id };

	return RB_FIND(oauth_tree, &o->accounts, &find);
}

/* The account in that generation; what was of another is forgotten. */
static struct oauth_account *
get_account(struct oauth *o, uint64_t id, uint64_t generation)
{
	struct oauth_account	*a = lookup_account(o, id);

	if (a != NULL && a->generation != generation) {
		drop_account(a);
		a = NULL;
	}
	if (a != NULL)
		return a;
	if (o->naccounts >= OAUTH_ACCOUNTS ||
	    (a = calloc(1, sizeof(*a))) == NULL)
		return NULL;
	a->oauth = o;
	a->id = id;
	a->generation = generation;
	evtimer_set(&a->timer, on_timer, a);
	RB_INSERT(oauth_tree, &o->accounts, a);
	o->naccounts++;
	return a;
}

/* The courier wants a token; bad: the last one was refused. */
static void
on_asked(struct oauth *o, const struct ipc_msg *msg, int bad)
{
	struct oauth_account	*a;
	uint64_t		 id, generation;

	if (courier_get_account(msg, &id, &generation) == -1) {
		log_warnx("the courier's question makes no sense");
		return;
	}
	if ((a = get_account(o, id, generation)) == NULL)
		return;
	a->waiting = 1;
	a->question = msg->id;
	if (bad && a->given)
		wipe_string(&a->token);
	if (is_usable(a, time(NULL)))
		give_token(a);
	else if (a->retry > time(NULL))
		refuse_token(a);
	else
		ask_secrets(a);
}

static void
on_courier(struct ipc *ch, struct ipc_msg *msg, void *arg)
{
	struct oauth	*o = arg;

	if (msg == NULL) {
		ipc_free(ch);
		if (o->courier == ch)
			o->courier = NULL;
	} else if (msg->type == COURIER_TOKEN ||
	    msg->type == COURIER_TOKEN_BAD)
		on_asked(o, msg, msg->type == COURIER_TOKEN_BAD);
	else
		log_warnx("the courier's message makes no sense");
}

static void
on_found(struct oauth *o, const struct ipc_msg *msg)
{
	struct oauth_secrets	 s;
	struct oauth_account	*a;

	if (courier_get_secrets(msg, &s) == -1)
		log_warnx("the keeper's answer makes no sense");
	else if ((a = lookup_account(o, s.account)) != NULL &&
	    a->generation == s.generation && a->doing == OAUTH_FINDING)
		fetch_token(a, s.text);
	explicit_bzero(&s, sizeof(s));
}

static void
on_missing(struct oauth *o, const struct ipc_msg *msg)
{
	struct oauth_account	*a;
	uint64_t		 id, generation;

	if (courier_get_account(msg, &id, &generation) == -1)
		log_warnx("the keeper's answer makes no sense");
	else if ((a = lookup_account(o, id)) != NULL &&
	    a->generation == generation && a->doing == OAUTH_FINDING) {
		fail_account(a, COURIER_TOKEN_LATER,
		    "the account's OAuth data cannot be read");
		if (msg->type == OAUTH_GONE)
			drop_account(a);
	}
}

static void
on_keeper(struct ipc *ch, struct ipc_msg *msg, void *arg)
{
	struct oauth	*o = arg;

	if (msg == NULL) {
		ipc_free(ch);
		if (o->keeper == ch)
			o->keeper = NULL;
	} else if (msg->type == OAUTH_IS)
		on_found(o, msg);
	else if (msg->type == OAUTH_NONE || msg->type == OAUTH_GONE)
		on_missing(o, msg);
	else
		log_warnx("the keeper's message makes no sense");
}

static void
on_peer(int role, int fd, void *arg)
{
	struct oauth		*o = arg;
	struct oauth_account	*a;
	struct ipc		**ch;

	ch = role == ROLE_KEEPER ? &o->keeper : &o->courier;
	ipc_free(*ch);
	*ch = ipc_new(fd, COURIER_FRAME_MAX, COURIER_QUEUE_MAX);
	if (*ch == NULL) {
		close(fd);
		return;
	}
	ipc_secret(*ch);
	if (ipc_event(*ch, role == ROLE_KEEPER ? on_keeper :
	    on_courier, o) == -1) {
		ipc_free(*ch);
		*ch = NULL;
		return;
	}
	if (role != ROLE_KEEPER)
		return;
	/* What the one before it was told, and may not have done. */
	RB_FOREACH(a, oauth_tree, &o->accounts) {
		if (a->refresh != NULL)
			store_refresh(a);
		if (a->doing == OAUTH_FINDING)
			(void)courier_send_account(o->keeper, OAUTH_FIND,
			    a->id, a->id, a->generation);
	}
}

int
oauth_main(struct privsep_child *pc, void *arg)
{
	static struct oauth	 o;
	struct table		*t = arg;

	table_forget(t);
	event_init();
	RB_INIT(&o.accounts);
	if ((o.resolve = resolve_new(NULL, NULL, NULL)) == NULL ||
	    (o.fetch = oauthfetch_new(NULL, o.resolve, t->tls)) == NULL ||
	    sandbox_network() == -1 ||
	    privsep_child_event(pc, on_peer, &o) == -1)
		return 1;
	event_dispatch();
	return 1;
}
