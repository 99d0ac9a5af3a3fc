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
 * What a front leaves to its successor, in memory that both share: which
 * requests of smtpd are unanswered, for it would wait for ever, what it says
 * only once, and the rest of a line that it has got the beginning of.
 */

#ifndef PENDING_H
#define PENDING_H

#include "proto.h"

#define PENDING_MAX	4096		/* requests; more are not noted */
#define PENDING_ADMD	256
#define PENDING_TORN	(PROTO_LINE_MAX + 1024)

enum pending_kind {
	PENDING_NONE,
	PENDING_RESULT,		/* wants a verdict */
	PENDING_DOT		/* wants the end of the message */
};

struct pending_request {
	char		sid[PROTO_ID];
	char		token[PROTO_ID];
	unsigned char	kind;
};

struct pending {
	unsigned char	ready;		/* smtpd said so */
	unsigned char	registered;	/* and we answered */
	char		admd[PENDING_ADMD];
	size_t		next;		/* where to look for room */
	size_t		tornlen;	/* 0: no line is torn */
	char		torn[PENDING_TORN];
	struct pending_request	v[PENDING_MAX];
};

/* In the parent, before any fork: NULL without memory. */
struct pending	*pending_map(void);

/* For children that have no business with it; NULL is allowed. */
void		 pending_unmap(struct pending *p);

/* Notes a request.  Returns a number above 0 for it, or 0: no room. */
unsigned int	 pending_set(struct pending *p, const char sid[PROTO_ID],
		    const char token[PROTO_ID], enum pending_kind kind);

/* The rest of a torn line, or "" of length 0: all is whole. */
void		 pending_torn(struct pending *p, const char *rest, size_t len);

/* It is being answered now; 0 is allowed.  *number becomes 0. */
void		 pending_clear(struct pending *p, unsigned int *number);

#endif
