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
 * Calendars (RFC 5545) that are copies: finds or takes out what would make a
 * program answer the organizer, in decoded bytes that come in pieces.
 */

#ifndef ICAL_H
#define ICAL_H

#include <stddef.h>
#include <stdint.h>

#include "scrub/edit.h"

struct ical {
	struct edits	*edits;		/* or NULL: only look */
	uint64_t	 off;		/* bytes read */
	uint64_t	 line;		/* where the line at hand begins */
	char		 name[12];
	size_t		 nname;
	int		 state;		/* private */
	int		 method;	/* a METHOD was seen */
	int		 failed;
};

/* Begins a calendar.  edits is borrowed; NULL: nothing is taken out. */
void ical_init(struct ical *, struct edits *edits);

/* Reads bytes.  0, or -1 without memory. */
int ical_put(struct ical *, const unsigned char *, size_t len);

/* No change will be added any more to bytes before this offset. */
uint64_t ical_settled(const struct ical *);

#endif
