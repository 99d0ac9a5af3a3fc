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

/* A worker writes to somebody who has not written before. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "header/startaddr.h"
#include "policy.h"

/* Somebody of ours is written to directly: 1, 0 or -1. */
static int
start_is_ours(struct judge *j, const char *whom)
{
	if (conf_is_our_address(j->k->conf, whom))
		return 1;
	return store_is_ours(j->k->store, whom);
}

int
policy_start(struct judge *j, char *why, size_t size)
{
	const struct strlist *l = &j->tx->starts;
	size_t i;
	int n;

	if (j->tx->nhandles > 0 && !j->reply) {
		n = snprintf(why, size, "Not sent: it is to a reply address "
		    "of somebody else, too");
		return n < 0 || (size_t)n >= size ? -1 : 0;
	}
	for (i = 0; i < l->n; i++) {
		if ((n = start_is_ours(j, l->v[i])) == -1)
			return -1;
		if (n == 0)
			continue;
		n = snprintf(why, size, "Not sent: %s is one of our own, "
		    "write to that address itself", l->v[i]);
		return n < 0 || (size_t)n >= size ? -1 : 0;
	}
	return 1;
}

int
policy_start_map(struct judge *j, const char *address)
{
	struct plan *p = j->plan;
	char box[ADDR_MAX + 1], whom[ADDR_MAX + 1];
	int n;

	if (!j->k->conf->replies.start_allow ||
	    startaddr_parse(address, box, whom) != 1 ||
	    strcmp(box, j->mb.address) != 0)
		return 0;
	if ((n = start_is_ours(j, whom)) == -1)
		return -1;
	/* It stands for the mailbox, as somebody else's handle does. */
	if (n == 1)
		return strlist_add(&p->private, address);
	if (strlist_add(&p->map, address) == -1 ||
	    strlist_add(&p->map, whom) == -1)
		return -1;
	return strlist_add(&p->map, "");
}

/*
 * A message that was here before, or another part of it where the worker's
 * server sends one to each recipient, belongs to the same conversation and
 * leaves under the same id, which the answers name.
 */
int
policy_start_plan(struct judge *j, struct store_reply *r)
{
	char outside[STORE_MSGID_MAX + 1];
	uint64_t conversation;
	int n;

	j->tx->starter = j->w.id;
	if ((j->tx->subject = strdup(j->mf->subject)) == NULL)
		return -1;
	if (r->conversation != 0 || r->dkey[0] == '\0')
		return 0;
	n = store_reply_before(j->k->store, r, j->k->now, &conversation,
	    outside, sizeof(outside));
	if (n == 1 && outside[0] != '\0')
		memcpy(r->outside, outside, sizeof(r->outside));
	return n == -1 ? -1 : 0;
}
