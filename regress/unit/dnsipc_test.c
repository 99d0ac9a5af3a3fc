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

/* Questions through another process: both ends, here in one. */

#include <event.h>
#include <sys/socket.h>
#include <arpa/inet.h>

#include "base/compat.h"
#include "base/log.h"
#include "dns/dns_resolver.h"
#include "dns/dnsipc.h"
#include "lib/dnstable.h"
#include "test.h"

static struct dns *table, *asker;
static struct dns_answer kept;
static char text[64];
static int calls;

static void
got(const struct dns_answer *a, void *arg)
{
	(void)arg;
	calls++;
	kept = *a;
	text[0] = '\0';
	if (a->n > 0 && a->v[0].text != NULL)
		strlcpy(text, a->v[0].text, sizeof(text));
	else if (a->n > 0 && a->v[0].in.s_addr != 0)
		inet_ntop(AF_INET, &a->v[0].in, text, sizeof(text));
	else if (a->n > 0)
		inet_ntop(AF_INET6, &a->v[0].in6, text, sizeof(text));
}

/* Lets both ends work until n calls have come, or for a while. */
static void
work(int n)
{
	struct timeval tv = { 0, 10000 };
	int i;

	for (i = 0; i < 3000 && calls < n; i++) {
		event_loopexit(&tv);
		event_loop(EVLOOP_ONCE);
		dnstable_run(table);
	}
}

static const char *
ask(const char *name, int type)
{
	calls = 0;
	CHECK(dns_query(asker, name, type, got, NULL) != NULL);
	CHECK(calls == 0);
	work(1);
	CHECK(calls == 1);
	return kept.status == DNS_OK ? text : dns_status(kept.status);
}

static void
test_answers(void)
{
	CHECK_STR(ask("Example.com", DNS_A), "192.0.2.1");
	CHECK(kept.n == 2 && kept.ttl == DNSTABLE_TTL);
	CHECK_STR(ask("example.com", DNS_AAAA), "2001:db8::1");
	CHECK_STR(ask("example.com", DNS_MX), "mail.example.com");
	CHECK_STR(ask("null.example", DNS_MX), "");
	CHECK_STR(ask("example.com", DNS_TXT), "v=spf1 -all");
	CHECK_STR(ask("example.com", DNS_PTR), "no data");
	CHECK_STR(ask("no.example", DNS_A), "no such name");
	CHECK_STR(ask("slow.example", DNS_A), "time-out");
	CHECK_STR(ask("a..b", DNS_A), "no such name");
}

