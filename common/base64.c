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

#include "base64.h"

static int
value(unsigned char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+')
		return 62;
	if (c == '/')
		return 63;
	return -1;
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
