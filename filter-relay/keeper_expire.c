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

/* Forgetting what has had its time, a little at once, beside the mail. */

#include <event.h>

#include "base/compat.h"

#include "base/log.h"
#include "keeper.h"

#define EXPIRE_FIRST	60	/* seconds after the start */
#define EXPIRE_EVERY	3600
#define EXPIRE_SOON	2	/* when there is more, or somebody writes */
#define EXPIRE_ROWS	200	/* of each kind in one transaction */

static struct event	 expire_ev;

static void
expire_in(time_t seconds)
{
	struct timeval	 tv = { seconds, 0 };

	if (evtimer_add(&expire_ev, &tv) == -1)
		log_warn("expire: evtimer_add");
}

/* The store is asked without waiting: mail goes before. */
static void
expire_some(int fd, short what, void *arg)
{
	struct keeper	*k = arg;
	int		 more = 0;

	(void)fd;
	(void)what;
	if (keeper_ready(k) == -1) {
		expire_in(EXPIRE_FIRST);
		return;
	}
	store_timeout(k->store, 0);
	if (store_expire(k->store, k->now, k->conf->replies.retain,
	    EXPIRE_ROWS, &more) == -1) {
		if (store_error(k->store)->kind != STORE_BUSY) {
			lograte_info(k->rate, k->now, "expire", "expire: %s",
			    store_error(k->store)->text);
			expire_in(EXPIRE_EVERY);
			return;
		}
		more = 1;
	}
	expire_in(more ? EXPIRE_SOON : EXPIRE_EVERY);
}

void
keeper_expire_start(struct keeper *k)
{
	evtimer_set(&expire_ev, expire_some, k);
	expire_in(EXPIRE_FIRST);
}
