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

/* What came back to a return path, and what smtpd refused at once. */

#ifndef BOUNCE_H
#define BOUNCE_H

#include "run.h"

/*
 * Mail to a return path of ours that is no answer of a participant.  Returns
 * RUN_DONE or RUN_RETRY.
 */
int	bounce_run(struct run *);

/*
 * A participant's address failed: tells the worker who wrote `message'.
 * `path' is the return path that was used, `text' what smtpd said.  Returns
 * RUN_DONE once that is queued, else RUN_RETRY.
 */
int	bounce_participant(struct run *, const struct store_message *message,
	    const struct store_worker *, const struct store_participant *,
	    const char *path, const char *text);

/*
 * A worker's address failed: notes it, and tells the mailbox's other members
 * without the address.  Returns as above.
 */
int	bounce_worker(struct run *, uint64_t conversation,
	    const struct store_worker *, const char *path,
	    const char *text);

#endif
