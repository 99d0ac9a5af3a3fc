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

/* The resolver that knows a text, and with it what all resolvers share. */

#include <sys/socket.h>
#include <arpa/inet.h>

#include "base/compat.h"
#include "dns/dns.h"
#include "lib/dnstable.h"
#include "test.h"

static const char zone[] =
    "# a zone\n"
    "Example.COM. A 192.0.2.1\n"
    "example.com A 192.0.2.2\n"
    "example.com AAAA 2001:db8::1\n"
    "example.com MX 10 Mail.example.com.\n"
    "example.com TXT \"v=spf1 \" \"-all\"\n"
    "example.com TXT \"a\\\"b\\\\c\\000d\"\n"
    "null.example MX 0 .\n"
    "\n"
    "one\\032two.example A 192.0.2.8\n"
    "a.b.deep.example A 192.0.2.9\n"
    "www.example.com CNAME alias.example.com\n"
    "alias.example.com CNAME example.com\n"
    "loop.example CNAME pool.example\n"
    "pool.example CNAME loop.example\n"
    "lost.example CNAME nowhere.example\n"
    "slow.example TIMEOUT\n"
    "half.example A 192.0.2.3\n"
    "half.example SERVFAIL AAAA";

static struct dns *table;
static int calls, status;
static char text[256];
static size_t count, length;

static void
got(const struct dns_answer *a, void *arg)
{
	size_t i;

	(void)arg;
	calls++;
	status = a->status;
	count = a->n;
	text[0] = '\0';
	for (i = 0; i < a->n; i++) {
		char buf[INET6_ADDRSTRLEN] = "";

		if (a->v[i].text != NULL)
			strlcpy(buf, a->v[i].text, sizeof(buf));
		else if (a->v[i].in.s_addr != 0)
			inet_ntop(AF_INET, &a->v[i].in, buf, sizeof(buf));
		else
			inet_ntop(AF_INET6, &a->v[i].in6, buf, sizeof(buf));
		strlcat(text, buf, sizeof(text));
		strlcat(text, "|", sizeof(text));
		length = a->v[i].len;
	}
}

static const char *
ask(const char *name, int type)
{
	calls = 0;
	CHECK(dns_query(table, name, type, got, NULL) != NULL);
	CHECK(calls == 0);
	CHECK(dnstable_run(table) == 1);
	CHECK(calls == 1);
	if (status != DNS_OK) {
		CHECK(count == 0);
		return dns_status(status);
	}
	CHECK(count > 0);
	return text;
}

static void
test_answers(void)
{
	CHECK_STR(ask("example.com", DNS_A), "192.0.2.1|192.0.2.2|");
	CHECK_STR(ask("EXAMPLE.com.", DNS_AAAA), "2001:db8::1|");
	CHECK_STR(ask("example.com", DNS_MX), "mail.example.com|");
	CHECK_STR(ask("null.example", DNS_MX), "|");
	CHECK_STR(ask("example.com", DNS_TXT), "v=spf1 -all|a\"b\\c|");
	CHECK(length == 7);
	CHECK_STR(ask("example.com", DNS_PTR), "no data");
	CHECK_STR(ask("deep.example", DNS_A), "no data");
	CHECK_STR(ask("eep.example", DNS_A), "no such name");
	CHECK_STR(ask("www.example.com", DNS_A), "192.0.2.1|192.0.2.2|");
	CHECK_STR(ask("www.example.com", DNS_CNAME), "alias.example.com|");
	CHECK_STR(ask("www.example.com", DNS_PTR), "no data");
	CHECK_STR(ask("loop.example", DNS_A), "server failure");
	CHECK_STR(ask("lost.example", DNS_A), "no such name");
	CHECK_STR(ask("slow.example", DNS_TXT), "time-out");
	CHECK_STR(ask("half.example", DNS_A), "192.0.2.3|");
	CHECK_STR(ask("half.example", DNS_AAAA), "server failure");
	CHECK_STR(ask("half.example", DNS_MX), "no data");
	CHECK_STR(ask("One Two.example", DNS_A), "192.0.2.8|");
	CHECK_STR(ask("", DNS_A), "no such name");
	CHECK_STR(ask("two..dots.example", DNS_A), "no such name");
	CHECK(dnstable_asked(table) == 20);
}

static void
again(const struct dns_answer *a, void *arg)
{
	(void)a;
	(void)arg;
	dns_query(table, "example.com", DNS_A, got, NULL);
}

static void
test_cancel(void)
{
	struct dns_query *q;
	int i;

	calls = 0;
	q = dns_query(table, "example.com", DNS_A, got, NULL);
	dns_cancel(q);
	dns_cancel(NULL);
	CHECK(dnstable_run(table) == 0);
	CHECK(calls == 0);
	dns_query(table, "example.com", DNS_A, again, NULL);
	CHECK(dnstable_run(table) == 2);
	CHECK(calls == 1);
	for (i = 0; i < DNS_QUERIES_MAX; i++)
		CHECK(dns_query(table, "example.com", DNS_A, got, NULL));
	CHECK(dns_query(table, "example.com", DNS_A, got, NULL) == NULL);
	/* dns_free() ends them without a call. */
	calls = 0;
	dns_free(table);
	dns_free(NULL);
	CHECK(calls == 0);
}

