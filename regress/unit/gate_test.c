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

/* Gates: which one a message comes to, and what it lacks there. */

#include <sys/socket.h>
#include <arpa/inet.h>

#include <stdlib.h>
#include <string.h>

#include "gate/gate.h"
#include "test.h"

static const char text[] =
    "domain { \"company.example\", \"company.test\" }\n"
    "gate socket {\n match { source local }\n require { tls }\n}\n"
    "gate login {\n match { user { alice, \"b|c\" }, listener \"*:587\" }\n"
    "	require { tls 1.2 }\n otherwise tempfail\n}\n"
    "gate nobody {\n match { user none, listener \"[2001:db8::1]:26\" }\n"
    "	otherwise report\n}\n"
    "gate partner {\n match { sender domain { partner.example }\n"
    "	source 198.51.100.0/24 }\n"
    "	require { sender domain { Partner.example, sub.partner.example } }\n"
    "	otherwise junk\n}\n"
    "gate platform {\n"
    "	match { source { 192.0.2.0/24, 2001:db8:1::/48 } }\n"
    "	require { tls, sender domain own, header X-Org 00D1,\n"
    "	    dkim pass aligned, spf pass, dmarc pass,\n"
    "	    not listed { a.list.example, \"b.list.example=127.0.0.3\" } }\n"
    "	limit { messages 2000 per day }\n"
    "	return-path strip verp\n}\n"
    "gate signed {\n match { source 203.0.113.1 }\n require { dkim pass }\n}\n";

static struct conf		*conf;
static struct gate_facts	 f;
static struct header_summary		 facts;
static struct hdr		 hdr;
static const char		**names;
static struct gate_listed	 listed[CONF_REQUIRE_MAX];
static struct gate_decision	 d;
static char			 reply[GATE_REPLY_MAX];

static void
from(const char *source)
{
	f.family = strchr(source, ':') != NULL ? AF_INET6 : AF_INET;
	CHECK(inet_pton(f.family, source, f.addr) == 1);
}

/* A header of lines with LF; the facts point to it. */
static void
header(const char *s)
{
	const char	*nl;

	summary_free(&facts);
	hdr_free(&hdr);
	CHECK(summary_init(&facts, NULL) == 0);
	hdr_init(&hdr, names, NULL, NULL);
	for (; (nl = strchr(s, '\n')) != NULL; s = nl + 1) {
		CHECK(summary_line(&facts, s, (size_t)(nl - s)) == HDR_MORE);
		CHECK(hdr_line(&hdr, s, (size_t)(nl - s)) == HDR_MORE);
	}
	CHECK(summary_finish(&facts) == 0 && hdr_finish(&hdr) == 0);
	f.header = &facts;
	f.hdr = &hdr;
}

/* All that the platform's gate wants. */
static void
good(void)
{
	memset(&f, 0, sizeof(f));
	memset(listed, 0, sizeof(listed));
	from("192.0.2.7");
	f.known = GATE_KNOWN_ALL;
	f.listener = "10.0.0.5:25";
	f.tls = 3;
	f.sender = "sales@company.example";
	f.spf = f.dkim = f.aligned = f.dmarc = GATE_YES;
	f.listed = listed;
	header("From: Sales <Sales@Company.Example>\nX-Org: 00D1\n");
}

static const struct conf_gate *
found(const char *name)
{
	int	 i = gate_find(conf, &f);

	if (name == NULL)
		CHECK(i == GATE_NONE);
	else
		CHECK_STR(i < 0 ? NULL : conf->gate[i].name, name);
	return i < 0 ? NULL : &conf->gate[i];
}

/* The verdict on what comes to the platform's gate. */
static enum gate_verdict
judge(void)
{
	const struct conf_gate	*g = found("platform");

	if (g == NULL)
		return GATE_OPEN;
	gate_judge(conf, g, &f, &d);
	gate_reply(g, &d, reply, sizeof(reply));
	return d.verdict;
}

static void
fails(const char *what, const char *why)
{
	char	 want[GATE_REPLY_MAX];

	CHECK(judge() == GATE_FAIL);
	(void)snprintf(want, sizeof(want), "550 5.7.1 Gate \"platform\" "
	    "requires %s: %s", what, why);
	CHECK_STR(reply, want);
	good();
}

