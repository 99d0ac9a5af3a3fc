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
 * Where messages wait that cannot be judged before they have come whole: one
 * file without a name, in blocks that messages take and give back.
 */

#ifndef SPOOL_H
#define SPOOL_H

#include <sys/types.h>
#include <stdint.h>

#include "base/sbuf.h"

#define SPOOL_BLOCK	(64 * 1024)	/* bytes; so many wait in memory */

struct spool;

/*
 * Makes a file without a name in one of the directories (NULL ends them): its
 * descriptor, or -1.
 */
int	 spool_open(const char *const *dirs);

/*
 * Takes the file, of which it uses at most limit bytes; fd of -1 is none, and
 * what fits into memory is all.  NULL without memory.
 */
struct spool *spool_new(int fd, int64_t limit);

/* A message; all zero at the start. */
struct spoolfile {
	uint32_t	*block;
	size_t		 n, sz;
	size_t		 next;		/* block to be read */
	struct sbuf	 tail;		/* the end, not in the file */
	int		 begun, ended;
};

/* Appends.  0, or -1: full, or it cannot be written. */
int	 spoolfile_add(struct spool *s, struct spoolfile *f, const char *p,
	    size_t len);

/*
 * Appends the next part of what was added to b, once, in order.  1, 0 at the
 * end, -1 when it cannot be read or b is full.
 */
int	 spoolfile_read(struct spool *s, struct spoolfile *f, struct sbuf *b);

/* Gives back all that *f holds and zeroes it. */
void	 spoolfile_free(struct spool *s, struct spoolfile *f);

#endif
