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

/* A client and a server on the two ends of a socket pair, in one loop. */

#include <sys/types.h>
#include <sys/socket.h>

#include <event.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/compat.h"
#include "base/sbuf.h"
#include "smtp/tlsio.h"
#include "test.h"
#include "testcert.h"

#define BULK	(3 * 1024 * 1024)

enum when { NEVER, SOON };

/* One end. */
struct end {
	struct tlsio	*t;
	struct sbuf	 got;
	size_t		 count;		/* bytes when they are not kept */
	int		 keep;
	int		 secure, drained, closed;
	enum tlsio_end	 how;
	char		 why[TLSIO_WHY_MAX];
	enum when	 freeon;	/* freed by the read callback */
	struct tlsio_ctx *startctx;	/* client: TLS after a line */
};

static struct event_base *base;
static struct end a, b;		/* client and server */
static struct testcert ca, good, other, expired, selfsigned;
static struct tlsio_ctx *client;

static size_t
on_read(struct tlsio *t, const char *buf, size_t len, void *arg)
{
	struct end	*e = arg;
	const char	*nl;

	CHECK(t == e->t);
	if (e->freeon == SOON) {
		tlsio_free(e->t);
		e->t = NULL;
		e->closed = 1;
		return 0;
	}
	if (e->startctx != NULL) {
		if ((nl = memchr(buf, '\n', len)) == NULL)
			return 0;
		CHECK(tlsio_client(t, e->startctx, "mx.example", 1) == 0);
		e->startctx = NULL;
		return nl + 1 - buf;
	}
	e->count += len;
	if (e->keep)
		CHECK(sbuf_add(&e->got, buf, len) == 0);
	return len;
}

static size_t
on_read_nothing(struct tlsio *t, const char *buf, size_t len, void *arg)
{
	(void)t;
	(void)buf;
	(void)len;
	(void)arg;
	return 0;
}

static void
on_secure(struct tlsio *t, void *arg)
{
	(void)t;
	((struct end *)arg)->secure++;
}

static void
on_drained(struct tlsio *t, void *arg)
{
	CHECK(tlsio_waiting(t) < TLSIO_OUT_LOW);
	((struct end *)arg)->drained++;
}

static void
on_closed(struct tlsio *t, enum tlsio_end how, const char *why, void *arg)
{
	struct end	*e = arg;

	CHECK(e->t == t && !e->closed);
	e->closed = 1;
	e->how = how;
	strlcpy(e->why, why, sizeof(e->why));
}

static const struct tlsio_cb callbacks = { on_read, on_secure, on_drained,
    on_closed };
static const struct tlsio_cb deaf = { on_read_nothing, on_secure, on_drained,
    on_closed };

static void
open_pair(const struct tlsio_cb *cba, int buffer)
{
	int	 fds[2], i;

	memset(&a, 0, sizeof(a));
	memset(&b, 0, sizeof(b));
	sbuf_init(&a.got, 100000);
	sbuf_init(&b.got, 100000);
	a.keep = b.keep = 1;
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == -1)
		abort();
	for (i = 0; i < 2; i++) {
		fcntl(fds[i], F_SETFL, O_NONBLOCK);
		if (buffer)
			setsockopt(fds[i], SOL_SOCKET, SO_SNDBUF, &buffer,
			    sizeof(buffer));
	}
	a.t = tlsio_new(base, fds[0], cba, &a);
	b.t = tlsio_new(base, fds[1], &callbacks, &b);
	CHECK(a.t != NULL && b.t != NULL);
}

static void
close_pair(void)
{
	tlsio_free(a.t);
	tlsio_free(b.t);
	sbuf_free(&a.got);
	sbuf_free(&b.got);
}

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

static void
test_clear(void)
{
	open_pair(&callbacks, 0);
	CHECK(tlsio_write(a.t, "hello ", 6) == 0);
	CHECK(tlsio_write(a.t, "world", 5) == 0);
	UNTIL(b.got.len == 11);
	CHECK_STR(sbuf_str(&b.got), "hello world");
	CHECK(tlsio_getinfo(a.t, NULL) == 0);
	/* Paused, and shown afterwards. */
	tlsio_pause(b.t, 1);
	CHECK(tlsio_write(a.t, "!", 1) == 0);
	CHECK(tlsio_write(b.t, "?", 1) == 0);
	UNTIL(a.got.len == 1);
	CHECK(b.got.len == 11);
	tlsio_pause(b.t, 0);
	UNTIL(b.got.len == 12);
	/* What waits goes out before the end. */
	CHECK(tlsio_write(a.t, "last", 4) == 0);
	tlsio_finish(a.t);
	CHECK(tlsio_write(a.t, "x", 1) == -1);
	UNTIL(b.closed);
	CHECK(b.how == TLSIO_EOF && b.got.len == 16);
	tlsio_free(b.t);
	b.t = NULL;
	UNTIL(a.closed);
	CHECK(a.how == TLSIO_EOF);
	close_pair();

	open_pair(&callbacks, 0);
	b.freeon = SOON;
	CHECK(tlsio_write(a.t, "x", 1) == 0);
	UNTIL(b.closed && a.closed);
	close_pair();
}

