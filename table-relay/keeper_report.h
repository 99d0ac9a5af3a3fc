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
 * How accounts fare, on its way into the database: what comes within a
 * second is one transaction, because each waits for the disk, and whoever
 * asks the keeper something waits with it.
 */

#ifndef KEEPER_REPORT_H
#define KEEPER_REPORT_H

#include "base/log.h"
#include "courier/courier_msg.h"
#include "store/store.h"

#define KEEPER_REPORT_MAX	256	/* that wait to be stored */
#define KEEPER_REPORT_TIME	1	/* seconds that they do */

struct keeper_report;

/*
 * Makes a queue.  store() and arg are as for keeper_courier_new(); rate, which
 * must outlive the queue, limits its lines of the log.  NULL without memory.
 */
struct keeper_report *keeper_report_new(struct store *(*store)(void *arg),
	    void *arg, struct lograte *rate);

/* Takes one report; needs libevent's current base. */
void	keeper_report_add(struct keeper_report *kr,
	    const struct courier_report *r);

#endif
