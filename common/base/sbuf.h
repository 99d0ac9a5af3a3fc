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
 * A growable byte buffer with a hard limit.  Once an append fails (limit or
 * memory), every later one fails too and the contents are void: callers may
 * check once, at the end.
 */

#ifndef SBUF_H
#define SBUF_H

#include <sys/types.h>

struct sbuf {
	char	*data;		/* NUL after the last byte, or NULL */
	size_t	 len;		/* bytes in use, may include NULs */
	size_t	 cap;
	size_t	 limit;		/* most bytes that it may ever hold */
	int	 failed;
};

/* Makes *b empty, to hold at most limit bytes.  Allocates nothing. */
void	 sbuf_init(struct sbuf *b, size_t limit);

/* Releases the memory; *b is then as after sbuf_init().  NULL is allowed. */
void	 sbuf_free(struct sbuf *b);

/* Empties *b and forgets a failure; keeps the memory. */
void	 sbuf_reset(struct sbuf *b);

/* Each appends and returns 0, or -1 when the limit or memory is exhausted. */
int	 sbuf_add(struct sbuf *b, const void *p, size_t len);
int	 sbuf_addstr(struct sbuf *b, const char *s);
int	 sbuf_addch(struct sbuf *b, int ch);
int	 sbuf_printf(struct sbuf *b, const char *fmt, ...)
	    __attribute__((__format__(printf, 2, 3)));

/* Appends the UTF-8 form of a code point; what is none becomes U+FFFD. */
int	 sbuf_addutf8(struct sbuf *b, unsigned int cp);

/* Cuts *b down to its first len bytes; no effect when it is shorter. */
void	 sbuf_cut(struct sbuf *b, size_t len);

/* The contents as a string ("" when empty); *b keeps owning it. */
const char *sbuf_str(const struct sbuf *b);

/*
 * The contents as a string that the caller frees; *b is empty afterwards.
 * NULL when an append had failed or memory is exhausted.
 */
char	*sbuf_take(struct sbuf *b);

#endif