/* The loop turns, and the memory that waits is bounded. */
static void
test_bulk(int tls, struct tlsio_ctx *server)
{
	static char	 chunk[50000];
	size_t		 sent = 0, most = 0;
	time_t		 end = time(NULL) + 60;

	open_pair(&callbacks, 8192);
	b.keep = 0;
	if (tls) {
		CHECK(tlsio_server(b.t, server) == 0);
		CHECK(tlsio_client(a.t, client, "mx.example", 1) == 0);
	}
	memset(chunk, 'x', sizeof(chunk));
	while (b.count < BULK && time(NULL) < end) {
		while (sent < BULK && tlsio_waiting(a.t) <= TLSIO_OUT_HIGH) {
			size_t	 n = BULK - sent < sizeof(chunk) ?
			    BULK - sent : sizeof(chunk);

			CHECK(tlsio_write(a.t, chunk, n) == 0);
			sent += n;
		}
		if (tlsio_waiting(a.t) > most)
			most = tlsio_waiting(a.t);
		event_base_loop(base, EVLOOP_ONCE);
	}
	CHECK(b.count == BULK && a.drained > 0);
	CHECK(most <= TLSIO_OUT_HIGH + sizeof(chunk));
	close_pair();
}

static void
test_full(void)
{
	static char	 big[TLSIO_OUT_MAX + 1];

	open_pair(&callbacks, 8192);
	tlsio_pause(b.t, 1);
	CHECK(tlsio_write(a.t, big, sizeof(big)) == -1);
	CHECK(tlsio_write(a.t, big, sizeof(big) - 1) == 0);
	CHECK(tlsio_write(a.t, big, 1) == -1);
	close_pair();

	/* Nobody takes what comes. */
	open_pair(&deaf, 0);
	CHECK(tlsio_write(b.t, big, TLSIO_IN_MAX + 1) == 0);
	UNTIL(a.closed);
	CHECK(a.how == TLSIO_FULL);
	close_pair();

	/* The peer went, but what it said before is heard. */
	open_pair(&callbacks, 0);
	CHECK(send(tlsio_fd(b.t), "421 bye", 7, 0) == 7);
	tlsio_free(b.t);
	b.t = NULL;
	CHECK(tlsio_write(a.t, "x", 1) == 0);
	UNTIL(a.closed);
	CHECK_STR(sbuf_str(&a.got), "421 bye");
	close_pair();
}

/* One handshake: how it ends for the client. */
static void
shake(const struct testcert *cert, const char *name, int verify,
    enum tlsio_end how, const char *why)
{
	struct tlsio_ctx	*server;
	struct tlsio_info	 info;

	server = tlsio_ctx_server(cert->certfile, cert->keyfile);
	CHECK(server != NULL);
	open_pair(&callbacks, 0);
	CHECK(tlsio_server(b.t, server) == 0);
	CHECK(tlsio_client(a.t, client, name, verify) == 0);
	CHECK(tlsio_client(a.t, client, name, verify) == -1);
	CHECK(tlsio_write(b.t, "220 x\r\n", 7) == 0);
	CHECK(tlsio_write(a.t, "quit", 4) == 0);
	if (why != NULL) {
		UNTIL(a.closed);
		CHECK(a.how == how && a.secure == 0 && a.got.len == 0);
		CHECK(b.got.len == 0);
		CHECK_STR(a.why, why);
	} else {
		UNTIL(a.secure && b.secure && a.got.len == 7 &&
		    b.got.len == 4);
		CHECK(tlsio_getinfo(a.t, &info) == 1);
		CHECK(info.verified == (info.problem[0] == '\0'));
		CHECK(strncmp(info.version, "TLSv1.", 6) == 0);
		CHECK(info.cipher[0] != '\0' && strlen(info.sha256) == 64);
		CHECK(info.notafter > info.notbefore);
		if (verify) {
			CHECK(info.verified);
			CHECK_STR(info.subject, "CN=good");
			CHECK_STR(info.issuer, "CN=authority");
			CHECK_STR(info.names, "mx.example *.sub.example "
			    "192.0.2.1 2001:db8::1");
		} else
			CHECK(!info.verified);
		tlsio_finish(a.t);
		UNTIL(b.closed);
		CHECK(b.how == TLSIO_EOF);
	}
	close_pair();
	tlsio_ctx_free(server);
}

