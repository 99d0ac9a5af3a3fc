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

#include "header/date.h"
#include "test.h"

static const struct {
	const char	*in;
	long long	 want;		/* -1: no date */
	int		 zone;
} cases[] = {
	{ "Thu, 19 Nov 2026 10:00:00 +0000", 1795082400, 0 },
	{ "19 Nov 2026 10:00 +0000", 1795082400, 0 },
	{ "Thu, 19 Nov 2026 12:30:00 +0230", 1795082400, 150 },
	{ "Thu, 19 Nov 2026 02:00:00 -0800 (PST)", 1795082400, -480 },
	{ "Thu,19 Nov 2026 10:00:00 GMT", 1795082400, 0 },
	{ "Thu, 19 Nov 2026 05:00:00 EST", 1795082400, -300 },
	{ "Thu, 19 nov 26 10:00:00 UT", 1795082400, 0 },
	{ "Thu, 19 Nov 2026 10:00:00 Z", 1795082400, 0 },
	{ "Thu, 19 Nov 2026 10:00:00 XYZ", 1795082400, 0 },
	{ "Thu, 19 Nov 2026 10:00:00", 1795082400, 0 },
	{ "Thu\n , (c) 19 (d) Nov 2026 10 : 00 : 00 +0000", 1795082400, 0 },
	{ "1 Jan 1970 00:00:00 +0000", 0, 0 },
	{ "29 Feb 2000 00:00:00 +0000", 951782400, 0 },
	{ "31 Dec 98 23:59:60 +0000", 915148800, 0 },
	{ "31 Dec 9999 23:59:59 +0000", 253402300799, 0 },
	{ "1 Jan 1970 00:00:00 +0100", -1, 0 },
	{ "29 Feb 2001 00:00:00 +0000", -1, 0 },
	{ "31 Jun 2001 00:00:00 +0000", -1, 0 },
	{ "0 Jun 2001 00:00:00 +0000", -1, 0 },
	{ "1 Foo 2001 00:00:00 +0000", -1, 0 },
	{ "1 Jun 1969 00:00:00 +0000", -1, 0 },
	{ "1 Jun 20010 00:00:00 +0000", -1, 0 },
	{ "1 Jun 2001 24:00:00 +0000", -1, 0 },
	{ "1 Jun 2001 00:60:00 +0000", -1, 0 },
	{ "1 Jun 2001 00:00:61 +0000", -1, 0 },
	{ "1 Jun 2001 00:00:00 +9900", -1, 0 },
	{ "1 Jun 2001 00:00:00 +00", -1, 0 },
	{ "1 Jun 2001", -1, 0 },
	{ "", -1, 0 },
	{ "Thu,", -1, 0 },
	{ "(((", -1, 0 },
	{ "\xff\xff", -1, 0 },
};

int
main(void)
{
	char	 out[DATE_SIZE];
	time_t	 t;
	size_t	 i;
	int	 zone, r;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		t = -5;
		zone = -5;
		r = date_parse(cases[i].in, strlen(cases[i].in), &t, &zone);
		if (r != (cases[i].want == -1 ? -1 : 0) ||
		    (r == 0 && t != cases[i].want))
			fprintf(stderr, "[%s] %lld\n", cases[i].in,
			    (long long)t);
		CHECK(r == (cases[i].want == -1 ? -1 : 0));
		CHECK(r == -1 || t == cases[i].want);
		CHECK(r == -1 || zone == cases[i].zone);
	}
	CHECK(date_parse("1 Jun 2001 00:00\0+0000", 22, &t, NULL) == 0);
	CHECK(date_format(out, sizeof(out), 1795082400) == 0);
	CHECK_STR(out, "Thu, 19 Nov 2026 10:00:00 +0000");
	CHECK(date_format(out, sizeof(out), 0) == 0);
	CHECK_STR(out, "Thu, 01 Jan 1970 00:00:00 +0000");
	CHECK(date_format(out, 20, 0) == -1);
	return test_done();
}
