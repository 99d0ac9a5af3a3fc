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

/*
 * From the charsets that mail uses to UTF-8, without iconv(3), which wants
 * files that the process parsing mail does not have.
 */

#ifndef CHARSET_H
#define CHARSET_H

#include "base/sbuf.h"

#define CHARSET_NAME_MAX	40

struct charset {
	int		 kind;		/* private */
	const unsigned short *table;
	unsigned char	 part[4];	/* an incomplete character */
	size_t		 npart;
	unsigned int	 high;		/* a high surrogate that waits */
	unsigned int	 bits;		/* UTF-7 */
	int		 nbits;
	int		 shifted;
	int		 started;
};

/*
 * Begins a conversion from the charset called name (RFC 2978; ASCII case
 * does not matter, aliases are known): 1, or 0 when it is not one of
 * utf-8, us-ascii, utf-7, utf-16 and utf-32 in any byte order,
 * iso-8859-1, -2, -4, -5, -7, -9, -13 and -15,
 * windows-1250 to -1254 and -1257, koi8-r and koi8-u.
 * iso-8859-1 is read as windows-1252, which has it as a part.
 */
int	charset_open(struct charset *cs, const char *name);

/*
 * Appends the UTF-8 form of in[0..len); a character may be split between
 * calls.  What is invalid becomes U+FFFD.  -1 when b is exhausted.
 */
int	charset_put(struct charset *cs, struct sbuf *b, const void *in,
	    size_t len);

/* Ends the conversion: an incomplete character becomes U+FFFD. */
int	charset_end(struct charset *cs, struct sbuf *b);

/* All three at once: 1 done, 0 unknown charset, -1 when b is exhausted. */
int	charset_utf8(struct sbuf *b, const char *name, const void *in,
	    size_t len);

/*
 * Decodes the next character of UTF-8 text (RFC 3629: no overlong forms, no
 * surrogates): its code point in *cp and its length in bytes, or 0 when the
 * bytes at p are not UTF-8 or len is 0.
 */
size_t	charset_next(const char *p, size_t len, unsigned int *cp);

/* 1 when the len bytes at p are valid UTF-8, else 0. */
int	charset_is_utf8(const char *p, size_t len);

#endif
