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

/* Sessions from ready() on: commands, messages, and how they end. */

#include "smtp/sasl.h"
#include "session.h"

static void
test_commands(void)
{
	/* One at a time, when the server knows no more. */
	begin(UPSTREAM_SMTPS, UPSTREAM_PASSWORD, 1);
	todo = SCRIPT("MAIL FROM:<a@b>", "RCPT TO:<c@d>", "RCPT TO:<e@f>");
	together = 1;
	run(SCRIPT(READY, "<MAIL", ">250 m", "<RCPT TO:<c", ">250 r1",
	    "<RCPT", ">550-5.1.1 no\r\n550 5.1.1 user", BYE), goodctx,
	    "ready\n0:250 m\n1:250 r1\n2:550 5.1.1 no user\n"
	    "closed QUIT 0 quit\n");
	/* All at once, when it does: it answers nothing before it has all. */
	todo = SCRIPT("MAIL FROM:<a@b>", "RCPT TO:<c@d>", "DATA");
	together = 1;
	message = "a: b\r\n\r\n..x\r\ny";
	run(SCRIPT(">220 x", "<EHLO", ">250-mx\r\n250-AUTH PLAIN\r\n"
	    "250 PIPELINING", "<AUTH", ">235 ok", "<MAIL", "<RCPT", "<DATA",
	    "~250 m\r\n250 r\r\n354 go\r\n", ".", ">250 2.0.0 queued", BYE),
	    goodctx, "ready\n0:250 m\n1:250 r\n2:354 go\n"
	    "9:250 2.0.0 queued\nclosed QUIT 0 quit\n");
	CHECK_STR(sbuf_str(&server.message), "a: b\n\n..x\ny\n");
	/* The message is refused: the session goes on. */
	todo = SCRIPT("DATA", "RSET");
	run(SCRIPT(READY, "<DATA", ">354 go", ".", ">554 5.6.0 spam", "<RSET",
	    ">250 ok", BYE), goodctx, "ready\n0:354 go\n9:554 5.6.0 spam\n"
	    "0:250 ok\nclosed QUIT 0 quit\n");
	todo = SCRIPT("DATA", "RSET");
	run(SCRIPT(READY, "<DATA", ">503 5.5.1 no", "<RSET", ">250 ok", BYE),
	    goodctx, "ready\n0:503 5.5.1 no\n0:250 ok\nclosed QUIT 0 quit\n");
}

static void
test_goodbyes(void)
{
	begin(UPSTREAM_SMTPS, UPSTREAM_PASSWORD, 1);
	todo = SCRIPT("MAIL FROM:<a@b>");
	run(SCRIPT(READY, "<MAIL", ">421 4.3.2 shutting down", "x"), goodctx,
	    "ready\n0:421 4.3.2 shutting down\n"
	    "closed command 421, command: 421 4.3.2 shutting down\n");
	todo = NULL;
	run(SCRIPT(READY, ">421 4.4.2 idle too long", "x"), goodctx,
	    "ready\nclosed idle 421, idle: 421 4.4.2 idle too long\n");
	run(SCRIPT(READY, "x"), goodctx,
	    "ready\nclosed idle 0, idle: connection closed\n");
	run(SCRIPT(READY, ">250 nobody asked"), goodctx,
	    "ready\nclosed idle 250, idle: 250 nobody asked\n");
	todo = SCRIPT("MAIL FROM:<a@b>");
	run(SCRIPT(READY, "<MAIL", "x"), goodctx,
	    "ready\nclosed command 0, command: connection closed\n");
	todo = SCRIPT("MAIL FROM:<a@b>");
	run(SCRIPT(READY, "<MAIL", ">354 go"), goodctx,
	    "ready\nclosed command 354, command: 354 go\n");
	todo = SCRIPT("DATA");
	run(SCRIPT(READY, "<DATA", ">250 done"), goodctx,
	    "ready\nclosed command 250, command: 250 done\n");
	/* In the middle of the message, and behind its end. */
	todo = SCRIPT("DATA");
	run(SCRIPT(READY, "<DATA", ">354 go", ">552 5.3.4 too big"), goodctx,
	    "ready\n0:354 go\nclosed data 552, data: 552 5.3.4 too big\n");
	todo = SCRIPT("DATA");
	message = "x\r\n";
	run(SCRIPT(READY, "<DATA", ">354 go", ".", "x"), goodctx,
	    "ready\n0:354 go\nclosed end of data 0, end of data: "
	    "connection closed\n");
}

