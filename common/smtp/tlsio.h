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
 * A connected stream socket on libevent, in the clear or with TLS 1.2 and up
 * on top, as client or server.  What comes in is given to a callback that
 * says how much of it it took; what goes out waits in a buffer with a limit.
 *
 * Every callback may call tlsio_free().  None is called from inside another
 * function of this module, but `closed' as said.
 */

#ifndef TLSIO_H
#define TLSIO_H

#include <stddef.h>
#include <time.h>

struct event_base;
struct tlsio;
struct tlsio_ctx;

#define TLSIO_IN_MAX		16384	/* bytes that wait to be taken */
#define TLSIO_OUT_MAX		(256 * 1024) /* bytes that wait to go out */
#define TLSIO_OUT_HIGH		(64 * 1024)  /* the caller should pause ... */
#define TLSIO_OUT_LOW		(16 * 1024)  /* ... until `drained' */
#define TLSIO_WHY_MAX		200

enum tlsio_end {
	TLSIO_EOF,		/* the peer closed */
	TLSIO_ERROR,		/* the connection broke */
	TLSIO_HANDSHAKE,	/* TLS did not come about */
	TLSIO_CERT,		/* ... because of the peer's certificate */
	TLSIO_INJECTED,		/* plaintext came where TLS had to begin */
	TLSIO_FULL		/* nobody takes TLSIO_IN_MAX bytes */
};

struct tlsio_cb {
	/*
	 * Bytes have come.  Returns how many of them it took; the rest is
	 * shown again, with more behind it.  When TLS is started from here
	 * (or for the server), nothing may be left: see tlsio_client().
	 */
	size_t	(*read)(struct tlsio *, const char *buf, size_t len,
		    void *arg);
	/* The handshake is done.  May be NULL where TLS is never started. */
	void	(*secure)(struct tlsio *, void *arg);
	/* tlsio_waiting() fell below TLSIO_OUT_LOW after it had been above
	 * TLSIO_OUT_HIGH.  May be NULL. */
	void	(*drained)(struct tlsio *, void *arg);
	/* It is over; why is plain ASCII without secrets.  What is left to
	 * the callee is to call tlsio_free(), now or later. */
	void	(*closed)(struct tlsio *, enum tlsio_end, const char *why,
		    void *arg);
};

/* What is to be known of a session with TLS. */
struct tlsio_info {
	char	version[16];		/* "TLSv1.3" */
	char	cipher[64];
	char	subject[256];		/* of the peer's certificate, or "" */
	char	issuer[256];
	char	names[512];		/* its DNS and IP names, by spaces */
	char	sha256[65];		/* its fingerprint, hex */
	time_t	notbefore, notafter;
	int	verified;		/* chain and name were right */
	char	problem[TLSIO_WHY_MAX];	/* what was not, or "" */
};

/*
 * What all clients share: the authorities of the PEM file ca, or, when it is
 * NULL, the system's.  The file is read now, before a sandbox closes.
 * Returns NULL after having logged why.
 */
struct tlsio_ctx *tlsio_ctx_client(const char *ca);

/*
 * What a server's sessions share: certificate (chain) and private key, PEM
 * files that are read now.  Returns NULL after having logged why.
 */
struct tlsio_ctx *tlsio_ctx_server(const char *cert, const char *key);

/*
 * Has another library's SSL_CTX (OpenSSL's, as void *) believe in the same
 * authorities.  Returns 0 or -1.
 */
int	 tlsio_ctx_share(struct tlsio_ctx *, void *sslctx);

/*
 * One of the authorities in PEM, for a library that wants to read some file
 * when it has none.  The caller frees it; NULL when there is none, or no
 * memory.
 */
char	*tlsio_ctx_authority(struct tlsio_ctx *);

/* Sessions go on with it until they end.  NULL is allowed. */
void	 tlsio_ctx_free(struct tlsio_ctx *);

/*
 * Takes over a non-blocking connected socket and begins to read.  base may
 * be NULL for the one of event_init().  *cb must live as long as the
 * session.  Returns NULL when there is no memory; fd is then the caller's.
 */
struct tlsio *tlsio_new(struct event_base *base, int fd,
    const struct tlsio_cb *cb, void *arg);

/*
 * Starts TLS as the client, with `name' (host name or IP literal) as what
 * the peer's certificate must show (RFC 6125) and, for a name, as SNI.
 * verify 0 takes any certificate and only notes what is wrong with it.
 * What waits to go out by now goes first, in the clear; what is written from
 * now on does not.  Bytes that came before
 * the handshake and were not taken end the session as TLSIO_INJECTED
 * (RFC 3207 section 6).  Returns 0; -1 when there is no memory, the name is
 * no name, or TLS is on already.
 */
int	 tlsio_client(struct tlsio *, struct tlsio_ctx *, const char *name,
	    int verify);

/* The same as the server. */
int	 tlsio_server(struct tlsio *, struct tlsio_ctx *);

/*
 * Queues len bytes.  Returns 0; -1 when more than TLSIO_OUT_MAX would wait,
 * there is no memory, or the session is over: nothing was queued then.
 */
int	 tlsio_write(struct tlsio *, const void *buf, size_t len);

/* How many bytes wait to go out. */
size_t	 tlsio_waiting(const struct tlsio *);

/* Stops reading (on 1) or goes on (0); what had come is then shown first. */
void	 tlsio_pause(struct tlsio *, int on);

/*
 * No more is read; what waits goes out, TLS and socket are shut down, and
 * `closed' comes with TLSIO_EOF, at the latest after 10 seconds.
 */
void	 tlsio_finish(struct tlsio *);

/* 1 when TLS is on and its handshake done; *info (may be NULL) is filled. */
int	 tlsio_getinfo(const struct tlsio *, struct tlsio_info *info);

/* The session's descriptor, which it keeps. */
int	 tlsio_fd(const struct tlsio *);

/* Closes at once and forgets what waits.  NULL is allowed. */
void	 tlsio_free(struct tlsio *);

#endif
