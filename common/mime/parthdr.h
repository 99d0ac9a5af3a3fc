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
 * The header of one part: what it says of the part, and what of it may go
 * out.
 */

#ifndef PARTHDR_H
#define PARTHDR_H

#include "base/sbuf.h"
#include "header/hdr.h"
#include "mime/bodytext.h"
#include "mime/cte.h"
#include "mime/mimeparam.h"
#include "scrub/textlex.h"

#define PARTHDR_OUT_MAX		262144	/* bytes of a new header */

enum part_action {
	PART_RAW,		/* other data: as it is */
	PART_TEXT,
	PART_MULTIPART,
	PART_MESSAGE,
	PART_REMOVE,		/* nothing of it can stay */
	PART_REFUSE		/* the message cannot be kept: see why */
};

struct part {
	enum part_action	 action;
	const char		*why;		/* a sentence, static */
	struct mimefield	 ct;
	const struct hdr_field	*ctfield;	/* or NULL: none came */
	const char		*boundary;	/* of ct, or NULL */
	enum cte_encoding		 cte;
	const char		*ctename;	/* as it goes out, or NULL */
	enum textlex_charset	 charset;
	int			 html;		/* has tags */
	int			 calendar;
	int			 method;	/* of a calendar */
	int			 attached;
	int			 signature;	/* multipart/signed */
};

/* Why a calendar with a METHOD is refused: a sentence. */
extern const char part_why_calendar[];

/* Which header it is. */
enum part_kind {
	PART_TOP,		/* of the message */
	PART_INNER,		/* of a part */
	PART_EMBEDDED		/* of a message in the message */
};

/* The fields to keep while reading such a header, for hdr_init(). */
const char *const *parthdr_keep(enum part_kind);

/*
 * Reads what the header says; digest: the part is a message when it says
 * nothing.  *p owns memory and points into the header: part_free().  0, or -1
 * without memory.
 */
int part_read(struct part *p, const struct hdr *, enum part_kind, int digest);

/* Frees what *p owns. */
void part_free(struct part *p);

/*
 * Appends the fields that go out, lines ended by LF, without secrets;
 * boundary is the new name of p's own.  Returns how many secrets there were,
 * or -1: no memory or out is full.
 */
int part_write(struct part *p, const struct hdr *, enum part_kind,
    const char *boundary, const struct bodytext *, struct sbuf *out);

#endif
