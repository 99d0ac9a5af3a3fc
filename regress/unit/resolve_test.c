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
 * Look-ups against a name server in the same event loop: what it answers
 * follows from the first label of the name that is asked for.
 */

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <netinet/in.h>
#include <arpa/inet.h>

#include <event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "smtp/aresev.h"
#include "smtp/resolve.h"
#include "test.h"

#define PORT	587

static struct event_base *base;
static int server, queries;

/* What came of the last look-up. */
static struct resolve_answer got;
static char text[4096];
static int calls, done;

/* An answer that is kept until the first call. */
static unsigned char held[1500];
static size_t heldlen;
static struct sockaddr_storage heldto;

static const unsigned char v4[] = { 192, 0, 2, 1 };
static const unsigned char v6[] = { 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 1 };

static size_t
put_record(unsigned char *p, int type, const void *data, size_t len)
{
	/* The name of the question, type, class IN, a TTL of 60 s. */
	const unsigned char	 head[] = { 0xc0, 12, 0, 0, 0, 1, 0, 0, 0, 60 };

	memcpy(p, head, sizeof(head));
	p[3] = type;
	p[10] = 0;
	p[11] = len;
	memcpy(p + 12, data, len);
	return 12 + len;
}

/* The answer section, by the first label of the name; -1: say nothing. */
static int
answer(const unsigned char *label, int type, unsigned char *msg, size_t *len)
{
	unsigned char	 many[4] = { 192, 0, 2, 0 };
	int		 i, n = 0, len1 = label[0];

#define IS(s)	((size_t)len1 == strlen(s) && memcmp(label + 1, s, len1) == 0)
	if (IS("silent"))
		return -1;
	if (IS("none"))
		msg[3] |= 3;
	else if (IS("broken"))
		msg[3] |= 2;
	else if (IS("many") && type == 1)
		for (n = 0; n < 30; n++) {
			many[3] = n + 1;
			*len += put_record(msg + *len, 1, many, 4);
		}
	else if (IS("useless") && type == 1) {
		for (i = 0; i < 2; i++, n++)
			*len += put_record(msg + *len, 1, i ? "\377\0\0\1" :
			    "\0\0\0\0", 4);
	} else if (type == 1 && (IS("both") || IS("four") || IS("half"))) {
		*len += put_record(msg + *len, 1, v4, 4);
		n = 1;
	} else if (type == 28 && (IS("both") || IS("six") ||
	    IS("half"))) {
		*len += put_record(msg + *len, 28, v6, 16);
		n = 1;
	}
#undef IS
	return n;
}

static void
on_packet(int fd, short what, void *arg)
{
	struct sockaddr_storage	 ss;
	socklen_t		 sslen = sizeof(ss);
	unsigned char		 msg[1500];
	ssize_t			 n;
	size_t			 len = 12;
	int			 count, type;

	(void)what;
	(void)arg;
	n = recvfrom(fd, msg, 512, 0, (struct sockaddr *)&ss, &sslen);
	if (n < 17)
		return;
	queries++;
	while (len < (size_t)n && msg[len] != 0)
		len += msg[len] + 1;
	type = msg[len + 1] << 8 | msg[len + 2];
	len += 5;
	msg[2] = 0x84 | (msg[2] & 1);
	msg[3] = 0x80;
	memset(msg + 4, 0, 8);
	msg[5] = 1;
	if ((count = answer(msg + 12, type, msg, &len)) == -1)
		return;
	msg[7] = count;
	if (type == 28 && memcmp(msg + 12, "\4half", 5) == 0 && calls == 0) {
		memcpy(held, msg, len);
		heldlen = len;
		heldto = ss;
		return;
	}
	(void)!sendto(fd, msg, len, 0, (struct sockaddr *)&ss, sslen);
}

