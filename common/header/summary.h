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
 *
 * The process that reads mail sends it as a summary_record to the one that
 * decides, which thus never parses what a stranger wrote.
 */

#ifndef SUMMARY_H
#define SUMMARY_H

#include <stdint.h>
#include <time.h>

#include "header/addr.h"
#include "header/authres.h"
#include "header/hdr.h"
#include "header/msgid.h"
#include "proc/ipcpack.h"

#define SUMMARY_ADDRS_MAX	400	/* of To, of Cc, of Reply-To */
#define SUMMARY_IDS_MAX		400	/* of In-Reply-To, of References */
#define SUMMARY_FROM_MAX	4096	/* bytes of all From fields */
#define SUMMARY_SUBJECT_MAX	4096	/* bytes of the decoded Subject */
#define SUMMARY_RECEIVED_LOOP	50	/* more Received than this: a loop */
#define SUMMARY_SMTPDID_SIZE	17	/* smtpd's message id, with its NUL */

/* Marks of mail that no person wrote just now. */
#define SUMMARY_AUTO_SUBMITTED	0x01	/* RFC 3834 Auto-Submitted, not "no" */
#define SUMMARY_AUTO_PRECEDENCE	0x02	/* Precedence bulk, junk or list */
#define SUMMARY_AUTO_XREPLY	0x04	/* X-Autoreply, X-Autorespond, ... */
#define SUMMARY_AUTO_LIST	0x08	/* List-Id or other List-* field */
#define SUMMARY_AUTO_SUPPRESS	0x10	/* X-Auto-Response-Suppress: ordinary */
					/* mail of some programs has it too */
/* An automatic reply; a null sender counts too, which the caller knows. */
#define SUMMARY_AUTO_REPLY	(SUMMARY_AUTO_SUBMITTED | \
				 SUMMARY_AUTO_PRECEDENCE | SUMMARY_AUTO_XREPLY)
/* Mail to many: a list or bulk. */
#define SUMMARY_AUTO_BULK	(SUMMARY_AUTO_PRECEDENCE | SUMMARY_AUTO_LIST)

/* What is incomplete for a limit. */
#define SUMMARY_TRUNC_HDR	0x01	/* a kept field was lost or cut */
#define SUMMARY_TRUNC_ADDRS	0x02
#define SUMMARY_TRUNC_IDS	0x04
#define SUMMARY_TRUNC_SUBJECT	0x08

struct header_summary {
	uint32_t	 nfrom;		/* From fields, 1 in proper mail */
	struct addrlist	 from;		/* addresses of all of them */
	/*
	 * Why no one address is what every program would show as the writer,
	 * in words that end a sentence ("the From header names a group"), or
	 * "": see summary_writer().
	 */
	char		 why_not[96];
	struct addrlist	 reply_to;
	struct addrlist	 to;
	struct addrlist	 cc;
	char		*subject;	/* decoded, UTF-8; NULL when none */
	char		*message_id;	/* without < and >; NULL when none */
	struct msgids	 in_reply_to;
	struct msgids	 references;
	uint32_t	 automatic;	/* SUMMARY_AUTO_* */
	uint32_t	 received;	/* number of Received fields */
	char		 smtpd_id[SUMMARY_SMTPDID_SIZE];
					/* of the first Received, else "" */
	uint8_t		 spam;		/* X-Spam: Yes */
	uint32_t	 truncated;	/* SUMMARY_TRUNC_* */

	/* What the reading process adds, where somebody asks for it. */
	char		*from_raw;	/* all From fields as they came */
	uint8_t		 auth_pass;	/* the writer's domain is behind it */
	uint8_t		 auth_judged;	/* our own resolver was asked */
	uint8_t		 auth_unsure;	/* and an error may hide a pass */

	/* Of the reading process alone; zero where it was sent to. */
	struct hdr	 hdr;		/* all kept fields, as they came */
	char		*subject_raw;	/* unfolded; NULL when none */
	time_t		 date;		/* valid when has_date */
	int		 has_date;
	const struct hdr_field *first_received;	/* or NULL */
	struct authres	 authres;	/* believed results alone */
	const char	*content_type;	/* unfolded value or NULL */
	const char	*content_encoding; /* Content-Transfer-Encoding, same */
	char		*authserv_id;
	int		 finished;
};

/*
 * How a summary is sent (proc/ipcpack.h).  Strings that were NULL are "" where
 * it was sent to, display names excepted.
 */
extern const struct ipc_record	 summary_record;

/*
 * Begins; *f must stay where it is until summary_free().  authserv_id: whose
 * Authentication-Results, where they stand above the first Received, are
 * believed (NULL: nobody's).  0, or -1 when memory is exhausted.
 */
int	 summary_init(struct header_summary *f, const char *authserv_id);

/* Frees what *f owns, of whichever process, and zeroes it. */
void	 summary_free(struct header_summary *f);

/*
 * Takes a line of the message without its end: HDR_MORE, or HDR_END or
 * HDR_BODY as hdr_line(), when the summary is complete.  -1 when memory is
 * exhausted.
 */
int	 summary_line(struct header_summary *f, const char *line, size_t len);

/*
 * Completes the summary of a message that ended inside its header.  Allowed
 * again.  0, or -1 when memory is exhausted.
 */
int	 summary_finish(struct header_summary *f);

/*
 * The one address that every program would show as the writer, or NULL when
 * f->why_not says why there is none.  It belongs to *f.
 */
const struct addr *summary_writer(const struct header_summary *f);

/*
 * The i-th Message-Id of References and then In-Reply-To, so that the oldest
 * comes first, and the i-th address of To and then Cc; NULL behind the last.
 */
const char *summary_id(const struct header_summary *f, size_t i);
const struct addr *summary_recipient(const struct header_summary *f, size_t i);

/*
 * The value of the only kept field called name, unfolded; NULL when there is
 * none, more than one, or it holds a NUL.  For X-Relay-* fields.
 */
const char *summary_single(const struct header_summary *f, const char *name);

#endif
