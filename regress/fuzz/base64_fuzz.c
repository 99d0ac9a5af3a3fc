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

/* Base64: pieces give what the whole gives, and what is written reads. */

#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "fuzz.h"

static size_t
decode(const uint8_t *data, size_t size, size_t piece, unsigned char *out)
{
	struct base64	b;
	size_t		i, n, o = 0;

	memset(&b, 0, sizeof(b));
	for (i = 0; i < size; i += n) {
		n = size - i < piece ? size - i : piece;
		o += base64_decode(&b, (const char *)data + i, n, out + o);
		CLAIM(o <= i + n + 3);
	}
	return o + base64_finish(&b, out + o);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned char	*a = malloc(size * 2 + 8), *b = malloc(size * 2 + 8);
	char		*enc = malloc(size * 2 + 8);
	struct base64	 dec;
	size_t		 n;

	if (a == NULL || b == NULL || enc == NULL)
		abort();
	n = decode(data, size, size + 1, a);
	CLAIM(decode(data, size, 1, b) == n && memcmp(a, b, n) == 0);
	CLAIM(decode(data, size, 3, b) == n && memcmp(a, b, n) == 0);
	memset(&dec, 0, sizeof(dec));
	n = base64_encode(data, size, enc);
	CLAIM(n == (size + 2) / 3 * 4);
	CLAIM(base64_decode(&dec, enc, n, a) == size);
	CLAIM(memcmp(a, data, size) == 0 && !dec.bad && dec.n == 0);
	free(a);
	free(b);
	free(enc);
	return 0;
}
