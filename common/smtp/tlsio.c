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

#include <errno.h>
#include <event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/compat.h"
#include "smtp/tlsio_int.h"

#define TLSIO_TURNS	4	/* reads in a row, before others have theirs */
#define TLSIO_OUT_KEEP	2048	/* bytes of an empty buffer that stays */
#define TLSIO_LINGER	10	/* seconds for the peer to close, too */

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL	0
#endif

static void tlsio_on_read(int, short, void *);
static void tlsio_on_kick(int, short, void *);
static void tlsio_on_linger(int, short, void *);
static int tlsio_fill(struct tlsio *);
static int tlsio_deliver(struct tlsio *);

/* Handlers are between enter and leave; t may be gone after the latter. */
static void
tlsio_enter(struct tlsio *t)
{
	t->depth++;
}

static void
tlsio_destroy(struct tlsio *t)
{
	SSL_free(t->ssl);
	freezero(t->in, TLSIO_IN_MAX);
	freezero(t->out, t->outcap);
	free(t);
}

static void
tlsio_leave(struct tlsio *t)
{
	if (--t->depth == 0 && t->freed)
		tlsio_destroy(t);
}

int
tlsio_dead(const struct tlsio *t)
{
	return t->over || t->freed;
}

static void
tlsio_silence(struct tlsio *t)
{
	event_del(&t->evread);
	event_del(&t->evwrite);
	evtimer_del(&t->kick);
	evtimer_del(&t->linger);
}

void
tlsio_end(struct tlsio *t, enum tlsio_end how, const char *why)
{
	if (tlsio_dead(t))
		return;
	t->over = 1;
	tlsio_silence(t);
	t->cb->closed(t, how, why, t->arg);
}

/* Ends the session for what errno or OpenSSL says. */
static void
tlsio_break(struct tlsio *t, const char *what, int sslerr)
{
	char		 why[TLSIO_WHY_MAX], buf[32];
	const char	*p = "connection closed";

	if (sslerr == SSL_ERROR_SSL)
		p = tlsio_ctx_error(buf, sizeof(buf));
	else if (errno != 0)
		p = strerror(errno);
	snprintf(why, sizeof(why), "%s%s", what, p);
	ERR_clear_error();
	tlsio_end(t, TLSIO_ERROR, why);
}

static void
tlsio_setevents(struct tlsio *t)
{
	event_set(&t->evread, t->fd, EV_READ | EV_PERSIST, tlsio_on_read, t);
	event_set(&t->evwrite, t->fd, EV_WRITE, tlsio_on_kick, t);
	evtimer_set(&t->kick, tlsio_on_kick, t);
	evtimer_set(&t->linger, tlsio_on_linger, t);
	if (t->base != NULL) {
		event_base_set(t->base, &t->evread);
		event_base_set(t->base, &t->evwrite);
		event_base_set(t->base, &t->kick);
		event_base_set(t->base, &t->linger);
	}
}

struct tlsio *
tlsio_new(struct event_base *base, int fd, const struct tlsio_cb *cb,
    void *arg)
{
	struct tlsio	*t;

	if ((t = calloc(1, sizeof(*t))) == NULL)
		return NULL;
	t->base = base;
	t->cb = cb;
	t->arg = arg;
	t->fd = fd;
	tlsio_setevents(t);
	event_add(&t->evread, NULL);
	return t;
}

void
tlsio_free(struct tlsio *t)
{
	if (t == NULL || t->freed)
		return;
	tlsio_silence(t);
	close(t->fd);
	t->fd = -1;
	t->freed = 1;
	if (t->depth == 0)
		tlsio_destroy(t);
}

void
tlsio_soon(struct tlsio *t)
{
	if (!t->finishing)
		event_active(&t->kick, EV_TIMEOUT, 1);
}

/* One write: bytes that went, 0 when it would block, -1 when it is over. */
static ssize_t
tlsio_put(struct tlsio *t, const char *p, size_t len)
{
	ssize_t	 n;
	int	 e;

	errno = 0;
	if (t->tls != TLSIO_ON) {
		if ((n = send(t->fd, p, len, MSG_NOSIGNAL)) >= 0)
			return n;
		return errno == EAGAIN || errno == EWOULDBLOCK ||
		    errno == EINTR ? 0 : -1;
	}
	ERR_clear_error();
	if ((n = SSL_write(t->ssl, p, len)) > 0)
		return n;
	e = SSL_get_error(t->ssl, n);
	return e == SSL_ERROR_WANT_WRITE || e == SSL_ERROR_WANT_READ ? 0 : -1;
}

static void
tlsio_emptied(struct tlsio *t)
{
	t->outpos = 0;
	if (t->outcap > TLSIO_OUT_KEEP) {
		freezero(t->out, t->outcap);
		t->out = NULL;
		t->outcap = 0;
	} else if (t->out != NULL)
		explicit_bzero(t->out, t->outcap);
}

