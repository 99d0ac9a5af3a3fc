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
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "smtp/upstream_int.h"

#define UPSTREAM_DIAL_LOWAT	(64 * 1024)	/* bytes not sent yet */

/*
 * RFC 8305: addresses of both families take turns, IPv6 first, each attempt
 * begins 250 ms after the one before it, or when that has failed, and the
 * first connection wins.
 */

static void upstream_dial_next(struct upstream *);

/* Ends one attempt. */
static void
upstream_dial_drop(struct upstream_dial *d, struct upstream_try *try)
{
	if (try->fd == -1)
		return;
	event_del(&try->ev);
	close(try->fd);
	try->fd = -1;
	d->open--;
}

void
upstream_dial_free(struct upstream *up)
{
	struct upstream_dial	*d = up->dial;
	int			 i;

	if (d == NULL)
		return;
	if (d->query != NULL)
		resolve_cancel(d->query);
	for (i = 0; i < d->ntries; i++)
		upstream_dial_drop(d, &d->tries[i]);
	evtimer_del(&d->stagger);
	free(d);
	up->dial = NULL;
}

/* "[address]:port" of the server, for reports. */
static void
upstream_dial_peer(struct upstream *up, int fd)
{
	struct sockaddr_storage	 ss;
	socklen_t		 len = sizeof(ss);
	char			 host[64], port[8];

	if (getpeername(fd, (struct sockaddr *)&ss, &len) == -1 ||
	    getnameinfo((struct sockaddr *)&ss, len, host, sizeof(host), port,
	    sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		return;
	snprintf(up->peer, sizeof(up->peer), ss.ss_family == AF_INET6 ?
	    "[%s]:%s" : "%s:%s", host, port);
}

static void
upstream_dial_won(struct upstream *up, struct upstream_try *try)
{
	int	 fd = try->fd, on = 1;
#ifdef TCP_NOTSENT_LOWAT
	int	 lowat = UPSTREAM_DIAL_LOWAT;
#endif

	event_del(&try->ev);
	try->fd = -1;
	upstream_dial_free(up);
	upstream_dial_peer(up, fd);
	/* What belongs together is written together. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
#ifdef TCP_NOTSENT_LOWAT
	/* What a slow server takes shows here soon, and not in megabytes. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &lowat,
	    sizeof(lowat));
#endif
	upstream_login_connected(up, fd);
}

static void
upstream_dial_on_write(int fd, short what, void *arg)
{
	struct upstream_try	*try = arg;
	struct upstream		*up = try->up;
	socklen_t		 len = sizeof(int);
	int			 error = 0;

	(void)what;
	upstream_enter(up);
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) == -1)
		error = errno;
	if (error == 0)
		upstream_dial_won(up, try);
	else {
		up->dial->error = error;
		upstream_dial_drop(up->dial, try);
		upstream_dial_next(up);
	}
	upstream_leave(up);
}

/* The address whose turn it is, or -1. */
static int
upstream_dial_choose(struct upstream_dial *d)
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
upstream_dial_try(struct upstream *up, int i)
{
	struct upstream_dial		*d = up->dial;
	struct upstream_try		*try = &d->tries[d->ntries++];
	const struct sockaddr_storage	*ss = &d->addrs[i];

	d->used[i] = 1;
	d->lastfamily = ss->ss_family;
	try->up = up;
	try->fd = socket(ss->ss_family, SOCK_STREAM | SOCK_CLOEXEC |
	    SOCK_NONBLOCK, 0);
	if (try->fd == -1 || (connect(try->fd, (const struct sockaddr *)ss,
	    resolve_addrlen(ss)) == -1 && errno != EINPROGRESS)) {
		d->error = errno;
		if (try->fd != -1)
			close(try->fd);
		try->fd = -1;
		return -1;
	}
	d->open++;
	event_set(&try->ev, try->fd, EV_WRITE, upstream_dial_on_write, try);
	if (up->env.base != NULL)
		event_base_set(up->env.base, &try->ev);
	event_add(&try->ev, NULL);
	return 0;
}

/* Begins the next attempt, if there is one to make. */
static void
upstream_dial_next(struct upstream *up)
{
	struct timeval		 tv = { 0, UPSTREAM_STAGGER * 1000 };
	struct upstream_dial	*d = up->dial;
	int			 i;

	evtimer_del(&d->stagger);
	while ((i = upstream_dial_choose(d)) != -1)
		if (upstream_dial_try(up, i) == 0) {
			evtimer_add(&d->stagger, &tv);
			return;
		}
	if (d->open == 0 && d->query == NULL)
		upstream_fail(up, 0, "%s", strerror(d->error));
}

static void
upstream_dial_on_stagger(int fd, short what, void *arg)
{
	struct upstream	*up = arg;

	(void)fd;
	(void)what;
	upstream_enter(up);
	upstream_dial_next(up);
	upstream_leave(up);
}

static void
upstream_dial_on_answer(const struct resolve_answer *a, void *arg)
{
	struct upstream		*up = arg;
	struct upstream_dial	*d = up->dial;
	int			 i;

	upstream_enter(up);
	if (!a->more)
		d->query = NULL;
	for (i = 0; i < a->naddrs && d->naddrs < UPSTREAM_ADDRS; i++)
		d->addrs[d->naddrs++] = a->addrs[i];
	if (d->naddrs == 0) {
		upstream_fail(up, 0, "%s", a->status == RESOLVE_NOTFOUND ?
		    "the server's name has no address" :
		    "the server's name could not be looked up");
		upstream_leave(up);
		return;
	}
	if (up->stage == UPSTREAM_RESOLVE)
		upstream_setstage(up, UPSTREAM_CONNECT);
	/* The stagger's timer is on while an attempt is young. */
	if (!evtimer_pending(&d->stagger, NULL))
		upstream_dial_next(up);
	upstream_leave(up);
}

int
upstream_dial(struct upstream *up)
{
	struct upstream_dial	*d;

	if ((d = calloc(1, sizeof(*d))) == NULL)
		return -1;
	d->error = EHOSTUNREACH;
	d->lastfamily = AF_INET;
	evtimer_set(&d->stagger, upstream_dial_on_stagger, up);
	if (up->env.base != NULL)
		event_base_set(up->env.base, &d->stagger);
	up->dial = d;
	d->query = resolve_start(up->env.resolve, up->host, up->port,
	    upstream_dial_on_answer, up);
	return d->query == NULL ? -1 : 0;
}
