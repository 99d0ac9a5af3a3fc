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
 * A server that follows a script, in the event loop of the sessions that it
 * serves.  A script is a list of steps:
 *
 *	"<LINE"		the client's next line must begin so
 *	">TEXT"		is sent, CR LF is added
 *	"~TEXT"		is sent as it is
 *	"."		the lines of a message up to the dot are taken
 *	"t"		TLS begins
 *	"x"		the connection is closed
 *	"h"		nothing, for ever
 */

#ifndef SCRIPTED_H
#define SCRIPTED_H

#include <sys/types.h>
#include <sys/socket.h>
#include <netinet/in.h>

#include <event.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/sbuf.h"
#include "smtp/tlsio.h"
#include "test.h"

struct scripted {
	struct event_base	*base;
	int			 fd, port;
	struct event		 ev;
	struct tlsio_ctx	*tls;
	int			 implicit;	/* TLS from the first byte */
	const char *const	*step;
	struct tlsio		*io;
	int			 connections;
	int			 secure;
	int			 indata;
	struct sbuf		 message;
	char			 last[16384];	/* the client's last line */
	size_t			 inbox;		/* lines behind it, unread */
};

static inline void scripted_run(struct scripted *);

static inline int
scripted_is(const struct scripted *s, char what)
{
	return *s->step != NULL && **s->step == what;
}

/* One line of the client's; 0 when it has to wait. */
static inline int
scripted_line(struct scripted *s, const char *p, size_t len)
{
	if (s->indata) {
		if (len == 1 && *p == '.') {
			s->indata = 0;
			s->step++;
		} else {
			CHECK(sbuf_add(&s->message, p, len) == 0);
			CHECK(sbuf_addch(&s->message, '\n') == 0);
		}
		return 1;
	}
	if (!scripted_is(s, '<'))
		return 0;
	CHECK(len < sizeof(s->last));
	memcpy(s->last, p, len);
	s->last[len] = '\0';
	if (strncmp(s->last, *s->step + 1, strlen(*s->step + 1)) != 0) {
		fprintf(stderr, "client: \"%s\", want \"%s\"\n", s->last,
		    *s->step + 1);
		CHECK(!"what the client says");
	}
	s->step++;
	return 1;
}

static inline size_t
scripted_on_read(struct tlsio *io, const char *buf, size_t len, void *arg)
{
	struct scripted	*s = arg;
	const char	*nl;
	size_t		 n, used = 0;

	while ((nl = memchr(buf + used, '\n', len - used)) != NULL) {
		if (scripted_is(s, 'h'))
			return len;
		n = nl - (buf + used);
		CHECK(n > 0 && nl[-1] == '\r');
		if (!scripted_line(s, buf + used, n - 1))
			break;
		used += n + 1;
		scripted_run(s);
		if (s->io != io || (!scripted_is(s, '<') && !s->indata))
			break;
	}
	s->inbox = len - used;
	return s->io != io ? len : used;
}

static inline void
scripted_on_secure(struct tlsio *io, void *arg)
{
	struct scripted	*s = arg;

	(void)io;
	s->secure = 1;
	scripted_run(s);
}

static inline void
scripted_on_closed(struct tlsio *io, enum tlsio_end how, const char *why,
    void *arg)
{
	struct scripted	*s = arg;

	(void)how;
	(void)why;
	tlsio_free(io);
	s->io = NULL;
}

static const struct tlsio_cb scripted_io = { scripted_on_read,
    scripted_on_secure, NULL, scripted_on_closed };

/* Does what can be done without the client. */
static inline void
scripted_run(struct scripted *s)
{
	const char	*p;

	for (; s->io != NULL && (p = *s->step) != NULL; s->step++)
		switch (*p) {
		case '>':
		case '~':
			CHECK(tlsio_write(s->io, p + 1, strlen(p + 1)) == 0);
			if (*p == '>')
				CHECK(tlsio_write(s->io, "\r\n", 2) == 0);
			break;
		case '.':
			s->indata = 1;
			return;
		case 't':
			if (s->secure)
				break;
			CHECK(tlsio_server(s->io, s->tls) == 0);
			s->step++;
			return;
		case 'x':
			tlsio_finish(s->io);
			s->step++;
			return;
		default:
			return;
		}
}

static inline void
scripted_on_accept(int fd, short what, void *arg)
{
	struct scripted	*s = arg;
	int		 conn;

	(void)what;
	if ((conn = accept(fd, NULL, NULL)) == -1)
		return;
	fcntl(conn, F_SETFL, O_NONBLOCK);
	s->connections++;
	tlsio_free(s->io);
	s->secure = s->indata = 0;
	s->io = tlsio_new(s->base, conn, &scripted_io, s);
	CHECK(s->io != NULL);
	if (s->implicit)
		CHECK(tlsio_server(s->io, s->tls) == 0);
	else
		scripted_run(s);
}

/* Listens on a port of 127.0.0.1 that is free. */
static inline void
scripted_open(struct scripted *s, struct event_base *base)
{
	struct sockaddr_in	 sin;
	socklen_t		 len = sizeof(sin);

	memset(s, 0, sizeof(*s));
	memset(&sin, 0, sizeof(sin));
	sbuf_init(&s->message, 4 * 1024 * 1024);
	s->base = base;
	sin.sin_family = AF_INET;
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	s->fd = socket(AF_INET, SOCK_STREAM, 0);
	if (s->fd == -1 ||
	    bind(s->fd, (struct sockaddr *)&sin, sizeof(sin)) == -1 ||
	    listen(s->fd, 10) == -1 ||
	    getsockname(s->fd, (struct sockaddr *)&sin, &len) == -1) {
		perror("server");
		exit(1);
	}
	fcntl(s->fd, F_SETFL, O_NONBLOCK);
	s->port = ntohs(sin.sin_port);
	event_set(&s->ev, s->fd, EV_READ | EV_PERSIST, scripted_on_accept, s);
	event_base_set(base, &s->ev);
	event_add(&s->ev, NULL);
}

/* The next connection has this script; what was before is forgotten. */
static inline void
scripted_play(struct scripted *s, const char *const *script, int implicit,
    struct tlsio_ctx *tls)
{
	tlsio_free(s->io);
	s->io = NULL;
	s->step = script;
	s->implicit = implicit;
	s->tls = tls;
	s->connections = 0;
	s->last[0] = '\0';
	sbuf_reset(&s->message);
}

static inline void
scripted_close(struct scripted *s)
{
	tlsio_free(s->io);
	event_del(&s->ev);
	close(s->fd);
	sbuf_free(&s->message);
}

#endif
