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

#include "dotstream.h"

enum {
	DS_BEGIN,		/* of a line */
	DS_DOT,			/* ... after its dot */
	DS_DOTCR,		/* ... after its dot and CR */
	DS_MIDDLE,
	DS_CR			/* CR was the last byte */
};

/* Goes on in the middle of a line; returns the bytes written. */
static size_t
take_middle(struct dotstream *d, char c, char *out)
{
	d->state = DS_MIDDLE;
	if (c == '\r') {
		d->state = DS_CR;
		return 0;
	}
	*out = c == '\n' ? ' ' : c;
	return 1;
}

/* One byte where a line begins; returns the bytes written. */
static size_t
take_begin(struct dotstream *d, char c, char *out, int *end)
{
	size_t	n = 0;

	if (d->state == DS_BEGIN && c == '.') {
		d->state = DS_DOT;
		return 0;
	}
	if (d->state == DS_DOT && c == '\r') {
		d->state = DS_DOTCR;
		return 0;
	}
	if (d->state == DS_DOTCR && c == '\n') {
		d->state = DS_BEGIN;
		*end = 1;
		return 0;
	}
	/* A dot that is not doubled is not part of the line. */
	if (d->state == DS_DOT && c == '.')
		out[n++] = '.';
	if (d->state == DS_DOTCR)
		out[n++] = ' ';
	return n + take_middle(d, c, out + n);
}

size_t
dotstream_feed(struct dotstream *d, const char *in, size_t len, char *out,
    size_t *outlen, int *end)
{
	size_t	i, n = 0;

	*end = 0;
	for (i = 0; i < len && !*end; i++) {
		if (d->state == DS_MIDDLE)
			n += take_middle(d, in[i], out + n);
		else if (d->state != DS_CR)
			n += take_begin(d, in[i], out + n, end);
		else if (in[i] == '\n') {
			out[n++] = '\r';
			out[n++] = '\n';
			d->state = DS_BEGIN;
		} else {
			out[n++] = ' ';
			n += take_middle(d, in[i], out + n);
		}
	}
	*outlen = n;
	return i;
}
