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

#include "header/encword.h"
#include "test.h"

static const struct {
	const char	*in, *want;
} decode[] = {
	{ "", "" },
	{ "plain text", "plain text" },
	{ "=?utf-8?Q?caf=C3=A9?=", "caf\xc3\xa9" },
	{ "=?UTF-8?q?a_b?=", "a b" },
	{ "=?iso-8859-1?Q?caf=e9?= au", "caf\xc3\xa9 au" },
	{ "=?utf-8*en?b?YWJj?= x", "abc x" },
	{ "=?utf-8?B?YQ==?=", "a" },
	{ "=?utf-8?B?YQ?=", "a" },
	{ "=?utf-8?Q?a?= =?utf-8?Q?b?=", "ab" },
	{ "=?utf-8?Q?a?=\n\t=?utf-8?Q?b?=", "ab" },
	{ "=?utf-8?Q?a?= x =?utf-8?Q?b?=", "a x b" },
	{ "=?utf-8?Q?a?==?utf-8?Q?b?=", "ab" },
	/* a character split between words */
	{ "=?utf-8?Q?=C3?= =?utf-8?Q?=A9?=", "\xc3\xa9" },
	{ "=?utf-8?Q?=C3?= x", "\xef\xbf\xbd x" },
	/* mixed charsets */
	{ "=?iso-8859-1?Q?=E9?= =?utf-8?Q?=C3=A9?=", "\xc3\xa9\xc3\xa9" },
	/* broken ones stay */
	{ "=?utf-8?Q?a=?=", "=?utf-8?Q?a=?=" },
	{ "=?utf-8?Q?a b?=", "=?utf-8?Q?a b?=" },
	{ "=?utf-8?X?a?=", "=?utf-8?X?a?=" },
	{ "=?utf-8?B?!!?=", "=?utf-8?B?!!?=" },
	{ "=?utf-8?Q?a", "=?utf-8?Q?a" },
	{ "=?nope?Q?a?= =?utf-8?Q?b?=", "=?nope?Q?a?= b" },
	{ "=?utf-8?Q?b?= =?nope?Q?a?=", "b =?nope?Q?a?=" },
	{ "=?=?utf-8?Q?b?=", "=?b" },
	/* raw 8-bit */
	{ "\xc3\xa9", "\xc3\xa9" },
	{ "\xe9", "\xc3\xa9" },
	/* what it may hide */
	{ "=?utf-8?Q?a=40b?=", "a@b" },
	{ "=?utf-7?Q?a+AEA-b?=", "a@b" },
	{ "=?utf-16?B?/v8AQA==?=", "@" },
};

static const struct {
	int		 how;
	const char	*in, *want;
} encode[] = {
	{ ENCWORD_TEXT, "", "" },
	{ ENCWORD_TEXT, "plain  text ", "plain  text " },
	{ ENCWORD_TEXT, "one caf\xc3\xa9 two",
	    "one =?utf-8?Q?caf=C3=A9?= two" },
	{ ENCWORD_TEXT, "\xc3\xa9 a \xc3\xa9 b",
	    "=?utf-8?B?w6kgYSDDqQ==?= b" },
	{ ENCWORD_TEXT, "see =?utf-8?Q?a?= x",
	    "see =?utf-8?Q?=3D=3Futf-8=3FQ=3Fa=3F=3D?= x" },
	{ ENCWORD_TEXT, "a\r\nBcc: x@y\tz", "a  Bcc: x@y z" },
	{ ENCWORD_TEXT, "\xff", "=?utf-8?B?77+9?=" },
	{ ENCWORD_PHRASE, "", "\"\"" },
	{ ENCWORD_PHRASE, "Carol Doe", "Carol Doe" },
	{ ENCWORD_PHRASE, "Carol  Doe", "\"Carol  Doe\"" },
	{ ENCWORD_PHRASE, "Doe, Carol", "\"Doe, Carol\"" },
	{ ENCWORD_PHRASE, "a\"b\\c", "\"a\\\"b\\\\c\"" },
	{ ENCWORD_PHRASE, "Z\xc3\xbcrich, AG",
	    "=?utf-8?Q?Z=C3=BCrich=2C_AG?=" },
	{ ENCWORD_PHRASE, "=?utf-8?Q?a?=",
	    "=?utf-8?Q?=3D=3Futf-8=3FQ=3Fa=3F=3D?=" },
	{ ENCWORD_PHRASE, "a\n\0b", "\"a \"" },
};

/* Long text comes back, and no word is over the limit. */
static void
round_trip(const char *unit, int times, int how)
{
	struct sbuf	 in, enc, dec;
	const char	*p, *q;

	sbuf_init(&in, 100000);
	sbuf_init(&enc, 100000);
	sbuf_init(&dec, 100000);
	while (times-- > 0)
		CHECK(sbuf_addstr(&in, unit) == 0);
	CHECK(encword_encode(&enc, sbuf_str(&in), how) == 0);
	CHECK(encword_decode(&dec, sbuf_str(&enc), enc.len) == 0);
	CHECK_STR(sbuf_str(&dec), sbuf_str(&in));
	for (p = sbuf_str(&enc); *p != '\0'; p = q + (*q == ' ')) {
		q = p + strcspn(p, " ");
		CHECK(q - p <= ENCWORD_MAX);
	}
	sbuf_free(&in);
	sbuf_free(&enc);
	sbuf_free(&dec);
}

int
main(void)
{
	struct sbuf	 b;
	size_t		 i;

	sbuf_init(&b, 1000);
	for (i = 0; i < sizeof(decode) / sizeof(decode[0]); i++) {
		sbuf_reset(&b);
		CHECK(encword_decode(&b, decode[i].in,
		    strlen(decode[i].in)) == 0);
		CHECK_STR(sbuf_str(&b), decode[i].want);
	}
	for (i = 0; i < sizeof(encode) / sizeof(encode[0]); i++) {
		sbuf_reset(&b);
		CHECK(encword_encode(&b, encode[i].in, encode[i].how) == 0);
		CHECK_STR(sbuf_str(&b), encode[i].want);
	}
	sbuf_reset(&b);
	CHECK(encword_decode_any(&b, "=?nope?Q?a=40b?= =?utf-8?Q?c?=",
	    30) == 0);
	CHECK_STR(sbuf_str(&b), "a@bc");
	/* The second byte of a character, then a word. */
	sbuf_reset(&b);
	CHECK(encword_decode_any(&b, "=?shift_jis?B?g0FhYg==?=", 24) == 0);
	CHECK_STR(sbuf_str(&b), "\xc2\x83" "A\xe2\x80\x8b" "ab");
	sbuf_reset(&b);
	CHECK(encword_decode_any(&b, "\x83" "Aab", 4) == 0);
	CHECK_STR(sbuf_str(&b), "\xc2\x83" "A\xe2\x80\x8b" "ab");
	sbuf_free(&b);
	sbuf_init(&b, 5);
	CHECK(encword_decode(&b, "123456", 6) == -1);
	sbuf_reset(&b);
	CHECK(encword_encode(&b, "123456", ENCWORD_TEXT) == -1);
	sbuf_free(&b);
	round_trip("caf\xc3\xa9 ", 300, ENCWORD_PHRASE);
	round_trip("\xe2\x82\xac", 500, ENCWORD_TEXT);
	round_trip("\xf0\x9f\x98\x80", 200, ENCWORD_PHRASE);
	round_trip("abcdefghij", 200, ENCWORD_TEXT);
	CHECK(encword_present("a =?utf-8?q?b?= c", 17) == 1);
	CHECK(encword_present("a =?utf-8?q?b c", 15) == 0);
	return test_done();
}
