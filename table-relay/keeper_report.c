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

#include <sys/types.h>
#include <sys/time.h>

#include <event.h>
#include <time.h>

#include "base/compat.h"
#include "base/log.h"
#include "keeper_report.h"
#include "store/store_account.h"

struct keeper_report {
	struct store		*(*store)(void *);
	void			*arg;
	struct lograte		*rate;
	struct event		 timer;
	int			 armed;
	size_t			 count;
	struct courier_report	 waiting[KEEPER_REPORT_MAX];
};

struct keeper_report *
keeper_report_new(struct store *(*store)(void *), void *arg,
    struct lograte *rate)
{
	struct keeper_report	*kr;

	if ((kr = calloc(1, sizeof(*kr))) == NULL)
		return NULL;
	kr->store = store;
	kr->arg = arg;
	kr->rate = rate;
	return kr;
}

static int
report_store(struct store *s, const struct courier_report *r)
{
	if (r->works)
		return store_account_worked(s, r->account, r->generation,
		    time(NULL));
	return store_account_failed(s, r->account, r->generation, r->stage,
	    r->text, (time_t)r->retry, time(NULL));
}

/* Stores what waits.  What cannot be is forgotten: there will be more. */
static void
report_flush(struct keeper_report *kr)
{
	struct store	*s = kr->store(kr->arg);
	size_t		 i;

	if (s == NULL || store_begin(s) == -1)
		i = 0;
	else {
		for (i = 0; i < kr->count; i++)
			if (report_store(s, &kr->waiting[i]) == -1)
				break;
		if (i < kr->count || store_commit(s) == -1) {
			i = 0;
			lograte_info(kr->rate, time(NULL), "report",
			    "how accounts fare: %s", store_error(s)->text);
			store_rollback(s);
		}
	}
	if (i == 0)
		log_debug("%zu reports of accounts are lost", kr->count);
	kr->count = 0;
}

static void
report_timer(int fd, short what, void *arg)
{
	struct keeper_report	*kr = arg;

	(void)fd;
	(void)what;
	kr->armed = 0;
	report_flush(kr);
}

void
keeper_report_add(struct keeper_report *kr, const struct courier_report *r)
{
	struct timeval	 tv = { KEEPER_REPORT_TIME, 0 };
	size_t		 i;

	/* One account works as often as sessions with it begin. */
	for (i = kr->count; i > 0; i--)
		if (kr->waiting[i - 1].account == r->account)
			break;
	if (i > 0 && r->works && kr->waiting[i - 1].works &&
	    kr->waiting[i - 1].generation == r->generation)
		return;
	if (kr->count == KEEPER_REPORT_MAX)
		report_flush(kr);
	kr->waiting[kr->count++] = *r;
	if (kr->armed)
		return;
	evtimer_set(&kr->timer, report_timer, kr);
	if (evtimer_add(&kr->timer, &tv) == 0)
		kr->armed = 1;
}
