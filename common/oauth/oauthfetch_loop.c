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

#include <sys/time.h>

#include <stdlib.h>

#include "base/log.h"
#include "oauth/oauthfetch_int.h"

struct oauthfetch_sock {
	LIST_ENTRY(oauthfetch_sock) entry;
	struct oauthfetch	*fetch;
	struct event		 ev;
};

/* Takes the results that are there. */
static void
oauthfetch_collect(struct oauthfetch *f)
{
	struct oauthfetch_query	*q;
	CURLMsg			*msg;
	CURLcode		 result;
	char			*p;
	int			 left;

	while ((msg = curl_multi_info_read(f->multi, &left)) != NULL) {
		if (msg->msg != CURLMSG_DONE)
			continue;
		result = msg->data.result;
		p = NULL;
		curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &p);
		q = (struct oauthfetch_query *)(void *)p;
		if (q != NULL)
			oauthfetch_done(q, result);
	}
}

static void
oauthfetch_on_sock(int fd, short what, void *arg)
{
	struct oauthfetch_sock	*s = arg;
	struct oauthfetch	*f = s->fetch;
	int			 running, mask;

	mask = (what & EV_READ ? CURL_CSELECT_IN : 0) |
	    (what & EV_WRITE ? CURL_CSELECT_OUT : 0);
	/* s may be gone after this. */
	curl_multi_socket_action(f->multi, fd, mask, &running);
	oauthfetch_collect(f);
}

static void
oauthfetch_on_timer(int fd, short what, void *arg)
{
	struct oauthfetch	*f = arg;
	int			 running;

	(void)fd;
	(void)what;
	curl_multi_socket_action(f->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	oauthfetch_collect(f);
}

/* curl says what it wants to know of a socket. */
static int
oauthfetch_socket(CURL *easy, curl_socket_t fd, int what, void *arg,
    void *sockarg)
{
	struct oauthfetch	*f = arg;
	struct oauthfetch_sock	*s = sockarg;
	short			 events = EV_PERSIST;

	(void)easy;
	if (s != NULL)
		event_del(&s->ev);
	if (what == CURL_POLL_REMOVE) {
		if (s != NULL) {
			LIST_REMOVE(s, entry);
			free(s);
		}
		return 0;
	}
	if (s == NULL) {
		if ((s = calloc(1, sizeof(*s))) == NULL)
			return -1;
		s->fetch = f;
		LIST_INSERT_HEAD(&f->socks, s, entry);
		curl_multi_assign(f->multi, fd, s);
	}
	events |= (what & CURL_POLL_IN ? EV_READ : 0) |
	    (what & CURL_POLL_OUT ? EV_WRITE : 0);
	event_set(&s->ev, fd, events, oauthfetch_on_sock, s);
	if (f->base != NULL)
		event_base_set(f->base, &s->ev);
	event_add(&s->ev, NULL);
	return 0;
}

static int
oauthfetch_timer(CURLM *multi, long ms, void *arg)
{
	struct oauthfetch	*f = arg;
	struct timeval		 tv = { ms / 1000, ms % 1000 * 1000 };

	(void)multi;
	if (ms < 0)
		evtimer_del(&f->timer);
	else
		evtimer_add(&f->timer, &tv);
	return 0;
}

int
oauthfetch_loop(struct oauthfetch *f)
{
	evtimer_set(&f->timer, oauthfetch_on_timer, f);
	if (f->base != NULL)
		event_base_set(f->base, &f->timer);
	LIST_INIT(&f->socks);
	if ((f->multi = curl_multi_init()) == NULL)
		return -1;
	curl_multi_setopt(f->multi, CURLMOPT_SOCKETFUNCTION,
	    oauthfetch_socket);
	curl_multi_setopt(f->multi, CURLMOPT_SOCKETDATA, f);
	curl_multi_setopt(f->multi, CURLMOPT_TIMERFUNCTION, oauthfetch_timer);
	curl_multi_setopt(f->multi, CURLMOPT_TIMERDATA, f);
	curl_multi_setopt(f->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS,
	    (long)OAUTHFETCH_CONNS);
	curl_multi_setopt(f->multi, CURLMOPT_MAXCONNECTS, 4L);
	return 0;
}

void
oauthfetch_loop_free(struct oauthfetch *f)
{
	struct oauthfetch_sock	*s;

	if (f->multi != NULL)
		curl_multi_cleanup(f->multi);
	while ((s = LIST_FIRST(&f->socks)) != NULL) {
		LIST_REMOVE(s, entry);
		event_del(&s->ev);
		free(s);
	}
	evtimer_del(&f->timer);
}
