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
 * The token process, with a clock that the test turns: courier and keeper are
 * the test's ends of its channels, and the endpoint answers what it is told.
 */

#include <sys/types.h>

#include <event.h>
#include <time.h>

#include "test.h"

static time_t clock_now = 1000000;

static time_t
clock_time(time_t *t)
{
	(void)t;
	return clock_now;
}

#define time(t)	clock_time(t)
#include "table-relay/courier/courier_msg.c"
#include "table-relay/oauth.c"
#undef time

#define TEXT	"token-endpoint https://login.example/token\n"		\
		"client-id me\nrefresh-token first\n"
#define WAIT	20000	/* ms */

static struct oauth o;
static struct ipc *keeper, *courier;

/* The request that the endpoint has now. */
static oauthfetch_cb *asked_cb;
static void *asked_arg;
static char asked_with[64];
static int cancelled;

struct oauthfetch_query *
oauthfetch_start(struct oauthfetch *f, struct oauthtext *text,
    oauthfetch_cb *cb, void *arg)
{
	(void)f;
	CHECK(asked_cb == NULL);
	asked_cb = cb;
	asked_arg = arg;
	strlcpy(asked_with, text->refresh_token, sizeof(asked_with));
	oauthtext_free(text);
	return (struct oauthfetch_query *)&asked_with;
}

void
oauthfetch_cancel(struct oauthfetch_query *q)
{
	CHECK((void *)q == (void *)&asked_with);
	asked_cb = NULL;
	cancelled++;
}

struct oauthfetch *
oauthfetch_new(struct event_base *base, struct resolve *r,
    struct tlsio_ctx *tls)
{
	(void)base;
	(void)r;
	(void)tls;
	return NULL;
}

/* What the endpoint says; NULL for what is not there. */
static void
endpoint(enum oauthanswer_state state, const char *token, int life,
    const char *refresh)
{
	struct oauthanswer	 a;
	oauthfetch_cb		*cb = asked_cb;

	memset(&a, 0, sizeof(a));
	a.state = state;
	a.token = token == NULL ? NULL : strdup(token);
	a.refresh = refresh == NULL ? NULL : strdup(refresh);
	a.life = life;
	strlcpy(a.text, "why not", sizeof(a.text));
	CHECK(cb != NULL);
	asked_cb = NULL;
	if (cb != NULL)
		cb(&a, asked_arg);
	oauthanswer_free(&a);
}

static void
turn(void)
{
	int	 i;

	for (i = 0; i < 4; i++)
		event_loop(EVLOOP_NONBLOCK);
}

static void
silent(struct ipc *ch)
{
	struct ipc_msg	 msg;

	turn();
	CHECK(ipc_recv_wait(ch, &msg, 0) == 0);
}

static void
connect_peer(int role, struct ipc **mine)
{
	int	 fds[2];

	CHECK(ipc_pair(fds) == 0);
	ipc_free(*mine);
	*mine = ipc_new(fds[0], COURIER_FRAME_MAX, COURIER_QUEUE_MAX);
	on_peer(role, fds[1], &o);
	turn();
}

static void
ask(int type, uint64_t generation)
{
	CHECK(courier_send_account(courier, type, 7, 7, generation) == 0);
	turn();
}

/* The courier is told this. */
static void
told(int state, const char *text, time_t expires)
{
	struct courier_token	 t;
	struct ipc_msg		 msg;

	turn();
	CHECK(ipc_recv_wait(courier, &msg, WAIT) == 1);
	CHECK(msg.type == COURIER_TOKEN_IS && msg.id == 7);
	CHECK(courier_get_token(&msg, &t) == 0);
	CHECK(t.account == 7 && t.state == state);
	CHECK_STR(t.text, text);
	if (state == COURIER_TOKEN_GOOD) {
		if (t.expires != expires)
			fprintf(stderr, "expires in %lld, not %lld\n",
			    (long long)(t.expires - clock_now),
			    (long long)(expires - clock_now));
		CHECK(t.expires == expires);
	}
}

/* The keeper is asked, and gives the account's data. */
static void
given(uint64_t generation)
{
	struct oauth_secrets	 s;
	struct ipc_msg		 msg;

	memset(&s, 0, sizeof(s));
	turn();
	CHECK(ipc_recv_wait(keeper, &msg, WAIT) == 1);
	CHECK(msg.type == OAUTH_FIND);
	CHECK(courier_get_account(&msg, &s.account, &s.generation) == 0);
	CHECK(s.account == 7 && s.generation == generation);
	strlcpy(s.text, TEXT, sizeof(s.text));
	CHECK(courier_send_secrets(keeper, OAUTH_IS, msg.id, &s) == 0);
	turn();
}

