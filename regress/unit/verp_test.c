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

/* Addresses inside of envelope senders, and what only looks like one. */

#include "header/verp.h"
#include "test.h"

#define D63 "a12345678901234567890123456789012345678901234567890123456789012"
#define L50 "01234567890123456789012345678901234567890123456789"

static const struct {
	const char	*s;
	const char	*inside;	/* or NULL */
	enum verp_form	 form;
	int		 recipient;
} table[] = {
	/* Salesforce, and what its manual shows */
	{ L50 "=company.example__0-5lcvu61wz9gt2x@x.bnc.salesforce.com",
	    L50 "@company.example", VERP_PLATFORM, 0 },
	{ L50 L50 "=company.example__x@x.bnc.salesforce.com", NULL,
	    VERP_NONE, 0 },
	{ "user.name=company.example__x@x.bnc.salesforce.com",
	    "user.name@company.example", VERP_PLATFORM, 0 },
	{ "jd=Acme.Example__0-5lcvu61wz9gt2x@5jq.kn8.8-ab.na1.bnc.salesforce."
	    "com", "jd@Acme.Example", VERP_PLATFORM, 0 },
	{ "user@company.example__x@x.bnc.salesforce.com", NULL, VERP_NONE,
	    0 },
	{ "\"user@company.example__x\"@x.bnc.salesforce.com", NULL,
	    VERP_NONE, 0 },
	{ "a__b=company.example__x@h.example", "a__b@company.example",
	    VERP_PLATFORM, 0 },
	{ "a=b=company.example__x@h.example", "a=b@company.example",
	    VERP_PLATFORM, 0 },
	/* whatever a sender adds behind the first one changes nothing */
	{ "a=one.example__b=two.example__x@h.example", "a@one.example",
	    VERP_PLATFORM, 0 },
	{ "a=one.example__@h.example", "a@one.example", VERP_PLATFORM, 0 },
	{ "a=one.example_x@h.example", NULL, VERP_NONE, 0 },
	{ "=one.example__x@h.example", NULL, VERP_NONE, 0 },
	{ "a=__x@h.example", NULL, VERP_NONE, 0 },
	{ "__@h.example", NULL, VERP_NONE, 0 },
	{ "a=one__x@h.example", NULL, VERP_NONE, 0 },
	{ "a=192.0.2.1__x@h.example", NULL, VERP_NONE, 0 },
	{ "a=-one.example__x@h.example", NULL, VERP_NONE, 0 },
	{ "a=one-.example__x@h.example", NULL, VERP_NONE, 0 },
	{ "a=one_two.example__x@h.example", NULL, VERP_NONE, 0 },
	{ "a=one/two.example__x@h.example", NULL, VERP_NONE, 0 },
	{ "a.=one.example__x@h.example", NULL, VERP_NONE, 0 },
	{ "a=" D63 "x.example__x@h.example", NULL, VERP_NONE, 0 },
	{ "a=" L50 ".ex__x@h.example", "a@" L50 ".ex", VERP_PLATFORM, 0 },
	/* BATV */
	{ "prvs=1546f9b6d5=alice@home.example", "alice@home.example",
	    VERP_BATV, 0 },
	{ "PRVS=1546f9b6d5=a=b@home.example", "a=b@home.example", VERP_BATV,
	    0 },
	{ "prvs=alice/1546f9b6d5@home.example", "alice@home.example",
	    VERP_BATV, 0 },
	{ "btv1==065ea6e3b3==alice@home.example", "alice@home.example",
	    VERP_BATV, 0 },
	{ "btv1==065ea6e3b3=alice@home.example", "alice@home.example",
	    VERP_BATV, 0 },
	{ "prvs==alice@home.example", NULL, VERP_NONE, 0 },
	{ "prvs=1546f9b6d5=@home.example", NULL, VERP_NONE, 0 },
	{ "prvs=1546f9b6d5@home.example", NULL, VERP_NONE, 0 },
	{ "prvs=/1546f9b6d5@home.example", NULL, VERP_NONE, 0 },
	{ "prvs=1546f9b6d5=alice@localhost", NULL, VERP_NONE, 0 },
	{ "prvs=1546f9b6d5=alice@[192.0.2.1]", NULL, VERP_NONE, 0 },
	{ "btv1==alice@home.example", NULL, VERP_NONE, 0 },
	{ "btv1==065e@home.example", NULL, VERP_NONE, 0 },
	/* SRS */
	{ "SRS0=HHH=TT=home.example=alice@fwd.example", "alice@home.example",
	    VERP_SRS0, 0 },
	{ "srs0+h+H/=T2=home.example=a=b@fwd.example", "a=b@home.example",
	    VERP_SRS0, 0 },
	{ "SRS0-HHH=TT=home.example=alice+tag@fwd.example",
	    "alice+tag@home.example", VERP_SRS0, 0 },
	{ "SRS1=GGG=fwd.example==HHH=TT=home.example=alice@two.example",
	    "alice@home.example", VERP_SRS1, 0 },
	{ "SRS1+GGG=fwd.example=-HHH=TT=home.example=alice@two.example",
	    "alice@home.example", VERP_SRS1, 0 },
	{ "SRS0=HHH=TT=home.example@fwd.example", NULL, VERP_NONE, 0 },
	{ "SRS0=HHH=TT=home.example=@fwd.example", NULL, VERP_NONE, 0 },
	{ "SRS0==TT=home.example=alice@fwd.example", NULL, VERP_NONE, 0 },
	{ "SRS0=HHH=TT==alice@fwd.example", NULL, VERP_NONE, 0 },
	{ "SRS0@fwd.example", NULL, VERP_NONE, 0 },
	{ "SRS0=@fwd.example", NULL, VERP_NONE, 0 },
	{ "SRS1=GGG=fwd.example=HHH=TT=home.example=alice@two.example", NULL,
	    VERP_NONE, 0 },
	{ "SRS1==fwd.example==HHH=TT=home.example=alice@two.example", NULL,
	    VERP_NONE, 0 },
	/* qmail and ezmlm: for whom it is */
	{ "list-return-42-alice=home.example@lists.example",
	    "alice@home.example", VERP_LIST, 1 },
	{ "my-list-return-42-a-b=home.example@lists.example",
	    "a-b@home.example", VERP_LIST, 1 },
	{ "news-owner-alice=home.example@lists.example",
	    "alice@home.example", VERP_LIST, 1 },
	{ "list-return-42-@lists.example", NULL, VERP_NONE, 0 },
	{ "list-return-x-alice=home.example@lists.example", NULL, VERP_NONE,
	    0 },
	{ "list-return-alice=home.example@lists.example", NULL, VERP_NONE,
	    0 },
	{ "list-return-42-alice@lists.example", NULL, VERP_NONE, 0 },
	{ "list-return-42@lists.example", NULL, VERP_NONE, 0 },
	/* Mailman and Postfix */
	{ "list-bounces+alice=home.example@lists.example",
	    "alice@home.example", VERP_PLUS, 1 },
	{ "list-bounces+alice+tag=home.example@lists.example",
	    "alice+tag@home.example", VERP_PLUS, 1 },
	{ "owner-list+alice=home.example@lists.example",
	    "alice@home.example", VERP_PLUS, 1 },
	{ "c+-bounces+alice=home.example@lists.example",
	    "alice@home.example", VERP_PLUS, 1 },
	{ "me+caf_=alice=home.example@gmail.example", "alice@home.example",
	    VERP_PLUS, 1 },
	{ "list-bounces@lists.example", NULL, VERP_NONE, 0 },
	{ "list-bounces+alice@lists.example", NULL, VERP_NONE, 0 },
	{ "list-bounces+=home.example@lists.example", NULL, VERP_NONE, 0 },
	/* mailers of many: one that shows an address, and those that do not */
	{ "bounces+123456-ab12-alice=home.example@em1.shop.example",
	    "alice@home.example", VERP_MAILER, 1 },
	{ "bounces+123456-ab12-a-b=home.example@em1.shop.example",
	    "a-b@home.example", VERP_MAILER, 1 },
	{ "0100018f2c1d-6a1e-4d2b-000000@eu-west-1.amazonses.com", NULL,
	    VERP_NONE, 0 },
	{ "group+bncBCABCDEF@lists.example", NULL, VERP_NONE, 0 },
	{ "bounce-mc.us1_1.2@mail.example", NULL, VERP_NONE, 0 },
	/* nothing special, or no address at all */
	{ "alice@home.example", NULL, VERP_NONE, 0 },
	{ "alice+tag@home.example", NULL, VERP_NONE, 0 },
	{ "a=b@home.example", NULL, VERP_NONE, 0 },
	{ "", NULL, VERP_NONE, 0 },
	{ "@", NULL, VERP_NONE, 0 },
	{ "a=one.example__x", NULL, VERP_NONE, 0 },
	{ "a=one.example__x@", NULL, VERP_NONE, 0 },
	{ "a=one.example__x y@h.example", NULL, VERP_NONE, 0 },
	{ "<a=one.example__x@h.example>", NULL, VERP_NONE, 0 },
	{ "a=one.example__x@h.example\n", NULL, VERP_NONE, 0 }
};

