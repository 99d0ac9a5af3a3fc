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
 * smtpd opens no further connection to us while more than two are open and
 * there is not much to do: a few transactions that stand still would hold up
 * the mail of all other accounts.  So no more than two may.
 */

#include <sys/types.h>
#include <sys/time.h>

#include <stdio.h>

#include "base/log.h"
#include "courier_int.h"

#define LOOK		1	/* seconds between two looks */
#define STILL_MAX	2	/* transactions that may stand still */
#define STILL_DOT	60	/* seconds after the final dot, when the
				 * server might have taken the message */

/* Whether a transaction has made no progress for too long; of a message
 * that goes slowly every byte is progress. */
static int
stuck_is(struct session *s, time_t now)
{
	size_t	waiting;

	if (s->link != NULL && (s->state == SESSION_DATA ||
	    s->state == SESSION_END)) {
		waiting = upstream_waiting(s->link->up);
		if (waiting != s->link->waiting)
			s->link->since = now;
		s->link->waiting = waiting;
	}
	return s->link != NULL && s->mail && s->link->owes &&
	    now - s->link->since >= POOL_STUCK_TIME;
}

/* Of more than may be, the one that has stood still for longest. */
static struct session *
stuck_find(struct courier *c, time_t now)
{
	struct session	*s, *worst = NULL;
	int		 n = 0;

	TAILQ_FOREACH(s, &c->sessions, entry) {
		if (!stuck_is(s, now))
			continue;
		n++;
		if (s->state == SESSION_END &&
		    now - s->link->since < STILL_DOT)
			continue;
		if (worst == NULL || s->link->since < worst->link->since)
			worst = s;
	}
	return n > STILL_MAX ? worst : NULL;
}

static void
stuck_look(int fd, short what, void *arg)
{
	struct courier	*c = arg;
	struct session	*s;
	char		 reply[COURIER_REPLY_MAX];
	time_t		 now = courier_now();

	(void)fd;
	(void)what;
	while ((s = stuck_find(c, now)) != NULL) {
		snprintf(reply, sizeof(reply), "451 4.4.1 %s makes no "
		    "progress", s->link->account->host);
		mail_lose(s, reply);
	}
	if (c->nlinks > 0)
		courier_timer(&c->stuck_timer, LOOK);
}

void
stuck_init(struct courier *c)
{
	evtimer_set(&c->stuck_timer, stuck_look, c);
}

void
stuck_watch(struct courier *c)
{
	if (!evtimer_pending(&c->stuck_timer, NULL))
		courier_timer(&c->stuck_timer, LOOK);
}