static void
test_find(void)
{
	good();
	found("platform");
	from("2001:db8:1:2::3");
	found("platform");
	from("::ffff:192.0.2.9");
	found("platform");
	from("2001:db8:2::3");
	found(NULL);
	f.family = 0;
	found(NULL);
	/* Only a gate that says so is for smtpd's socket. */
	good();
	f.local = 1;
	found("socket");
	f.login = "alice";
	f.listener = "10.0.0.5:587";
	found("socket");
	f.local = 0;
	found("login");
	f.listener = "[2001:db8::9]:587";
	found("login");
	f.login = "b|c";
	found("login");
	f.login = "Alice";
	found("platform");
	f.login = "alice";
	f.listener = NULL;
	found("platform");
	f.login = NULL;
	f.listener = "[2001:DB8::1]:26";
	found("nobody");
	f.login = "alice";
	found("platform");
}

static void
test_sender(void)
{
	const struct conf_gate	*g;

	good();
	from("198.51.100.1");
	f.sender = "x@Partner.Example";
	g = found("partner");
	f.sender = "x@sub.partner.example";
	found(NULL);
	f.sender = "";
	found(NULL);
	f.sender = "x";
	found(NULL);
	f.known &= ~(unsigned int)GATE_KNOWN_SENDER;
	CHECK(gate_find(conf, &f) == GATE_UNSURE);
	if (g == NULL)
		return;
	/* What is marked or reported is not refused. */
	header("From: <x@evil.example>\n");
	CHECK(gate_judge(conf, g, &f, &d) == GATE_FAIL);
	CHECK(gate_reply(g, &d, reply, sizeof(reply)) == 0);
	CHECK_STR(reply, "");
	CHECK_STR(d.what, "sender domain");
	header("From: x@sub.Partner.example, y@partner.example\n");
	CHECK(gate_judge(conf, g, &f, &d) == GATE_OPEN);
	f.known = GATE_KNOWN_ALL;
	f.sender = "y@evil.example";
	CHECK(gate_judge(conf, g, &f, &d) == GATE_FAIL);
}

/* A gate before it may be the message's: nobody knows which one is. */
static void
test_unsure(void)
{
	good();
	f.known &= ~(unsigned int)GATE_KNOWN_SOURCE;
	CHECK(gate_find(conf, &f) == GATE_UNSURE);
	f.known |= GATE_KNOWN_SOURCE;
}

static void
test_missing(void)
{
	good();
	CHECK(judge() == GATE_PASS);
	CHECK_STR(reply, "");
	f.tls = -1;
	fails("tls", "the connection is not encrypted");
	f.tls = 0;
	CHECK(judge() == GATE_PASS);
	f.sender = "sales@evil.example";
	fails("sender domain own", "the sender sales@evil.example is not of "
	    "such a domain");
	/* A subdomain is another domain, and no domain is none of ours. */
	f.sender = "sales@sub.company.example";
	CHECK(judge() == GATE_FAIL);
	f.sender = "sales";
	CHECK(judge() == GATE_FAIL);
	f.sender = "";
	CHECK(judge() == GATE_PASS);
	f.spf = GATE_NO;
	f.spf_word = "softfail";
	fails("spf pass", "SPF says softfail");
	f.dmarc = GATE_NO;
	fails("dmarc pass", "DMARC says none");
	f.aligned = GATE_NO;
	fails("dkim pass aligned", "DKIM says that another domain than that "
	    "of the From header has signed");
	f.aligned = f.dkim = GATE_NO;
	f.dkim_word = "body hash differs";
	fails("dkim pass aligned", "DKIM says body hash differs");
	listed[6].answer = GATE_YES;
	strlcpy(listed[6].code, "127.0.0.3", sizeof(listed[6].code));
	fails("not listed a.list.example", "the address that sends this is "
	    "listed there (127.0.0.3)");
	listed[7].answer = GATE_YES;
	CHECK(judge() == GATE_FAIL);
	CHECK_STR(d.what, "not listed b.list.example");
	good();
	/* A gate for anybody may get mail of unknown origin. */
	f.login = "alice";
	f.family = 0;
	CHECK(gate_require(conf, &conf->gate[4], 6, &f, &d) == GATE_FAIL);
	CHECK_STR(d.why, "nobody knows which address sends this");
	f.local = 1;
	CHECK(gate_require(conf, &conf->gate[4], 6, &f, &d) == GATE_PASS);
	good();
	/* Of several it is the first, as they are written. */
	f.spf = GATE_NO;
	f.tls = -1;
	CHECK(judge() == GATE_FAIL);
	CHECK_STR(d.what, "tls");
}

