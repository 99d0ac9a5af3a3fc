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

/* What the files of tlsio share; nobody else includes it. */

#ifndef TLSIO_INT_H
#define TLSIO_INT_H

#include <sys/types.h>

#include <event.h>

#include <openssl/ssl.h>

#include "smtp/tlsio.h"

enum tlsio_tls {
	TLSIO_CLEAR,
	TLSIO_WANTED,		/* starts when all that waits has gone out */
	TLSIO_SHAKING,
	TLSIO_ON
};

struct tlsio {
	struct event_base	*base;
	const struct tlsio_cb	*cb;
	void			*arg;
	SSL			*ssl;
	enum tlsio_tls		 tls;
	int			 fd;
	int			 depth;		/* handlers of ours that run */
	int			 freed;		/* when depth is 0 again */
	int			 over;
	int			 paused;
	int			 high;		/* drained() is due */
	int			 verify;
	int			 finishing;	/* 1; 2: shut down */
	char			*in;
	size_t			 inlen;
	char			*out;
	size_t			 outpos, outlen, outcap;
	size_t			 clear;		/* of outlen: before TLS */
	struct event		 evread, evwrite;
	struct event		 kick;		/* there is something to do */
	struct event		 linger;	/* the peer does not close */
};

struct tlsio_ctx {
	SSL_CTX		*ssl;
};

/*
 * A session of ctx as the client, to the server `name'.  Returns NULL when
 * there is no memory or name is none that a certificate can have.
 */
SSL	*tlsio_ctx_connect(struct tlsio_ctx *ctx, const char *name, int verify);

/* The same as the server. */
SSL	*tlsio_ctx_accept(struct tlsio_ctx *ctx);

/* What the error queue of OpenSSL says first, a constant or buf. */
const char *tlsio_ctx_error(char *buf, size_t size);

/* Goes on with the handshake. */
void	 tlsio_shake(struct tlsio *);

/* TLS is wanted: starts it when nothing waits in either direction. */
void	 tlsio_begin(struct tlsio *);

/* The session is over: tells it, once. */
void	 tlsio_end(struct tlsio *, enum tlsio_end, const char *why);

/* 1 when it is over, or freed by a callback. */
int	 tlsio_dead(const struct tlsio *);

/* Has tlsio_advance() called in this turn of the event loop. */
void	 tlsio_soon(struct tlsio *);

/* Does what can be done now, other than reading. */
void	 tlsio_advance(struct tlsio *);

#endif
