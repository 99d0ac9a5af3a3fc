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

/* The ways to ready(), and what stands in them. */

#include "session.h"

static void
test_ways(void)
{
	begin(UPSTREAM_SMTP_TLS, UPSTREAM_PASSWORD, 1);
	todo = SCRIPT("NOOP");
	run(SCRIPT(TLS_HELLO, ">250-mx.example\r\n250-PIPELINING\r\n"
	    "250-SIZE 1000\r\n250-DSN\r\n250 AUTH LOGIN PLAIN",
	    "<AUTH PLAIN AGFsaWNlAHMzY3JldC1zM2NyZXQ=", ">235 2.7.0 ok",
	    "<NOOP", ">250 ok", BYE), goodctx,
	    "ready\n0:250 ok\nclosed QUIT 0 quit\n");

	begin(UPSTREAM_SMTPS, UPSTREAM_PASSWORD, 1);
	todo = SCRIPT("NOOP");
	run(SCRIPT(">220-mx\r\n220 x", "<EHLO here.example",
	    ">250-mx\r\n250 AUTH=LOGIN", "<AUTH LOGIN", ">334 VXNlcm5hbWU6",
	    "<YWxpY2U=", ">334 UGFzc3dvcmQ6", "<czNjcmV0LXMzY3JldA==",
	    ">235 ok", "<NOOP", ">250 ok", BYE), goodctx,
	    "ready\n0:250 ok\nclosed QUIT 0 quit\n");

	begin(UPSTREAM_LMTP, UPSTREAM_NOLOGIN, 1);
	todo = SCRIPT("MAIL FROM:<>", "RCPT TO:<a@b>", "DATA");
	message = "x\r\n";
	nreplies = 2;
	run(SCRIPT(">220 mx LMTP", "<LHLO here.example", ">250 mx", "<MAIL",
	    ">250 ok", "<RCPT", ">250 ok", "<DATA", ">354 go", ".",
	    ">250 one", ">550 two", BYE), goodctx,
	    "ready\n0:250 ok\n0:250 ok\n0:354 go\n9:250 one\n9:550 two\n"
	    "closed QUIT 0 quit\n");
	CHECK_STR(sbuf_str(&server.message), "x\n");
}

static void
test_bearer(void)
{
	/* "n,a=al=2Ci=3Dce,^Ahost=mx.example^Aport=...": decoded below. */
	begin(UPSTREAM_SMTPS, UPSTREAM_BEARER, 1);
	todo = SCRIPT("NOOP");
	run(SCRIPT(">220 x", "<EHLO", ">250-mx\r\n250 AUTH XOAUTH2 PLAIN",
	    "<AUTH XOAUTH2 dXNlcj1hbGljZQFhdXRoPUJlYXJlciBzM2NyZXQtczNjcmV0"
	    "AQE=", ">235 ok", "<NOOP", ">250 ok", BYE), goodctx,
	    "ready\n0:250 ok\nclosed QUIT 0 quit\n");

	begin(UPSTREAM_SMTPS, UPSTREAM_BEARER, 1);
	conf.user = "al,i=ce";
	run(SCRIPT(">220 x", "<EHLO", ">250-mx\r\n"
	    "250 AUTH XOAUTH2 OAUTHBEARER",
	    "<AUTH OAUTHBEARER bixhPWFsPTJDaT0zRGNlLAFob3N0PW14LmV4YW1wbGUB"
	    "cG9ydD", ">334 eyJzdGF0dXMiOiJpbnZhbGlkX3Rva2VuIn0=", "<AQ==",
	    ">535 5.7.8 no", "x"), goodctx, "closed AUTH 535 badlogin, AUTH: "
	    "535 5.7.8 no\n");

	begin(UPSTREAM_SMTPS, UPSTREAM_BEARER, 1);
	run(SCRIPT(">220 x", "<EHLO", ">250-mx\r\n250 AUTH XOAUTH2",
	    "<AUTH XOAUTH2 ", ">334 eyJzdGF0dXMiOiI0MDEifQ==", "<",
	    ">535 5.7.8 no", "x"), goodctx, "closed AUTH 535 badlogin, AUTH: "
	    "535 5.7.8 no\n");
	CHECK_STR(server.last, "");

	begin(UPSTREAM_SMTPS, UPSTREAM_BEARER, 1);
	run(SCRIPT(">220 x", "<EHLO", ">250-mx\r\n250 AUTH PLAIN"), goodctx,
	    "closed AUTH 0, AUTH: the server offers no login with OAuth 2 "
	    "(but: PLAIN)\n");
}

