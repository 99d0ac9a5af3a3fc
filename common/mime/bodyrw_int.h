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

/* What the files of bodyrw share; nobody else's. */

#ifndef BODYRW_INT_H
#define BODYRW_INT_H

#include "base/sbuf.h"
#include "header/hdr.h"
#include "scrub/bodycmd.h"
#include "mime/bodyrw.h"
#include "mime/bodytext.h"
#include "mime/ical.h"
#include "mime/mime.h"
#include "mime/parthdr.h"
#include "mime/recode.h"
#include "scrub/edit.h"
#include "scrub/scrub.h"

#define BODYRW_ERROR_MAX	200
#define BODYRW_RAWHDR_MAX	65536	/* bytes of a header kept as it came */

enum bodyrw_state {
	BODYRW_HEADER,
	BODYRW_TEXT,
	BODYRW_RAW,
	BODYRW_SKIP		/* a part that is taken out */
};

enum bodyrw_cmds {
	CMDS_WAIT,		/* for the first text */
	CMDS_ALTERNATIVES,	/* the first text's others are yet to come */
	CMDS_DONE
};

struct bodyrw {
	struct bodyrw_plan	 plan;
	bodyrw_out		*out;
	void			*arg;
	int			 full;	/* scrub; else all but little stays */
	int			 through;	/* the rest goes as it comes */
	enum bodyrw_state	 state;
	struct hdr		 hdr;
	enum part_kind		 kind;
	size_t			 hdrlines;
	struct sbuf		 rawhdr;	/* unless full */
	size_t			 delim;	/* the level of the part at hand */
	struct mime		 mime;
	struct scrub		 scrub;
	struct ical		 ical;
	struct edits		 edits;
	struct recode		 recode;
	struct bodytext		 text;
	enum bodyrw_cmds	 cmds;
	size_t			 alternative;	/* level of CMDS_ALTERNATIVES */
	struct bodycmd		 cmd;
	struct bodycmd_found	 found;
	size_t			 fieldbytes;
	size_t			 leaks;
	int			 failed;
	char			 error[BODYRW_ERROR_MAX + 1];
};

/* Refuses the message with that sentence; always returns -1. */
int bodyrw_refuse(struct bodyrw *, const char *why);

/* Gives a line out.  0, or -1: refused or failed. */
int bodyrw_emit(struct bodyrw *, const char *line, size_t len);

/* Prepares for the header of a part. */
int bodyrw_begin_header(struct bodyrw *, enum part_kind);

/*
 * The header is complete (blank: with an empty line): gives it out and
 * prepares for what follows.  0 or -1.
 */
int bodyrw_end_header(struct bodyrw *, int blank);

/* Prepares for text outside of any part, before and behind the parts. */
int bodyrw_begin_margin(struct bodyrw *);

/* Ends the text at hand, if there is one.  0 or -1. */
int bodyrw_end_text(struct bodyrw *);

#endif
