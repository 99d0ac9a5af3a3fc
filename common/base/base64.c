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

#include "base/base64.h"

/* The values of the characters, and one more: 0 is none. */
static const unsigned char values[256] = {
	[0x20] =
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 63, 0, 0, 0, 64,
	53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 0, 0, 0, 0, 0, 0,
	0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
	16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 0, 0, 0, 0, 0,
	0, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41,
	42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 0, 0, 0, 0, 0,
};

static int
value(unsigned char c)
{
	return (int)values[c] - 1;
}

/* What '=' makes of the characters that wait. */
static size_t
pad(struct base64 *b, unsigned char *out)
{
	size_t	n = 0;

	if (b->n == 1 || (b->n == 0 && !b->padded))
		b->bad = 1;
	if (b->n >= 2)
		n = base64_finish(b, out);
	b->n = 0;
	b->bits = 0;
	b->padded = 1;
	return n;
}

size_t
base64_decode(struct base64 *b, const char *in, size_t len,
    unsigned char *out)
{
	size_t	i, o = 0;
	int	v;

	for (i = 0; i < len; i++) {
		unsigned char c = (unsigned char)in[i];

		if ((v = value(c)) == -1) {
			if (c == '=')
				o += pad(b, out + o);
			else if (c != ' ' && c != '\t' && c != '\r' &&
			    c != '\n')
				b->bad = 1;
			continue;
		}
		if (b->padded) {
			b->padded = 0;
			b->bad = 1;
		}
		b->bits = b->bits << 6 | (unsigned int)v;
		if (++b->n < 4)
			continue;
		out[o++] = (unsigned char)(b->bits >> 16);
		out[o++] = (unsigned char)(b->bits >> 8);
		out[o++] = (unsigned char)b->bits;
		b->n = 0;
		b->bits = 0;
	}
	return o;
}

size_t
base64_finish(struct base64 *b, unsigned char out[2])
{
	size_t	o = 0;

	if (b->n == 2)
		out[o++] = (unsigned char)(b->bits >> 4);
	else if (b->n == 3) {
		out[o++] = (unsigned char)(b->bits >> 10);
		out[o++] = (unsigned char)(b->bits >> 2);
	}
	b->n = 0;
	b->bits = 0;
	return o;
}

size_t
base64_encode(const unsigned char *in, size_t len, char *out)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t	i, o = 0;

	for (i = 0; i < len; i += 3) {
		unsigned int v = (unsigned int)in[i] << 16;

		if (i + 1 < len)
			v |= (unsigned int)in[i + 1] << 8;
		if (i + 2 < len)
			v |= in[i + 2];
		out[o++] = alphabet[v >> 18];
		out[o++] = alphabet[v >> 12 & 63];
		out[o++] = i + 1 < len ? alphabet[v >> 6 & 63] : '=';
		out[o++] = i + 2 < len ? alphabet[v & 63] : '=';
	}
	return o;
}
