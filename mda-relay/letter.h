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
 * What the parent knows of a message: all that the engine found in it, and
 * nothing that it did not.  Every string has been through the engine, and
 * its length through the limits here and in header/summary.h.
 */

#ifndef LETTER_H
#define LETTER_H

#include <stdint.h>

#include "header/summary.h"
#include "mailfile.h"

#define LETTER_FAILURES_MAX	20	/* recipients of one report */
#define LETTER_TEXT_MAX		200	/* characters quoted of a report */
#define LETTER_REPLYID_MAX	128	/* bytes of X-Relay-Reply */

#define LETTER_UNVERIFIED	0x01	/* X-Relay-Unverified: yes */
#define LETTER_REPORT		0x02	/* holds a delivery status */
#define LETTER_LONGLINES	0x04	/* a line that sendmail would encode */

struct failure {
	char	*recipient;		/* lower case address or "" */
	char	 status[16];		/* "5.1.1" or "" */
	char	 text[LETTER_TEXT_MAX + 1];	/* of Diagnostic-Code */
};

struct letter {
	struct header_summary	 header;	/* its names are cleaned */
	int			 flags;		/* LETTER_* */
	char			 reply_id[LETTER_REPLYID_MAX + 1];
						/* X-Relay-Reply */
	uint8_t			 digest[MAILFILE_DIGEST];
						/* of Date, Subject, body */
	struct failure		*failure;
	size_t			 nfailures;
};

/* How the engine sends it to the parent, see proc/ipcpack.h. */
extern const struct ipc_record	 letter_record;

/* Frees what *l owns and zeroes it. */
void	letter_free(struct letter *l);

#endif