static void
test_certs(void)
{
	shake(&good, "mx.example", 1, 0, NULL);
	shake(&good, "MX.Example.", 1, 0, NULL);
	shake(&good, "a.sub.example", 1, 0, NULL);
	shake(&good, "192.0.2.1", 1, 0, NULL);
	shake(&good, "[2001:db8::1]", 1, 0, NULL);
	shake(&good, "b.a.sub.example", 1, TLSIO_CERT,
	    "certificate refused: hostname mismatch");
	shake(&good, "good", 1, TLSIO_CERT,
	    "certificate refused: hostname mismatch");
	shake(&good, "192.0.2.2", 1, TLSIO_CERT,
	    "certificate refused: IP address mismatch");
	shake(&other, "mx.example", 1, TLSIO_CERT,
	    "certificate refused: hostname mismatch");
	shake(&expired, "mx.example", 1, TLSIO_CERT,
	    "certificate refused: certificate has expired");
	shake(&selfsigned, "mx.example", 1, TLSIO_CERT,
	    "certificate refused: self-signed certificate");
	shake(&selfsigned, "mx.example", 0, 0, NULL);
	shake(&expired, "mx.example", 0, 0, NULL);
	shake(&other, "mx.example", 0, 0, NULL);
}

static void
test_starttls(struct tlsio_ctx *server)
{
	/* As it should be. */
	open_pair(&callbacks, 0);
	a.startctx = client;
	CHECK(tlsio_write(b.t, "220 go\n", 7) == 0);
	CHECK(tlsio_server(b.t, server) == 0);
	UNTIL(a.secure && b.secure);
	close_pair();

	/* Plaintext behind the line. */
	open_pair(&callbacks, 0);
	a.startctx = client;
	CHECK(tlsio_write(b.t, "220 go\n250 injected\n", 20) == 0);
	CHECK(tlsio_server(b.t, server) == 0);
	UNTIL(a.closed);
	CHECK(a.how == TLSIO_INJECTED && a.secure == 0 && a.got.len == 0);
	close_pair();

	/* No TLS behind it. */
	open_pair(&callbacks, 0);
	a.startctx = client;
	CHECK(tlsio_write(b.t, "220 go\n", 7) == 0);
	UNTIL(a.startctx == NULL);
	CHECK(tlsio_write(b.t, "250 in the clear\n", 17) == 0);
	UNTIL(a.closed);
	CHECK(a.how == TLSIO_HANDSHAKE && a.secure == 0 && a.got.len == 0);
	close_pair();

	/* It ends in the middle, by either side. */
	open_pair(&callbacks, 0);
	CHECK(tlsio_client(a.t, client, "mx.example", 1) == 0);
	UNTIL(b.got.len > 0);
	tlsio_free(b.t);
	b.t = NULL;
	UNTIL(a.closed);
	CHECK(a.how == TLSIO_HANDSHAKE);
	close_pair();
	open_pair(&callbacks, 0);
	CHECK(tlsio_client(a.t, client, "mx.example", 1) == 0);
	UNTIL(b.got.len > 0);
	tlsio_finish(a.t);
	UNTIL(b.closed);
	close_pair();

	open_pair(&callbacks, 0);
	CHECK(tlsio_client(a.t, client, "", 1) == -1);
	close_pair();
}

int
main(void)
{
	char			 dir[] = "/tmp/tlsio_test.XXXXXX";
	struct tlsio_ctx	*server;

	if (mkdtemp(dir) == NULL)
		return 1;
	base = event_init();
	testcert_make(&ca, dir, "authority", NULL, 30, NULL);
	testcert_make(&good, dir, "good", "DNS:mx.example,"
	    "DNS:*.sub.example,IP:192.0.2.1,IP:2001:db8::1", 30, &ca);
	testcert_make(&other, dir, "mx.example", "DNS:other.example", 30, &ca);
	testcert_make(&expired, dir, "expired", "DNS:mx.example", -1, &ca);
	testcert_make(&selfsigned, dir, "self", "DNS:mx.example", 30, NULL);
	client = tlsio_ctx_client(ca.certfile);
	server = tlsio_ctx_server(good.certfile, good.keyfile);
	CHECK(client != NULL && server != NULL);
	CHECK(tlsio_ctx_client(ca.keyfile) == NULL);
	CHECK(tlsio_ctx_client("/nonexistent") == NULL);
	CHECK(tlsio_ctx_server(good.certfile, ca.keyfile) == NULL);
	CHECK(tlsio_ctx_server("/nonexistent", good.keyfile) == NULL);

	test_clear();
	test_bulk(0, NULL);
	test_bulk(1, server);
	test_full();
	test_certs();
	test_starttls(server);

	tlsio_ctx_free(server);
	tlsio_ctx_free(client);
	testcert_free(&ca);
	testcert_free(&good);
	testcert_free(&other);
	testcert_free(&expired);
	testcert_free(&selfsigned);
	rmdir(dir);
	return test_done();
}
