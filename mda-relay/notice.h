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

/* Short messages of our own to members of a mailbox. */

#ifndef NOTICE_H
#define NOTICE_H

#include "base/sbuf.h"
#include "run.h"

#define NOTICE_TEXT_MAX	8192		/* bytes of a text */

struct notice {
	uint64_t	 conversation;
	uint64_t	 message;	/* the store's record of the notice */
	const char	*subject;	/* UTF-8 */
	const char	*parent;	/* Message-Id that it answers, or "" */
	const struct sbuf *text;	/* UTF-8, lines ended by LF */
};

/*
 * Records a notice in its conversation, within a transaction or alone.
 * `key' and smtpd's id of the message in hand tell it from others: 1 it is
 * new, 0 an earlier run recorded it, -1 (logged).  *id is set.
 */
int	notice_record(struct run *, uint64_t conversation, const char *key,
	    uint64_t *id);

/* Queues it for a worker, once.  Returns RUN_DONE or RUN_RETRY. */
int	notice_send(struct run *, const struct notice *,
	    const struct store_worker *);

#endif
