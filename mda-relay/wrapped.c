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

#include <string.h>

#include "base/compat.h"
#include "base/log.h"
#include "wrapped.h"

static int	count(struct run *, struct store_rpath *);
static int	send_back(struct run *, const struct store_rpath *);

int
wrapped_run(struct run *r)
{
	struct store_rpath	rp;
	int			n;

	/*
	 * Nobody but mail servers that could not deliver writes here, and
	 * they all use the null sender: RFC 5321 section 4.5.5.
	 */
	if (r->from[0] != '\0') {
		log_info("%s: dropped: no bounce, for the return path %s",
		    r->letter.smtpd_id, r->recipient);
		return RUN_DONE;
	}
	/* two bounces must not both be the last one */
	if (run_lock(r, "wrapped", r->rcpt.rpath.address) == -1)
		return RUN_RETRY;
	if ((n = count(r, &rp)) != 1)
		return n == 0 ? RUN_DONE : RUN_RETRY;
	if (send_back(r, &rp) == RUN_DONE)
		return RUN_DONE;
	if (store_rpath_unquote(r->store, rp.id) == -1)
		run_store_failed(r, "bounce");
	return RUN_RETRY;
}

/*
 * Counted before it leaves, and on disk: a run that dies in between has used
 * up one, but there are never more.  1 it may leave, 0 not, -1.
 */
static int
count(struct run *r, struct store_rpath *rp)
{
	int	n;

	*rp = r->rcpt.rpath;
	if (run_begin(r, 1) == -1)
		return -1;
	if ((n = store_rpath_quote(r->store, rp->id)) == -1)
		run_store_failed(r, "bounce");
	if (n != 1) {
		store_rollback(r->store);
		if (n == 0)
			log_info("%s: dropped: %d bounces for %s, which "
			    "gate %s made for %s, have been sent back",
			    r->letter.smtpd_id, STORE_RPATH_QUOTES,
			    rp->address, rp->gate, rp->address_to);
		return n;
	}
	return run_commit(r) == -1 ? -1 : 1;
}

static int
send_back(struct run *r, const struct store_rpath *rp)
{
	enum sender_result	result;
	char			reply[SENDER_REPLY_MAX];
	int			flags = ENGINE_ARCHIVE;

	if (r->letter.flags & LETTER_LONGLINES)
		flags |= ENGINE_ENCODING;
	if (engine_forward(r->engine, flags) == -1)
		return RUN_RETRY;
	result = run_send(r, "", rp->address_to, "bounce", rp->address_to,
	    reply);
	if (result == SENDER_RETRY)
		return RUN_RETRY;
	/* what is refused has no sender who could be told */
	run_event(r, "bounce", 0, 0, "%s to %s, whose mail came through gate "
	    "%s: %s", result == SENDER_QUEUED ? "sent back" :
	    "could not be sent back", rp->address_to, rp->gate, reply);
	return RUN_DONE;
}
