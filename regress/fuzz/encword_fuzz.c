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

/* Encoded words: what is decoded can be encoded and comes back the same. */

#include "base/charset.h"
#include "fuzz.h"
#include "header/encword.h"

static void
round_trip(const char *text, int how)
{
	struct sbuf	 a, b, c;
	size_t		 i;

	sbuf_init(&a, 1000000);
	sbuf_init(&b, 1000000);
	sbuf_init(&c, 1000000);
	CLAIM(encword_encode(&a, text, how) == 0);
	for (i = 0; i < a.len; i++)
		CLAIM(a.data[i] >= ' ' && a.data[i] < 127);
	CLAIM(encword_decode(&b, sbuf_str(&a), a.len) == 0);
	/* Cleaned once, it does not change any more. */
	if (how == ENCWORD_TEXT) {
		CLAIM(encword_encode(&c, sbuf_str(&b), how) == 0);
		sbuf_reset(&a);
		CLAIM(encword_decode(&a, sbuf_str(&c), c.len) == 0);
		CLAIM(strcmp(sbuf_str(&a), sbuf_str(&b)) == 0);
	}
	sbuf_free(&a);
	sbuf_free(&b);
	sbuf_free(&c);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sbuf	 b;
	const char	*s = (const char *)data;

	sbuf_init(&b, 4 * size + 100);
	CLAIM(encword_decode(&b, s, size) == 0);
	CLAIM(charset_is_utf8(sbuf_str(&b), b.len));
	round_trip(sbuf_str(&b), ENCWORD_TEXT);
	round_trip(sbuf_str(&b), ENCWORD_PHRASE);
	sbuf_reset(&b);
	CLAIM(encword_decode_any(&b, s, size) == 0);
	CLAIM(charset_is_utf8(sbuf_str(&b), b.len));
	sbuf_free(&b);
	return 0;
}
