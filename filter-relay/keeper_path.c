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

/* A gate's `return-path': what smtpd takes in the sender's place. */

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "header/verp.h"
#include "keeper.h"
#include "store/store_wrap.h"

static int
path_refuse(char *reply, const char *text)
{
	strlcpy(reply, text, KEEPER_REPLY_MAX + 1);
	return MSG_RCPT_REFUSE;
}

static int
path_set(struct ktx *tx, const char *address, char *reply)
{
	free(tx->path);
	if ((tx->path = strdup(address)) == NULL)
		return path_refuse(reply, KEEPER_TRY_LATER);
	return MSG_RCPT_PLAIN;
}

/* The address inside, if it is the sender's: not one a list writes to. */
static int
path_strip(struct ktx *tx, char *reply)
{
	struct verp v;

	if (verp_find(tx->sender, &v) != 1 || v.recipient)
		return MSG_RCPT_PLAIN;
	return path_set(tx, v.address, reply);
}

/* A return path of ours, unless the sender is of our domains anyway. */
static int
path_wrap(struct keeper *k, struct ktx *tx, const struct conf_gate *g,
    char *reply)
{
	struct store_rpath rp;
	int n;

	if (conf_is_our_address(k->conf, tx->sender))
		return MSG_RCPT_PLAIN;
	if (!verp_valid(tx->sender)) {
		lograte_info(k->rate, k->now, g->name, "%s: gate %s: the "
		    "sender stays, nothing could be sent back to it: %s",
		    tx->sid, g->name, tx->sender);
		return MSG_RCPT_PLAIN;
	}
	n = store_wrap(k->store, g->name, tx->sender,
	    conf_bounce_domain(k->conf, k->conf->domains.item[0]), k->now,
	    &rp);
	if (n == -1) {
		keeper_trouble(k, "return path");
		return path_refuse(reply, KEEPER_TRY_LATER);
	}
	if (n == 0) {
		lograte_info(k->rate, k->now, g->name, "gate %s: more than "
		    "%d senders within a day", g->name, STORE_WRAPS_DAY);
		return path_refuse(reply, "451 4.7.1 Too many senders, "
		    "please try again later");
	}
	return path_set(tx, rp.address, reply);
}

int
keeper_return_path(struct keeper *k, struct ktx *tx, char *reply)
{
	const struct conf_gate *g;

	if (tx->gate == 0 || tx->sender[0] == '\0')
		return MSG_RCPT_PLAIN;
	g = &k->conf->gate[tx->gate - 1];
	switch (g->return_path) {
	case CONF_RETURN_STRIP:
		return path_strip(tx, reply);
	case CONF_RETURN_WRAP:
		return path_wrap(k, tx, g, reply);
	default:
		return MSG_RCPT_PLAIN;
	}
}
