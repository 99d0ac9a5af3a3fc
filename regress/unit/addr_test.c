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

#include <stdlib.h>

#include "header/addr.h"
#include "test.h"

#define L64 "0123456789012345678901234567890123456789012345678901234567890123"
#define D63 "a12345678901234567890123456789012345678901234567890123456789012"

static const struct {
	const char	*s;
	int		 valid, dotatom;
} syntax[] = {
	{ "alice@example.com", 1, 1 },
	{ "Alice.B+tag=x@EXAMPLE.com", 1, 1 },
	{ "a@b", 1, 1 },
	{ "a@xn--caf-dma.example", 1, 1 },
	{ "a@a_b.example", 1, 1 },
	{ "\"a b\"@x.y", 1, 0 },
	{ "\"a\\\"b\"@x.y", 1, 0 },
	{ "a@[192.0.2.1]", 1, 0 },
	{ "a@[IPv6:2001:db8::1]", 1, 0 },
	{ L64 "@x", 1, 1 },
	{ L64 "x@x", 0, 0 },
	{ "a@" D63 ".com", 1, 1 },
	{ "a@" D63 "x.com", 0, 0 },
	{ "a@" D63 "." D63 "." D63 "." "a1234567890123456789012345678901234567"
	    "8901234567890123456789", 1, 1 },
	{ "a@" D63 "." D63 "." D63 "." "a1234567890123456789012345678901234567"
	    "89012345678901234567890", 0, 0 },
	{ "a@" D63 "." D63 "." D63 "." D63, 0, 0 },
	{ "", 0, 0 },
	{ "alice", 0, 0 },
	{ "@x", 0, 0 },
	{ "a@", 0, 0 },
	{ ".a@x", 0, 0 },
	{ "a.@x", 0, 0 },
	{ "a..b@x", 0, 0 },
	{ "a b@x", 0, 0 },
	{ "a@x y", 0, 0 },
	{ "a@b@c", 0, 0 },
	{ "a@x.", 0, 0 },
	{ "a@.x", 0, 0 },
	{ "a@x..y", 0, 0 },
	{ "a@-x.y", 0, 0 },
	{ "a@x-.y", 0, 0 },
	{ "a@x.y-", 0, 0 },
	{ "a@[1.2.3]", 0, 0 },
	{ "a@[]", 0, 0 },
	{ "a@[tag:x]", 0, 0 },
	{ "a@[1.2.3.4", 0, 0 },
	{ "a@[1.2.3.4]x", 0, 0 },
	{ "\"a@x", 0, 0 },
	{ "\"a\"b@x", 0, 0 },
	{ "\"a\\", 0, 0 },
	{ "caf\xc3\xa9@x", 0, 0 },
	{ "a@caf\xc3\xa9", 0, 0 },
	{ "a\n@x", 0, 0 },
	{ "<a@x>", 0, 0 },
};

#define AMB	ADDRLIST_AMBIGUOUS
#define BAD	ADDRLIST_BAD
#define GRP	ADDRLIST_GROUP

