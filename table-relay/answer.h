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

/* Decides what a question of smtpd is answered. */

#ifndef ANSWER_H
#define ANSWER_H

#include "mirror.h"
#include "request.h"
#include "table-relay.h"

struct answerer;

struct answer {
	enum req_result	 result;
	const char	*value;		/* good until the next answer */
	size_t		 vallen;
};

/*
 * Makes one that answers for the table t from m.  Both must outlive it.  NULL
 * without memory.
 */
struct answerer	*answer_new(const struct table *t, struct mirror *m);

/*
 * Answers req.  May wait for the keeper, MIRROR_WAIT milliseconds at most
 * (MIRROR_WAIT_ALL for an update).  A table about who receives waits only for
 * addresses in our domains: whatever has befallen keeper and database, other
 * mail is not delayed.
 */
void		 answer_request(struct answerer *, const struct request *req,
		    struct answer *);

/* Forgets the last answer, which held a secret. */
void		 answer_wipe(struct answerer *);

#endif
