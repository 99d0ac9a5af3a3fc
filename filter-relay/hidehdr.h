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
 * The header of a message that leaves as somebody's other address: what
 * names the host, the program or the login that it came from goes, and what
 * the recipient's program would show as "on behalf of".
 */

#ifndef HIDEHDR_H
#define HIDEHDR_H

#include "base/sbuf.h"
#include "header/replyhdr.h"

/* What becomes of a field. */
enum hidehdr_what {
	HIDEHDR_DROP,
	HIDEHDR_RECEIVED,	/* ours stay, and name us alone */
	HIDEHDR_MIME,		/* "1.0", without comments */
	HIDEHDR_MSGID,		/* another one */
	HIDEHDR_IDS,		/* ids that left as others are replaced */
	HIDEHDR_RECEIPT		/* stays if it names the writer alone */
};

struct hidehdr_rule {
	const char	*name;	/* a last '*' matches the rest */
	enum hidehdr_what what;
	const char	*why;	/* as relay.conf(5) says it */
};

struct hidehdr_plan {
	const char	*from;		/* the address in the From header */
	const char	*message_id;	/* new; NULL: the old one stays */
	const struct replyhdr_id *ids;	/* from: one's own, to: as it left */
	size_t		 nids;
	time_t		 now;
};

/* The table of fields that do not pass as they are; *n is its length. */
const struct hidehdr_rule *hidehdr_rules(size_t *n);

/* The rule for a field's name of len bytes, or NULL: it passes. */
const struct hidehdr_rule *hidehdr_rule(const char *name, size_t len);

/*
 * Appends the header that is in the len bytes at header, lines that end in
 * LF, up to a blank line or the end, as it may leave: without the blank
 * line.  The first Received field is the server's own (RFC 5321 4.4); it
 * keeps by, with, id and the date, and so do those below it that have the
 * same host in by, for smtpd counts them to find a loop.  Every field that
 * no rule is about passes byte by byte.  0, or -1 when b is exhausted or the
 * plan holds what no header can.
 */
int	hidehdr_build(struct sbuf *b, const char *header, size_t len,
	    const struct hidehdr_plan *p);

#endif
