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
 * Rewrites the body of a message while it streams: takes private addresses,
 * handles and tokens out of every text, takes commands out of the top of the
 * text, or (for copies) takes the sting out of calendar parts.  Pure: no
 * input or output but the lines given and the callback; memory does not grow
 * with the message.
 *
 * Order of calls:
 *	bodyrw_new
 *	bodyrw_field	for each Content-* field of the message's header
 *	bodyrw_begin	gives those fields, rewritten, to the callback; the
 *			caller puts them in its header and writes the empty
 *			line after it
 *	bodyrw_line	for each line of the body
 *	bodyrw_end	the last lines; then the verdict holds
 *	bodyrw_free
 */

#ifndef BODYRW_H
#define BODYRW_H

#include <stddef.h>

#define BODYRW_LINE_MAX		131072	/* bytes of a line in or out */
#define BODYRW_FIELD_MAX	16384	/* bytes of all Content-* fields */
#define BODYRW_DEPTH_MAX	64	/* multipart and message nested */
#define BODYRW_SEED_LEN		16

struct bodyrw;
struct secrets;

enum bodyrw_mode {
	BODYRW_PASS,		/* leak pass: only commands, if asked for */
	BODYRW_SCRUB,		/* leak scrub */
	BODYRW_REFUSE,		/* leak refuse: the first leak refuses it */
	BODYRW_CALENDAR		/* a copy: only text/calendar is changed */
};


/*
 * What to do.  secrets and mailbox are borrowed and must outlive the
 * rewriter; they are needed for BODYRW_SCRUB and BODYRW_REFUSE only.
 */
struct bodyrw_plan {
	enum bodyrw_mode	 mode;
	int			 commands;	/* commands accept */
	const struct secrets	*secrets;
	const char		*mailbox;	/* stands in for each secret */
	unsigned char		 seed[BODYRW_SEED_LEN];	/* random bytes, of
						 * which the new boundaries
						 * and Content-Ids come */
};

/*
 * Takes one line, without end of line and without dot-stuffing: the caller
 * stuffs.  The line may hold any byte but LF, NUL and CR included, as it came.
 * Returns 0, or -1 to stop the rewriting.
 */
typedef int bodyrw_out(void *arg, const char *line, size_t len);

/* A rewriter, or NULL without memory.  The caller frees it. */
struct bodyrw *bodyrw_new(const struct bodyrw_plan *, bodyrw_out *, void *arg);

/* Frees a rewriter; NULL is allowed. */
void bodyrw_free(struct bodyrw *);

/*
 * Hands over one field of the message's own header, name and colon included,
 * folded as it came (LF or CRLF before the continuation), without the last
 * end of line.  Fields whose name does not begin with Content- are ignored.
 * 0, or -1: refused (see bodyrw_error).
 */
int bodyrw_field(struct bodyrw *, const char *field, size_t len);

/*
 * Ends the header: gives the Content-* fields to the callback line by line,
 * as they shall stand in the new header; Content-Transfer-Encoding is always
 * among them.  0, or -1: refused.
 */
int bodyrw_begin(struct bodyrw *);

/*
 * One line of the body, without end of line and with dot-stuffing undone.
 * What is given to the callback may lag behind by a few lines.  After a
 * refusal nothing is given to the callback any more, and every further call
 * returns -1.  0 or -1.
 */
int bodyrw_line(struct bodyrw *, const char *line, size_t len);

/* Ends the body; what was held back is given out.  0 or -1. */
int bodyrw_end(struct bodyrw *);

/*
 * Why the message is refused, or NULL while it is not: one sentence of
 * printable ASCII, at most 200 bytes, that says what to do; it belongs to the
 * rewriter.  Lack of memory and a callback that failed are told by
 * bodyrw_failed() instead, and are no reason to refuse for good.
 */
const char *bodyrw_error(const struct bodyrw *);

/* 1 when memory or the callback failed (answer 4xx), else 0. */
int bodyrw_failed(const struct bodyrw *);

/* How many secrets were found so far, the header's Content-* included. */
size_t bodyrw_leaks(const struct bodyrw *);

/* The commands found, as bits; complete after bodyrw_end(). */
unsigned int bodyrw_commands(const struct bodyrw *);

/*
 * Takes secrets out of one text, a decoded header value say.  Writes the
 * new text to out (size bytes with its NUL) and returns how many secrets were
 * replaced, 0 if the text was copied as it is, or -1: out is too small or no
 * memory.  Only seed is not used of the plan.
 */
int bodyrw_text(const struct bodyrw_plan *, const char *text, char *out,
    size_t size);

#endif
