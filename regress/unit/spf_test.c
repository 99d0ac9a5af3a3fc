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
 * SPF, where the public suite does not look: what a check says beside its
 * result, what it asks, how it ends.  The suite itself is run by
 * regress/protocol/spf_suite_test.py.
 */

#include <sys/socket.h>
#include <arpa/inet.h>

#include "base/compat.h"
#include "lib/dnstable.h"
#include "spf/spf.h"
#include "spf/spf_record.h"
#include "test.h"

static const char zone[] =
    "pass.example TXT \"v=spf1 a:nothing.example ip4:192.0.2.0/24 -all\"\n"
    "all.example TXT \"v=spf1 -all exp=why.all.example\"\n"
    "why.all.example TXT \"%{l} at %{i} is not ours, says %{r}\"\n"
    "long.example TXT \"v=spf1 -all exp=why.long.example\"\n"
    "why.long.example TXT \"%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}\"\n"
    "inc.example TXT \"v=spf1 include:pass.example ~all\"\n"
    "bad.example TXT \"v=spf1 ip4:192.0.2.300 -all\"\n"
    "badinc.example TXT \"v=spf1 include:bad.example -all\"\n"
    "slow.example TXT \"v=spf1 a:slow2.example -all\"\n"
    "slow2.example TIMEOUT\n"
    "noinc.example TXT \"v=spf1 include:pass.nowhere.example -all\"\n"
    "nored.example TXT \"v=spf1 redirect=nowhere.example\"\n"
    "many.example TXT \"v=spf1 include:more.example include:more.example"
    " a mx ptr exists:x.y redirect=more.example\"\n"
    "more.example TXT \"v=spf1 a a a a a -all redirect=all.example\"\n"
    "more.example A 192.0.2.77\n"
    "nul.example TXT \"v=spf1 ip4:192.0.2.1\\000 -all\"\n"
    "six.example TXT \"v=spf1 ip6:2001:db8::/33 -all\"\n"
    "p.example TXT \"v=spf1 exists:%{p}.ok.example -all\"\n"
    "1.2.0.192.in-addr.arpa PTR forged.example\n"
    "1.2.0.192.in-addr.arpa PTR other.example\n"
    "1.2.0.192.in-addr.arpa PTR mail.p.example\n"
    "forged.example A 192.0.2.9\n"
    "other.example A 192.0.2.1\n"
    "mail.p.example A 192.0.2.1\n"
    "mail.p.example.ok.example A 127.0.0.2\n";

static struct dns *table;
static struct spf_result got;
static int calls;

static void
done(const struct spf_result *r, void *arg)
{
	CHECK(arg == &calls);
	got = *r;
	calls++;
}

static const char *
check(const char *ip, const char *helo, const char *sender, int flags)
{
	unsigned char addr[16];
	struct spf_request req;

	memset(&req, 0, sizeof(req));
	req.family = strchr(ip, ':') == NULL ? AF_INET : AF_INET6;
	CHECK(inet_pton(req.family, ip, addr) == 1);
	req.addr = addr;
	req.helo = helo;
	req.sender = sender;
	req.receiver = "mx.example";
	req.flags = flags;
	calls = 0;
	memset(&got, 0xff, sizeof(got));
	CHECK(spf_check(table, &req, done, &calls) != NULL);
	CHECK(calls == 0);
	memset(addr, 0, sizeof(addr));	/* it has a copy */
	dnstable_run(table);
	CHECK(calls == 1);
	return spf_word(got.result);
}