static void
stored(const char *want)
{
	struct ipc_msg	 msg;
	struct oauth_secrets s;

	turn();
	CHECK(ipc_recv_wait(keeper, &msg, WAIT) == 1);
	CHECK(msg.type == OAUTH_ROTATED);
	CHECK(courier_get_secrets(&msg, &s) == 0);
	CHECK(s.account == 7);
	CHECK_STR(s.text, want);
}

/* The account's timer goes off. */
static void
alarm_now(void)
{
	on_timer(-1, EV_TIMEOUT, lookup_account(&o, 7));
}

static int
alarm_in(void)
{
	struct timeval	 tv, now;

	if (!evtimer_pending(&lookup_account(&o, 7)->timer, &tv))
		return -1;
	gettimeofday(&now, NULL);
	return tv.tv_sec - now.tv_sec;
}

static void
test_life(void)
{
	time_t	 end;

	ask(COURIER_TOKEN, 1);
	given(1);
	CHECK_STR(asked_with, "first");
	/* Asked again meanwhile: one request, one answer. */
	ask(COURIER_TOKEN, 1);
	silent(keeper);
	end = clock_now + 3600;
	endpoint(OAUTHANSWER_GOOD, "tok1", 3600, NULL);
	told(COURIER_TOKEN_GOOD, "tok1", end);
	silent(courier);
	CHECK(alarm_in() > 3200 && alarm_in() <= 3300);
	/* Until its end is near everybody has the same. */
	clock_now = end - 61;
	ask(COURIER_TOKEN, 1);
	told(COURIER_TOKEN_GOOD, "tok1", end);
	silent(keeper);
	clock_now = end - 60;
	ask(COURIER_TOKEN, 1);
	given(1);
	end = clock_now + 3600;
	endpoint(OAUTHANSWER_GOOD, "tok2", 3600, NULL);
	told(COURIER_TOKEN_GOOD, "tok2", end);
}

/* One that is used is renewed ahead; what nobody asked for is not. */
static void
test_ahead(void)
{
	time_t	 end;

	clock_now += 3300;
	alarm_now();
	given(1);
	end = clock_now + 3600;
	endpoint(OAUTHANSWER_GOOD, "tok3", 3600, NULL);
	silent(courier);
	ask(COURIER_TOKEN, 1);
	told(COURIER_TOKEN_GOOD, "tok3", end);
	/* Renewal fails: the token serves until its end. */
	clock_now = end - 300;
	alarm_now();
	given(1);
	endpoint(OAUTHANSWER_LATER, NULL, 0, NULL);
	silent(courier);
	ask(COURIER_TOKEN, 1);
	told(COURIER_TOKEN_GOOD, "tok3", end);
	clock_now += OAUTH_SOON;
	alarm_now();
	given(1);
	endpoint(OAUTHANSWER_GOOD, "tok4", 3600, NULL);
	/* tok4 was given to nobody: the account is forgotten. */
	clock_now += 3300;
	alarm_now();
	silent(keeper);
	CHECK(lookup_account(&o, 7) == NULL);
}

static void
test_bad(void)
{
	ask(COURIER_TOKEN, 1);
	given(1);
	endpoint(OAUTHANSWER_GOOD, "tok5", 3600, NULL);
	told(COURIER_TOKEN_GOOD, "tok5", clock_now + 3600);
	/* Refused: another is got. */
	ask(COURIER_TOKEN_BAD, 1);
	given(1);
	endpoint(OAUTHANSWER_GOOD, "tok6", 3600, NULL);
	told(COURIER_TOKEN_GOOD, "tok6", clock_now + 3600);
	/* A short life is no reason to ask for ever. */
	ask(COURIER_TOKEN_BAD, 1);
	given(1);
	endpoint(OAUTHANSWER_GOOD, "tok7", 1, NULL);
	told(COURIER_TOKEN_GOOD, "tok7", clock_now + OAUTH_SPARE);
	clock_now += OAUTH_LEAST - 1;
	ask(COURIER_TOKEN, 1);
	told(COURIER_TOKEN_GOOD, "tok7", clock_now + OAUTH_SPARE);
	clock_now++;
	ask(COURIER_TOKEN, 1);
	given(1);
	endpoint(OAUTHANSWER_GOOD, "tok8", 3600, NULL);
	told(COURIER_TOKEN_GOOD, "tok8", clock_now + 3600);
}

