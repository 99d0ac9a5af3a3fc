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

/* Quoted-printable and base64, also as they should not be. */

#include "base/base64.h"
#include "mime/qp.h"
#include "test.h"

/* What a line decodes to; '~' is a stray '=', '_' a soft break, '$' an end. */
static const struct {
	const char	*in, *out;
} lines[] = {
	{ "", "$" },
	{ "plain", "plain$" },
	{ "a=3Db", "a=b$" },
	{ "a=3db=4a", "a=bJ$" },
	{ "soft=", "soft_" },
	{ "soft=  \t", "soft_" },
	{ "end  \t \r", "end$" },
	{ "mid  dle", "mid  dle$" },
	{ "=", "_" },
	{ "==", "~_" },
	{ "a=b", "a~b$" },
	{ "=4", "~4$" },
	{ "=4g", "~4g$" },
	{ "= x", "~ x$" },
	{ "=3D=3D=3D", "===$" },
	{ "=20", " $" },
};

static void
test_qp(void)
{
	char		out[64], enc[3];
	unsigned char	byte;
	size_t		i, n, pos, len;
	int		kind;

	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		len = qp_trim(lines[i].in, strlen(lines[i].in));
		n = pos = 0;
		do {
			kind = qp_next(lines[i].in, len, &pos, &byte);
			out[n++] = kind == QP_BYTE ? (char)byte :
			    "~_$"[kind - QP_STRAY];
		} while (kind == QP_BYTE || kind == QP_STRAY);
		out[n] = '\0';
		CHECK_STR(out, lines[i].out);
	}
	CHECK(qp_encode('a', enc) == 1 && enc[0] == 'a');
	CHECK(qp_encode('=', enc) == 3 && memcmp(enc, "=3D", 3) == 0);
	CHECK(qp_encode(0xe9, enc) == 3 && memcmp(enc, "=E9", 3) == 0);
	CHECK(qp_encode('\0', enc) == 3 && memcmp(enc, "=00", 3) == 0);
}

static const struct {
	const char	*in, *out;
	int		 bad;
} texts[] = {
	{ "", "", 0 },
	{ "YQ==", "a", 0 },
	{ "YWI=", "ab", 0 },
	{ "YWJj", "abc", 0 },
	{ "YW\r\n Jj\t", "abc", 0 },
	{ "YWJjZA", "abcd", 0 },
	{ "YWJjZGU", "abcde", 0 },
	{ "YWJjZ", "abc", 0 },
	{ "YW!Jj", "abc", 1 },
	{ "YW-_Jj", "abc", 1 },
	{ "YQ==YWI=", "aab", 1 },
	{ "YQ====", "a", 0 },
	{ "=", "", 1 },
	{ "Y=", "", 1 },
	{ "Y=YWJj", "abc", 1 },
};

static void
test_base64(void)
{
	unsigned char	out[64];
	char		enc[16];
	struct base64	b;
	size_t		i, n;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		memset(&b, 0, sizeof(b));
		n = base64_decode(&b, texts[i].in, strlen(texts[i].in), out);
		n += base64_finish(&b, out + n);
		CHECK(b.bad == texts[i].bad);
		out[n] = '\0';
		CHECK_STR((char *)out, texts[i].out);
	}
	for (i = 0; i < 4; i++) {
		static const char *const want[] = {
			"", "YQ==", "YWI=", "YWJj"
		};

		n = base64_encode((const unsigned char *)"abc", i, enc);
		enc[n] = '\0';
		CHECK_STR(enc, want[i]);
	}
}

int
main(void)
{
	test_qp();
	test_base64();
	return test_done();
}