/* Writing failed: what the peer said before it went is still to be read. */
static void
tlsio_lastwords(struct tlsio *t)
{
	int	 save = errno;

	t->outlen = 0;
	tlsio_emptied(t);
	while (!tlsio_dead(t) && !t->paused && !t->finishing &&
	    tlsio_fill(t) > 0 && tlsio_deliver(t) == 0)
		continue;
	errno = save;
	tlsio_break(t, "", SSL_ERROR_SYSCALL);
}

/* Both directions are done: waits for the peer to see that. */
static void
tlsio_shutdown(struct tlsio *t)
{
	t->finishing = 2;
	if (t->tls == TLSIO_ON) {
		ERR_clear_error();
		(void)SSL_shutdown(t->ssl);
		ERR_clear_error();
	}
	(void)shutdown(t->fd, SHUT_WR);
	event_add(&t->evread, NULL);
}

/* Writes what waits, as far as it goes. */
static void
tlsio_flush(struct tlsio *t)
{
	ssize_t	 n;

	while (t->outlen > 0 && (t->tls != TLSIO_WANTED || t->clear > 0)) {
		n = tlsio_put(t, t->out + t->outpos, t->tls == TLSIO_WANTED ?
		    t->clear : t->outlen);
		if (n == -1) {
			tlsio_lastwords(t);
			return;
		}
		if (n == 0) {
			event_add(&t->evwrite, NULL);
			break;
		}
		t->outpos += n;
		t->outlen -= n;
		t->clear -= t->tls == TLSIO_WANTED ? n : 0;
	}
	if (t->outlen == 0)
		tlsio_emptied(t);
	if (t->high && t->outlen < TLSIO_OUT_LOW) {
		t->high = 0;
		if (t->cb->drained != NULL)
			t->cb->drained(t, t->arg);
	}
	if (!tlsio_dead(t) && t->outlen == 0 && t->finishing == 1)
		tlsio_shutdown(t);
}

void
tlsio_advance(struct tlsio *t)
{
	if (!tlsio_dead(t) && t->finishing == 1 &&
	    (t->tls == TLSIO_WANTED || t->tls == TLSIO_SHAKING)) {
		tlsio_shutdown(t);
		return;
	}
	if (!tlsio_dead(t) && t->tls == TLSIO_SHAKING)
		tlsio_shake(t);
	if (!tlsio_dead(t) && t->tls != TLSIO_SHAKING && t->finishing < 2)
		tlsio_flush(t);
	if (!tlsio_dead(t) && t->tls == TLSIO_WANTED && !t->finishing)
		tlsio_begin(t);
}

static void
tlsio_on_kick(int fd, short what, void *arg)
{
	struct tlsio	*t = arg;

	(void)fd;
	(void)what;
	tlsio_enter(t);
	tlsio_advance(t);
	tlsio_leave(t);
}

static void
tlsio_on_linger(int fd, short what, void *arg)
{
	struct tlsio	*t = arg;

	(void)fd;
	(void)what;
	tlsio_enter(t);
	tlsio_end(t, TLSIO_EOF, "closed");
	tlsio_leave(t);
}

/* Shows what came; -1 when nothing more may be read now. */
static int
tlsio_deliver(struct tlsio *t)
{
	size_t	 n;

	while (t->inlen > 0 && !t->paused && !t->finishing) {
		n = t->cb->read(t, t->in, t->inlen, t->arg);
		if (tlsio_dead(t))
			return -1;
		if (n > 0) {
			t->inlen -= n;
			memmove(t->in, t->in + n, t->inlen);
		}
		if (t->tls == TLSIO_WANTED) {
			tlsio_advance(t);
			return -1;
		}
		if (n == 0)
			break;
	}
	if (t->inlen == TLSIO_IN_MAX && !t->paused && !t->finishing)
		tlsio_end(t, TLSIO_FULL, "too much that makes no sense");
	return tlsio_dead(t) || t->paused || t->finishing ? -1 : 0;
}