static void
test_ends(void)
{
	struct dnsipc_server *s;
	struct dns_query *q;
	struct ipc *raw;
	int fds[2];

	/* Who is given up is not called. */
	calls = 0;
	q = dns_query(asker, "example.com", DNS_A, got, NULL);
	CHECK(dns_query(asker, "no.example", DNS_A, got, NULL) != NULL);
	dns_cancel(q);
	work(1);
	CHECK(calls == 1 && kept.status == DNS_NXDOMAIN);
	/* The resolver dies with questions: they are answered at once. */
	CHECK(ipc_pair(fds) == 0 && dnsipc_connect(asker, fds[0]) == 0);
	calls = 0;
	CHECK(dns_query(asker, "example.com", DNS_A, got, NULL) != NULL);
	close(fds[1]);
	work(1);
	CHECK(calls == 1 && kept.status == DNS_SERVFAIL);
	/* What comes while there is none waits for the next. */
	calls = 0;
	CHECK(dns_query(asker, "example.com", DNS_A, got, NULL) != NULL);
	CHECK(ipc_pair(fds) == 0 && dnsipc_connect(asker, fds[0]) == 0);
	CHECK((s = dnsipc_server_new(table, fds[1])) != NULL);
	work(1);
	CHECK(calls == 1 && kept.status == DNS_OK);
	dnsipc_server_free(s);
	dnsipc_server_free(NULL);
	/* Nonsense from the resolver is a failure. */
	CHECK(ipc_pair(fds) == 0 && dnsipc_connect(asker, fds[0]) == 0);
	CHECK((raw = ipc_new(fds[1], 1000, 1000)) != NULL);
	calls = 0;
	CHECK(dns_query(asker, "example.com", DNS_A, got, NULL) != NULL);
	CHECK(ipc_send(raw, DNSIPC_ANSWER, 12345, "x", 1, -1) == 0);
	CHECK(ipc_send(raw, DNSIPC_ANSWER, 14, "\1\2\3", 3, -1) == 0);
	CHECK(ipc_send(raw, DNSIPC_ANSWER, 14, "\1\2\3", 3, -1) == 0);
	work(1);
	CHECK(calls == 1 && kept.status == DNS_SERVFAIL);
	ipc_free(raw);
	/* Nonsense to it ends the channel. */
	CHECK(ipc_pair(fds) == 0);
	CHECK((s = dnsipc_server_new(table, fds[1])) != NULL);
	CHECK((raw = ipc_new(fds[0], 1000, 1000)) != NULL);
	CHECK(ipc_send(raw, DNSIPC_ASK, 1, "\0\0\0\1abc", 7, -1) == 0);
	calls = 0;
	while (ipc_read(raw) == 0 && calls++ < 3000) {
		struct timeval tv = { 0, 10000 };

		event_loopexit(&tv);
		event_loop(EVLOOP_ONCE);
	}
	CHECK(ipc_read(raw) == -1);
	ipc_free(raw);
	dnsipc_server_free(s);
}

/* Answers that no resolver gives. */
static void
test_unpack(void)
{
	struct dns_answer a;
	struct ipc_pack p;
	struct ipc_unpack u;
	unsigned int i, status, n, len;
	static const struct {
		unsigned int status, n, len;
		int good;
	} cases[] = {
		{ DNS_OK, 1, 4, 1 },
		{ DNS_OK, 1, 5, 0 },
		{ DNS_OK, 0, 4, 0 },
		{ DNS_OK, 2, 4, 0 },
		{ DNS_NODATA, 0, 0, 0 },	/* with a record behind it */
		{ DNS_NODATA, 1, 4, 0 },
		{ DNS_TIMEOUT + 1, 0, 4, 0 },
		{ DNS_OK, DNS_RECORDS_MAX + 1, 4, 0 },
	};

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		status = cases[i].status;
		n = cases[i].n;
		len = cases[i].len;
		ipc_pack_init(&p);
		ipc_put_u8(&p, status);
		ipc_put_u32(&p, 60);
		ipc_put_u32(&p, n);
		ipc_put_u32(&p, 10);
		ipc_put_bytes(&p, "\300\0\2\1x", len);
		memset(&a, 0, sizeof(a));
		ipc_unpack_init(&u, p.buf, p.len);
		CHECK((dnsipc_unpack(&u, DNS_A, &a) == 0) == cases[i].good);
		dns_answer_clear(&a);
		ipc_pack_free(&p);
	}
}

int
main(void)
{
	static const char zone[] =
	    "example.com A 192.0.2.1\n"
	    "example.com A 192.0.2.2\n"
	    "example.com AAAA 2001:db8::1\n"
	    "example.com MX 10 mail.example.com\n"
	    "null.example MX 0 .\n"
	    "example.com TXT \"v=spf1 -all\"\n"
	    "slow.example TIMEOUT\n";
	struct dnsipc_server *s;
	int fds[2];

	log_init("dnsipc_test", 1);
	event_init();
	CHECK((table = dnstable_new(zone, sizeof(zone) - 1, NULL)) != NULL);
	CHECK((asker = dnsipc_new()) != NULL);
	CHECK(ipc_pair(fds) == 0);
	CHECK(dnsipc_connect(asker, fds[0]) == 0);
	CHECK((s = dnsipc_server_new(table, fds[1])) != NULL);
	test_answers();
	test_ends();
	test_unpack();
	dns_free(asker);
	dnsipc_server_free(s);
	dns_free(table);
	return test_done();
}
