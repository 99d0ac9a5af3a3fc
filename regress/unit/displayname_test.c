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

#include "header/displayname.h"
#include "test.h"

#define A10	"aaaaaaaaaa"

static const struct {
	const char	*in, *want;
} cases[] = {
	{ "Carol", "Carol" },
	{ "  Carol \t Doe ", "Carol Doe" },
	{ "=?utf-8?Q?Ren=C3=A9?= Doe", "Ren\xc3\xa9 Doe" },
	{ "carol@customer.test", "" },
	{ "Carol carol@customer.test Doe", "Carol Doe" },
	{ "Carol (carol@customer.test)", "Carol" },
	{ "=?utf-8?Q?carol=40x?= Doe", "Doe" },
	{ "carol\xef\xbc\xa0x Doe", "Doe" },
	{ "a@b@c @ d", "d" },
	{ "Ca\x01rol\x7f", "Ca rol" },
	{ "Ca\r\nBcc: x", "Ca Bcc: x" },
	{ "a\xe2\x80\xae" "b\xe2\x80\x8b" "c", "abc" },
	{ "a\xc2\xa0" "b", "a b" },
	{ "a\xe2\x80\xa8" "b", "a b" },
	{ "\xf3\xa0\x81\xa1x", "x" },
	{ "a<b>\"c\\d", "abcd" },
	{ "Doe, Carol", "Doe, Carol" },
	{ A10 A10 A10 A10 A10 A10 "123456", A10 A10 A10 A10 A10 A10 "1234" },
	{ A10 A10 A10 A10 A10 A10 " 12345", A10 A10 A10 A10 A10 A10 " 123" },
	{ A10 A10 A10 A10 A10 A10 "123 x", A10 A10 A10 A10 A10 A10 "123" },
	{ A10 A10 A10 A10 A10 A10 "1234 x", A10 A10 A10 A10 A10 A10 "1234" },
	{ "\xff\xff", "\xc3\xbf\xc3\xbf" },
	{ "", "" },
	{ NULL, "" },
};

static const struct {
	const char	*name, *fallback, *box;
	int		 unverified;
	const char	*want;
} via[] = {
	{ "Carol", "x", "Company Support", 0, "Carol (via Company Support)" },
	{ "Carol (via Company Support)", "x", "Company Support", 0,
	    "Carol (via Company Support)" },
	{ "", "someone", "Support", 0, "someone (via Support)" },
	{ "c@x", "someone", "Support", 1,
	    "someone (unverified, via Support)" },
	{ "Carol", "x", NULL, 0, "Carol" },
	{ "Carol", "x", "a@b", 1, "Carol (unverified)" },
	{ NULL, NULL, "Support", 0, " (via Support)" },
};

int
main(void)
{
	struct sbuf	 b;
	char		 out[3 * DISPLAYNAME_SIZE], big[3000];
	size_t		 i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CHECK(displayname_clean(cases[i].in, out, sizeof(out)) == 0);
		CHECK_STR(out, cases[i].want);
	}
	CHECK(displayname_clean("x", out, DISPLAYNAME_SIZE - 1) == -1);
	memset(big, 'x', sizeof(big));
	big[sizeof(big) - 1] = '\0';
	CHECK(displayname_clean(big, out, sizeof(out)) == 0);
	CHECK_STR(out, "");
	/* 64 characters of four bytes fill the buffer exactly */
	for (i = 0; i < 400; i += 4)
		memcpy(big + i, "\xf0\x9f\x98\x80", 4);
	big[400] = '\0';
	CHECK(displayname_clean(big, out, DISPLAYNAME_SIZE) == 0);
	CHECK(strlen(out) == DISPLAYNAME_SIZE - 1);
	for (i = 0; i < sizeof(via) / sizeof(via[0]); i++) {
		CHECK(displayname_via(via[i].name, via[i].fallback,
		    via[i].box, via[i].unverified, out, sizeof(out)) == 0);
		CHECK_STR(out, via[i].want);
	}
	CHECK(displayname_via("Carol", "", "Support", 0, out, 10) == -1);
	sbuf_init(&b, 1000);
	CHECK(displayname_mailbox(&b, "Carol (via Company Support)",
	    "support+h@company.example") == 0);
	CHECK_STR(sbuf_str(&b), "\"Carol (via Company Support)\" "
	    "<support+h@company.example>");
	sbuf_reset(&b);
	CHECK(displayname_mailbox(&b, NULL, "a@x") == 0);
	CHECK_STR(sbuf_str(&b), "a@x");
	sbuf_reset(&b);
	CHECK(displayname_mailbox(&b, "Ren\xc3\xa9", "a@x") == 0);
	CHECK_STR(sbuf_str(&b), "=?utf-8?Q?Ren=C3=A9?= <a@x>");
	CHECK(displayname_mailbox(&b, "x", "a@x>, <b@y") == -1);
	sbuf_free(&b);
	return test_done();
}
