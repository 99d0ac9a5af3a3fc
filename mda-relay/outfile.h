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

/* Lines into a file, in big chunks. */

#ifndef OUTFILE_H
#define OUTFILE_H

#include <stddef.h>

#define OUTFILE_BUFFER	65536
#define OUTFILE_LINE_MAX	60000	/* a longer line is broken: smtpd ends a
					 * session at 65,535 bytes */

struct outfile {
	int	 fd;
	int	 failed;	/* errno of the first failure */
	size_t	 len;
	char	 buf[OUTFILE_BUFFER];
};

/* Begins at the descriptor's present offset.  It stays the caller's. */
void	outfile_init(struct outfile *, int fd);

/* Writes bytes.  Returns 0, or -1: `failed' is set, and stays. */
int	outfile_add(struct outfile *, const char *p, size_t len);

/*
 * Writes a line and its LF.  One over OUTFILE_LINE_MAX becomes several, each
 * but the first behind a blank.  Returns 0 or -1 as above.
 */
int	outfile_line(struct outfile *, const char *line, size_t len);

/* Writes what is left.  Returns 0 when all is in the file, else -1. */
int	outfile_end(struct outfile *);

#endif
