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

/* One session with a scripted server, and the story that it tells. */

#ifndef SESSION_H
#define SESSION_H

#include <sys/types.h>
#include <sys/time.h>
#include <arpa/inet.h>

#include <errno.h>
#include <event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/compat.h"
#include "scripted.h"
#include "smtp/aresev.h"
#include "smtp/resolve.h"
#include "smtp/upstream.h"
#include "test.h"
#include "testcert.h"

static struct event_base *base;
static struct scripted server;
static struct testcert ca, good, other, selfsigned;
static struct tlsio_ctx *goodctx, *otherctx, *selfctx;
static struct upstream_env env;

/* One session and what it told. */
static struct upstream *up;
static struct upstream_end end;
static char story[4096];
static int ready, closed;
static const char *const *todo;		/* commands to say when ready */
static int together;			/* all of them at once */
static const char *message;		/* after 354 */
static int nreplies;			/* to the end of the message */

static inline void tell(const char *fmt, ...)
    __attribute__((__format__ (printf, 1, 2)));

static inline void
tell(const char *fmt, ...)
{
	va_list	 ap;
	size_t	 n = strlen(story);

	va_start(ap, fmt);
	vsnprintf(story + n, sizeof(story) - n, fmt, ap);
	va_end(ap);
}

static inline void
say_next(void)
{
	int	 i;

	if (together) {
		for (i = 0; todo[i] != NULL; i++)
			CHECK(upstream_command(up, i, todo[i]) == 0);
		todo += i;
		together = 0;
	} else if (todo != NULL && *todo != NULL) {
		CHECK(upstream_command(up, 0, *todo) == 0);
		todo++;
	} else if (upstream_outstanding(up) == 0)
		upstream_quit(up);
}

static inline void
on_ready(struct upstream *u, void *arg)
{
	CHECK(u == up && arg == &up);
	ready = 1;
	tell("ready\n");
	CHECK(upstream_stage(up) == UPSTREAM_IDLE);
	if (todo != NULL)
		say_next();
}

static inline void
on_reply(struct upstream *u, int tag, const struct smtpreply *r, void *arg)
{
	char	 text[SMTPREPLY_TEXT_MAX];

	CHECK(u == up && arg == &up);
	smtpreply_text(r, text, sizeof(text));
	tell("%d:%s\n", tag, text);
	if (r->code == 354) {
		CHECK(upstream_stage(up) == UPSTREAM_DATA);
		CHECK(upstream_command(up, 0, "RSET") == -1 &&
		    errno == ENOTCONN);
		if (message == NULL)
			return;
		CHECK(upstream_data(up, message, strlen(message)) == 0);
		CHECK(upstream_end(up, 9, nreplies) == 0);
		CHECK(upstream_data(up, "x", 1) == -1);
		return;
	}
	if (r->code != 421 && upstream_outstanding(up) == 0)
		say_next();
}

static inline void
on_closed(struct upstream *u, const struct upstream_end *e, void *arg)
{
	const char	*p;

	CHECK(u == up && arg == &up && !closed);
	closed = 1;
	end = *e;
	/* Without the port, which is another each time. */
	p = strchr(e->text, ',');
	tell("closed %s %d%s%s%s\n", upstream_stagename(e->stage), e->code,
	    e->badlogin ? " badlogin" : "", e->quit ? " quit" : "",
	    e->quit || p == NULL ? "" : p);
	for (p = e->text; *p != '\0'; p++)
		CHECK(*p >= ' ' && *p <= '~');
	CHECK(strlen(e->text) < UPSTREAM_TEXT_MAX - 20);
	CHECK(upstream_command(up, 0, "NOOP") == -1 && errno == ENOTCONN);
}

static const struct upstream_cb callbacks = { on_ready, on_reply, NULL,
    on_closed };

