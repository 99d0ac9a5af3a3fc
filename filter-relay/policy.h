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

/* Who may speak for a mailbox: decided by header, handles and tokens. */

#ifndef POLICY_H
#define POLICY_H

#include "keeper.h"

/* A message being judged. */
struct judge {
	struct keeper		*k;
	struct ktx		*tx;
	const struct header_summary *header;
	const struct addr	*writer;	/* its summary_writer() */
	struct plan		*plan;
	struct store_worker	 w;		/* who the message says to be */
	struct store_mailbox	 mb;		/* for which mailbox */
	int			 reply;		/* by a handle of theirs */
	int			 start;		/* to somebody new, too */
	int			 hidden;	/* named, but not as writer */
	int			 sender;	/* authentication holds */
	uint64_t		 conversation;	/* of the token, or 0 */
};

/*
 * submit.c: may a user of ours say what the header says?  1; 0 and the reply
 * is set; -1: the store fails.  1 for mail that is nobody's of ours.
 */
int	submit_judge(struct judge *j);

/* submit.c: completes the plan for a user's mail.  0 or -1. */
int	submit_plan(struct judge *j);

/* policy_plan.c: a reply that passed: plan and record.  0 or -1. */
int	policy_plan_reply(struct judge *j);

/*
 * policy_plan.c: may the worker write to all of tx->starts?  1; 0: why, as
 * for policy_worker(), is set; or -1: the store fails.
 */
int	policy_start(struct judge *j, char *why, size_t size);

/* policy_plan.c: a worker's mail to the team that passed.  0 or -1. */
int	policy_plan_team(struct judge *j);

/* policy_plan.c: a helpdesk's copy for tx->toworker: 0 or -1. */
int	policy_plan_sign(struct judge *j);

#endif