int
main(void)
{
	struct verp	 v;
	char		 s[100000];
	size_t		 i;
	int		 n;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		n = verp_find(table[i].s, &v);
		if (n != (table[i].inside != NULL))
			fprintf(stderr, "%s\n", table[i].s);
		CHECK(n == (table[i].inside != NULL));
		CHECK_STR(v.address, n ? table[i].inside : "");
		CHECK(v.form == table[i].form);
		CHECK(v.recipient == table[i].recipient);
	}
	CHECK(verp_valid("a=one.example__x@h.example") == 1);
	CHECK(verp_valid("a@[192.0.2.1]") == 0);
	CHECK(verp_valid("\"a\"@h.example") == 0);
	CHECK(verp_valid("a,b@h.example") == 0);
	CHECK(verp_valid("") == 0);
	memset(s, 'a', VERP_MAX + 1);
	memcpy(s + VERP_LOCAL_MAX, "@h.example", 11);
	CHECK(verp_valid(s) == 1);
	memset(s, 'a', VERP_MAX + 1);
	memcpy(s + VERP_LOCAL_MAX + 1, "@h.example", 11);
	CHECK(verp_valid(s) == 0);
	memset(s, 'a', VERP_MAX + 1);
	memcpy(s + 200, "@" D63 "." D63, 128);
	CHECK(verp_valid(s) == 0);
	/* what is too long is no address */
	memset(s, '=', sizeof(s));
	s[sizeof(s) - 1] = '\0';
	CHECK(verp_find(s, &v) == 0);
	return test_done();
}