static void
test_words(void)
{
	CHECK_STR(check("192.0.2.1", "h", "a@pass.example", 0), "pass");
	CHECK_STR(got.why, "ip4:192.0.2.0/24");
	CHECK_STR(got.domain, "pass.example");
	CHECK_STR(got.explanation, "");
	CHECK(got.lookups == 1 && got.voids == 1);
	CHECK_STR(check("192.0.2.1", "h", "a@inc.example", 0), "pass");
	CHECK_STR(got.why, "include:pass.example");
	CHECK(got.lookups == 2);
	CHECK_STR(check("::ffff:192.0.2.1", "h", "a@inc.example", 0), "pass");
	CHECK_STR(check("192.0.3.1", "h", "a@inc.example", 0), "softfail");
	CHECK_STR(got.why, "~all");
	CHECK_STR(check("192.0.2.1", "h", "it@all.example", 0), "fail");
	CHECK_STR(got.why, "-all");
	CHECK_STR(got.explanation,
	    "it at 192.0.2.1 is not ours, says mx.example");
	/* The sender's bytes are anyone's. */
	CHECK_STR(check("192.0.2.1", "h", "a\r\n\xff@all.example", 0), "fail");
	CHECK_STR(got.explanation,
	    "a??? at 192.0.2.1 is not ours, says mx.example");
	CHECK_STR(check("192.0.2.1", "h", "someone.with.a.name.that.is.so."
	    "long.that.ten.of.it.pass.every.limit@long.example", 0), "fail");
	CHECK_STR(got.explanation, "");
	CHECK_STR(check("192.0.2.1", "h", "a@bad.example", 0), "permerror");
	CHECK_STR(got.why, "\"ip4:192.0.2.300\": bad address");
	CHECK_STR(check("192.0.2.1", "h", "a@badinc.example", 0), "permerror");
	CHECK_STR(check("192.0.2.1", "h", "a@nul.example", 0), "permerror");
	CHECK_STR(check("192.0.2.1", "h", "a@slow.example", 0), "temperror");
	CHECK_STR(got.why, "a:slow2.example: time-out");
	CHECK_STR(check("192.0.2.1", "h", "a@slow2.example", 0), "temperror");
	CHECK_STR(got.why, "slow2.example: time-out");
	CHECK_STR(check("192.0.2.1", "h", "a@noinc.example", 0), "permerror");
	CHECK_STR(got.why, "pass.nowhere.example: no SPF record");
	CHECK_STR(check("192.0.2.1", "h", "a@nored.example", 0), "permerror");
	CHECK_STR(got.why, "nowhere.example: no SPF record");
	CHECK_STR(check("192.0.2.1", "h", "a@nowhere.example", 0), "none");
	CHECK_STR(got.domain, "nowhere.example");
	CHECK_STR(check("2001:db8:7fff::1", "h", "a@six.example", 0), "pass");
	CHECK_STR(check("2001:db8:8000::1", "h", "a@six.example", 0), "fail");
}

static void
test_senders(void)
{
	char big[1000];

	CHECK_STR(check("192.0.2.1", "pass.example", "", 0), "pass");
	CHECK_STR(check("192.0.2.1", "pass.example", NULL, 0), "pass");
	CHECK_STR(check("192.0.2.1", "[192.0.2.1]", NULL, 0), "none");
	CHECK_STR(got.domain, "");
	CHECK_STR(check("192.0.2.1", NULL, NULL, 0), "none");
	CHECK_STR(check("192.0.2.1", "h", "pass.example", 0), "pass");
	CHECK_STR(check("192.0.2.1", "h", "a@b@pass.example", 0), "pass");
	CHECK_STR(check("192.0.2.1", "h", "a@pass.example.", 0), "pass");
	memset(big, 'a', sizeof(big));
	memcpy(big + 900, "@pass.example", 14);
	CHECK_STR(check("192.0.2.1", "h", big, 0), "none");
	CHECK_STR(check("192.0.2.1", big, NULL, 0), "none");
}

/* All that a record costs, though it is too much. */
static void
test_walk(void)
{
	CHECK_STR(check("192.0.2.1", "h", "a@many.example", 0), "permerror");
	CHECK_STR(got.why, "more than 10 terms that ask the DNS");
	CHECK_STR(check("192.0.2.1", "h", "a@many.example", SPF_WALK),
	    "neutral");
	CHECK(got.lookups == 22);
	CHECK(got.voids == 3);
	CHECK_STR(check("192.0.2.1", "h", "a@pass.example", SPF_WALK),
	    "neutral");
	CHECK(got.lookups == 1 && got.voids == 1);
}

