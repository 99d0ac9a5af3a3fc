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

/* How much mail may come in or go out within a time. */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "keeper.h"
#include "log.h"
#include "store_limit.h"

#define LIMIT_HOUR	3600
#define LIMIT_MAX	(KEEPER_MAILBOXES + 1)	/* of one message */

/* The limits that hold for one message, with room for their names. */
struct limits {
	struct store_limit	 v[LIMIT_MAX];
	char			 name[LIMIT_MAX][24];
	uint64_t		 mailbox[LIMIT_MAX];
	size_t			 n;
};

static void
limit_mailbox(struct keeper *k, struct limits *l, uint64_t mailbox)
{
	struct store_limit *sl = &l->v[l->n];

	(void)snprintf(l->name[l->n], sizeof(l->name[0]), "%" PRIu64, mailbox);
	sl->kind = "mailbox";
	sl->name = l->name[l->n];
	sl->limit = k->conf->replies.messages_per_hour;
	sl->window = LIMIT_HOUR;
	sl->count = 1;
	l->mailbox[l->n++] = mailbox;
}

/* Says in the log and to the client what is too much. */
static void
limit_over(struct keeper *k, const struct ktx *tx, const struct limits *l,
    size_t which, char *reply)
{
	struct store_mailbox mb;

	if (store_mailbox_byid(k->store, l->mailbox[which], &mb) != 1)
		mb.address[0] = '\0';
	lograte_info(k->rate, k->now, l->name[which],
	    "%s: more than %u messages within an hour, from %s", mb.address,
	    l->v[which].limit, tx->source);
	strlcpy(reply, "451 4.7.1 Too much mail for this address, please try "
	    "again later", KEEPER_REPLY_MAX + 1);
}

int
keeper_limit_room(struct keeper *k, const struct ktx *tx, uint64_t mailbox,
    char *reply)
{
	struct limits l;
	size_t which;
	int n;

	l.n = 0;
	limit_mailbox(k, &l, mailbox);
	if ((n = store_limit_room(k->store, l.v, l.n, k->now, &which)) == 0)
		limit_over(k, tx, &l, which, reply);
	return n;
}

int
keeper_limit_take(struct keeper *k, const struct ktx *tx, char *reply)
{
	struct limits l;
	size_t i, which;
	int n;

	l.n = 0;
	for (i = 0; i < tx->nmailboxes; i++)
		limit_mailbox(k, &l, tx->mailbox[i]);
	if (tx->counthandle) {
		for (i = 0; i < l.n && l.mailbox[i] != tx->handlebox; i++)
			;
		if (i == l.n)
			limit_mailbox(k, &l, tx->handlebox);
	}
	if (l.n == 0)
		return 1;
	if ((n = store_limit_take(k->store, l.v, l.n, k->now, &which)) == 0)
		limit_over(k, tx, &l, which, reply);
	return n;
}
