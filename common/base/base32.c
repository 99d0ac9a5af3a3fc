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

#include "base/base32.h"

static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";

static int
value(char c)
{
	if (c >= 'a' && c <= 'z')
		return c - 'a';
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= '2' && c <= '7')
		return c - '2' + 26;
	return -1;
}

int
base32_encode(const uint8_t *src, size_t len, char *dst, size_t dstsize)
{
	uint32_t	 acc = 0;
	unsigned int	 bits = 0;
	size_t		 i, o = 0;

	if (dstsize == 0)
		return -1;
	dst[0] = '\0';
	if (len > SIZE_MAX / 8 - 1 || dstsize < BASE32_LEN(len) + 1)
		return -1;
	for (i = 0; i < len; i++) {
		acc = acc << 8 | src[i];
		bits += 8;
		while (bits >= 5) {
			bits -= 5;
			dst[o++] = alphabet[acc >> bits & 31];
		}
	}
	if (bits > 0)
		dst[o++] = alphabet[acc << (5 - bits) & 31];
	dst[o] = '\0';
	return 0;
}

int
base32_decode(const char *src, size_t srclen, uint8_t *dst, size_t dstlen)
{
	uint32_t	 acc = 0;
	unsigned int	 bits = 0;
	size_t		 i, o = 0;
	int		 v;

	if (dstlen > SIZE_MAX / 8 - 1 || srclen != BASE32_LEN(dstlen))
		return -1;
	for (i = 0; i < srclen; i++) {
		if ((v = value(src[i])) == -1)
			return -1;
		acc = (acc << 5 | (uint32_t)v) & 0xfff;
		bits += 5;
		if (bits >= 8) {
			bits -= 8;
			dst[o++] = acc >> bits & 0xff;
		}
	}
	if ((acc & ((1U << bits) - 1)) != 0)
		return -1;
	return 0;
}

int
base32_valid(const char *s, size_t len)
{
	size_t	 i;

	for (i = 0; i < len; i++)
		if (value(s[i]) == -1)
			return 0;
	return 1;
}
