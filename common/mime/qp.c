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

#include "mime/qp.h"

static int
hexval(unsigned char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

size_t
qp_trim(const char *line, size_t len)
{
	while (len > 0 && (line[len - 1] == ' ' || line[len - 1] == '\t' ||
	    line[len - 1] == '\r'))
		len--;
	return len;
}

int
qp_next(const char *line, size_t len, size_t *pos, unsigned char *byte)
{
	unsigned char	c;
	int		hi, lo;

	if (*pos >= len)
		return QP_END;
	c = (unsigned char)line[*pos];
	if (c != '=') {
		(*pos)++;
		*byte = c;
		return QP_BYTE;
	}
	if (*pos + 2 < len &&
	    (hi = hexval((unsigned char)line[*pos + 1])) != -1 &&
	    (lo = hexval((unsigned char)line[*pos + 2])) != -1) {
		*pos += 3;
		*byte = (unsigned char)(hi << 4 | lo);
		return QP_BYTE;
	}
	(*pos)++;
	if (*pos == len)
		return QP_SOFT;
	*byte = '=';
	return QP_STRAY;
}

size_t
qp_encode(unsigned char byte, char out[3])
{
	static const char hex[] = "0123456789ABCDEF";

	if (byte >= ' ' && byte <= '~' && byte != '=') {
		out[0] = (char)byte;
		return 1;
	}
	out[0] = '=';
	out[1] = hex[byte >> 4];
	out[2] = hex[byte & 15];
	return 3;
}
