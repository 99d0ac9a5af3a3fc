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
 * A message in a file, read as filter-relay reads one from smtpd: its header
 * into a summary, its signatures hashed.  Memory does not grow with its body.
 */

#ifndef MSGFILE_H
#define MSGFILE_H

#include <stdio.h>

#include "base/sbuf.h"
#include "dkim/dkim.h"
#include "header/summary.h"
#include "header/verp.h"

#define MSGFILE_LINE_MAX	(64 * 1024)	/* bytes of a header's line */
#define MSGFILE_HEADER_MAX	(256 * 1024)	/* what is more is body */

struct msgfile {
	struct header_summary	 summary;
	struct dkim	*dkim;
	long long	 bytes;
	/* The path of Return-Path, if the message begins with it. */
	int		 has_path;	/* "" is the null sender */
	char		 path[VERP_MAX + 1];
	/*
	 * Takes a line of the header, without its end, when the caller wants
	 * them; 0, or -1 without memory.
	 */
	int		(*header)(void *, const char *, size_t);
	void		*arg;

	/* private */
	struct sbuf	 line;
	size_t		 used;		/* bytes of the header */
	size_t		 lines;
	int		 body;		/* the header has ended */
	int		 begun;		/* a line of the body */
	int		 cr;		/* a CR that waits for its LF */
};

/*
 * Begins, of a message that came at the time now; header and arg are NULL.
 * 0, or -1 without memory.  msgfile_free() it in either case.
 */
int	 msgfile_init(struct msgfile *m, time_t now);
void	 msgfile_free(struct msgfile *m);

/*
 * Reads all of it; lines end in LF or CR LF, a first line of an mbox counts
 * for nothing.  0, or -1 and *why says it.
 */
int	 msgfile_read(struct msgfile *m, FILE *fp, const char **why);

#endif