/* What a server could take for the end of a message never goes out. */
static void
guard(const char *a, const char *b, int good_)
{
	int	 rv;

	begin(UPSTREAM_SMTPS, UPSTREAM_PASSWORD, 1);
	todo = SCRIPT("DATA");
	scripted_play(&server, SCRIPT(READY, "<DATA", ">354 go", "."), 1,
	    goodctx);
	story[0] = '\0';
	closed = ready = 0;
	up = upstream_new(&env, &conf, &callbacks, &up);
	CHECK(up != NULL);
	UNTIL(upstream_stage(up) == UPSTREAM_DATA);
	rv = upstream_data(up, a, strlen(a));
	if (rv == 0 && b != NULL)
		rv = upstream_data(up, b, strlen(b));
	if (rv == -1)
		CHECK(errno == EINVAL);
	if ((rv == 0) != good_)
		fprintf(stderr, "guard: \"%s\" \"%s\": %d\n", a,
		    b ? b : "", rv);
	CHECK((rv == 0) == good_);
	if (good_ && b != NULL) {
		CHECK(upstream_end(up, 1, 1) == 0);
		UNTIL(!server.indata);
	}
	upstream_free(up);
	up = NULL;
}

static void
test_guard(void)
{
	guard("a\r\n..\r\n", "b\r\n", 1);
	guard("a\r\n.", ".b\r\n", 1);
	guard("a\r", "\nb\r", 1);
	guard("a\rb\r\r\n", NULL, 1);
	guard("", "", 1);
	guard(".\r\n", NULL, 0);
	guard(".", "\r\n", 0);
	guard("a\r\n.\r\n", NULL, 0);
	guard("a\r\n", ".\r\n", 0);
	guard("a\r\n.b\r\n", NULL, 0);
	guard("a\n", NULL, 0);
	guard("\n", NULL, 0);
	guard("a", "\nb", 0);
	guard("a\n.\n", NULL, 0);
	guard("a\r.\r\n", NULL, 0);
	guard("a\r", ".\r", 0);
	guard("a\r\n.\n", NULL, 0);
	guard("a\r\n.\r.\r\n", NULL, 0);
}

/* A slow server: what waits is bounded, and drained() comes. */
static int drained;

static void
on_drained(struct upstream *u, void *arg)
{
	(void)arg;
	CHECK(upstream_room(u));
	drained++;
}

static void
test_flow(void)
{
	static const struct upstream_cb	 cb = { on_ready, on_reply, on_drained,
	    on_closed };
	static char			 line[1000];
	size_t				 sent = 0, want = 3 * 1024 * 1024;
	time_t				 limit = time(NULL) + 60;

	memset(line, 'x', sizeof(line));
	memcpy(line + sizeof(line) - 2, "\r\n", 2);
	begin(UPSTREAM_SMTPS, UPSTREAM_PASSWORD, 1);
	todo = SCRIPT("DATA");
	scripted_play(&server, SCRIPT(READY, "<DATA", ">354 go", ".",
	    ">250 ok", BYE), 1, goodctx);
	story[0] = '\0';
	closed = ready = 0;
	up = upstream_new(&env, &conf, &cb, &up);
	CHECK(up != NULL);
	UNTIL(upstream_stage(up) == UPSTREAM_DATA);
	tlsio_pause(server.io, 1);
	while (sent < want && time(NULL) < limit) {
		for (; sent < want && upstream_room(up); sent += sizeof(line))
			CHECK(upstream_data(up, line, sizeof(line)) == 0);
		if (server.io != NULL)
			tlsio_pause(server.io, 0);
		event_base_loop(base, EVLOOP_ONCE);
	}
	CHECK(sent >= want && drained > 0);
	CHECK(upstream_end(up, 9, 1) == 0);
	UNTIL(closed);
	CHECK_STR(story, "ready\n0:354 go\n9:250 ok\nclosed QUIT 0 quit\n");
	CHECK(server.message.len == sent / sizeof(line) * (sizeof(line) - 1));
	upstream_free(up);
}

