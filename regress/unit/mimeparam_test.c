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

#include "mime/mimeparam.h"
#include "test.h"

static const struct {
	const char	*in, *type, *name, *value;
	int		 flags;
} cases[] = {
	{ "text/plain", "text/plain", "charset", NULL, 0 },
	{ " Text / PLAIN ; Charset = UTF-8 ", "text/plain", "charset",
	    "UTF-8", 0 },
	{ "text/plain; charset=\"utf-8\"", "text/plain", "CHARSET", "utf-8",
	    0 },
	{ "text/plain (a;b) ; charset=us-ascii (plain)", "text/plain",
	    "charset", "us-ascii", 0 },
	{ "multipart/mixed; boundary=\"a;b\\\"c\"", "multipart/mixed",
	    "boundary", "a;b\"c", 0 },
	{ "multipart/mixed;\n\tboundary=\"a\n b\"", "multipart/mixed",
	    "boundary", "a b", 0 },
	{ "multipart/mixed; boundary==_x=y", "multipart/mixed", "boundary",
	    "=_x=y", 0 },
	{ "a/b; name=two words.pdf", "a/b", "name", "two words.pdf", 0 },
	{ "a/b; name=;", "a/b", "name", "", 0 },
	{ "a/b;;; name=x;", "a/b", "name", "x", 0 },
	{ "", "", "name", NULL, 0 },
	{ ";", "", "name", NULL, 0 },
	{ "text/plain charset=x", "text/plain", "charset", NULL,
	    MIMEFIELD_BAD },
	{ "a/b; noequals", "a/b", "noequals", NULL, MIMEFIELD_BAD },
	{ "a/b; name=\"open; x=y", "a/b", "name", "open; x=y",
	    MIMEFIELD_BAD },
	{ "a/b; name=\"x\"junk", "a/b", "name", "x", MIMEFIELD_BAD },
	{ "a/b; boundary=x; boundary=y", "a/b", "boundary", "x",
	    MIMEFIELD_DUP },
	/* RFC 2231 */
	{ "a/b; name*=utf-8'en'caf%C3%A9", "a/b", "name", "caf\xc3\xa9", 0 },
	{ "a/b; name*=iso-8859-1''caf%E9", "a/b", "name", "caf\xc3\xa9", 0 },
	{ "a/b; name*=\"utf-8''a%20b\"", "a/b", "name", "a b", 0 },
	{ "a/b; name*0=ab; name*1=cd", "a/b", "name", "abcd", 0 },
	{ "a/b; name*1=cd; name*0=ab", "a/b", "name", "abcd", 0 },
	{ "a/b; name*0*=utf-8''%C3; name*1*=%A9; name*2=\"%41\"", "a/b",
	    "name", "\xc3\xa9%41", 0 },
	{ "a/b; name*0=a; name*2=c", "a/b", "name", "a", 0 },
	{ "a/b; name=plain; name*=utf-8''ext", "a/b", "name", "ext", 0 },
	{ "a/b; name*=utf-8''%zz%4", "a/b", "name", "%zz%4", 0 },
	{ "a/b; name*=nope''x", "a/b", "name", "x", 0 },
	{ "a/b; name*=x", "a/b", "name", "x", 0 },
	{ "a/b; name*0=a; name*0=b", "a/b", "name", "a", MIMEFIELD_DUP },
	{ "a/b; name*99999999999=a", "a/b", "name", NULL, MIMEFIELD_BAD },
	{ "a/b; name*=utf-8''a%00b", "a/b", "name", "ab", 0 },
	/* encoded words, which RFC 2047 section 5 forbids here */
	{ "a/b; name=\"=?utf-8?Q?caf=C3=A9?=\"", "a/b", "name",
	    "caf\xc3\xa9", 0 },
	{ "a/b; name==?utf-8?B?YQ==?=", "a/b", "name", "a", 0 },
	{ "a/b; name=\"caf\xe9\"", "a/b", "name", "caf\xc3\xa9", 0 },
	{ "attachment; filename=x", "attachment", "filename", "x", 0 },
};