/* A subdomain of the sender's is taken of the validated names (7.3). */
static void
test_validated(void)
{
	CHECK_STR(check("192.0.2.1", "h", "a@p.example", 0), "pass");
	CHECK(got.lookups == 2);
	CHECK_STR(check("192.0.2.2", "h", "a@p.example", 0), "fail");
}

static void
test_cancel(void)
{
	unsigned char addr[4] = { 192, 0, 2, 1 };
	struct spf_request req;
	struct spf *s;

	memset(&req, 0, sizeof(req));
	req.family = AF_INET;
	req.addr = addr;
	req.sender = "a@inc.example";
	calls = 0;
	s = spf_check(table, &req, done, &calls);
	spf_cancel(s);
	spf_cancel(NULL);
	CHECK(dnstable_run(table) == 0);
	CHECK(calls == 0);
}

/* One domain-spec, expanded for sender strong-bad@email.example.com. */
static const char *
expand(const char *spec)
{
	static char name[DNS_NAME_MAX + 1];
	static const unsigned char addr[4] = { 192, 0, 2, 3 };
	struct spf_macros m;

	memset(&m, 0, sizeof(m));
	m.sender = "strong-bad@email.example.com";
	m.local = "strong-bad";
	m.sender_domain = m.domain = "email.example.com";
	m.helo = "h.example";
	m.receiver = "r.example";
	m.family = AF_INET;
	m.addr = addr;
	if (spf_macro_check_domain(spec) == -1)
		return "wrong";
	return spf_macro_domain(spec, &m, name) == -1 ? "failed" : name;
}

/* The examples of 7.4. */
static void
test_macros(void)
{
	char spec[300];

	CHECK_STR(expand("%{s}"), "strong-bad@email.example.com");
	CHECK_STR(expand("%{o}"), "email.example.com");
	CHECK_STR(expand("%{d4}"), "email.example.com");
	CHECK_STR(expand("%{d2}"), "example.com");
	CHECK_STR(expand("%{d1}"), "com");
	CHECK_STR(expand("%{dr}"), "com.example.email");
	CHECK_STR(expand("%{d2r}"), "example.email");
	CHECK_STR(expand("%{l}"), "strong-bad");
	CHECK_STR(expand("%{l-}"), "strong.bad");
	CHECK_STR(expand("%{lr-}"), "bad.strong");
	CHECK_STR(expand("%{l1r-}"), "strong");
	CHECK_STR(expand("%{ir}.%{v}._spf.%{d2}"),
	    "3.2.0.192.in-addr._spf.example.com");
	CHECK_STR(expand("%{lr-}.lp._spf.%{d2}"),
	    "bad.strong.lp._spf.example.com");
	CHECK_STR(expand("%{ir}.%{v}.%{l1r-}.lp._spf.%{d2}"),
	    "3.2.0.192.in-addr.strong.lp._spf.example.com");
	CHECK_STR(expand("%{d2}.trusted-domains.example.net"),
	    "example.com.trusted-domains.example.net");
	CHECK_STR(expand("%{S}"), "strong-bad%40email.example.com");
	CHECK_STR(expand("%{p}.x.y"), "unknown.x.y");
	CHECK_STR(expand("%{d0}"), "wrong");
	CHECK_STR(expand("%{d99999999999}"), "email.example.com");
	CHECK_STR(expand("%{c}"), "wrong");
	CHECK_STR(expand("%{d"), "wrong");
	CHECK_STR(expand("%"), "wrong");
	CHECK_STR(expand("a.b."), "a.b");
	CHECK_STR(expand("a..b"), "a..b");
	memset(spec, 'x', 260);
	memcpy(spec + 250, ".%{d}", 6);
	CHECK_STR(expand(spec), "email.example.com");
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
	test_words();
	test_senders();
	test_walk();
	test_validated();
	test_cancel();
	test_macros();
	dns_free(table);
	return test_done();
}