/* A token that is too long for the command comes behind it. */
static void
test_long(void)
{
	static char	 token[UPSTREAM_SECRET_MAX + 2];

	memset(token, 'x', UPSTREAM_SECRET_MAX);
	begin(UPSTREAM_SMTPS, UPSTREAM_BEARER, 1);
	conf.secret = token;
	todo = SCRIPT("NOOP");
	run(SCRIPT(">220 x", "<EHLO", ">250-mx\r\n250 AUTH OAUTHBEARER",
	    "<AUTH OAUTHBEARER", ">334 ", "<bixhPWFsaWNlLAFob3N0PW14",
	    ">235 ok", "<NOOP", ">250 ok", BYE), goodctx,
	    "ready\n0:250 ok\nclosed QUIT 0 quit\n");
	token[UPSTREAM_SECRET_MAX] = 'x';
	CHECK(upstream_new(&env, &conf, &callbacks, NULL) == NULL &&
	    errno == EINVAL);
}

static void
test_conf(void)
{
	begin(UPSTREAM_SMTPS, UPSTREAM_PASSWORD, 1);
	conf.user = "a\001b";
	CHECK(upstream_new(&env, &conf, &callbacks, NULL) == NULL);
	conf.user = NULL;
	CHECK(upstream_new(&env, &conf, &callbacks, NULL) == NULL);
	begin(UPSTREAM_SMTPS, UPSTREAM_PASSWORD, 1);
	conf.helo = "a b";
	CHECK(upstream_new(&env, &conf, &callbacks, NULL) == NULL);
	begin(UPSTREAM_SMTPS, UPSTREAM_PASSWORD, 1);
	conf.port = 65536;
	CHECK(upstream_new(&env, &conf, &callbacks, NULL) == NULL);
	begin(UPSTREAM_LMTP, UPSTREAM_PASSWORD, 1);
	CHECK(upstream_new(&env, &conf, &callbacks, NULL) == NULL);
}

/* All that TLS is for. */
static void
test_tls(void)
{
	begin(UPSTREAM_SMTP_TLS, UPSTREAM_PASSWORD, 1);
	run(SCRIPT(">220 x", "<EHLO", ">250-mx\r\n250 AUTH PLAIN"), goodctx,
	    "closed STARTTLS 0, STARTTLS: the server offers no STARTTLS\n");
	run(SCRIPT(">220 x", "<EHLO", ">250-mx\r\n250 STARTTLS", "<STARTTLS",
	    ">454 4.7.0 not now"), goodctx,
	    "closed STARTTLS 454, STARTTLS: 454 4.7.0 not now\n");
	run(SCRIPT(">220 x", "<EHLO", ">250-mx\r\n250 STARTTLS", "<STARTTLS",
	    "~220 go\r\n250 injected\r\n", "t"), goodctx,
	    "closed TLS 0, TLS: plaintext where TLS must begin\n");
	run(SCRIPT(">220 x", "<EHLO", ">250-mx\r\n250 STARTTLS", "<STARTTLS",
	    "~220 go\r\n2", "t"), goodctx,
	    "closed TLS 0, TLS: plaintext where TLS must begin\n");
	run(SCRIPT(TLS_HELLO), otherctx, "closed TLS 0, TLS: "
	    "certificate refused: hostname mismatch\n");
	run(SCRIPT(TLS_HELLO), selfctx, "closed TLS 0, TLS: "
	    "certificate refused: self-signed certificate\n");
	conf.verify = 0;
	run(SCRIPT(TLS_HELLO, ">250-mx\r\n250 AUTH PLAIN", "<AUTH PLAIN",
	    ">535 no"), selfctx, "closed AUTH 535 badlogin, AUTH: 535 no\n");
	/* What was offered in the clear counts for nothing. */
	begin(UPSTREAM_SMTP_TLS, UPSTREAM_PASSWORD, 1);
	run(SCRIPT(TLS_HELLO, ">250 mx"), goodctx, "closed AUTH 0, AUTH: "
	    "the server offers no login with a password (but: nothing)\n");
}

static void
test_refusals(void)
{
	begin(UPSTREAM_SMTPS, UPSTREAM_PASSWORD, 1);
	run(SCRIPT(">554 5.7.1 go away"), goodctx,
	    "closed greeting 554, greeting: 554 5.7.1 go away\n");
	run(SCRIPT(">421 busy", "x"), goodctx,
	    "closed greeting 421, greeting: 421 busy\n");
	run(SCRIPT("x"), goodctx,
	    "closed greeting 0, greeting: connection closed\n");
	run(SCRIPT(">hello"), goodctx, "closed greeting 0, greeting: the "
	    "server sent a line without a reply code\n");
	run(SCRIPT(">220 x", "<EHLO", ">502 what"), goodctx,
	    "closed EHLO 502, EHLO: 502 what\n");
	run(SCRIPT(IN, ">454 4.7.0 later"), goodctx,
	    "closed AUTH 454, AUTH: 454 4.7.0 later\n");
	run(SCRIPT(IN, ">501 syntax"), goodctx,
	    "closed AUTH 501, AUTH: 501 syntax\n");
	run(SCRIPT(IN, ">334 more", "<"), goodctx, "closed AUTH 0, AUTH: "
	    "the server does not stop asking\n");
	/* A server that repeats what it was told. */
	run(SCRIPT(IN, ">535 not s3cret-s3cret, alice"), goodctx,
	    "closed AUTH 535 badlogin, AUTH: (the server repeats the "
	    "secret)\n");
	run(SCRIPT(IN, ">535 AGFsaWNlAHMzY3JldC1zM2NyZXQ="), goodctx,
	    "closed AUTH 535 badlogin, AUTH: (the server repeats the "
	    "secret)\n");
	run(SCRIPT(IN, ">535 ..HMzY3JldC1zM2Ny.."), goodctx,
	    "closed AUTH 535 badlogin, AUTH: (the server repeats the "
	    "secret)\n");
	CHECK(!ready);
}

