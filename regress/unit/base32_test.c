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

#include "base/base32.h"
#include "test.h"

/* RFC 4648 section 10, in lower case and without padding. */
static void
vectors(void)
{
	static const char *const	 v[][2] = {
		{ "", "" }, { "f", "my" }, { "fo", "mzxq" },
		{ "foo", "mzxw6" }, { "foob", "mzxw6yq" },
		{ "fooba", "mzxw6ytb" }, { "foobar", "mzxw6ytboi" }
	};
	char	 text[32];
	uint8_t	 raw[16];
	size_t	 i, len;

	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		len = strlen(v[i][0]);
		CHECK(base32_encode((const uint8_t *)v[i][0], len, text,
		    sizeof(text)) == 0);
		CHECK_STR(text, v[i][1]);
		CHECK(BASE32_LEN(len) == strlen(v[i][1]));
		CHECK(base32_decode(v[i][1], strlen(v[i][1]), raw, len) == 0);
		CHECK(memcmp(raw, v[i][0], len) == 0);
	}
	CHECK(base32_decode("MZXW6YTBOI", 10, raw, 6) == 0);
	CHECK(memcmp(raw, "foobar", 6) == 0);
}

int
main(void)
{
	uint8_t	 raw[64], back[64];
	char	 text[128];
	size_t	 i, len;

	vectors();
	for (len = 0; len <= sizeof(raw); len++) {
		for (i = 0; i < len; i++)
			raw[i] = (uint8_t)(i * 41 + len);
		CHECK(base32_encode(raw, len, text, BASE32_LEN(len) + 1) == 0);
		CHECK(base32_valid(text, strlen(text)));
		CHECK(base32_decode(text, strlen(text), back, len) == 0);
		CHECK(memcmp(raw, back, len) == 0);
	}
	/* No room, wrong lengths, foreign characters, left-over bits. */
	CHECK(base32_encode(raw, 5, text, 8) == -1);
	CHECK_STR(text, "");
	CHECK(base32_decode("mzxw6", 5, back, 2) == -1);
	CHECK(base32_decode("mzxw6", 5, back, 4) == -1);
	CHECK(base32_decode("mz", 2, back, 1) == -1);
	CHECK(base32_decode("m1", 2, back, 1) == -1);
	CHECK(base32_decode("m=", 2, back, 1) == -1);
	CHECK(base32_decode("m\0", 2, back, 1) == -1);
	CHECK(!base32_valid("a8", 2));
	CHECK(!base32_valid("a\xe1", 2));
	return test_done();
}
