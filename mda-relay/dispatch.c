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

/* The recipient says what a message is, and so whose work it becomes. */

#include <sys/types.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/compat.h"
#include "base/log.h"
#include "bounce.h"
#include "customer.h"
#include "dispatch.h"
#include "header/handle.h"
#include "header/startaddr.h"
#include "reply.h"
#include "run.h"
#include "store/own_msgid.h"
#include "store/store_mail.h"

/*
 * Whether the message goes round: it is one of our own copies come back, or
 * has passed too many hosts.  1 yes, 0 no, -1.
 */
static int
loops(struct run *r)
{
	int	n;

	if (r->letter.header.received > SUMMARY_RECEIVED_LOOP) {
		log_warnx("%s: dropped: a loop, %u hosts",
		    r->letter.header.smtpd_id, r->letter.header.received);
		run_event(r, "loop", 0, 0, "dropped %s: %u hosts",
		    r->letter.header.smtpd_id, r->letter.header.received);
		return 1;
	}
	if (r->rcpt.mailbox.id == 0 || r->letter.reply_id[0] != '\0')
		return 0;
	n = own_msgid_check(r->store, r->keys, r->letter.header.message_id,
	    r->now);
	if (n == 1) {
		log_warnx("%s: dropped: a loop, it is a copy of ours",
		    r->letter.header.smtpd_id);
		run_event(r, "loop", 0, 0, "dropped %s: a copy of ours",
		    r->letter.header.smtpd_id);
	}
	return n;
}

/*
 * A worker's mail that begins a conversation with the one whom the recipient
 * names has a handle for that one, and goes on as if it were to the handle.
 */
static int
begins(struct run *r, const struct store_reply *rec)
{
	struct store_participant p;
	struct store_handle	h;
	char			box[ADDR_MAX + 1], whom[ADDR_MAX + 1];
	size_t			i;
	int			n;

	if (r->rcpt.kind != STORE_RCPT_MAILBOX ||
	    startaddr_parse(r->recipient, box, whom) != 1)
		return 0;
	if ((n = store_participant_byaddr(r->store, rec->conversation, whom,
	    &p)) != 1)
		return n;
	for (i = 0; i < rec->nhandles; i++) {
		if ((n = store_handle_byid(r->store, rec->handle[i], r->now,
		    &h)) == -1)
			return -1;
		if (n == 1 && h.participant == p.id) {
			r->rcpt.kind = STORE_RCPT_HANDLE;
			r->rcpt.handle = h;
			return 1;
		}
	}
	return 0;
}

/* A reply or a member's when there is a record of it, else a customer's. */
static int
mailbox_mail(struct run *r)
{
	struct store_reply	rec;
	size_t			i;
	int			n = 0;

	if (r->letter.reply_id[0] != '\0' &&
	    (n = store_reply_get(r->store, r->letter.reply_id, r->now,
	    &rec)) == -1) {
		run_store_failed(r, "reply");
		return RUN_RETRY;
	}
	if (n == 1 && (rec.mailbox != r->rcpt.mailbox.id ||
	    strcmp(rec.smtpd, r->letter.header.smtpd_id) != 0))
		n = 0;
	if (n == 1 && begins(r, &rec) == -1) {
		run_store_failed(r, "handle");
		return RUN_RETRY;
	}
	if (n == 1 && r->rcpt.kind == STORE_RCPT_MAILBOX)
		return reply_team(r, &rec);
	for (i = 0; n == 1 && i < rec.nhandles; i++)
		if (rec.handle[i] == r->rcpt.handle.id)
			return reply_participant(r, &rec);
	if (r->letter.reply_id[0] != '\0')
		log_info("%s: X-Relay-Reply of no record of ours",
		    r->letter.header.smtpd_id);
	return customer_run(r);
}

/*
 * What came to a return path: an answer (an absence, say) goes to the worker
 * who wrote, a report is a bounce.
 */
static int
returned(struct run *r)
{
	const struct store_rpath	*rp = &r->rcpt.rpath;
	int				 report;

	report = r->from[0] == '\0' && (r->letter.flags & LETTER_REPORT) != 0;
	if (!report && rp->kind == STORE_RPATH_PARTICIPANT &&
	    r->rcpt.mailbox.id != 0)
		return customer_answer(r, rp);
	return bounce_run(r);
}

/* Looks the recipient up: 1, 0 it is nothing of ours, -1. */
static int
what_is(struct run *r)
{
	char	mailbox[STORE_ADDR_MAX + 1], name[HANDLE_LEN + 1];
	char	whom[ADDR_MAX + 1];
	int	n;

	if ((n = store_rcpt_get(r->store, r->recipient, r->now,
	    &r->rcpt)) != 0)
		return n;
	/* a handle that is no longer known leaves mail to its mailbox */
	if (handle_addr_parse(r->recipient, mailbox, sizeof(mailbox),
	    name) != 1 && startaddr_parse(r->recipient, mailbox, whom) != 1)
		return 0;
	if ((n = store_rcpt_get(r->store, mailbox, r->now, &r->rcpt)) != 1)
		return n;
	return r->rcpt.kind == STORE_RCPT_MAILBOX;
}

static int
work(struct run *r)
{
	int	n;

	/* smtpd's own id is always there, but nothing may rest on that */
	if (r->letter.header.smtpd_id[0] == '\0')
		(void)snprintf(r->letter.header.smtpd_id,
		    sizeof(r->letter.header.smtpd_id),
		    "%02x%02x%02x%02x%02x%02x",
		    r->digest[0], r->digest[1], r->digest[2], r->digest[3],
		    r->digest[4], r->digest[5]);
	if ((n = what_is(r)) == -1) {
		run_store_failed(r, "recipient");
		return RUN_RETRY;
	}
	if (n == 0) {
		/* gone since smtpd took the message */
		if (rpath_addr_parse(r->recipient, (char[RPATH_LEN + 1]){ 0 },
		    &(const char *){ NULL }) == 1) {
			log_info("%s: dropped: for a return path that has "
			    "expired", r->letter.header.smtpd_id);
			return RUN_DONE;
		}
		log_warnx("%s: no such address: %s", r->letter.header.smtpd_id,
		    r->recipient);
		return RUN_RETRY;
	}
	if ((n = loops(r)) != 0)
		return n == -1 ? RUN_RETRY : RUN_DONE;
	if (r->rcpt.kind == STORE_RCPT_RPATH)
		return returned(r);
	return mailbox_mail(r);
}

int
dispatch_message(struct run *r)
{
	int	n;

	if (store_durable(r->store, 0) == -1) {
		run_store_failed(r, "open");
		return RUN_RETRY;
	}
	if ((n = run_claim(r, r->digest)) != 1) {
		if (n == 0)
			log_info("%s: another run is at it",
			    r->letter.header.smtpd_id);
		return RUN_RETRY;
	}
	n = work(r);
	if (r->locked && store_claim_release(r->store, r->lock,
	    getpid()) == -1)
		run_store_failed(r, "release");
	/* with this, all that was recorded is on disk */
	if (store_durable(r->store, 1) == -1 ||
	    store_claim_release(r->store, r->digest, getpid()) == -1) {
		run_store_failed(r, "release");
		return RUN_RETRY;
	}
	return n;
}
