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

#include "base/sbuf.h"
#include "test.h"

static void
appends(void)
{
	struct sbuf	 b;
	char		*s;
	int		 i;

	sbuf_init(&b, 1000);
	CHECK_STR(sbuf_str(&b), "");
	CHECK(sbuf_addstr(&b, "ab") == 0);
	CHECK(sbuf_addch(&b, 'c') == 0);
	CHECK(sbuf_printf(&b, "-%d-%s", 42, "x") == 0);
	CHECK_STR(sbuf_str(&b), "abc-42-x");
	sbuf_cut(&b, 3);
	CHECK_STR(sbuf_str(&b), "abc");
	for (i = 0; i < 997; i++)
		CHECK(sbuf_addch(&b, 'd') == 0);
	CHECK(b.len == 1000);
	CHECK(sbuf_add(&b, "", 0) == 0);
	CHECK(sbuf_addch(&b, 'e') == -1);
	CHECK(sbuf_add(&b, "", 0) == -1);
	CHECK(sbuf_take(&b) == NULL);
	sbuf_reset(&b);
	CHECK(sbuf_add(&b, "a\0b", 3) == 0);
	CHECK(b.len == 3);
	s = sbuf_take(&b);
	CHECK(s != NULL && memcmp(s, "a\0b", 4) == 0);
	CHECK(b.len == 0 && b.limit == 1000);
	free(s);
	sbuf_free(&b);
	sbuf_free(&b);
	sbuf_free(NULL);
}

static void
limits(void)
{
	struct sbuf	 b;

	sbuf_init(&b, 4);
	CHECK(sbuf_printf(&b, "%s", "12345") == -1);
	sbuf_reset(&b);
	CHECK(sbuf_printf(&b, "%s", "1234") == 0);
	sbuf_free(&b);
	sbuf_init(&b, 0);
	CHECK(sbuf_add(&b, "", 0) == 0);
	CHECK(sbuf_addch(&b, 'x') == -1);
	sbuf_free(&b);
}

static void
utf8(void)
{
	struct sbuf	 b;

	sbuf_init(&b, 100);
	CHECK(sbuf_addutf8(&b, 'A') == 0);
	CHECK(sbuf_addutf8(&b, 0xe9) == 0);
	CHECK(sbuf_addutf8(&b, 0x20ac) == 0);
	CHECK(sbuf_addutf8(&b, 0x1f600) == 0);
	CHECK(sbuf_addutf8(&b, 0xd800) == 0);
	CHECK(sbuf_addutf8(&b, 0x110000) == 0);
	CHECK_STR(sbuf_str(&b), "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"
	    "\xef\xbf\xbd\xef\xbf\xbd");
	sbuf_free(&b);
}

int
main(void)
{
	appends();
	limits();
	utf8();
	return test_done();
}