/* What comes out: "name|addr;" for each. */
static const struct {
	const char	*in, *want;
	int		 flags;
} lists[] = {
	{ "", "", 0 },
	{ "a@x", "|a@x;", 0 },
	{ " a@x ", "|a@x;", 0 },
	{ "<a@x>", "|a@x;", 0 },
	{ "Alice <A@X>", "Alice|A@X;", 0 },
	{ "Alice<a@x>", "Alice|a@x;", 0 },
	{ "\"Doe, Alice\" <a@x>", "Doe, Alice|a@x;", 0 },
	{ "Alice \"the \\\"A\\\"\" Doe <a@x>", "Alice the \"A\" Doe|a@x;", 0 },
	{ "John Q. Public <a@x>", "John Q. Public|a@x;", 0 },
	{ "=?utf-8?Q?Al=C3=A9?= <a@x>", "=?utf-8?Q?Al=C3=A9?=|a@x;", 0 },
	{ "caf\xc3\xa9 <a@x>", "caf\xc3\xa9|a@x;", 0 },
	{ "a@x (Alice)", "Alice|a@x;", 0 },
	{ "(first) a@x (second)", "first second|a@x;", 0 },
	{ "Alice (x) <a@x> (y)", "Alice|a@x;", 0 },
	{ "Alice\n <a@x>,\n\tb@y", "Alice|a@x;|b@y;", 0 },
	{ "a@x,b@y", "|a@x;|b@y;", 0 },
	{ ",a@x,,b@y,", "|a@x;|b@y;", 0 },
	{ "\"alice\"@x", "|alice@x;", 0 },
	{ "< a@x >", "|a@x;", 0 },
	{ "a@[192.0.2.1]", "|a@[192.0.2.1];", 0 },
	{ "<a@[IPv6:2001:db8::1]>", "|a@[IPv6:2001:db8::1];", 0 },
	/* the same address as its name */
	{ "\"a@x\" <A@x>", "a@x|A@x;", 0 },
	{ "\"'a@x'\" <a@x>", "'a@x'|a@x;", 0 },
	{ "a@x <a@x>", "a@x|a@x;", 0 },
	{ "<a@x> (a@x)", "|a@x;", 0 },
	/* groups */
	{ "undisclosed-recipients:;", "", GRP },
	{ "Team: a@x, Bob <b@y>;", "|a@x;Bob|b@y;", GRP },
	{ "Team: a@x;, c@z", "|a@x;|c@z;", GRP },
	{ "c@z, \"A B\" C: ;", "|c@z;", GRP },
	{ "Team: a@x", "|a@x;", GRP | AMB },
	{ "T: U: a@x;;", "|a@x;", GRP | AMB | BAD },
	{ "a@x;b@y", "|a@x;|b@y;", AMB },
	{ "a@x: b@y;", "|a@x;|b@y;", AMB },
	{ "c@d.e Team: a@x;", "|a@x;", AMB | BAD },
	{ "\"c@d\": a@x;", "|a@x;", GRP | AMB },
	/* addresses hidden from some */
	{ "\"b@y\" <a@x>", "b@y|a@x;", AMB },
	{ "b@y <a@x>", "b@y|a@x;", AMB },
	{ "\"<b@y>\" <a@x>", "<b@y>|a@x;", AMB },
	{ "\"b@y,\" <a@x>", "b@y,|a@x;", AMB },
	{ "\"me @ work\" <a@x>", "me @ work|a@x;", AMB },
	{ "a@x (b@y)", "b@y|a@x;", AMB },
	{ "(b@y) a@x", "b@y|a@x;", AMB },
	{ "(<b@y>) <a@x>", "<b@y>|a@x;", AMB },
	{ "<a@x> (b@y)", "|a@x;", AMB },
	{ "a@x, (b@y)", "|a@x;", AMB },
	{ "(a (b@y) c) <a@x>", "a (b@y) c|a@x;", AMB },
	{ "=?utf-8?Q?b=40y?= <a@x>", "=?utf-8?Q?b=40y?=|a@x;", AMB },
	{ "=?utf-8?B?YkB5?= <a@x>", "=?utf-8?B?YkB5?=|a@x;", AMB },
	{ "=?utf-8?B?YUB4?= <a@x>", "=?utf-8?B?YUB4?=|a@x;", 0 },
	{ "\"=?utf-8?B?YkB5?=\" <a@x>", "=?utf-8?B?YkB5?=|a@x;", AMB },
	{ "=?utf-7?Q?b+AEA-y?= <a@x>", "=?utf-7?Q?b+AEA-y?=|a@x;", AMB },
	{ "b\xef\xbc\xa0y <a@x>", "b\xef\xbc\xa0y|a@x;", AMB },
	{ "=?utf-8?Q?b=40y?=@x", "|=?utf-8?Q?b=40y?=@x;", AMB },
	/* two at once */
	{ "<a@x><b@y>", "|a@x;|b@y;", AMB },
	{ "<a@x>, <b@y>", "|a@x;|b@y;", 0 },
	{ "<a@x> b@y", "|a@x;|b@y;", AMB },
	{ "<a@x>b@y", "|a@x;|b@y;", AMB },
	{ "a@x b@y", "", AMB | BAD },
	{ "a@x@y", "", AMB | BAD },
	{ "\"a@x\"@y", "|\"a@x\"@y;", AMB },
	{ "\"a b\"@y", "|\"a b\"@y;", AMB },
	{ "<a@x,b@y>", "|a@x;|b@y;", AMB | BAD },
	{ "<@r,@s:a@x>", "|a@x;", AMB },
	{ "<@r:a@x>", "|a@x;", AMB },
	{ "<,a@x>", "|a@x;", AMB | BAD },
	{ "<b@y:a@x>", "|b@y;|a@x;", AMB | BAD },
	{ "<a@x", "|a@x;", AMB },
	{ "<<a@x>>", "|a@x;", AMB | BAD },
	{ "<b@y<a@x>", "|b@y;|a@x;", AMB },
	{ "a@x>", "|a@x;", AMB | BAD },
	{ "<>", "", AMB | BAD },
	{ "Alice", "", AMB | BAD },
	{ "Alice a@x", "", AMB | BAD },
	{ "Doe, Alice <a@x>", "Alice|a@x;", AMB | BAD },
	/* space and comments inside an address */
	{ "a @ x", "|a@x;", AMB },
	{ "a@ x.y", "|a@x.y;", AMB },
	{ "a . b@x", "|a.b@x;", AMB },
	{ "a(c)@x", "c|a@x;", AMB },
	{ "<a@(c)x>", "c|a@x;", AMB },
	{ "<a@x(c)>", "c|a@x;", AMB },
	{ "<a b@x>", "", AMB | BAD },
	/* junk */
	{ "\"open <a@x>", "", AMB | BAD },
	{ "(open <a@x>", "", AMB },
	{ "a@x (open", "open|a@x;", AMB },
	{ ") a@x", "|a@x;", AMB | BAD },
	{ "a@x\\", "|a@x;", AMB | BAD },
	{ "a@x.", "", AMB | BAD },
	{ "caf\xc3\xa9@x", "", AMB | BAD },
	{ "a@caf\xc3\xa9", "", AMB | BAD },
	{ "a@x\rb@y", "", AMB | BAD },
	{ "a@x\nb@y", "", AMB | BAD },
	{ "a@x\n b@y", "", AMB | BAD },
	{ "\x01" "a@x", "|a@x;", AMB | BAD },
	{ "Al\x7fice <a@x>", "ice|a@x;", AMB | BAD },
	{ "\"Al\x01" "ice\" <a@x>", "Al\x01" "ice|a@x;", AMB },
	{ "a@[1.2.3.4", "", AMB | BAD },
	{ "@", "", AMB | BAD },
	{ "::;;,,<>@@", "", AMB | BAD | GRP },
};

