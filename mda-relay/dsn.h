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
 * Delivery status notifications, RFC 3464: which recipients failed.  Only
 * the fields of a message/delivery-status part are looked at, wherever it
 * stands in nested multiparts (smtpd sends its own in multipart/mixed), but
 * not inside an attached message.  smtpd's own reports have no
 * Diagnostic-Code; its text has the other server's reply instead, a line
 * "ADDRESS: 550 5.1.1 ..." for each recipient, which then stands in for it.
 */

#ifndef DSN_H
#define DSN_H

#include "header/hdr.h"
#include "letter.h"

#define DSN_DEPTH		8	/* of multiparts */
#define DSN_BOUNDARY_MAX	70	/* RFC 2046 5.1.1 */

#define DSN_REPLIES_MAX		LETTER_FAILURES_MAX

/* A line of a text that reads as a recipient's reply. */
struct dsn_reply {
	char	 recipient[ADDR_MAX + 1];	/* lower case */
	char	 text[LETTER_TEXT_MAX + 1];
};

struct dsn {
	struct letter	*letter;	/* gets the failures */
	char		 boundary[DSN_DEPTH][DSN_BOUNDARY_MAX + 1];
	size_t		 depth;
	int		 mode;
	int		 have_hdr;
	struct hdr	 hdr;
	struct dsn_reply reply[DSN_REPLIES_MAX];
	size_t		 nreplies;
};

/*
 * Begins at the body of a message of that Content-Type (NULL for none).
 * The letter gets LETTER_REPORT when there is a delivery status, and its
 * failures.  Returns 0, or -1 when memory is exhausted.
 */
int	dsn_init(struct dsn *, struct letter *, const char *content_type);

/* Takes a line of the body, without its end.  Returns 0 or -1. */
int	dsn_line(struct dsn *, const char *line, size_t len);

/* Ends, and frees what *d owns.  Returns 0, or -1 without memory. */
int	dsn_end(struct dsn *d);

#endif
