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

/* The header of a worker's reply as the outside sees it. */

#ifndef REPLYHDR_H
#define REPLYHDR_H

#include "base/sbuf.h"
#include "header/summary.h"
#include "header/hdrput.h"

/* What the keeper decided.  All strings are the caller's. */
struct replyhdr_plan {
	const char	*mailbox;	/* address */
	const char	*mailbox_name;	/* UTF-8 or NULL */
	const char	*worker_name;	/* with `from worker', else NULL */
	const struct replyhdr_addr *map; /* handles: to the participants */
	size_t		 nmap;
	const char *const *private;	/* workers' addresses: in To and Cc */
	size_t		 nprivate;	/* they become the mailbox's */
	const struct replyhdr_id *ids;	/* others are left out */
	size_t		 nids;
	const char	*message_id;	/* new, without < and > */
	const char	*reply_id;	/* for X-Relay-Reply; NULL: no field */
	time_t		 now;		/* when the message has no Date */
	/*
	 * MIME-Version and Content-* as ready lines that end in LF, where the
	 * body's rewriting changes them; NULL: as they came.
	 */
	const char	*mime;
	/*
	 * Takes private addresses, handles and tokens out of text[0..len),
	 * which is UTF-8, and appends the rest to b: how many it took, or -1.
	 * NULL: text stays.
	 */
	int		(*scrub)(void *arg, const char *text, size_t len,
			    struct sbuf *b);
	void		*arg;
};

/*
 * Appends the header of a reply, without the blank line, lines ended by LF:
 * X-Relay-Reply, smtpd's own first Received, then nothing but Date, From,
 * To, Cc, Subject, Message-ID, In-Reply-To, References, MIME-Version,
 * Content-*, Importance, Sensitivity and Thread-Topic.  Groups are
 * dissolved; an address stands once.  *changed (NULL allowed) counts what
 * was taken out of texts and which private addresses became the mailbox's.
 * 0, or -1 when b is exhausted or the plan holds what no header can.
 */
int	replyhdr_build(struct sbuf *b, const struct header_summary *f,
	    const struct replyhdr_plan *p, int *changed);

#endif
