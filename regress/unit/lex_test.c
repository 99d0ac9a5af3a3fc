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

#include "base/lex.h"
#include "test.h"

/* Skips white space and comments: result, place, text of comments. */
static const struct {
	const char	*in;
	int		 r;
	size_t		 at;
	const char	*text;
} cfws[] = {
	{ "", 0, 0, "" },
	{ "x", 0, 0, "" },
	{ " \t\r\n x", 0, 5, "" },
	{ "(a)x", 1, 3, "a" },
	{ " (a) (b\\)c) x", 1, 12, "a b)c" },
	{ "(a (b) c)x", 1, 9, "a (b) c" },
	{ "(a\n b)", 1, 6, "a b" },
	{ "(a", -1, 2, "a" },
	{ "(a(b)", -1, 5, "a(b)" },
	{ "(a\\", -1, 3, "a\\" },
	{ ")", 0, 0, "" },
};

static const struct {
	const char	*in;
	int		 r;
	size_t		 at;
	const char	*text;
} quoted[] = {
	{ "\"\"", 0, 2, "" },
	{ "\"a b\"c", 0, 5, "a b" },
	{ "\"a\\\"b\\\\\"", 0, 8, "a\"b\\" },
	{ "\"a\n b\"", 0, 6, "a b" },
	{ "\"a", -1, 2, "a" },
	{ "\"a\\\"", -1, 4, "a\"" },
	{ "\"", -1, 1, "" },
};

int
main(void)
{
	struct sbuf	 b;
	char		 deep[300];
	size_t		 i, at;

	sbuf_init(&b, 100);
	for (i = 0; i < sizeof(cfws) / sizeof(cfws[0]); i++) {
		at = 0;
		sbuf_reset(&b);
		CHECK(lex_cfws(cfws[i].in, strlen(cfws[i].in), &at, &b) ==
		    cfws[i].r);
		CHECK(at == cfws[i].at);
		CHECK_STR(sbuf_str(&b), cfws[i].text);
	}
	for (i = 0; i < sizeof(quoted) / sizeof(quoted[0]); i++) {
		at = 0;
		sbuf_reset(&b);
		CHECK(lex_quoted(quoted[i].in, strlen(quoted[i].in), &at,
		    &b) == quoted[i].r);
		CHECK(at == quoted[i].at);
		CHECK_STR(sbuf_str(&b), quoted[i].text);
	}
	memset(deep, '(', sizeof(deep));
	memset(deep + 100, ')', 100);
	at = 0;
	CHECK(lex_cfws(deep, 200, &at, NULL) == 1 && at == 200);
	memset(deep + 100, '(', 100);
	at = 0;
	CHECK(lex_cfws(deep, sizeof(deep), &at, NULL) == -1);
	CHECK(at == sizeof(deep));
	sbuf_free(&b);
	sbuf_init(&b, 1);
	at = 0;
	CHECK(lex_quoted("\"ab\"", 4, &at, &b) == -1);
	sbuf_free(&b);
	sbuf_init(&b, 9);
	CHECK(lex_quote(&b, "a\"b\\c", 5) == 0);
	CHECK_STR(sbuf_str(&b), "\"a\\\"b\\\\c\"");
	sbuf_reset(&b);
	CHECK(lex_quote(&b, NULL, 0) == 0);
	CHECK_STR(sbuf_str(&b), "\"\"");
	CHECK(lex_quote(&b, "abcdefg", 7) == -1);
	sbuf_free(&b);
	CHECK(lex_atext('a') && lex_atext('=') && !lex_atext('.'));
	CHECK(!lex_atext('\0') && !lex_atext((char)0xc3) && !lex_atext('@'));
	CHECK(lex_ttext('a') && !lex_ttext('=') && !lex_ttext('/'));
	CHECK(!lex_ttext('\0') && !lex_ttext((char)0xc3) && !lex_ttext(' '));
	CHECK(lex_control('\0') && lex_control(127) && lex_control('\n'));
	CHECK(!lex_control('\t') && !lex_control((char)0xc3));
	CHECK(lex_is("AbC", 3, "abc") && !lex_is("AbCd", 4, "abc"));
	CHECK(lex_hex('f') == 15 && lex_hex('A') == 10 && lex_hex('0') == 0);
	CHECK(lex_hex('g') == -1 && lex_hex('\0') == -1 && lex_hex('@') == -1);
	return test_done();
}