static void
on_answer(const struct resolve_answer *a, void *arg)
{
	const struct sockaddr_storage	*ss;
	char				 buf[INET6_ADDRSTRLEN];
	int				 i, port;

	if (calls++ == 0 && heldlen > 0) {
		(void)!sendto(server, held, heldlen, 0,
		    (struct sockaddr *)&heldto, sizeof(struct sockaddr_in));
		heldlen = 0;
	}
	got = *a;
	for (i = 0; i < a->naddrs; i++) {
		ss = &a->addrs[i];
		if (ss->ss_family == AF_INET6) {
			inet_ntop(AF_INET6,
			    &((const struct sockaddr_in6 *)ss)->sin6_addr, buf,
			    sizeof(buf));
			port = ((const struct sockaddr_in6 *)ss)->sin6_port;
		} else {
			inet_ntop(AF_INET,
			    &((const struct sockaddr_in *)ss)->sin_addr, buf,
			    sizeof(buf));
			port = ((const struct sockaddr_in *)ss)->sin_port;
		}
		CHECK(ntohs(port) == PORT);
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
		    "%s%s", text[0] == '\0' ? "" : " ", buf);
	}
	if (!a->more) {
		done = 1;
		*(struct resolve_query **)arg = NULL;
	}
}

/* Looks a name up, and claims status and addresses. */
static void
look(struct resolve *r, const char *host, enum resolve_status status,
    const char *want)
{
	struct resolve_query	*q;
	int			 turns;

	text[0] = '\0';
	calls = done = 0;
	q = resolve_start(r, host, PORT, on_answer, &q);
	CHECK(q != NULL);
	CHECK(calls == 0);
	for (turns = 0; !done && turns < 10000; turns++)
		event_base_loop(base, EVLOOP_ONCE);
	CHECK(done);
	if (got.status != status)
		fprintf(stderr, "%s: status %d\n", host, got.status);
	CHECK(got.status == status);
	CHECK_STR(text, want);
}

static void
test_literals(void)
{
	struct sockaddr_storage	 ss;
	socklen_t		 len;

	CHECK(resolve_literal("192.0.2.1", 25, &ss, &len) == 1 &&
	    ss.ss_family == AF_INET && len == sizeof(struct sockaddr_in));
	CHECK(resolve_literal("2001:db8::1", 25, &ss, &len) == 1 &&
	    ss.ss_family == AF_INET6 && len == sizeof(struct sockaddr_in6));
	CHECK(resolve_literal("[::1]", 25, &ss, NULL) == 1);
	CHECK(resolve_literal("[192.0.2.1]", 25, &ss, NULL) == 0);
	CHECK(resolve_literal("[::1", 25, &ss, NULL) == 0);
	CHECK(resolve_literal("192.0.2", 25, &ss, NULL) == 0);
	CHECK(resolve_literal("192.0.2.1.example", 25, &ss, NULL) == 0);
	CHECK(resolve_literal("", 25, &ss, NULL) == 0);
	CHECK(resolve_literal("[]", 25, &ss, NULL) == 0);
	CHECK(resolve_literal("0123456789012345678901234567890123456789"
	    "0123456789", 25, &ss, NULL) == 0);
}

static void
test_hosts(struct resolve *r)
{
	look(r, "mail.here.example", RESOLVE_OK, "2001:db8::7 192.0.2.7");
	look(r, "ALIAS", RESOLVE_OK, "192.0.2.7");
	look(r, "localhost", RESOLVE_OK, "::1 127.0.0.1");
	look(r, "192.0.2.99", RESOLVE_OK, "192.0.2.99");
	look(r, "[2001:db8::99]", RESOLVE_OK, "2001:db8::99");
	CHECK(queries == 0);
}

