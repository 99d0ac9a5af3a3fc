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
 * The keeper's side of courier and token process: which account a sender's
 * mail leaves through, with what secret, and how that went.
 */

#ifndef KEEPER_COURIER_H
#define KEEPER_COURIER_H

#include "conf/conf.h"

struct keeper_courier;
struct store;

/*
 * Makes one and reads the key file, so before the sandbox closes.  store()
 * returns the open store, which stays the caller's, or NULL when it cannot
 * be had now; it is called with arg for each question.  NULL without memory.
 */
struct keeper_courier *keeper_courier_new(const struct conf *conf,
	    struct store *(*store)(void *arg), void *arg);

/*
 * Takes the descriptor of a channel to a new courier or token process; role
 * says which.  Uses libevent's current base.
 */
void	keeper_courier_peer(struct keeper_courier *kc, int role, int fd);

#endif