/* Each stage has its time. */
static void
test_timeouts(void)
{
	begin(UPSTREAM_SMTPS, UPSTREAM_PASSWORD, 1);
	conf.timeouts.stage[UPSTREAM_GREETING] = 1;
	run(SCRIPT("h"), goodctx, "closed greeting 0, greeting: no answer "
	    "for 1 seconds\n");
	begin(UPSTREAM_SMTPS, UPSTREAM_PASSWORD, 1);
	conf.timeouts.stage[UPSTREAM_AUTH] = 1;
	run(SCRIPT(IN, "h"), goodctx, "closed AUTH 0, AUTH: no answer for 1 "
	    "seconds\n");
	begin(UPSTREAM_SMTPS, UPSTREAM_PASSWORD, 1);
	todo = SCRIPT("DATA");
	message = "x\r\n";
	conf.timeouts.stage[UPSTREAM_DATAEND] = 1;
	run(SCRIPT(READY, "<DATA", ">354 go", ".", "h"), goodctx,
	    "ready\n0:354 go\nclosed end of data 0, end of data: no answer "
	    "for 1 seconds\n");
	begin(UPSTREAM_SMTP_TLS, UPSTREAM_PASSWORD, 1);
	conf.timeouts.stage[UPSTREAM_TLS] = 1;
	run(SCRIPT(">220 x", "<EHLO", ">250-mx\r\n250 STARTTLS", "<STARTTLS",
	    ">220 go", "h"), goodctx, "closed TLS 0, TLS: no answer for 1 "
	    "seconds\n");
}

/* A socket that listens and takes nobody: connections to it hang. */
static int
stuck(const char *addr, int port, int fds[8])
{
	struct sockaddr_in	 sin;
	int			 fd, i;

	memset(&sin, 0, sizeof(sin));
	sin.sin_family = AF_INET;
	sin.sin_port = htons(port);
	sin.sin_addr.s_addr = inet_addr(addr);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	if (fd == -1 || bind(fd, (struct sockaddr *)&sin, sizeof(sin)) == -1 ||
	    listen(fd, 0) == -1)
		return -1;
	for (i = 0; i < 8; i++) {
		fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		(void)connect(fds[i], (struct sockaddr *)&sin, sizeof(sin));
	}
	return fd;
}

/* The second address is tried while the first one says nothing. */
static void
test_stagger(void)
{
	int	 fd, fds[8], i;

	if ((fd = stuck("127.0.0.9", server.port, fds)) == -1) {
		perror("127.0.0.9");
		return;
	}
	begin(UPSTREAM_SMTPS, UPSTREAM_PASSWORD, 1);
	conf.host = "two.example";
	todo = SCRIPT("NOOP");
	run(SCRIPT(READY, "<NOOP", ">250 ok", BYE), goodctx,
	    "ready\n0:250 ok\nclosed QUIT 0 quit\n");
	for (i = 0; i < 8; i++)
		close(fds[i]);
	close(fd);
}

static void
test_connect(void)
{
	int	 port;

	/* Both addresses of the name refuse, or one does. */
	begin(UPSTREAM_SMTPS, UPSTREAM_PASSWORD, 1);
	conf.host = "nowhere.example";
	run(SCRIPT("h"), goodctx, "closed name lookup 0, name lookup: "
	    "the server's name could not be looked up\n");
	conf.host = "two.example";
	todo = SCRIPT("NOOP");
	run(SCRIPT(READY, "<NOOP", ">250 ok", BYE), goodctx,
	    "ready\n0:250 ok\nclosed QUIT 0 quit\n");
	scripted_close(&server);
	port = server.port;
	conf.port = port;
	closed = 0;
	story[0] = '\0';
	up = upstream_new(&env, &conf, &callbacks, &up);
	CHECK(up != NULL);
	UNTIL(closed);
	CHECK_STR(story, "closed connect 0, connect: Connection refused\n");
	CHECK(strncmp(end.text, "two.example:", 12) == 0);
	upstream_free(up);
	scripted_open(&server, base);
}

int
main(void)
{
	char	 dir[] = "/tmp/upstream_test.XXXXXX";

	setup(dir);
	test_ways();
	test_bearer();
	test_long();
	test_conf();
	test_tls();
	test_refusals();
	test_timeouts();
	test_stagger();
	test_connect();
	teardown(dir);
	return test_done();
}
