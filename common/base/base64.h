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

/* Base64, RFC 2045 section 6.8, in pieces. */

#ifndef BASE64_H
#define BASE64_H

#include <stddef.h>

#define BASE64_LINE_MAX	76
#define BASE64_LINE_RAW	57	/* bytes that fill such a line */

/* A decoder; all zero at the start. */
struct base64 {
	unsigned int	bits;	/* of the characters that wait */
	int		n;	/* how many wait: 0 to 3 */
	int		padded;	/* '=' was seen */
	int		bad;	/* what came was not canonical: foreign */
				/* characters, or text after the padding */
};

/*
 * Decodes len characters into out, which holds at least len + 3 bytes; returns
 * how many bytes were written.  Bytes are written when their group of four is
 * complete or padded.  White space is skipped; so is what is foreign, and
 * bad is set.  After padding decoding begins anew, and bad is set.
 */
size_t base64_decode(struct base64 *, const char *in, size_t len,
    unsigned char *out);

/* Ends the decoding: writes the 0 to 2 bytes of an unpadded last group. */
size_t base64_finish(struct base64 *, unsigned char out[2]);

/*
 * Encodes len bytes with padding; out holds at least (len + 2) / 3 * 4
 * characters; returns their number.  No NUL is added.
 */
size_t base64_encode(const unsigned char *in, size_t len, char *out);

#endif