static void
test_names(void)
{
	char name[300];
	struct in6_addr in6;
	struct in_addr in;

	CHECK(dns_name_valid("a"));
	CHECK(dns_name_valid("_dmarc.example.com."));
	CHECK(!dns_name_valid("."));
	CHECK(!dns_name_valid(".a"));
	CHECK(!dns_name_valid("a.."));
	CHECK(dns_name_valid("a b"));
	CHECK(!dns_name_valid("a\tb"));
	CHECK(!dns_name_valid("a\\b"));
	CHECK(!dns_name_valid("\xc3\xa4"));
	memset(name, 'a', sizeof(name));
	name[63] = '\0';
	CHECK(dns_name_valid(name));
	name[63] = 'a';
	name[64] = '\0';
	CHECK(!dns_name_valid(name));
	memset(name, 'a', sizeof(name));
	name[63] = name[127] = name[191] = '.';
	name[253] = '\0';
	CHECK(dns_name_valid(name));
	name[253] = '.';
	name[254] = '\0';
	CHECK(dns_name_valid(name));
	name[253] = 'a';
	CHECK(!dns_name_valid(name));

	inet_pton(AF_INET, "192.0.2.10", &in);
	CHECK(dns_reverse(AF_INET, &in, name, sizeof(name)) == 0);
	CHECK_STR(name, "10.2.0.192.in-addr.arpa");
	CHECK(dns_reverse(AF_INET, &in, name, 23) == -1);
	inet_pton(AF_INET6, "2001:db8::a1", &in6);
	CHECK(dns_reverse(AF_INET6, &in6, name, 80) == 0);
	CHECK_STR(name, "1.a.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0."
	    "8.b.d.0.1.0.0.2.ip6.arpa");
	CHECK(dns_reverse(99, &in6, name, sizeof(name)) == -1);
	CHECK(dns_type_number("txt") == DNS_TXT);
	CHECK(dns_type_number("SOA") == -1);
	CHECK_STR(dns_type(DNS_AAAA), "AAAA");
}

/* The first wrong line of a text, or 0. */
static size_t
wrong(const char *s)
{
	struct dns *d;
	size_t line;

	if ((d = dnstable_new(s, strlen(s), &line)) == NULL)
		return line;
	dns_free(d);
	return 0;
}

static void
test_mistakes(void)
{
	CHECK(wrong("") == 0);
	CHECK(wrong("a A 192.0.2.1\n\n# no\nb A") == 4);
	CHECK(wrong("a A 192.0.2.1 more") == 1);
	CHECK(wrong("a A 192.0.2") == 1);
	CHECK(wrong("a AAAA 192.0.2.1") == 1);
	CHECK(wrong("a..b A 192.0.2.1") == 1);
	CHECK(wrong("a\\032b A 192.0.2.1") == 0);
	CHECK(wrong("a\\ A 192.0.2.1") == 1);
	CHECK(wrong("a SOA x") == 1);
	CHECK(wrong("a MX x mail") == 1);
	CHECK(wrong("a MX 70000 mail") == 1);
	CHECK(wrong("a TXT word") == 1);
	CHECK(wrong("a TXT \"open") == 1);
	CHECK(wrong("a TXT \"\\25\"") == 1);
	CHECK(wrong("a TXT \"\\256\"") == 1);
	CHECK(wrong("a TXT \"\\") == 1);
	CHECK(wrong("a TIMEOUT SOA") == 1);
	CHECK(wrong("a TIMEOUT TXT") == 0);
}

/* An answer over the limit does not come in part. */
static void
test_limits(void)
{
	char *big;
	size_t i, n = 300, len = n * 300;

	if ((big = malloc(len)) == NULL)
		return;
	memset(big, 'x', len);
	for (i = 0; i < n; i++) {
		memcpy(big + i * 300, "a.example TXT \"", 15);
		memcpy(big + i * 300 + 298, "\"\n", 2);
	}
	CHECK((table = dnstable_new(big, len, NULL)) != NULL);
	CHECK_STR(ask("a.example", DNS_TXT), "server failure");
	dns_free(table);
	CHECK((table = dnstable_new(big, 230 * 300, NULL)) != NULL);
	ask("a.example", DNS_TXT);
	CHECK(status == DNS_OK && count == 230);
	dns_free(table);
	free(big);
}

int
main(void)
{
	size_t line;

	table = dnstable_new(zone, sizeof(zone) - 1, &line);
	CHECK(table != NULL);
	if (table == NULL) {
		fprintf(stderr, "line %zu\n", line);
		return test_done();
	}
	test_answers();
	test_cancel();
	test_names();
	test_mistakes();
	test_limits();
	return test_done();
}