/* A failure is the answer for a while, each time for longer. */
static void
failing(enum oauthanswer_state state, int want, int first, int most)
{
	int	 delay = first, i;

	for (i = 0; i < 10; i++) {
		ask(COURIER_TOKEN_BAD, 1);
		given(1);
		endpoint(state, NULL, 0, NULL);
		told(want, "why not", 0);
		/* Not forgotten while it counts. */
		CHECK(alarm_in() > delay);
		clock_now += delay - 1;
		ask(COURIER_TOKEN, 1);
		told(want, "why not", 0);
		silent(keeper);
		clock_now++;
		delay = delay * 2 < most ? delay * 2 : most;
	}
	ask(COURIER_TOKEN, 1);
	given(1);
	endpoint(OAUTHANSWER_GOOD, "tok", 3600, NULL);
	told(COURIER_TOKEN_GOOD, "tok", clock_now + 3600);
}

/* A renewed refresh token is kept and used, whatever becomes of keepers. */
static void
test_rotation(void)
{
	ask(COURIER_TOKEN_BAD, 1);
	given(1);
	endpoint(OAUTHANSWER_GOOD, "tok9", 3600, "second");
	stored("second");
	told(COURIER_TOKEN_GOOD, "tok9", clock_now + 3600);
	connect_peer(ROLE_KEEPER, &keeper);
	stored("second");
	/* This keeper still gives the first. */
	ask(COURIER_TOKEN_BAD, 1);
	given(1);
	stored("second");
	CHECK_STR(asked_with, "second");
	/* It goes in the middle of a question, and the next one is asked. */
	endpoint(OAUTHANSWER_LATER, NULL, 0, NULL);
	told(COURIER_TOKEN_LATER, "why not", 0);
	clock_now += OAUTH_LATER;
	ask(COURIER_TOKEN, 1);
	connect_peer(ROLE_KEEPER, &keeper);
	stored("second");
	given(1);
	stored("second");
	endpoint(OAUTHANSWER_GOOD, "tok10", 3600, NULL);
	told(COURIER_TOKEN_GOOD, "tok10", clock_now + 3600);
}

/* An account that was changed begins anew. */
static void
test_generation(void)
{
	struct ipc_msg	 msg;

	ask(COURIER_TOKEN, 2);
	given(2);
	CHECK_STR(asked_with, "first");
	ask(COURIER_TOKEN, 3);
	CHECK(cancelled == 1);
	CHECK(ipc_recv_wait(keeper, &msg, WAIT) == 1 &&
	    msg.type == OAUTH_FIND);
	CHECK(courier_send_account(keeper, OAUTH_NONE, msg.id, 7, 3) == 0);
	told(COURIER_TOKEN_LATER,
	    "the account's OAuth data cannot be read", 0);
	/* The keeper says nothing at all. */
	clock_now += OAUTH_LATER;
	ask(COURIER_TOKEN, 3);
	CHECK(ipc_recv_wait(keeper, &msg, WAIT) == 1);
	alarm_now();
	told(COURIER_TOKEN_LATER, "the keeper is silent", 0);
	/* Answers that nobody waits for, and what makes no sense. */
	CHECK(courier_send_account(keeper, OAUTH_NONE, 7, 7, 3) == 0);
	CHECK(courier_send_account(keeper, OAUTH_NONE, 7, 99, 3) == 0);
	CHECK(ipc_send(keeper, OAUTH_IS, 1, "x", 1, -1) == 0);
	CHECK(ipc_send(courier, COURIER_TOKEN, 1, "x", 1, -1) == 0);
	CHECK(ipc_send(courier, 99, 1, NULL, 0, -1) == 0);
	silent(courier);
	silent(keeper);
}

int
main(void)
{
	log_init("test", 1);
	event_init();
	RB_INIT(&o.accounts);
	connect_peer(ROLE_KEEPER, &keeper);
	connect_peer(ROLE_COURIER, &courier);
	test_life();
	test_ahead();
	test_bad();
	failing(OAUTHANSWER_LATER, COURIER_TOKEN_LATER, OAUTH_SOON,
	    OAUTH_LATER);
	failing(OAUTHANSWER_REFUSED, COURIER_TOKEN_REVOKED, OAUTH_REFUSED,
	    OAUTH_REFUSED_MAX);
	test_rotation();
	test_generation();
	drop_account(lookup_account(&o, 7));
	CHECK(o.naccounts == 0);
	ipc_free(keeper);
	ipc_free(courier);
	return test_done();
}
