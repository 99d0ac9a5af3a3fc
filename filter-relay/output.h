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
 * What goes to smtpd.  A wrong line would end smtpd, so nothing else writes
 * to its pipe, and every answer is checked here.
 */

#ifndef OUTPUT_H
#define OUTPUT_H

#include <stddef.h>

#include "pending.h"
#include "session.h"

#define OUTPUT_HIGH	(512 * 1024)	/* bytes waiting: stop reading */
#define OUTPUT_LOW	(64 * 1024)	/* ... and go on */

struct output {
	int	 fd;
	char	*buf;
	size_t	 pos;		/* first byte not written */
	size_t	 len;
	size_t	 size;
	int	 failed;	/* smtpd is gone */
	int	 midline;	/* the last byte written was no newline */
	struct pending *pending;	/* where to note that, or NULL */
};

/* Prepares the output on a non-blocking descriptor; pending may be NULL. */
void	output_init(struct output *o, int fd, struct pending *pending);

/* The rest of a line that a predecessor has begun to write. */
void	output_rest(struct output *o, const char *rest, size_t len);

/* Writes what can be written now: 0 nothing is left, 1 something is, -1
 * smtpd is gone. */
int	output_flush(struct output *o);

/* Bytes waiting to be written. */
size_t	output_waiting(const struct output *o);

/* A register line; words is what stands behind "register|". */
void	output_register(struct output *o, const char *words);

/*
 * Answers the session's request at hand.  text is NULL to proceed, or a
 * reply with its code to reject with: if it is none (a code of 4xx or 5xx,
 * a space, printable ASCII, at most PROTO_TEXT_MAX bytes) then it is replaced
 * by 451 4.3.0.
 */
void	output_result(struct output *o, const struct session *s,
	    const char *text);

/*
 * Answers the session's request of MAIL FROM: smtpd takes the address in the
 * sender's place, and asks no filter behind us.  If it is no dot-atom at a
 * domain name that smtpd takes, the answer is 451 4.3.0.
 */
void	output_rewrite(struct output *o, const struct session *s,
	    const char *address);

/*
 * A line of the message, without its end.  Lines that protocol 0.6 would
 * cut are broken with CR LF SP, as RFC 5322 2.2.3 folds.  Returns 0; 1 if it
 * was broken; -1 if it holds NUL or LF or is too long, and is not sent.
 */
int	output_dataline(struct output *o, const struct session *s,
	    const char *line, size_t len);

/*
 * The fast way for a line that came from smtpd: rest points to
 * "sid|token|line\n" inside the request, which is the answer's end too.
 */
void	output_echo(struct output *o, const char *rest, size_t len);

#endif
