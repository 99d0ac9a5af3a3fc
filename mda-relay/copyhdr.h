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

/* The header of the copy that a member of a mailbox gets. */

#ifndef COPYHDR_H
#define COPYHDR_H

#include "base/sbuf.h"
#include "header/summary.h"
#include "header/replyhdr.h"

#define COPYHDR_CUSTOMER	0	/* a customer's mail to the mailbox */
#define COPYHDR_TEAM		1	/* a member's mail to the team */

/* What to put in; sent to the engine without `mime'. */
struct copyhdr_plan {
	int		 kind;		/* COPYHDR_* */
	const char	*mailbox;	/* address */
	const char	*mailbox_name;	/* UTF-8 or NULL */
	const char	*from;		/* the writer's handle address; NULL: */
					/* none, the mailbox's own is written */
	const char	*worker_name;	/* COPYHDR_TEAM: who wrote */
	int		 unverified;	/* says so, X-Relay-Unverified: yes */
	int		 original;	/* `copies from original': the From */
					/* fields stay as they came */
	struct replyhdr_addr *map;	/* participants: to their handles; */
	size_t		 nmap;		/* name NULL: the name that came */
	const char	**ours;		/* mailboxes of ours: they stay */
	size_t		 nours;
	struct replyhdr_id *ids;	/* from the message to this worker's */
	size_t		 nids;		/* tokens; other ids stay in */
					/* COPYHDR_CUSTOMER alone */
	const char	*message_id;	/* token id, without < and > */
	const char	*conversation;	/* X-Relay-Conversation */
	time_t		 now;		/* when the message has no Date */
	const char	*mime;		/* as in struct replyhdr_plan */
};

/* How it is sent, and freed where its strings are its own (proc/ipcpack.h). */
extern const struct ipc_record	 copyhdr_plan_record;

/*
 * Appends the header of a copy, without the blank line, lines ended by LF:
 * Date, From, Reply-To, To, Cc, Subject, Message-ID, In-Reply-To,
 * References, MIME-Version, Content-*, Importance, Sensitivity,
 * Auto-Submitted, List-Id, X-Relay-Conversation and, when it is so,
 * X-Relay-Unverified.  An address in To, Cc or Reply-To that is neither in
 * map nor ours is left out, so that no answer goes around the mailbox; the
 * mailbox stands in To when no mailbox of ours is left there.  With
 * COPYHDR_TEAM everybody in map stands in Cc who is not in To.
 * 0, or -1 when b is exhausted or the plan holds what no header can.
 */
int	copyhdr_build(struct sbuf *b, const struct header_summary *f,
	    const struct copyhdr_plan *p);

#endif
