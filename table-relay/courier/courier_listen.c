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

/* The courier's port on loopback. */

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "courier_int.h"
#include "smtp/resolve.h"

#define BACKLOG		512
#define RETRY		10	/* seconds until the next try at the port */
#define SOON		1	/* ... of the first tries: the courier of a
				 * smtpd that ends might still have it */
#define SOON_TRIES	5
#define PAUSE		1	/* ... to accept when descriptors are out */
#define ACCEPTS		64	/* in a row, before others have their turn */

static void
listen_again(int fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	listen_start(arg);
}

static void
listen_accept(int fd, short what, void *arg)
{
	struct courier	*c = arg;
	int		 i, new, on = 1;

	(void)what;
	for (i = 0; i < ACCEPTS; i++) {
		new = accept(fd, NULL, NULL);
		if (new == -1 && (errno == EMFILE || errno == ENFILE ||
		    errno == ENOBUFS || errno == ENOMEM)) {
			log_warn("courier: accept");
			event_del(&c->listen_event);
			courier_timer(&c->retry_timer, PAUSE);
			return;
		}
		if (new == -1)
			return;
		if (fcntl(new, F_SETFL, O_NONBLOCK) == -1 ||
		    fcntl(new, F_SETFD, FD_CLOEXEC) == -1)
			close(new);
		else {
			/* A reply is one write, and is waited for. */
			(void)setsockopt(new, IPPROTO_TCP, TCP_NODELAY, &on,
			    sizeof(on));
			session_new(c, new);
		}
	}
}

/* A socket on the port, or -1. */
static int
listen_open(const struct conf_outbound *conf)
{
	struct sockaddr_storage	 ss;
	socklen_t		 len;
	int			 fd, one = 1, save;

	if (!resolve_literal(conf->courier, (int)conf->courier_port, &ss,
	    &len)) {
		errno = EINVAL;
		return -1;
	}
	if ((fd = socket(ss.ss_family, SOCK_STREAM, 0)) == -1)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one,
	    sizeof(one)) == -1 ||
	    fcntl(fd, F_SETFL, O_NONBLOCK) == -1 ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC) == -1 ||
	    bind(fd, (struct sockaddr *)&ss, len) == -1 ||
	    listen(fd, BACKLOG) == -1) {
		save = errno;
		close(fd);
		errno = save;
		return -1;
	}
	return fd;
}

void
listen_start(struct courier *c)
{
	const struct conf_outbound	*conf = &c->table->conf->outbound;

	evtimer_set(&c->retry_timer, listen_again, c);
	if (c->fd == -1 && (c->fd = listen_open(conf)) == -1) {
		if (!c->told)
			log_warn("courier: no mail leaves through accounts "
			    "while its port is not to be had: %s port %u",
			    conf->courier, conf->courier_port);
		c->told = 1;
		courier_timer(&c->retry_timer, c->tries++ < SOON_TRIES ?
		    SOON : RETRY);
		return;
	}
	if (c->told)
		log_info("courier: it has its port now");
	c->told = 0;
	event_set(&c->listen_event, c->fd, EV_READ | EV_PERSIST,
	    listen_accept, c);
	event_add(&c->listen_event, NULL);
	c->table->courier->listening = 1;
}
