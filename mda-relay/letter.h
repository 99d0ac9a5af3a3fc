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
 * its length through the limits here.
 */

#ifndef LETTER_H
#define LETTER_H

#include <stdint.h>

#include "header/addr.h"
#include "header/facts.h"
#include "proc/ipc.h"
#include "mailfile.h"

#define LETTER_NAME_MAX		1024	/* bytes of a cleaned name */
#define LETTER_SUBJECT_MAX	1024	/* bytes of a subject, UTF-8 */
#define LETTER_FAILURES_MAX	20	/* recipients of one report */
#define LETTER_TEXT_MAX		200	/* characters quoted of a report */
#define LETTER_REPLYID_MAX	128	/* bytes of X-Relay-Reply */

#define LETTER_UNVERIFIED	0x01	/* X-Relay-Unverified: yes */
#define LETTER_SPAM		0x02	/* X-Spam: Yes */
#define LETTER_REPORT		0x04	/* holds a delivery status */
#define LETTER_LONGLINES	0x08	/* a line that sendmail would encode */
#define LETTER_ENCODING		0x10	/* has Content-Transfer-Encoding */
#define LETTER_AMBIGUOUS	0x20	/* no one writer */

struct person {
	char	*addr;			/* lower case, to compare */
	char	*typed;			/* as it came, to send to */
	char	*name;			/* cleaned, UTF-8, may be "" */
};

struct people {
	struct person	*v;
	size_t		 n;
};

struct failure {
	char	*recipient;		/* lower case address or "" */
	char	 status[16];		/* "5.1.1" or "" */
	char	 text[LETTER_TEXT_MAX + 1];	/* of Diagnostic-Code */
};

struct letter {
	int		 flags;		/* LETTER_* */
	int		 automatic;	/* FACTS_AUTO_* */
	int		 truncated;	/* FACTS_TRUNC_* */
	uint32_t	 received;	/* how many Received */
	int		 has_writer;
	struct person	 writer;	/* when has_writer */
	struct people	 from;		/* every address of every From */
	struct people	 reply_to, to, cc;
	char		*subject;	/* "" for none */
	char		*message_id;	/* "" for none */
	struct msgids	 in_reply_to, references;
	char		 smtpd_id[FACTS_SMTPDID_SIZE];
	char		 reply_id[LETTER_REPLYID_MAX + 1]; /* X-Relay-Reply */
	uint8_t		 digest[MAILFILE_DIGEST]; /* Date, Subject, body */
	struct failure	 failure[LETTER_FAILURES_MAX];
	size_t		 nfailures;
};

/* Puts a letter together from its parts, for the other process. */
void	letter_pack(struct ipc_pack *, const struct letter *);

/*
 * Takes one apart.  Returns 0, or -1 when the frame is malformed, passes a
 * limit, or memory is exhausted; *l then needs no letter_free().
 */
int	letter_unpack(const void *data, size_t len, struct letter *l);

/* Frees what *l owns and zeroes it. */
void	letter_free(struct letter *l);

/*
 * Fills what comes from the header's facts into *l, which is zeroed.
 * Returns 0, or -1 when memory is exhausted; letter_free() in either case.
 */
int	letter_facts(struct letter *l, const struct facts *f);

/* 1 when the list has that address (lower case), else 0. */
int	people_has(const struct people *, const char *addr);

#endif