/* What stands in From is shown to whoever reads it. */
static void
test_from(void)
{
	static const char	none[] = "there is not exactly one From "
	    "header with an address";
	static const char	doubt[] = "it is not clear whom the From "
	    "header names";

	good();
	header("From: x@evil.example\nX-Org: 00D1\n");
	fails("sender domain own", "x@evil.example in the From header is not "
	    "of such a domain");
	header("From: a@company.example, x@evil.example\nX-Org: 00D1\n");
	CHECK(judge() == GATE_FAIL);
	header("X-Org: 00D1\n");
	fails("sender domain own", none);
	header("From: a@company.example\nFrom: x@evil.example\nX-Org: 00D1\n");
	fails("sender domain own", none);
	header("From: a@company.example, x@evil..example\nX-Org: 00D1\n");
	fails("sender domain own", doubt);
	header("From: <a@company.example> <x@evil.example>\nX-Org: 00D1\n");
	fails("sender domain own", doubt);
	header("From: A <a@company.example>, \"b@company.test\" "
	    "<b@company.test>\nX-Org: 00D1\n");
	CHECK(judge() == GATE_PASS);
	header("From: nobody\nX-Org: 00D1\n");
	CHECK(judge() == GATE_FAIL);
	facts.truncated |= SUMMARY_TRUNC_HDR;
	fails("sender domain own", "the header is too long to be read");
	header("From: <a\r@evil\x7f\x01.example>\nX-Org: 00D1\n");
	CHECK(judge() == GATE_FAIL);
	CHECK(strpbrk(reply, "\r\n\x01\x7f") == NULL);
}

static void
test_header(void)
{
	const char	*own = "From: a@company.example\n";
	char		 all[256];

	good();
	header(own);
	fails("header X-Org", "there is no such header");
	(void)snprintf(all, sizeof(all), "%sX-Org: 00D2\n", own);
	header(all);
	fails("header X-Org", "X-Org has another value");
	/* A second one is no proof, wherever it stands. */
	(void)snprintf(all, sizeof(all), "X-Org: 00D1\n%sx-org: 00D2\n", own);
	header(all);
	CHECK(judge() == GATE_FAIL);
	(void)snprintf(all, sizeof(all), "X-Org: 00D2\n%sX-ORG: 00D1\n", own);
	header(all);
	CHECK(judge() == GATE_FAIL);
	(void)snprintf(all, sizeof(all), "x-org :\n\t00D1 \n%s", own);
	header(all);
	CHECK(judge() == GATE_PASS);
	(void)snprintf(all, sizeof(all), "X-Org: 00d1\n%s", own);
	header(all);
	CHECK(judge() == GATE_FAIL);
	(void)snprintf(all, sizeof(all), "X-Org: 00D1 x\n%s", own);
	header(all);
	CHECK(judge() == GATE_FAIL);
	(void)snprintf(all, sizeof(all), "X-Org2: 00D1\n%s", own);
	header(all);
	CHECK(judge() == GATE_FAIL);
}

/* Where an answer is missing it may come later, unless all is lost. */
static void
test_later(void)
{
	const struct conf_gate	*g;

	good();
	f.spf = GATE_LATER;
	CHECK(judge() == GATE_PUTOFF);
	CHECK_STR(reply, "451 4.7.0 Gate \"platform\" requires spf pass: name "
	    "servers do not answer now");
	listed[6].answer = GATE_LATER;
	CHECK(judge() == GATE_PUTOFF);
	CHECK_STR(d.what, "spf pass");
	f.spf = GATE_YES;
	CHECK(judge() == GATE_PUTOFF);
	CHECK_STR(d.what, "not listed a.list.example");
	f.tls = -1;
	CHECK(judge() == GATE_FAIL);
	good();
	f.known &= ~(unsigned int)GATE_KNOWN_AUTH;
	CHECK(judge() == GATE_OPEN);
	f.known &= ~(unsigned int)GATE_KNOWN_LISTS;
	listed[6].answer = GATE_YES;
	CHECK(judge() == GATE_OPEN);
	f.known &= ~(unsigned int)GATE_KNOWN_HEADER;
	f.hdr = NULL;
	f.header = NULL;
	CHECK(judge() == GATE_OPEN);
	f.sender = "x@evil.example";
	CHECK(judge() == GATE_FAIL);
	f.sender = "x@company.test";
	f.tls = -1;
	CHECK(judge() == GATE_FAIL);
	good();
	f.login = "alice";
	f.listener = "192.0.2.1:587";
	f.tls = 1;
	if ((g = found("login")) == NULL)
		return;
	CHECK(gate_judge(conf, g, &f, &d) == GATE_FAIL);
	CHECK(gate_reply(g, &d, reply, sizeof(reply)) == 1);
	CHECK_STR(reply, "451 4.7.1 Gate \"login\" requires tls 1.2: the "
	    "connection uses TLS 1.1");
}

