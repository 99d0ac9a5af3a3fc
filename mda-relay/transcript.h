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
 * What smtpd's sendmail -v says: its own commands after ">>> ", smtpd's
 * replies after "<<< ", its errors without either.
 */

#ifndef TRANSCRIPT_H
#define TRANSCRIPT_H

#include <stddef.h>

#define TRANSCRIPT_LINE_MAX	512	/* bytes of a line that count */

struct transcript {
	char	line[TRANSCRIPT_LINE_MAX];	/* being put together */
	size_t	len;
	int	session;		/* smtpd was spoken to */
	int	rcpt;			/* the last command was RCPT */
	int	dot;			/* the last command was the dot */
	int	accepted;		/* 2xx after the dot */
	int	refused;		/* 5xx after RCPT */
	char	reply[TRANSCRIPT_LINE_MAX];	/* the last words */
};

/* Begins a transcript. */
void	transcript_init(struct transcript *);

/* Takes bytes as they come, cut anywhere; NULs and lines too long are no
 * trouble. */
void	transcript_feed(struct transcript *, const char *p, size_t len);

/* Ends the last line. */
void	transcript_end(struct transcript *);

#endif