static void
list_case(const char *in, size_t len, const char *want, int flags)
{
	struct addrlist	 l;
	char		 out[1000] = "";
	size_t		 i, n = 0;

	memset(&l, 0, sizeof(l));
	CHECK(addrlist_parse(&l, in, len, ADDR_LIST_MAX) == 0);
	for (i = 0; i < l.n; i++)
		n += (size_t)snprintf(out + n, sizeof(out) - n, "%s|%s;",
		    l.v[i].name == NULL ? "" : l.v[i].name, l.v[i].addr);
	CHECK_STR(out, want);
	if (l.flags != flags)
		fprintf(stderr, "[%s]: flags %#x, want %#x (%s)\n", in,
		    l.flags, flags, l.why == NULL ? "-" : l.why);
	CHECK(l.flags == flags);
	CHECK((l.why != NULL) == ((l.flags & AMB) != 0));
	addrlist_free(&l);
}

static void
many(void)
{
	struct addrlist	 l;
	char		*big;
	size_t		 i, n = 0;

	if ((big = malloc(40000)) == NULL)
		abort();
	for (i = 0; i < 1000; i++)
		n += (size_t)snprintf(big + n, 40000 - n, "u%zu@x.example, ",
		    i);
	memset(&l, 0, sizeof(l));
	CHECK(addrlist_parse(&l, big, n, 200) == 0);
	CHECK(l.n == 200 && l.flags == ADDRLIST_TRUNCATED);
	CHECK(addrlist_has(&l, "U199@X.example") == 1);
	CHECK(addrlist_has(&l, "u200@x.example") == 0);
	addrlist_free(&l);
	/* two fields in one list */
	CHECK(addrlist_parse(&l, "a@x", 3, 10) == 0);
	CHECK(addrlist_parse(&l, "b@y", 3, 10) == 0);
	CHECK(l.n == 2 && l.flags == 0);
	addrlist_free(&l);
	/* endless names, quotes, comments, brackets */
	memset(big, 'n', 40000);
	memcpy(big + 30000, " <a@x>", 6);
	CHECK(addrlist_parse(&l, big, 30006, 10) == 0);
	CHECK(l.n == 1 && l.v[0].name == NULL);
	CHECK(l.flags == ADDRLIST_AMBIGUOUS);
	addrlist_free(&l);
	for (i = 0; i < 6; i++) {
		memset(big, "(<\":@["[i], 40000);
		CHECK(addrlist_parse(&l, big, 40000, 10) == 0);
		CHECK(l.n == 0 && (l.flags & ADDRLIST_AMBIGUOUS));
		addrlist_free(&l);
	}
	for (i = 0; i < 40000; i++)
		big[i] = "\\\""[i % 2];
	CHECK(addrlist_parse(&l, big, 40000, 10) == 0);
	addrlist_free(&l);
	free(big);
}

