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
 * What policy has to know of a message, collected from its header while the
 * lines pass.  Memory per message is bounded by HDR_TOTAL_MAX kept bytes and
 * the list limits below; what did not fit is reported, never guessed.
 */

#ifndef FACTS_H
#define FACTS_H

#include <time.h>

#include "header/addr.h"
#include "header/authres.h"
#include "header/hdr.h"
#include "header/msgid.h"

#define FACTS_ADDRS_MAX		400	/* of To, of Cc, of Reply-To */
#define FACTS_IDS_MAX		400	/* of In-Reply-To, of References */
#define FACTS_SUBJECT_MAX	4096	/* bytes of the decoded Subject */
#define FACTS_RECEIVED_LOOP	50	/* more Received than this: a loop */
#define FACTS_SMTPDID_SIZE	17	/* smtpd's message id, with its NUL */

/* Marks of mail that no person wrote just now. */
#define FACTS_AUTO_SUBMITTED	0x01	/* RFC 3834 Auto-Submitted, not "no" */
#define FACTS_AUTO_PRECEDENCE	0x02	/* Precedence bulk, junk or list */
#define FACTS_AUTO_XREPLY	0x04	/* X-Autoreply, X-Autorespond, ... */
#define FACTS_AUTO_LIST		0x08	/* List-Id or other List-* field */
#define FACTS_AUTO_SUPPRESS	0x10	/* X-Auto-Response-Suppress: ordinary */
					/* mail of some programs has it too */
/* An automatic reply; a null sender counts too, which the caller knows. */
#define FACTS_AUTO_REPLY	(FACTS_AUTO_SUBMITTED | \
				 FACTS_AUTO_PRECEDENCE | FACTS_AUTO_XREPLY)
/* Mail to many: a list or bulk. */
#define FACTS_AUTO_BULK		(FACTS_AUTO_PRECEDENCE | FACTS_AUTO_LIST)

/* Which facts are incomplete for a limit. */
#define FACTS_TRUNC_HDR		0x01	/* a kept field was lost or cut */
#define FACTS_TRUNC_ADDRS	0x02
#define FACTS_TRUNC_IDS		0x04
#define FACTS_TRUNC_SUBJECT	0x08

struct facts {
	struct hdr	 hdr;		/* all kept fields, as they came */

	size_t		 nfrom;		/* From fields, 1 in proper mail */
	struct addrlist	 from;		/* addresses of all of them */
	/*
	 * The one address that every program would show as the writer, in
	 * its own case: or NULL, and why_not says why in words that end a
	 * sentence ("the From header names two addresses").  Owned by from.
	 */
	const char	*writer;
	const char	*writer_name;	/* display name as it came or NULL */
	const char	*why_not;

	struct addrlist	 sender;
	struct addrlist	 reply_to;
	struct addrlist	 to;
	struct addrlist	 cc;
	char		*subject;	/* decoded, UTF-8; NULL when none */
	char		*subject_raw;	/* unfolded; NULL when none */
	time_t		 date;		/* valid when has_date */
	int		 has_date;
	char		*message_id;	/* without < and >; NULL when none */
	struct msgids	 in_reply_to;
	struct msgids	 references;

	int		 automatic;	/* FACTS_AUTO_* */
	size_t		 received;	/* number of Received fields */
	char		 smtpd_id[FACTS_SMTPDID_SIZE];
					/* of the first Received, else "" */
	const struct hdr_field *first_received;	/* or NULL */
	int		 spam;		/* X-Spam: Yes */
	struct authres	 authres;	/* believed results alone */
	const char	*content_type;	/* unfolded value or NULL */
	const char	*content_encoding; /* Content-Transfer-Encoding, same */
	int		 truncated;	/* FACTS_TRUNC_* */

	/* private */
	char		*authserv_id;
	int		 finished;
	char		 why[96];
};

/*
 * Begins; *f must stay where it is until facts_free().  authserv_id: whose
 * Authentication-Results, where they stand above the first Received, are
 * believed (NULL: nobody's).  0, or -1 when memory is exhausted.
 */
int	 facts_init(struct facts *f, const char *authserv_id);

/* Frees what *f owns and zeroes it. */
void	 facts_free(struct facts *f);

/*
 * Takes a line of the message without its end: HDR_MORE, or HDR_END or
 * HDR_BODY as hdr_line(), when the facts are complete.  -1 when memory is
 * exhausted.
 */
int	 facts_line(struct facts *f, const char *line, size_t len);

/*
 * Completes the facts of a message that ended inside its header.  Allowed
 * again.  0, or -1 when memory is exhausted.
 */
int	 facts_finish(struct facts *f);

/*
 * The value of the only kept field called name, unfolded; NULL when there is
 * none, more than one, or it holds a NUL.  For X-Relay-* fields.
 */
const char *facts_single(const struct facts *f, const char *name);

#endif