static const struct {
	const char	*in, *name, *value, *want;
} sets[] = {
	{ " text/plain;  charset=x ; (c) a=b", NULL, NULL,
	    "T: text/plain;  charset=x ; (c) a=b\n" },
	{ "text/plain;\n\tcharset=x", NULL, NULL,
	    "T: text/plain;\n\tcharset=x\n" },
	{ " text/plain;  charset=x ; (c) a=b", "charset", "utf-8",
	    "T: text/plain;\n\tcharset=\"utf-8\"; (c) a=b\n" },
	{ " text/plain; charset=x; a=b", "charset", NULL,
	    "T: text/plain; a=b\n" },
	{ " text/plain; a=b", "charset", "utf-8",
	    "T: text/plain; a=b;\n\tcharset=\"utf-8\"\n" },
	{ " a/b; name=x; name=y; c=d; junk", "name", "z",
	    "T: a/b;\n\tname=\"z\"; c=d\n" },
	{ " a/b; name*0=x; name*1=y", "name", "q\"\\",
	    "T: a/b;\n\tname=\"q\\\"\\\\\"\n" },
	{ " a/b", "name", "caf\xc3\xa9",
	    "T: a/b;\n\tname*=utf-8''caf%C3%A9\n" },
	{ " a/b", "name", "a\nb", "T: a/b;\n\tname*=utf-8''a%0Ab\n" },
	{ " a/b", "name", "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
	    "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9",
	    "T: a/b;\n\tname*0*=utf-8''%C3%A9%C3%A9%C3%A9%C3%A9%C3%A9%C3%A9"
	    "%C3%A9%C3%A9%C3%A9%C3%A9;\n\tname*1*=%C3%A9\n" },
	{ " a/b", "name", "\xc3\xa9" "0123456789012345678901234567890123456789"
	    "01234567890123",
	    "T: a/b;\n\tname*=utf-8''%C3%A901234567890123456789012345678901"
	    "2345678901234567890123\n" },
	{ " a/b", "name", "=?utf-8?Q?a?=",
	    "T: a/b;\n\tname*=utf-8''%3D%3Futf-8%3FQ%3Fa%3F%3D\n" },
	{ " a/b;\n\t\n\tn=x", NULL, NULL, "T: a/b;\n\tn=\"x\"\n" },
	{ " a/b; n=x\rEvil: y", NULL, NULL, "T: a/b;\n\tn=\"xEvil: y\"\n" },
	{ " a/b; n=x\nEvil: y", NULL, NULL, "T: a/b;\n\tn=\"xEvil: y\"\n" },
	{ " A/B (secret); n=x (secret); secret", "", NULL,
	    "T: a/b;\n\tn=\"x\"\n" },
};

static void
many(void)
{
	struct mimefield	 f;
	struct sbuf		 b;
	int			 i;

	sbuf_init(&b, MIMEPARAM_FIELD_MAX + 10);
	sbuf_addstr(&b, "a/b");
	for (i = 0; i < 1000; i++)
		sbuf_printf(&b, "; n%d=x", i);
	CHECK(mimefield_parse(&f, b.data, b.len) == 0);
	CHECK(f.n == MIMEPARAM_MAX && f.flags == MIMEFIELD_TRUNCATED);
	mimefield_free(&f);
	sbuf_reset(&b);
	sbuf_addstr(&b, "a/b; n=");
	for (i = 0; i < 20000; i++)
		sbuf_addch(&b, 'x');
	CHECK(mimefield_parse(&f, b.data, b.len) == 0);
	CHECK(f.flags == MIMEFIELD_TRUNCATED);
	CHECK_STR(mimefield_get(&f, "n"), "");
	mimefield_free(&f);
	CHECK(mimefield_parse(&f, b.data + 7, 300) == 0);
	CHECK(f.flags == MIMEFIELD_BAD);
	CHECK_STR(f.type, "");
	mimefield_free(&f);
	while (b.len <= MIMEPARAM_FIELD_MAX)
		CHECK(sbuf_addch(&b, '(') == 0);
	CHECK(mimefield_parse(&f, b.data, b.len) == -1);
	mimefield_free(&f);
	CHECK(mimefield_parse(&f, b.data, b.len - 1) == 0);
	mimefield_free(&f);
	sbuf_reset(&b);
	sbuf_addstr(&b, "a/b; n=\"");
	while (b.len < MIMEPARAM_FIELD_MAX)
		sbuf_addstr(&b, "\\\"");
	CHECK(mimefield_parse(&f, b.data, b.len) == 0);
	mimefield_free(&f);
	sbuf_free(&b);
}

int
main(void)
{
	struct mimefield	 f;
	struct sbuf		 b;
	const char		*v;
	size_t			 i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CHECK(mimefield_parse(&f, cases[i].in,
		    strlen(cases[i].in)) == 0);
		CHECK_STR(f.type, cases[i].type);
		v = mimefield_get(&f, cases[i].name);
		CHECK((v == NULL) == (cases[i].value == NULL));
		if (v != NULL)
			CHECK_STR(v, cases[i].value);
		if (f.flags != cases[i].flags)
			fprintf(stderr, "%s: flags %d\n", cases[i].in, f.flags);
		CHECK(f.flags == cases[i].flags);
		mimefield_free(&f);
	}
	sbuf_init(&b, 10000);
	for (i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
		CHECK(mimefield_parse(&f, sets[i].in,
		    strlen(sets[i].in)) == 0);
		if (sets[i].name != NULL && sets[i].name[0] == '\0')
			mimefield_renew(&f);
		else if (sets[i].name != NULL)
			CHECK(mimefield_set(&f, sets[i].name,
			    sets[i].value) == 0);
		sbuf_reset(&b);
		CHECK(mimefield_write(&f, "T", &b) == 0);
		CHECK_STR(sbuf_str(&b), sets[i].want);
		mimefield_free(&f);
	}
	CHECK(mimefield_parse(&f, "a/b", 3) == 0);
	CHECK(mimefield_set(&f, "bad name", "x") == -1);
	CHECK(mimefield_set(&f, "none", NULL) == 0 && !f.changed);
	CHECK(mimefield_settype(&f, "c/d") == 0);
	sbuf_reset(&b);
	CHECK(mimefield_write(&f, "T", &b) == 0);
	CHECK_STR(sbuf_str(&b), "T: c/d\n");
	mimefield_free(&f);
	sbuf_free(&b);
	many();
	return test_done();
}
