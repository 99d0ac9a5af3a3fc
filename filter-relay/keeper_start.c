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

#include "keeper.h"

int
keeper_conversation(struct keeper *k, struct ktx *tx)
{
	struct store_reply *r = tx->rec;
	char outside[STORE_MSGID_MAX + 1];
	int n;

	if (r->conversation != 0)
		return 0;
	if ((n = store_reply_before(k->store, r, k->now, &r->conversation,
	    outside, sizeof(outside))) != 0)
		return n == 1 ? 0 : -1;
	return store_conversation_new(k->store, r->mailbox, tx->subject,
	    k->now, &r->conversation);
}

/* Adds one to the conversation, if needed, and gets the handle. */
static int
start_person(struct keeper *k, struct ktx *tx, const char *whom)
{
	struct store_participant p;
	struct store_handle h;
	struct store_reply *r = tx->rec;
	int n;

	n = store_participant_byaddr(k->store, r->conversation, whom, &p);
	if (n == 0) {
		tx->nstarted++;
		n = store_participant_add(k->store, r->conversation, whom,
		    NULL, 1, k->conf->replies.participants, k->now, &p.id);
	}
	if (n == 0)
		strlcpy(tx->reply, "550 5.7.1 Not sent: more people than may "
		    "take part in a conversation", sizeof(tx->reply));
	if (n != 1)
		return n;
	if (r->nhandles == STORE_REPLY_HANDLES ||
	    store_handle_issue(k->store, tx->starter, r->conversation, p.id,
	    k->now, (time_t)k->conf->replies.handle_lifetime, &h) == -1)
		return -1;
	r->handle[r->nhandles++] = h.id;
	return 1;
}

int
keeper_start(struct keeper *k, struct ktx *tx)
{
	size_t i;
	int n = 1;

	for (i = 0; i < tx->starts.n && n == 1; i++)
		n = start_person(k, tx, tx->starts.v[i]);
	return n;
}
