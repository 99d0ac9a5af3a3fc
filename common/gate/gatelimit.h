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

/* What a gate's limits count in the store, store_limit.h. */

#ifndef GATELIMIT_H
#define GATELIMIT_H

#include "conf/conf.h"
#include "store/store_limit.h"

#define GATELIMIT_MAX	4	/* messages, recipients; each for a sender */

struct gatelimit {
	struct store_limit	 v[GATELIMIT_MAX];
	/* Of v[i]: it is about messages, not recipients; it is each
	 * sender's. */
	int			 messages[GATELIMIT_MAX];
	int			 each[GATELIMIT_MAX];
	size_t			 n;

	/* private */
	char			 name[STORE_LIMIT_NAME_MAX + 1];
};

/*
 * The limits of a gate for a message of this sender ("" is the null sender),
 * for whom gate_sender() takes it, to so many recipients.  *l must stay where
 * it is; the gate too.
 */
void	 gatelimit_set(struct gatelimit *l, const struct conf_gate *g,
	    const char *sender, unsigned int rcpts);

/*
 * Says of v[i] that it is over, for smtpd's client: a reply with 451, or with
 * 550 for a message to more recipients than the limit ever lets pass.
 */
void	 gatelimit_reply(const struct gatelimit *l, size_t i,
	    const struct conf_gate *g, char *reply, size_t size);

#endif