/* A platform's own return path names whose mail it is. */
static void
test_return_path(void)
{
	struct verp	 v;

	good();
	f.sender = "sales=company.example__x1@x1.bnc.platform.example";
	CHECK(judge() == GATE_PASS);
	f.sender = "sales=evil.example__x1@x1.bnc.platform.example";
	CHECK(judge() == GATE_FAIL);
	CHECK_STR(gate_sender(&conf->gate[4], f.sender, &v),
	    "sales@evil.example");
	CHECK_STR(gate_sender(&conf->gate[5], f.sender, &v), f.sender);
	CHECK_STR(gate_sender(&conf->gate[4], "", &v), "");
	f.sender = "sales=company.example__x1@company.example";
	CHECK(judge() == GATE_PASS);
}

/* What was cut may hold another From than the one that was judged. */
static void
test_cut(void)
{
	good();
	facts.truncated |= SUMMARY_TRUNC_HDR;
	CHECK(gate_require(conf, &conf->gate[4], 3, &f, &d) == GATE_FAIL);
	CHECK_STR(d.why, "the header is too long to be read");
	CHECK(gate_require(conf, &conf->gate[4], 5, &f, &d) == GATE_FAIL);
	CHECK(gate_require(conf, &conf->gate[4], 4, &f, &d) == GATE_PASS);
	CHECK(gate_require(conf, &conf->gate[5], 0, &f, &d) == GATE_PASS);
}

/* A gate for all the world gets mail from who knows where, too. */
static void
test_world(void)
{
	static const char	 world[] = "domain company.example\n"
	    "gate near {\n match { source { 10.0.0.0/8, ::1 } }\n}\n"
	    "gate world {\n match { source { 0.0.0.0/0, ::/0 } }\n}\n";
	struct conf_errors	 errors = { NULL, 0, 0 };
	struct conf		*c;

	c = conf_parse("relay.conf", world, sizeof(world) - 1, &errors);
	conf_errors_free(&errors);
	good();
	CHECK(gate_find(c, &f) == 1);
	f.family = 0;
	CHECK(gate_find(c, &f) == 1);
	from("::1");
	CHECK(gate_find(c, &f) == 0);
	conf_free(c);
}

static void
test_headers(void)
{
	CHECK_STR(names[0], "X-Org");
	CHECK(names[1] == NULL);
}

static void
test_tls(void)
{
	CHECK(gate_tls("TLSv1.3:TLS_AES_256_GCM_SHA384:256", 34) == 3);
	CHECK(gate_tls("TLSv1.2:x", 9) == 2);
	CHECK(gate_tls("TLSv1:AES", 9) == 0);
	CHECK(gate_tls("TLSv1", 5) == 0);
	CHECK(gate_tls("TLSv1.", 6) == -1);
	CHECK(gate_tls("TLSv1.x", 7) == -1);
	CHECK(gate_tls("TLSv12", 6) == -1);
	CHECK(gate_tls("SSLv3:x", 7) == -1);
	CHECK(gate_tls("", 0) == -1);
}

int
main(void)
{
	struct conf_errors	 errors = { NULL, 0, 0 };
	size_t			 i;

	conf = conf_parse("relay.conf", text, sizeof(text) - 1, &errors);
	for (i = 0; i < errors.count; i++)
		printf("%s\n", errors.message[i]);
	conf_errors_free(&errors);
	CHECK(conf != NULL);
	if (conf == NULL || (names = gate_headers(conf)) == NULL)
		return test_done();
	test_find();
	test_sender();
	test_unsure();
	test_missing();
	test_from();
	test_header();
	test_later();
	test_return_path();
	test_cut();
	test_world();
	test_headers();
	test_tls();
	summary_free(&facts);
	hdr_free(&hdr);
	free(names);
	conf_free(conf);
	return test_done();
}
