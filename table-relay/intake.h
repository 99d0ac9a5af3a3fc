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
 * What smtpd has sent and has no answer to yet.  It lies in memory that the
 * parent shares with every front, for smtpd waits for an answer for ever:
 * a front that is started in place of a dead one finds here what that one
 * left undone, and which protocol is spoken.
 */

#ifndef INTAKE_H
#define INTAKE_H

#include <sys/types.h>

#include <stdint.h>

#define INTAKE_SIZE	65536	/* more than any request of any protocol */
#define INTAKE_NAME_MAX	256	/* of a table, with its NUL */
#define INTAKE_TRIES	2	/* fronts that may die of one request */

enum intake_protocol {
	PROTOCOL_UNKNOWN,
	PROTOCOL_TEXT,		/* smtpd 7.6 and later */
	PROTOCOL_IMSG		/* up to 7.5 */
};

struct intake {
	uint32_t	protocol;	/* enum intake_protocol */
	uint32_t	start;		/* offset of the first byte to do */
	uint32_t	len;		/* offset behind the last byte read */
	uint32_t	tries;		/* how often it was begun */
	uint32_t	overlong;	/* the line at start is cut short */
	char		name[INTAKE_NAME_MAX];
	char		buf[INTAKE_SIZE];
};

/* A new empty one in shared memory, or NULL.  It is never given back. */
struct intake	*intake_new(void);

/*
 * Makes room behind len and returns how much there is, 0 only when a
 * request fills the buffer, which the limits of both protocols prevent.
 */
size_t		 intake_room(struct intake *);

/* For a front that starts: puts right what a sudden death left crooked. */
void		 intake_repair(struct intake *);

/*
 * Finds the line at offset off: 1 with its length, newline excluded, and
 * what it takes up; 0 when its end is not there yet.  A line longer than
 * max is cut to that, and the rest of it thrown away, now and later.
 */
int		 intake_line(struct intake *, size_t off, size_t max,
		    size_t *len, size_t *used);

#endif
