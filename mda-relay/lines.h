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

/* A file's lines, of any length, in a buffer that does not grow. */

#ifndef LINES_H
#define LINES_H

#include <stddef.h>

#define LINES_BUFFER	131072	/* twice what smtpd lets a line have */

#define LINES_PART	0x01	/* the line goes on in the next piece */
#define LINES_REST	0x02	/* this piece continues a line */

struct lines {
	int	 fd;
	size_t	 pos, end;
	int	 rest;
	int	 eof;
	char	 buf[LINES_BUFFER];
};

/* Begins at the descriptor's present offset.  It stays the caller's. */
void	lines_init(struct lines *, int fd);

/*
 * The next line without its LF, or CR LF, or a piece of one that is longer
 * than the buffer: then *flags says so.  Returns 1, 0 at the end of the
 * file, -1 with errno set.  The bytes are good until the next call.
 */
int	lines_next(struct lines *, const char **line, size_t *len,
	    int *flags);

#endif
