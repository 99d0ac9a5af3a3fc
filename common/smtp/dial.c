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
#include <sys/socket.h>
#include <sys/time.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <errno.h>
#include <event.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "smtp/dial.h"
#include "smtp/resolve.h"

#define ADDRS_MAX	(2 * RESOLVE_ADDRS_MAX)
#define LOWAT		(64 * 1024)	/* bytes not sent yet */

struct attempt {
	struct dial	*dial;
	int		 fd;		/* -1: over, or not begun */
	struct event	 ev;
};

struct dial {
	struct event_base	*base;
	const struct dial_cb	*cb;
	void			*arg;
	struct resolve_query	*query;
	struct sockaddr_storage	 addrs[ADDRS_MAX];
	int			 used[ADDRS_MAX];
	int			 naddrs;
	int			 nattempts;	/* begun */
	int			 open;		/* ... and not over */
	int			 lastfamily;
	int			 error;		/* of the last that failed */
	struct event		 stagger;	/* on: one attempt is young */
	struct attempt		 attempts[ADDRS_MAX];
};

static void	try_next(struct dial *);

static void
drop(struct attempt *a)
{
	if (a->fd == -1)
		return;
	event_del(&a->ev);
	close(a->fd);
	a->fd = -1;
	a->dial->open--;
}

/*
 * What belongs together is written together; what a slow server takes shows
 * soon, and not in megabytes.
 */
static void
set_options(int fd)
{
	int	 on = 1;
#ifdef TCP_NOTSENT_LOWAT
	int	 lowat = LOWAT;

	(void)setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &lowat,
	    sizeof(lowat));
#endif
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
}

static void
on_connect(int fd, short what, void *arg)
{
	struct attempt	*a = arg;
	struct dial	*d = a->dial;
	socklen_t	 len = sizeof(int);
	int		 error = 0;

	(void)what;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) == -1)
		error = errno;
	if (error != 0) {
		d->error = error;
		drop(a);
		try_next(d);
		return;
	}
	event_del(&a->ev);
	a->fd = -1;
	set_options(fd);
	d->cb->done(fd, NULL, d->arg);
}

/* The address whose turn it is, or -1. */
static int
choose(const struct dial *d)
{
	int	 i, other = -1;

	for (i = 0; i < d->naddrs; i++) {
		if (d->used[i])
			continue;
		if (d->addrs[i].ss_family != d->lastfamily)
			return i;
		if (other == -1)
			other = i;
	}
	return other;
}

/* Begins an attempt; -1 when it has failed already. */
static int
try_address(struct dial *d, int i)
{
	struct attempt			*a = &d->attempts[d->nattempts++];
	const struct sockaddr_storage	*ss = &d->addrs[i];

	d->used[i] = 1;
	d->lastfamily = ss->ss_family;
	a->dial = d;
	a->fd = socket(ss->ss_family, SOCK_STREAM | SOCK_CLOEXEC |
	    SOCK_NONBLOCK, 0);
	if (a->fd == -1 || (connect(a->fd, (const struct sockaddr *)ss,
	    resolve_addrlen(ss)) == -1 && errno != EINPROGRESS)) {
		d->error = errno;
		if (a->fd != -1)
			close(a->fd);
		a->fd = -1;
		return -1;
	}
	d->open++;
	event_set(&a->ev, a->fd, EV_WRITE, on_connect, a);
	if (d->base != NULL)
		event_base_set(d->base, &a->ev);
	event_add(&a->ev, NULL);
	return 0;
}

/* Begins the next attempt, if there is one to make. */
static void
try_next(struct dial *d)
{
	struct timeval	 tv = { 0, DIAL_STAGGER * 1000 };
	int		 i;

	evtimer_del(&d->stagger);
	while ((i = choose(d)) != -1)
		if (try_address(d, i) == 0) {
			evtimer_add(&d->stagger, &tv);
			return;
		}
	if (d->open == 0 && d->query == NULL)
		d->cb->done(-1, strerror(d->error), d->arg);
}

static void
on_stagger(int fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	try_next(arg);
}

static void
on_answer(const struct resolve_answer *ans, void *arg)
{
	struct dial	*d = arg;
	int		 i, first = d->naddrs == 0;

	if (!ans->more)
		d->query = NULL;
	for (i = 0; i < ans->naddrs && d->naddrs < ADDRS_MAX; i++)
		d->addrs[d->naddrs++] = ans->addrs[i];
	if (d->naddrs == 0) {
		d->cb->done(-1, ans->status == RESOLVE_NOTFOUND ?
		    "the server's name has no address" :
		    "the server's name could not be looked up", d->arg);
		return;
	}
	if (first)
		d->cb->found(d->arg);
	if (!evtimer_pending(&d->stagger, NULL))
		try_next(d);
}

struct dial *
dial_start(struct event_base *base, struct resolve *resolve, const char *host,
    int port, const struct dial_cb *cb, void *arg)
{
	struct dial	*d;

	if ((d = calloc(1, sizeof(*d))) == NULL)
		return NULL;
	d->base = base;
	d->cb = cb;
	d->arg = arg;
	d->error = EHOSTUNREACH;
	d->lastfamily = AF_INET;
	evtimer_set(&d->stagger, on_stagger, d);
	if (base != NULL)
		event_base_set(base, &d->stagger);
	d->query = resolve_start(resolve, host, port, on_answer, d);
	if (d->query == NULL) {
		free(d);
		return NULL;
	}
	return d;
}

void
dial_free(struct dial *d)
{
	int	 i;

	if (d == NULL)
		return;
	if (d->query != NULL)
		resolve_cancel(d->query);
	for (i = 0; i < d->nattempts; i++)
		drop(&d->attempts[i]);
	evtimer_del(&d->stagger);
	free(d);
}

void
dial_peer(int fd, char *buf, size_t size)
{
	struct sockaddr_storage	 ss;
	socklen_t		 len = sizeof(ss);
	char			 host[64], port[8];

	buf[0] = '\0';
	if (getpeername(fd, (struct sockaddr *)&ss, &len) == -1 ||
	    getnameinfo((struct sockaddr *)&ss, len, host, sizeof(host), port,
	    sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		return;
	(void)snprintf(buf, size, ss.ss_family == AF_INET6 ? "[%s]:%s" :
	    "%s:%s", host, port);
}
