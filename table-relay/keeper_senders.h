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

/*
 * The keeper's side of a table about who sends: what it tells the front of
 * identities, and an account's credentials for the one lookup that asks.
 */

#ifndef KEEPER_SENDERS_H
#define KEEPER_SENDERS_H

#include "conf/conf.h"
#include "crypto/keys.h"
#include "proc/address_cache.h"
#include "proc/ipc.h"
#include "store/store.h"

/*
 * Tells what changed since *seq, or everything if *seq is -1 or that is no
 * longer known, and sets *seq to where it leads.  0, or -1: the store failed
 * (store_error()) or the front has gone (f->failed).
 */
int	keeper_senders_tell(struct store *s, const struct conf *conf,
	    struct address_feed *f, int64_t *seq);

/*
 * Answers a question for credentials, a MIRROR_SECRET, on the front's channel.
 * store NULL: the database cannot be read; keys NULL: the key file could not.
 */
void	keeper_senders_secret(struct ipc *ch, const struct ipc_msg *msg,
	    struct store *s, const struct conf *conf, struct keys *keys);

#endif
