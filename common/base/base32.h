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

/* Base32 of RFC 4648 section 6, lower case, without padding. */

#ifndef BASE32_H
#define BASE32_H

#include <stddef.h>
#include <stdint.h>

/* Characters that n bytes become, without the final NUL. */
#define BASE32_LEN(n)	(((n) * 8 + 4) / 5)

/*
 * Writes len bytes of src as lower-case base32 and a NUL into dst.
 * Returns 0, or -1 if dst has no room for all of it (dst is then "").
 */
int	base32_encode(const uint8_t *src, size_t len, char *dst,
	    size_t dstsize);

/*
 * Reads srclen characters (any case, no padding) into exactly dstlen bytes.
 * Returns 0, or -1 if a character is foreign, the length does not fit, or
 * left-over bits are not zero (so each value has one spelling but for case).
 */
int	base32_decode(const char *src, size_t srclen, uint8_t *dst,
	    size_t dstlen);

/* Says whether the len characters at s are all base32, in any case: 1 or 0. */
int	base32_valid(const char *s, size_t len);

#endif
