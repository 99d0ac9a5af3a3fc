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

#include "conf.h"
#include "mirror.h"
#include "request.h"

struct answerer;

struct answer {
	enum req_result	 result;
	const char	*value;		/* good until the next answer */
	size_t		 vallen;
};

/*
 * Makes one that answers for the domains of conf from m; senders is whether
 * the table is about who sends.  Both must outlive it.  NULL without memory.
 */
struct answerer	*answer_new(const struct conf *conf, struct mirror *m,
		    int senders);

/*
 * Answers req.  May wait for the keeper, MIRROR_WAIT milliseconds at most
 * (MIRROR_WAIT_ALL for an update), and only about addresses in our domains:
 * whatever has befallen keeper and database, other mail is not delayed.
 */
void		 answer_request(struct answerer *, const struct request *req,
		    struct answer *);

#endif
