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
 * The structure of a MIME body: the multiparts and messages that are open,
 * and their boundaries (RFC 2046 section 5.1.1).
 */

#ifndef MIME_H
#define MIME_H

#include <stddef.h>
#include <stdint.h>

#define MIME_DEPTH_MAX		64
#define MIME_BOUNDARY_MAX	1024	/* bytes; RFC 2046 allows 70 */
#define MIME_NEW_MAX		40

struct mime_level {
	char	*boundary;	/* NULL: a message within the message */
	size_t	 len;
	char	 renamed[MIME_NEW_MAX];
	int	 digest;	/* its parts are messages by default */
	int	 alternative;
	int	 sealed;	/* signed: no part of it may be changed */
	int	 closed;	/* the closing delimiter was seen */
	size_t	 parts;		/* that were given out */
};

/* All zero at the start. */
struct mime {
	struct mime_level	level[MIME_DEPTH_MAX];
	size_t			n;
	uint32_t		made;	/* boundaries made so far */
};

/* Frees what *m owns; nothing is open then. */
void mime_free(struct mime *m);

/*
 * Opens a multipart with that boundary, or a message (boundary NULL).  seed,
 * of 16 bytes, makes the new name of the boundary.  1; 0 when the depth is
 * reached or the boundary too long; -1 without memory.
 */
int mime_open(struct mime *m, const char *boundary,
    const unsigned char *seed);

/* Closes all levels but the first n. */
void mime_shut(struct mime *m, size_t n);

/*
 * Whether a line is a delimiter of a level that is open: 1, with the level's
 * place in *at and in *end whether it is the closing one; else 0.  White
 * space at the line's end does not count.
 */
int mime_delimiter(const struct mime *m, const char *line, size_t len,
    size_t *at, int *end);

#endif
