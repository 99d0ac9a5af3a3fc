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
 * The encoded lines of one text part: decodes them for those that look for
 * what to change, and gives them out as they came, but for the changes.
 */

#ifndef CTE_H
#define CTE_H

#include <stddef.h>
#include <stdint.h>

#include "base/base64.h"
#include "base/sbuf.h"
#include "mime/ical.h"
#include "scrub/edit.h"
#include "scrub/scrub.h"

#define CTE_QUEUE	49152	/* bytes of lines that wait, but for one */
#define CTE_LINES	128	/* lines, or groups of them, that wait */
#define CTE_CHUNK	1024		/* bytes decoded at a time */
#define CTE_TEXT_MAX	300	/* bytes of what is put in */

enum cte_encoding {
	CTE_PLAIN,			/* 7bit, 8bit, binary */
	CTE_QP,
	CTE_BASE64
};

typedef int cte_out(void *arg, const char *line, size_t len);

/* Lines that are given out together, most often one. */
struct cte_line {
	size_t		len;		/* without the last end of line */
	uint64_t	start;		/* offsets of what it decodes to */
	uint64_t	end;
	int		whole;		/* no group of base64 goes on */
	int		bad;		/* has what readers disagree about */
};

/* What watches the text; both may be used, both may be NULL. */
struct cte {
	enum cte_encoding	 cte;
	struct scrub	*scrub;
	struct ical	*ical;
	struct edits	*edits;
	const char	*mailbox;
	cte_out	*out;
	void		*arg;
	struct sbuf	 queue;		/* lines as they came, LF behind each */
	size_t		 head;
	struct cte_line lines[CTE_LINES];
	size_t		 nlines;
	uint64_t	 off;		/* bytes decoded */
	struct base64	 dec;
	struct sbuf	 cur;		/* a changed line being made */
	int		 again;		/* base64 is written anew */
	struct base64	 dec2;
	uint64_t	 off2;
	unsigned char	 raw[BASE64_LINE_RAW];
	size_t		 nraw;
};

/* Prepares *r once; mailbox is borrowed. */
void cte_init(struct cte *, struct edits *edits, const char *mailbox,
    cte_out *, void *arg);

/* Frees what *r owns. */
void cte_free(struct cte *);

/* Begins a part. */
void cte_begin(struct cte *, enum cte_encoding, struct scrub *,
    struct ical *);

/* Takes a line.  0, or -1: no memory or the callback failed. */
int cte_line(struct cte *, const char *line, size_t len);

/* Ends the part: all that waits is given out.  0 or -1. */
int cte_end(struct cte *);

/* What stands in place of a secret or Content-Id; returns its length. */
size_t cte_text(char out[CTE_TEXT_MAX], const char *mailbox,
    enum edit_what what, uint64_t id);

#endif