/* Freed in every stage, and by its own callbacks. */
static void
on_ready_free(struct upstream *u, void *arg)
{
	(void)arg;
	closed = 1;
	upstream_free(u);
}

static void
test_free(void)
{
	static const struct upstream_cb	 cb = { on_ready_free, on_reply, NULL,
	    on_closed };
	int				 i;

	for (i = 0; i < 40; i++) {
		begin(UPSTREAM_SMTP_TLS, UPSTREAM_PASSWORD, 1);
		scripted_play(&server, SCRIPT(TLS_HELLO,
		    ">250-mx\r\n250 AUTH PLAIN", "<AUTH", ">235 ok"), 0,
		    goodctx);
		closed = 0;
		up = upstream_new(&env, &conf, &cb, &up);
		CHECK(up != NULL);
		if (i < 39) {
			int	 n;

			for (n = 0; n < i && !closed; n++)
				event_base_loop(base, EVLOOP_ONCE |
				    EVLOOP_NONBLOCK);
			if (!closed)
				upstream_free(up);
		} else
			UNTIL(closed);
		up = NULL;
	}
	/* QUIT before it is ready. */
	begin(UPSTREAM_SMTPS, UPSTREAM_PASSWORD, 1);
	scripted_play(&server, SCRIPT("h"), 1, goodctx);
	closed = 0;
	up = upstream_new(&env, &conf, &callbacks, &up);
	upstream_quit(up);
	CHECK(!closed);
	UNTIL(closed);
	CHECK(end.quit);
	upstream_free(up);
}

static void
test_caps(void)
{
	const struct ehlo	*caps;
	struct tlsio_info		 info;
	char				 names[64];

	begin(UPSTREAM_SMTPS, UPSTREAM_PASSWORD, 1);
	scripted_play(&server, SCRIPT(">220 x", "<EHLO", ">250-mx PIPELINING"
	    "\r\n250-size 35882577\r\n250-8bitmime\r\n250-AUTH GSSAPI plain "
	    "LOGIN\r\n250-AUTH=PLAIN\r\n250-DSN x\r\n250-DSNX\r\n"
	    "250 ENHANCEDSTATUSCODES", "<AUTH", ">235 2.7.0 welcome", "h"), 1,
	    goodctx);
	ready = closed = 0;
	up = upstream_new(&env, &conf, &callbacks, &up);
	UNTIL(ready);
	caps = upstream_caps(up);
	CHECK(caps->extensions == (EHLO_SIZE | EHLO_8BITMIME |
	    EHLO_DSN | EHLO_ENHANCED | EHLO_AUTH));
	CHECK(caps->size == 35882577);
	CHECK(caps->mechs == (SASL_PLAIN | SASL_LOGIN));
	CHECK(caps->used == SASL_PLAIN);
	CHECK_STR(caps->mechlist, "GSSAPI plain LOGIN");
	CHECK_STR(caps->answer, "235 2.7.0 welcome");
	sasl_names(caps->mechs, names, sizeof(names));
	CHECK_STR(names, "PLAIN LOGIN");
	CHECK(upstream_tlsinfo(up, &info) == 1 && info.verified);
	CHECK(strncmp(upstream_peer(up), "127.0.0.1:", 10) == 0);
	CHECK(upstream_command(up, 0, "NO\r\nOP") == -1 && errno == EINVAL);
	CHECK(upstream_command(up, 0, "") == -1 && errno == EINVAL);
	CHECK(upstream_data(up, "x", 1) == -1 && errno == ENOTCONN);
	CHECK(upstream_end(up, 1, 1) == -1 && errno == ENOTCONN);
	upstream_free(up);
	up = NULL;
}

int
main(void)
{
	char	 dir[] = "/tmp/upmail_test.XXXXXX";

	setup(dir);
	test_commands();
	test_goodbyes();
	test_guard();
	test_flow();
	test_free();
	test_caps();
	teardown(dir);
	return test_done();
}
