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

/* The hand-offs of a relay.conf, asked about whole headers. */

#include <sys/socket.h>
#include <arpa/inet.h>

#include <stdlib.h>
#include <string.h>

#include "base/compat.h"
#include "conf/listfile.h"
#include "handoff/handoff.h"
#include "test.h"

static const char conf_text[] = "domain a.example\n"
    "handoff \"nets\" { strategy addresses nets\npriority 9\n"
    "when { source { 192.0.2.0/24, 2001:db8::/32 } }\n}\n"
    "handoff \"names\" { strategy hostnames names\n}\n"
    "handoff \"users\" { strategy authenticated\npriority 5\n}\n"
    "handoff \"local\" { strategy local\n}\n";

static struct conf	*conf;

#define OWN	"Received: from r (r [192.0.2.1])\n\tby us; d\n"
#define HOP(ip)	"Received: from h (unknown [" ip "])\n\tby e (Postfix)\n" \
	"\twith ESMTP; d\n"

static void
set(const char *path, const char *text)
{
	char	 why[LISTFILE_WHY];
	size_t	 i;

	for (i = 0; i < conf->lists->n; i++)
		if (strcmp(conf->lists->v[i]->path, path) == 0)
			CHECK(listfile_set(conf->lists->v[i], text,
			    strlen(text), why, sizeof(why)) == 0);
}

static struct handoff_session
session(const char *source, const char *host, const char *login)
{
	struct handoff_session	 s;

	memset(&s, 0, sizeof(s));
	s.family = handrules_addr(source, s.addr);
	s.host = host;
	s.login = login;
	return s;
}

/* "SYMBOL ADDRESS", or "-". */
static const char *
find(const char *source, const char *login, const char *header, size_t len,
    int own)
{
	static char		 out[128];
	struct handoff_session	 s = session(source, NULL, login);
	struct handoff_hop	 hop;
	char			 ip[INET6_ADDRSTRLEN] = "?";
	int			 n;

	n = handrules_find(conf, &s, header, len, own, &hop);
	CHECK(n == 0 || n == 1);
	if (n != 1)
		return "-";
	if (hop.family != 0)
		inet_ntop(hop.family, hop.addr, ip, sizeof(ip));
	snprintf(out, sizeof(out), "%s %s", hop.symbol, ip);
	return out;
}

#define FIND(source, login, header)					\
	find(source, login, header, sizeof(header) - 1, 1)

static void
test_addr(void)
{
	unsigned char	 addr[16];

	CHECK(handrules_addr("192.0.2.1", addr) == AF_INET && addr[0] == 192);
	CHECK(handrules_addr("[2001:db8::1]", addr) == AF_INET6 &&
	    addr[0] == 0x20);
	CHECK(handrules_addr("2001:db8::1", addr) == AF_INET6);
	CHECK(handrules_addr("", addr) == 0);
	CHECK(handrules_addr("[", addr) == 0);
	CHECK(handrules_addr("[]", addr) == 0);
	CHECK(handrules_addr("unix:/run/smtpd.sock", addr) == 0);
}

/* Whether it is worth asking, whatever the lists hold. */
static void
test_may(void)
{
	struct handoff_session	 s = session("192.0.2.77", NULL, NULL);

	CHECK(handrules_may(conf, &s) == 1);
	s = session("198.51.100.1", NULL, NULL);
	CHECK(handrules_may(conf, &s) == 0);
	s = session("198.51.100.1", "x.example", NULL);
	CHECK(handrules_may(conf, &s) == 1);
	s = session("198.51.100.1", NULL, "joe");
	CHECK(handrules_may(conf, &s) == 1);
	s = session("[fe80::1]", NULL, NULL);
	CHECK(handrules_may(conf, &s) == 1);
	s = session("", NULL, NULL);
	CHECK(handrules_may(conf, &s) == 0);
}

static void
test_header(void)
{
	char	 many[8192];
	size_t	 i, n = 0;

	CHECK_STR(FIND("192.0.2.1", NULL, ""), "-");
	CHECK_STR(FIND("192.0.2.1", NULL, OWN), "-");
	CHECK_STR(FIND("192.0.2.1", NULL, OWN HOP("198.18.0.1")),
	    "nets 198.18.0.1");
	CHECK_STR(find("192.0.2.1", NULL, HOP("198.18.0.1"),
	    sizeof(HOP("198.18.0.1")) - 1, 0), "nets 198.18.0.1");
	CHECK_STR(FIND("192.0.2.9", NULL, OWN HOP("198.18.0.1")), "-");
	/* By priority, not by place. */
	CHECK_STR(FIND("192.0.2.1", "joe", OWN HOP("198.18.0.1")),
	    "nets 198.18.0.1");
	CHECK_STR(FIND("192.0.2.9", "joe", OWN HOP("198.18.0.1")),
	    "users 198.18.0.1");
	CHECK_STR(FIND("10.0.0.1", "joe", OWN HOP("10.9.9.9")),
	    "users 10.9.9.9");
	/* Only fields, only of the header, whatever ends it. */
	CHECK_STR(FIND("192.0.2.1", NULL, OWN "\n" HOP("198.18.0.1")), "-");
	CHECK_STR(FIND("192.0.2.1", NULL, OWN "X: y\n " HOP("198.18.0.9")
	    HOP("198.18.0.1")), "nets 198.18.0.1");
	CHECK_STR(FIND("192.0.2.1", NULL, OWN "Received-SPF: [198.18.0.9]\n"
	    "Received\n" HOP("198.18.0.1")), "nets 198.18.0.1");
	CHECK_STR(FIND("192.0.2.1", NULL, " folded\n" OWN
	    "rEcEiVeD \t:from h (u\n [198.18.0.1])\n\t\n by e;\nX: y\n"),
	    "nets 198.18.0.1");
	CHECK_STR(FIND("192.0.2.1", NULL, OWN
	    "Received: from h (u [198.18.0.1])"), "nets 198.18.0.1");
	CHECK_STR(FIND("192.0.2.1", NULL, OWN "Received:"), "nets ?");
	CHECK_STR(FIND("192.0.2.1", NULL, OWN "Received"), "-");
	CHECK_STR(FIND("192.0.2.1", NULL, OWN "Received: from h (u "
	    "[198.18.0.1\0])\n"), "nets ?");
	/* More than are looked at. */
	for (i = 0; i < HANDRULES_FIELDS_MAX; i++)
		n += (size_t)snprintf(many + n, sizeof(many) - n, HOP(
		    "192.0.2.1"));
	n += (size_t)snprintf(many + n, sizeof(many) - n, HOP("198.18.0.1"));
	CHECK_STR(find("192.0.2.1", NULL, many, n, 0), "-");
	i = sizeof(HOP("192.0.2.1")) - 1;
	CHECK_STR(find("192.0.2.1", NULL, many + i, n - i, 0),
	    "nets 198.18.0.1");
}

int
main(void)
{
	struct conf_errors	 errors = { NULL, 0, 0 };

	conf = conf_parse("t", conf_text, sizeof(conf_text) - 1, &errors);
	CHECK(conf != NULL && conf->nhandoffs == 4);
	if (conf == NULL)
		return test_done();
	set("nets", "192.0.2.1\n");
	set("names", "edge.example\n");
	test_addr();
	test_may();
	test_header();
	conf_free(conf);
	return test_done();
}
