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

/* DNS lists of addresses: how they are written, asked and understood. */

#include <sys/socket.h>
#include <arpa/inet.h>

#include "base/compat.h"
#include "dns/dnslist.h"
#include "lib/dnstable.h"
#include "test.h"

static const char zone[] =
    "2.0.0.127.list.example A 127.0.0.2\n"
    "7.2.0.192.list.example A 127.0.0.4\n"
    "7.2.0.192.list.example A 127.0.0.9\n"
    "8.2.0.192.list.example A 127.255.255.254\n"
    "9.2.0.192.list.example A 198.51.100.1\n"
    "10.2.0.192.list.example TIMEOUT\n"
    "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2."
    "list.example A 127.0.0.3\n";

static struct dns *table;
static struct dnslist list;
static struct in_addr code;
static int result;

static void
got(const struct dns_answer *a, void *arg)
{
	(void)arg;
	result = dnslist_answer(&list, a, &code);
}

/* Asks a list for an address; -1 when it cannot be. */
static int
ask(const char *text, const char *ip)
{
	unsigned char addr[16];
	char name[DNS_NAME_MAX + 1];
	int family = strchr(ip, ':') == NULL ? AF_INET : AF_INET6;

	memset(&code, 0, sizeof(code));
	CHECK(inet_pton(family, ip, addr) == 1);
	if (dnslist_parse(&list, text) == -1 ||
	    dnslist_name(&list, family, addr, name, sizeof(name)) == -1)
		return -1;
	result = -1;
	CHECK(dns_query(table, name, DNS_A, got, NULL) != NULL);
	dnstable_run(table);
	return result;
}

static void
test_answers(void)
{
	CHECK(ask("list.example", "192.0.2.1") == DNSLIST_NOT);
	CHECK(ask("List.Example.", "192.0.2.7") == DNSLIST_LISTED);
	CHECK_STR(inet_ntoa(code), "127.0.0.4");
	CHECK(ask("list.example", "::ffff:192.0.2.7") == DNSLIST_LISTED);
	CHECK(ask("list.example", "2001:db8::1") == DNSLIST_LISTED);
	CHECK(ask("list.example", "2001:db8::2") == DNSLIST_NOT);
	CHECK(ask("list.example", "192.0.2.8") == DNSLIST_REFUSED);
	CHECK(ask("list.example", "192.0.2.9") == DNSLIST_REFUSED);
	CHECK(ask("list.example", "192.0.2.10") == DNSLIST_LATER);
	/* Codes. */
	CHECK(ask("list.example=127.0.0.9", "192.0.2.7") == DNSLIST_LISTED);
	CHECK_STR(inet_ntoa(code), "127.0.0.9");
	CHECK(ask("list.example=127.0.0.5-127.0.0.8", "192.0.2.7") ==
	    DNSLIST_NOT);
	CHECK(ask("list.example=127.0.0.1,127.0.0.4-127.0.0.8",
	    "192.0.2.7") == DNSLIST_LISTED);
	CHECK_STR(inet_ntoa(code), "127.0.0.4");
	CHECK(ask("list.example=127.0.0.2", "192.0.2.8") == DNSLIST_REFUSED);
}

static void
test_mistakes(void)
{
	char text[1000], name[DNS_NAME_MAX + 1];
	unsigned char addr[16] = { 0 };
	int i;

	CHECK(dnslist_parse(&list, "") == -1);
	CHECK(dnslist_parse(&list, "list") == -1);
	CHECK(dnslist_parse(&list, "a b.example") == -1);
	CHECK(dnslist_parse(&list, "a..example") == -1);
	CHECK(dnslist_parse(&list, "a.example=") == -1);
	CHECK(dnslist_parse(&list, "a.example=127.0.0.2,") == -1);
	CHECK(dnslist_parse(&list, "a.example=126.0.0.2") == -1);
	CHECK(dnslist_parse(&list, "a.example=127.0.0.2-3") == -1);
	CHECK(dnslist_parse(&list, "a.example=127.0.0.3-127.0.0.2") == -1);
	CHECK(dnslist_parse(&list, "a.example=127.0.0.3-") == -1);
	strlcpy(text, "a.example=127.0.0.1", sizeof(text));
	for (i = 1; i < DNSLIST_CODES_MAX; i++)
		strlcat(text, ",127.0.0.1", sizeof(text));
	CHECK(dnslist_parse(&list, text) == 0);
	CHECK(list.n == DNSLIST_CODES_MAX);
	strlcat(text, ",127.0.0.1", sizeof(text));
	CHECK(dnslist_parse(&list, text) == -1);
	/* A name that is long leaves no room for an IPv6 address. */
	memset(text, 'a', 200);
	text[60] = text[120] = text[180] = '.';
	text[200] = '\0';
	CHECK(dnslist_parse(&list, text) == 0);
	CHECK(dnslist_name(&list, AF_INET, addr, name, sizeof(name)) == 0);
	CHECK(dnslist_name(&list, AF_INET6, addr, name, sizeof(name)) == -1);
	CHECK(dnslist_name(&list, AF_INET, addr, name, 50) == -1);
}

int
main(void)
{
	table = dnstable_new(zone, sizeof(zone) - 1, NULL);
	CHECK(table != NULL);
	if (table == NULL)
		return test_done();
	test_answers();
	test_mistakes();
	dns_free(table);
	return test_done();
}
