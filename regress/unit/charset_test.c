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

#include "base/charset.h"
#include "test.h"

static const struct {
	const char	*name, *in;
	size_t		 len;
	const char	*want;		/* NULL: the charset is unknown */
} cases[] = {
	{ "utf-8", "a\xc3\xa9", 3, "a\xc3\xa9" },
	{ "UTF-8", "\xff\xc3", 2, "\xef\xbf\xbd\xef\xbf\xbd" },
	{ "utf-8", "\xc3(", 2, "\xef\xbf\xbd(" },
	{ "utf-8", "\xe2\x82\xac", 3, "\xe2\x82\xac" },
	{ "utf-8", "\xe0\x80\x80", 3, "\xef\xbf\xbd" },
	{ "utf-8", "\xed\xa0\x80", 3, "\xef\xbf\xbd" },
	{ "us-ascii", "a\x80", 2, "a\xef\xbf\xbd" },
	{ "iso-8859-1", "\xe9\x80", 2, "\xc3\xa9\xe2\x82\xac" },
	{ "iso-8859-15", "\xa4", 1, "\xe2\x82\xac" },
	{ "ISO-8859-2", "\xb1", 1, "\xc4\x85" },
	{ "windows-1252", "\x93x\x94", 3, "\xe2\x80\x9cx\xe2\x80\x9d" },
	{ "koi8-r", "\xf0\xd2", 2, "\xd0\x9f\xd1\x80" },
	{ "windows-1251", "\xcf", 1, "\xd0\x9f" },
	{ "windows-1253", "\xff", 1, "\xef\xbf\xbd" },
	{ "utf-16", "\xfe\xff\0a", 4, "a" },
	{ "utf-16", "\xff\xfe" "a\0", 4, "a" },
	{ "utf-16", "\0a", 2, "a" },
	{ "utf-16le", "=\xd8\0\xde", 4, "\xf0\x9f\x98\x80" },
	{ "utf-16be", "\xd8=\xde\0", 4, "\xf0\x9f\x98\x80" },
	{ "utf-16be", "\xd8=\0a", 4, "\xef\xbf\xbd" "a" },
	{ "utf-16be", "\xd8=", 2, "\xef\xbf\xbd" },
	{ "utf-16be", "\0a\0", 3, "a\xef\xbf\xbd" },
	{ "utf-32", "\0\0\xfe\xff\0\1\xf6\0", 8, "\xf0\x9f\x98\x80" },
	{ "utf-32le", "a\0\0\0", 4, "a" },
	{ "utf-32be", "\x7f\xff\xff\xff", 4, "\xef\xbf\xbd" },
	{ "utf-7", "Hi +AGE-@+AOk-!", 15, "Hi a@\xc3\xa9!" },
	{ "utf-7", "1+-1", 4, "1+1" },
	{ "utf-7", "+2D3eAA", 7, "\xf0\x9f\x98\x80" },
	{ "utf-7", "+2D0-", 5, "\xef\xbf\xbd" },
	{ "x-unknown", "a", 1, NULL },
	{ "", "a", 1, NULL },
};

int
main(void)
{
	struct charset	 cs;
	struct sbuf	 b;
	size_t		 i, j;
	int		 r;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		sbuf_init(&b, 100);
		r = charset_utf8(&b, cases[i].name, cases[i].in, cases[i].len);
		CHECK(r == (cases[i].want != NULL));
		if (r == 1)
			CHECK_STR(sbuf_str(&b), cases[i].want);
		/* The same byte by byte. */
		sbuf_reset(&b);
		if (charset_open(&cs, cases[i].name)) {
			for (j = 0; j < cases[i].len; j++)
				CHECK(charset_put(&cs, &b, cases[i].in + j,
				    1) == 0);
			CHECK(charset_end(&cs, &b) == 0);
			CHECK_STR(sbuf_str(&b), cases[i].want);
		}
		sbuf_free(&b);
	}
	sbuf_init(&b, 2);
	CHECK(charset_utf8(&b, "utf-8", "abc", 3) == -1);
	sbuf_free(&b);
	CHECK(charset_is_utf8("\xc3\xa9 a", 4) == 1);
	CHECK(charset_is_utf8("", 0) == 1);
	CHECK(charset_is_utf8("\xc0\x80", 2) == 0);
	CHECK(charset_is_utf8("\xf4\x90\x80\x80", 4) == 0);
	return test_done();
}