/* One read: 1 bytes came, 0 it would block, -1 it is over. */
static int
tlsio_fill(struct tlsio *t)
{
	ssize_t	 n;
	int	 e = SSL_ERROR_SYSCALL;

	if (t->in == NULL && (t->in = malloc(TLSIO_IN_MAX)) == NULL) {
		tlsio_break(t, "", SSL_ERROR_SYSCALL);
		return -1;
	}
	errno = 0;
	if (t->tls == TLSIO_ON) {
		ERR_clear_error();
		n = SSL_read(t->ssl, t->in + t->inlen,
		    TLSIO_IN_MAX - t->inlen);
		if (n <= 0)
			e = SSL_get_error(t->ssl, n);
		if (e == SSL_ERROR_WANT_READ || e == SSL_ERROR_WANT_WRITE)
			return 0;
		if (e == SSL_ERROR_ZERO_RETURN)
			n = 0;
	} else {
		n = read(t->fd, t->in + t->inlen, TLSIO_IN_MAX - t->inlen);
		if (n == -1 && (errno == EAGAIN || errno == EWOULDBLOCK ||
		    errno == EINTR))
			return 0;
	}
	if (n > 0) {
		t->inlen += n;
		return 1;
	}
	if (n == 0 || (e == SSL_ERROR_SYSCALL && errno == 0))
		tlsio_end(t, TLSIO_EOF, "connection closed");
	else
		tlsio_break(t, "", e);
	return -1;
}

/* After the last byte went out: reads and forgets until the peer closes. */
static void
tlsio_discard(struct tlsio *t)
{
	char	 buf[1024];
	ssize_t	 n;
	int	 i;

	for (i = 0; i < TLSIO_TURNS; i++) {
		n = read(t->fd, buf, sizeof(buf));
		if (n == 0 || (n == -1 && errno != EAGAIN && errno != EINTR &&
		    errno != EWOULDBLOCK)) {
			tlsio_end(t, TLSIO_EOF, "closed");
			return;
		}
		if (n == -1)
			return;
	}
}

static void
tlsio_on_read(int fd, short what, void *arg)
{
	struct tlsio	*t = arg;
	int		 i, n = 1;

	(void)fd;
	(void)what;
	tlsio_enter(t);
	if (t->finishing == 2)
		tlsio_discard(t);
	else if (t->tls == TLSIO_SHAKING)
		tlsio_shake(t);
	else if (!t->finishing && !t->paused && tlsio_deliver(t) == 0) {
		for (i = 0; i < TLSIO_TURNS; i++)
			if ((n = tlsio_fill(t)) <= 0 || tlsio_deliver(t) == -1)
				break;
		/* What OpenSSL holds shows nothing on the socket. */
		if (i == TLSIO_TURNS && !tlsio_dead(t))
			event_active(&t->evread, EV_READ, 1);
	}
	if (!tlsio_dead(t) && t->inlen == 0) {
		freezero(t->in, TLSIO_IN_MAX);
		t->in = NULL;
	}
	tlsio_leave(t);
}

/* Room for len bytes behind what waits; without copies left behind. */
static int
tlsio_room(struct tlsio *t, size_t len)
{
	size_t	 cap = t->outcap != 0 ? t->outcap : 512;
	char	*p;

	if (t->outcap - t->outpos - t->outlen >= len)
		return 0;
	while (cap < t->outlen + len)
		cap *= 2;
	if (cap == t->outcap) {
		memmove(t->out, t->out + t->outpos, t->outlen);
		t->outpos = 0;
		return 0;
	}
	if ((p = malloc(cap)) == NULL)
		return -1;
	if (t->outlen > 0)
		memcpy(p, t->out + t->outpos, t->outlen);
	freezero(t->out, t->outcap);
	t->out = p;
	t->outcap = cap;
	t->outpos = 0;
	return 0;
}

int
tlsio_write(struct tlsio *t, const void *buf, size_t len)
{
	if (tlsio_dead(t) || t->finishing || len > TLSIO_OUT_MAX ||
	    t->outlen > TLSIO_OUT_MAX - len || tlsio_room(t, len) == -1)
		return -1;
	memcpy(t->out + t->outpos + t->outlen, buf, len);
	t->outlen += len;
	if (t->outlen > TLSIO_OUT_HIGH)
		t->high = 1;
	/* Not while the socket is known to be full. */
	if (!event_pending(&t->evwrite, EV_WRITE, NULL))
		tlsio_soon(t);
	return 0;
}

size_t
tlsio_waiting(const struct tlsio *t)
{
	return t->outlen;
}

void
tlsio_pause(struct tlsio *t, int on)
{
	if (tlsio_dead(t) || t->finishing || t->paused == on ||
	    t->tls == TLSIO_WANTED || t->tls == TLSIO_SHAKING)
		return;
	t->paused = on;
	if (on)
		event_del(&t->evread);
	else {
		event_add(&t->evread, NULL);
		event_active(&t->evread, EV_READ, 1);
	}
}

void
tlsio_finish(struct tlsio *t)
{
	struct timeval	 tv = { TLSIO_LINGER, 0 };

	if (tlsio_dead(t) || t->finishing)
		return;
	tlsio_soon(t);
	t->finishing = 1;
	event_del(&t->evread);
	evtimer_add(&t->linger, &tv);
}

int
tlsio_fd(const struct tlsio *t)
{
	return t->fd;
}