static void
folding(void)
{
	char	 out[ADDR_MAX + 1], tag[20];

	CHECK(addr_fold("A.B@EXAMPLE.Com", out, sizeof(out)) == 0);
	CHECK_STR(out, "a.b@example.com");
	CHECK(addr_fold("a b@x", out, sizeof(out)) == -1);
	CHECK(addr_fold("abc@x", out, 5) == -1);
	CHECK(addr_equal("a@X", "A@x") == 1);
	CHECK(addr_equal("a@x", "a@y") == 0);
	CHECK(addr_equal("ax", "ax") == 0);
	CHECK_STR(addr_domain("\"a@b\"@c"), "c");
	CHECK(addr_domain("abc") == NULL);
	CHECK(addr_split_tag("support+Ab@x", out, sizeof(out), tag,
	    sizeof(tag)) == 1);
	CHECK_STR(out, "support@x");
	CHECK_STR(tag, "Ab");
	CHECK(addr_split_tag("support@x", out, sizeof(out), tag,
	    sizeof(tag)) == 0);
	CHECK_STR(out, "support@x");
	CHECK_STR(tag, "");
	CHECK(addr_split_tag("+a@x", out, sizeof(out), tag,
	    sizeof(tag)) == 0);
	CHECK(addr_split_tag("\"a+b\"@x", out, sizeof(out), tag,
	    sizeof(tag)) == 0);
	CHECK(addr_split_tag("a+b+c@x", out, sizeof(out), tag,
	    sizeof(tag)) == 1);
	CHECK_STR(tag, "b+c");
	CHECK(addr_split_tag("a+0123456789012345678901@x", out, sizeof(out),
	    tag, sizeof(tag)) == -1);
	CHECK(addr_split_tag("junk", out, sizeof(out), tag,
	    sizeof(tag)) == -1);
}

int
main(void)
{
	size_t	 i;

	for (i = 0; i < sizeof(syntax) / sizeof(syntax[0]); i++) {
		if (addr_valid(syntax[i].s) != syntax[i].valid)
			fprintf(stderr, "[%s]\n", syntax[i].s);
		CHECK(addr_valid(syntax[i].s) == syntax[i].valid);
		CHECK(addr_valid_dotatom(syntax[i].s) == syntax[i].dotatom);
	}
	for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		list_case(lists[i].in, strlen(lists[i].in), lists[i].want,
		    lists[i].flags);
	list_case("a@x\0<b@y>", 9, "|a@x;|b@y;", AMB | BAD);
	list_case("\"b\0c\" <a@x>", 11, "|a@x;", AMB);
	many();
	folding();
	return test_done();
}
