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
 * Content-Type and Content-Disposition: value and parameters (RFC 2045 5.1,
 * RFC 2183), continuations and charsets of RFC 2231, and what programs do
 * instead (encoded words in quotes, raw 8-bit, missing quotes).
 */

#ifndef MIMEPARAM_H
#define MIMEPARAM_H

#include "base/sbuf.h"

#define MIMEPARAM_FIELD_MAX	32768	/* bytes of a field's value */
#define MIMEPARAM_MAX		100	/* parameters, continuations apart */
#define MIMEPARAM_VALUE_MAX	8192	/* bytes of one decoded value */

struct mimeparam {
	char	*name;		/* lower case */
	char	*value;		/* decoded to UTF-8; never holds NUL */
	int	 changed;
};

/* Oddities. */
#define MIMEFIELD_DUP		0x01	/* one twice: the first counts */
#define MIMEFIELD_BAD		0x02	/* a segment that is no parameter */
#define MIMEFIELD_TRUNCATED	0x04	/* beyond a limit */

struct mimeseg;

struct mimefield {
	char		 *type;	/* lower case, "text/plain"; "" when none */
	struct mimeparam *v;
	size_t		  n;
	int		  flags;
	int		  changed;
	struct mimeseg	 *seg;	/* private: where each came from */
	size_t		  nseg;
	char		 *raw;
	size_t		  rawlen;
};

/*
 * Parses a field's value as it came, from after the colon; lines may be
 * joined by LF or unfolded.  0, or -1 when memory is exhausted or len is
 * over MIMEPARAM_FIELD_MAX.  *f owns its memory: mimefield_free(), also
 * after -1.
 */
int	 mimefield_parse(struct mimefield *f, const char *value, size_t len);

/* Frees what *f owns and zeroes it. */
void	 mimefield_free(struct mimefield *f);

/* A parameter's decoded value, or NULL.  ASCII case does not matter. */
const char *mimefield_get(const struct mimefield *f, const char *name);

/*
 * Gives a parameter a new value (UTF-8) or adds it; with value NULL takes
 * it out.  0, or -1 when memory is exhausted or a limit passed.
 */
int	 mimefield_set(struct mimefield *f, const char *name,
	    const char *value);

/* Changes the type itself ("text/plain").  0 or -1 as above. */
int	 mimefield_settype(struct mimefield *f, const char *type);

/*
 * Has mimefield_write() write everything anew: comments, segments that are
 * no parameters and second values of a parameter vanish.
 */
void	 mimefield_renew(struct mimefield *f);

/*
 * Appends the whole field, "name:" included, lines ended by LF.  When
 * nothing was set the bytes after the colon are those that came; else only
 * the changed parameters are written anew (quoted, or RFC 2231 when not
 * ASCII or too long, each on its own line), and duplicates and segments that
 * are no parameters go.  What no header line may hold (control characters,
 * over-long lines) has everything written anew.  -1 when b is exhausted.
 */
int	 mimefield_write(const struct mimefield *f, const char *name,
	    struct sbuf *b);

#endif
