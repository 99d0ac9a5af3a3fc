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

#include "dkim/taglist.h"
#include "test.h"

/* The tags as "name=value|..."; "-" when the list is refused. */
static const char *
show(const char *s, int lenient)
{
	static char	 out[512];
	struct taglist	 t;
	size_t		 i, n = 0;

	if (lenient)
		taglist_parse_lenient(&t, s, strlen(s));
	else if (taglist_parse(&t, s, strlen(s)) == -1)
		return "-";
	out[0] = '\0';
	for (i = 0; i < t.n; i++)
		n += snprintf(out + n, sizeof(out) - n, "%.*s=%.*s|",
		    (int)t.v[i].namelen, t.v[i].name,
		    (int)t.v[i].valuelen, t.v[i].value);
	return out;
}

static const struct {
	const char	*in, *strict, *lenient;
} lists[] = {
	{ "v=1; a=rsa-sha256", "v=1|a=rsa-sha256|", "v=1|a=rsa-sha256|" },
	{ "v=1;", "v=1|", "v=1|" },
	{ "", "", "" },
	{ " \r\n\t ", "", "" },
	{ "v=1;; a=2; ;", "v=1|a=2|", "v=1|a=2|" },
	{ " v = 1 ;\r\n\ta\t=\r\n b ", "v=1|a=b|", "v=1|a=b|" },
	{ "b=ab\r\n cd", "b=ab\r\n cd|", "b=ab\r\n cd|" },
	{ "p=", "p=|", "p=|" },
	{ "h=a=b", "h=a=b|", "h=a=b|" },
	{ "V=1;v=2", "V=1|v=2|", "V=1|v=2|" },
	{ "v=1; v=2", "-", "v=1|" },
	{ "v=1; v", "-", "v=1|" },
	{ "v=1; junk; p=x", "-", "v=1|p=x|" },
	{ "=1; p=x", "-", "p=x|" },
	{ "1a=1; p=x", "-", "p=x|" },
	{ "a-b=1; p=x", "-", "p=x|" },
	{ "a_1=1", "a_1=1|", "a_1=1|" },
	{ "a b=1; p=x", "-", "p=x|" },
	{ "a=\001; p=x", "-", "p=x|" },
	{ "n=\303\244", "n=\303\244|", "n=\303\244|" },
};

static void
test_values(void)
{
	static const char		 values[] =
	    "h=a : b::c; n=12x; m= 99 ; e=;z=a b\r\n c";
	struct taglist			 t;
	const struct taglist_tag	*tag;
	const char			*word;
	long long			 v;
	size_t				 i = 0, len;
	char				 buf[8];

	CHECK(taglist_parse(&t, values, strlen(values)) == 0);
	tag = taglist_get(&t, "h");
	CHECK(tag != NULL && taglist_get(&t, "H") == NULL);
	CHECK(taglist_word(tag, &i, &word, &len) == 1 && len == 1 &&
	    *word == 'a');
	CHECK(taglist_word(tag, &i, &word, &len) == 1 && len == 1 &&
	    *word == 'b');
	CHECK(taglist_word(tag, &i, &word, &len) == 1 && len == 0);
	CHECK(taglist_word(tag, &i, &word, &len) == 1 && *word == 'c');
	CHECK(taglist_word(tag, &i, &word, &len) == 0);
	CHECK(taglist_number(taglist_get(&t, "n"), 1000, &v) == -1);
	CHECK(taglist_number(taglist_get(&t, "e"), 1000, &v) == -1);
	CHECK(taglist_number(taglist_get(&t, "m"), 99, &v) == 0 && v == 99);
	CHECK(taglist_number(taglist_get(&t, "m"), 98, &v) == -1);
	CHECK(taglist_is(taglist_get(&t, "m"), "99"));
	CHECK(!taglist_is(NULL, ""));
	CHECK(taglist_copy(taglist_get(&t, "z"), buf, 4) == 0);
	CHECK_STR(buf, "abc");
	CHECK(taglist_copy(taglist_get(&t, "z"), buf, 3) == -1);
}

/* One tag more than may be. */
static void
test_many(void)
{
	struct taglist	 t;
	char		 s[(TAGLIST_MAX + 1) * 8];
	size_t		 i, n = 0;

	for (i = 0; i < TAGLIST_MAX + 1; i++)
		n += snprintf(s + n, sizeof(s) - n, "t%zu=1;", i);
	CHECK(taglist_parse(&t, s, n) == -1);
	taglist_parse_lenient(&t, s, n);
	CHECK(t.n == TAGLIST_MAX);
	n = strrchr(s, 't') - s;
	CHECK(taglist_parse(&t, s, n) == 0);
}

int
main(void)
{
	size_t	 i;

	for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		CHECK_STR(show(lists[i].in, 0), lists[i].strict);
		CHECK_STR(show(lists[i].in, 1), lists[i].lenient);
	}
	test_values();
	test_many();
	return test_done();
}
