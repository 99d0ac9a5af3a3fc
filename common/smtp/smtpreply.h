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
 * Replies of an SMTP or LMTP server, RFC 5321 section 4.2, as they come in
 * pieces.  A reply is one line or several ("250-" ... "250 "), each with the
 * same code.  What breaks the rules or a limit is an error, after which the
 * connection is good for nothing.
 */

#ifndef SMTPREPLY_H
#define SMTPREPLY_H

#include <stddef.h>

#include "base/sbuf.h"

#define SMTPREPLY_LINE_MAX	2048	/* bytes of a line with its end */
#define SMTPREPLY_LINES_MAX	128
#define SMTPREPLY_TOTAL_MAX	16384	/* bytes of all lines */
#define SMTPREPLY_TEXT_MAX	511	/* of smtpreply_text(), with its NUL:
					 * RFC 5321 section 4.5.3.1.5 less
					 * CR LF */

struct smtpreply {
	int		 code;		/* 200 to 599; 0 before any line */
	int		 nlines;	/* that are complete */
	struct sbuf	 text;		/* without codes, each ended by '\n';
					 * NUL never, but any other byte */
	struct sbuf	 line;		/* what came of the next line */
	size_t		 total;
	int		 done;
	const char	*error;		/* what was wrong, a constant */
};

/* Makes *r empty.  smtpreply_free() releases what it then grows. */
void	 smtpreply_init(struct smtpreply *r);
void	 smtpreply_free(struct smtpreply *r);

/* Empties *r for the next reply. */
void	 smtpreply_reset(struct smtpreply *r);

/*
 * Takes bytes up to the end of the reply; *used is how many.  Returns 1 when
 * the reply is complete (then smtpreply_reset() before the next), 0 when
 * more is needed, -1 when it is no reply: r->error says why, and every
 * further call returns -1.
 */
int	 smtpreply_feed(struct smtpreply *r, const char *buf, size_t len,
	    size_t *used);

/*
 * The text of line n (from 0), its length in *len; NULL when there is none.
 * It has no NUL at its end and is good until the next call that changes *r.
 */
const char *smtpreply_line(const struct smtpreply *r, int n, size_t *len);

/*
 * The whole reply as one line that can be sent on: "550 5.1.1 text text",
 * code first, the enhanced status code (RFC 2034) of the first line once and
 * those of the others left out, anything but printable ASCII as '?', cut at
 * size - 1 bytes, of which there must be at least 16.
 */
void	 smtpreply_text(const struct smtpreply *r, char *buf, size_t size);

#endif