/* Turns the loop until what is asked for is there, at most for 120 s. */
#define UNTIL(what) do {						\
	time_t	 end_ = time(NULL) + 120;				\
	while (!(what) && time(NULL) < end_) {				\
		struct timeval	 tv_ = { 0, 100000 };			\
		event_base_loopexit(base, &tv_);			\
		event_base_loop(base, EVLOOP_ONCE);			\
	}								\
	CHECK(what);							\
} while (0)

static struct upstream_conf conf;

static inline void
begin(enum upstream_kind kind, enum upstream_login login, int verify)
{
	memset(&conf, 0, sizeof(conf));
	conf.kind = kind;
	conf.login = login;
	conf.verify = verify;
	conf.host = "mx.example";
	conf.port = server.port;
	conf.helo = "here.example";
	conf.user = "alice";
	conf.secret = "s3cret-s3cret";
	todo = NULL;
	message = NULL;
	together = 0;
	nreplies = 1;
}

static inline void
run(const char *const *script, struct tlsio_ctx *tls, const char *want)
{
	story[0] = '\0';
	ready = closed = 0;
	scripted_play(&server, script, conf.kind == UPSTREAM_SMTPS, tls);
	up = upstream_new(&env, &conf, &callbacks, &up);
	CHECK(up != NULL);
	if (up == NULL)
		return;
	UNTIL(closed);
	CHECK_STR(story, want);
	upstream_free(up);
	up = NULL;
}

#define SCRIPT(...)	(const char *const []){ __VA_ARGS__, NULL }
#define TLS_HELLO	">220 mx.example ESMTP", "<EHLO here.example",	\
	">250-mx.example\r\n250-STARTTLS\r\n250 AUTH PLAIN",		\
	"<STARTTLS", ">220 go", "t", "<EHLO here.example"
#define IN	">220 x", "<EHLO", ">250-mx\r\n250 AUTH PLAIN", "<AUTH PLAIN"
#define READY	IN, ">235 ok"
#define BYE		"<QUIT", ">221 bye", "x"

/* Certificates, a server, and what sessions share. */
static inline void
setup(char *dir)
{
	struct aresev_conf	 dns = { "127.0.0.1:1", 200, 1 };
	char			 hosts[128];
	FILE			*fp;

	signal(SIGPIPE, SIG_IGN);
	if (mkdtemp(dir) == NULL)
		exit(1);
	base = event_init();
	testcert_make(&ca, dir, "authority", NULL, 30, NULL);
	testcert_make(&good, dir, "good", "DNS:mx.example,DNS:two.example", 30,
	    &ca);
	testcert_make(&other, dir, "other", "DNS:other.example", 30, &ca);
	testcert_make(&selfsigned, dir, "self", "DNS:mx.example", 30, NULL);
	goodctx = tlsio_ctx_server(good.certfile, good.keyfile);
	otherctx = tlsio_ctx_server(other.certfile, other.keyfile);
	selfctx = tlsio_ctx_server(selfsigned.certfile, selfsigned.keyfile);
	fp = testcert_file(hosts, sizeof(hosts), dir, "etc", "hosts");
	fputs("127.0.0.1 mx.example\n127.0.0.9 two.example\n"
	    "127.0.0.1 two.example\n::1 two.example\n", fp);
	fclose(fp);
	env.base = base;
	env.tls = tlsio_ctx_client(ca.certfile);
	env.resolve = resolve_new(base, &dns, hosts);
	unlink(hosts);
	CHECK(env.tls != NULL && env.resolve != NULL);
	scripted_open(&server, base);
}

static inline void
teardown(const char *dir)
{
	scripted_close(&server);
	resolve_free(env.resolve);
	tlsio_ctx_free(env.tls);
	tlsio_ctx_free(goodctx);
	tlsio_ctx_free(otherctx);
	tlsio_ctx_free(selfctx);
	testcert_free(&ca);
	testcert_free(&good);
	testcert_free(&other);
	testcert_free(&selfsigned);
	rmdir(dir);
}

#endif
