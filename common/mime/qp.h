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

/* Quoted-printable, RFC 2045 section 6.7, read as leniently as anybody does. */

#ifndef QP_H
#define QP_H

#include <stddef.h>

#define QP_LINE_MAX	76	/* RFC 2045 section 6.7 (5) */

/* What qp_next() found. */
#define QP_BYTE		0	/* one decoded byte */
#define QP_STRAY	1	/* an '=' that means nothing: *byte is '=' */
#define QP_SOFT		2	/* a soft line break */
#define QP_END		3	/* the end of the line */

/*
 * The length of a line without the white space at its end (CR too), which is
 * no part of the text.
 */
size_t qp_trim(const char *line, size_t len);

/*
 * Reads the next element of a line, whose len is that of qp_trim(), at *pos,
 * which moves on; pos must be at most len.  Hexadecimal digits may be of
 * either case.
 */
int qp_next(const char *line, size_t len, size_t *pos, unsigned char *byte);

/*
 * Writes a byte as it may stand in the middle of a line: 1 or 3 characters,
 * whose number is returned.  No NUL is added.
 */
size_t qp_encode(unsigned char byte, char out[3]);

#endif
