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

#include <string.h>

#include "mime/ical.h"

enum {
	ICAL_NAME,		/* in the name of a property */
	ICAL_KEEP,		/* in the rest of a line */
	ICAL_DROP,		/* in the rest of one that goes */
	ICAL_NAME_END,		/* behind a line end, in each of the three */
	ICAL_KEEP_END,
	ICAL_DROP_END
};

void
ical_init(struct ical *c, struct edits *edits)
{
	memset(c, 0, sizeof(*c));
	c->edits = edits;
}

static void
drop(struct ical *c, uint64_t from, uint64_t len)
{
	struct edit	e;

	if (c->edits == NULL)
		return;
	memset(&e, 0, sizeof(e));
	e.off = from;
	e.len = len;
	if (edits_add(c->edits, &e) == -1)
		c->failed = 1;
}

#define ICAL_NAME_SPAN	64	/* bytes, folded or not, of a name */

/* The name is complete: what becomes of the line? */
static void
named(struct ical *c, unsigned char last)
{
	static const char *const names[] = {
		"method", "organizer", "attendee"
	};
	size_t	i;

	c->state = ICAL_KEEP;
	if (last != ':' && last != ';')
		return;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strlen(names[i]) != c->nname ||
		    memcmp(names[i], c->name, c->nname) != 0)
			continue;
		if (i == 0)
			c->method = 1;
		c->state = ICAL_DROP;
		drop(c, c->line, c->off - c->line);
	}
}

static void
in_name(struct ical *c, unsigned char ch)
{
	if (ch >= 'A' && ch <= 'Z')
		ch = (unsigned char)(ch - 'A' + 'a');
	if (c->off - c->line > ICAL_NAME_SPAN) {
		named(c, ch);
		return;
	}
	/* White space and a byte order mark hide no name. */
	if (ch == ' ' || ch == '\t' || ch == '\0' || ch == 0xef ||
	    ch == 0xbb || ch == 0xbf)
		return;
	if (((ch >= 'a' && ch <= 'z') || ch == '-') &&
	    c->nname < sizeof(c->name)) {
		c->name[c->nname++] = (char)ch;
		return;
	}
	named(c, ch);
}

/* Behind a line end: a blank says that the line goes on (RFC 5545 3.1). */
static void
next_line(struct ical *c, unsigned char ch)
{
	if (ch == ' ' || ch == '\t') {
		c->state -= ICAL_NAME_END;
		return;
	}
	if (ch == '\n' || ch == '\r') {
		if (c->state == ICAL_NAME_END && c->nname == 0)
			c->line = c->off + 1;	/* an empty line */
		else if (c->state == ICAL_NAME_END &&
		    c->off - c->line > ICAL_NAME_SPAN)
			c->state = ICAL_KEEP_END;
		return;
	}
	c->state = ICAL_NAME;
	c->line = c->off;
	c->nname = 0;
	in_name(c, ch);
}

int
ical_put(struct ical *c, const unsigned char *p, size_t len)
{
	size_t	i;

	for (i = 0; i < len; i++) {
		unsigned char	ch = p[i];

		if (c->state >= ICAL_NAME_END)
			next_line(c, ch);
		else if (ch == '\n' || ch == '\r')
			c->state += ICAL_NAME_END;
		else if (c->state == ICAL_NAME)
			in_name(c, ch);
		if (c->state == ICAL_DROP || c->state == ICAL_DROP_END)
			drop(c, c->off, 1);
		c->off++;
	}
	return c->failed ? -1 : 0;
}

uint64_t
ical_settled(const struct ical *c)
{
	if (c->state == ICAL_NAME || c->state == ICAL_NAME_END)
		return c->line;
	return c->off;
}
