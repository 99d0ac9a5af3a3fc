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
#include "identity.h"
#include "store/store_identity.h"

static int
bounced(struct run *r, const struct store_rpath *rp, const struct failure *f)
{
	struct store_identity	idt;
	char			why[STORE_DIAG_MAX + 1];
	int			n;

	/* what is over the limit is not worth keeping */
	(void)strlcpy(why, f->status, sizeof(why));
	if (why[0] != '\0' && f->text[0] != '\0')
		(void)strlcat(why, " ", sizeof(why));
	(void)strlcat(why, f->text, sizeof(why));
	if (why[0] == '\0')
		(void)strlcpy(why, "undeliverable", sizeof(why));
	n = store_identity_bounced(r->store, rp->id, why, &idt);
	if (n == -1) {
		run_store_failed(r, "identity");
		return RUN_RETRY;
	}
	log_info("%s: the code for %s came back: %s", r->letter.header.smtpd_id,
	    rp->address_to, why);
	if (n == 1)
		run_event(r, "identity", 0, 0, "the code for %s of %s came "
		    "back: %s", idt.address, idt.user, why);
	return RUN_DONE;
}

/*
 * Only the mail with the code knows the return path, and only who answers it
 * by hand has read it: RFC 3834 section 2 wants automatic answers marked,
 * and sent with a null sender.
 */
static int
answered(struct run *r, const struct store_rpath *rp)
{
	const struct letter	*l = &r->letter;
	const struct addr	*writer = summary_writer(&l->header);
	struct store_identity	 idt;
	int			 n;

	if (r->from[0] == '\0' || l->header.automatic & SUMMARY_AUTO_REPLY ||
	    writer == NULL || l->header.spam ||
	    l->flags & LETTER_UNVERIFIED) {
		log_info("%s: dropped: no answer of a person, for the code "
		    "of %s", l->header.smtpd_id, rp->address_to);
		return RUN_DONE;
	}
	n = store_identity_confirm(r->store, rp->id, writer->folded, r->now,
	    &idt);
	if (n == -1) {
		run_store_failed(r, "identity");
		return RUN_RETRY;
	}
	if (n == 0) {
		log_info("%s: dropped: from %s, who cannot confirm %s now",
		    l->header.smtpd_id, writer->folded, rp->address_to);
		return RUN_DONE;
	}
	log_info("%s: identity %s of %s is verified, by an answer of its "
	    "owner", l->header.smtpd_id, idt.address, idt.user);
	run_event(r, "identity", 0, 0, "%s of %s is verified, by an answer",
	    idt.address, idt.user);
	return RUN_DONE;
}

int
identity_run(struct run *r, const struct store_rpath *rp)
{
	const struct letter	*l = &r->letter;

	if (r->from[0] == '\0' && l->flags & LETTER_REPORT) {
		if (l->nfailures > 0)
			return bounced(r, rp, &l->failure[0]);
		log_info("%s: a report of delay or success for %s",
		    l->header.smtpd_id, r->recipient);
		return RUN_DONE;
	}
	return answered(r, rp);
}