static void
test_dns(struct resolve *r)
{
	look(r, "both.test", RESOLVE_OK, "2001:db8::1 192.0.2.1");
	look(r, "four.test.", RESOLVE_OK, "192.0.2.1");
	look(r, "six.test", RESOLVE_OK, "2001:db8::1");
	look(r, "none.test", RESOLVE_NOTFOUND, "");
	look(r, "empty.test", RESOLVE_NOTFOUND, "");
	look(r, "useless.test", RESOLVE_NOTFOUND, "");
	look(r, "broken.test", RESOLVE_FAIL, "");
	/* AAAA comes when A was told: that must not wait for it. */
	look(r, "half.test", RESOLVE_OK, "192.0.2.1 2001:db8::1");
	CHECK(calls == 2);
	look(r, "many.test", RESOLVE_OK, "192.0.2.1 192.0.2.2 192.0.2.3 "
	    "192.0.2.4 192.0.2.5 192.0.2.6 192.0.2.7 192.0.2.8 192.0.2.9 "
	    "192.0.2.10 192.0.2.11 192.0.2.12 192.0.2.13 192.0.2.14 "
	    "192.0.2.15 192.0.2.16");
	look(r, "bad..name", RESOLVE_NOTFOUND, "");
	look(r, "", RESOLVE_NOTFOUND, "");
}

static void
never(const struct resolve_answer *a, void *arg)
{
	(void)a;
	(void)arg;
	CHECK(!"an answer to what was cancelled");
}

/* Queries that are given up, and a resolver that goes with some open. */
static void
test_cancel(struct resolve *r)
{
	int	 i;

	resolve_cancel(resolve_start(r, "192.0.2.1", PORT, never, NULL));
	resolve_cancel(resolve_start(r, "both.test", PORT, never, NULL));
	look(r, "both.test", RESOLVE_OK, "2001:db8::1 192.0.2.1");
	for (i = 0; i < 5; i++)
		CHECK(resolve_start(r, "silent.test", PORT, never, NULL) !=
		    NULL);
	CHECK(resolve_start(r, "192.0.2.1", PORT, never, NULL) != NULL);
}

static void
write_hosts(char *path)
{
	FILE	*fp;
	int	 fd, i;

	fd = mkstemp(path);
	if (fd == -1 || (fp = fdopen(fd, "w")) == NULL) {
		perror(path);
		exit(1);
	}
	fputs("# comment\n192.0.2.7\tmail.here.example  alias # x\n"
	    "2001:db8::7 mail.here.example\nrubbish line\nfe80::1%lo x\n", fp);
	for (i = 0; i < 100; i++)
		fprintf(fp, "192.0.2.8 host%d\n", i);
	fclose(fp);
}

int
main(void)
{
	char			 hosts[] = "/tmp/resolve_test.XXXXXX";
	char			 servers[64];
	struct sockaddr_in	 sin;
	socklen_t		 len = sizeof(sin);
	struct aresev_conf	 conf = { servers, 10000, 2 };
	struct resolve		*r;
	struct event		 ev;

	base = event_init();
	server = socket(AF_INET, SOCK_DGRAM, 0);
	memset(&sin, 0, sizeof(sin));
	sin.sin_family = AF_INET;
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (server == -1 ||
	    bind(server, (struct sockaddr *)&sin, sizeof(sin)) == -1 ||
	    getsockname(server, (struct sockaddr *)&sin, &len) == -1) {
		perror("server");
		return 1;
	}
	snprintf(servers, sizeof(servers), "127.0.0.1:%d",
	    ntohs(sin.sin_port));
	event_set(&ev, server, EV_READ | EV_PERSIST, on_packet, NULL);
	event_add(&ev, NULL);
	write_hosts(hosts);

	test_literals();
	r = resolve_new(base, &conf, hosts);
	CHECK(r != NULL);
	unlink(hosts);
	if (r == NULL)
		return 1;
	test_hosts(r);
	test_dns(r);
	test_cancel(r);
	resolve_free(r);
	conf.timeout = 200;
	conf.tries = 1;
	r = resolve_new(base, &conf, "");
	look(r, "silent.test", RESOLVE_FAIL, "");
	resolve_free(r);
	conf.servers = "no address";
	CHECK(resolve_new(base, &conf, "") == NULL);
	close(server);
	return test_done();
}
