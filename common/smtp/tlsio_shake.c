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

#include <errno.h>
#include <event.h>
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "smtp/tlsio_int.h"

static int
tlsio_start(struct tlsio *t, SSL *ssl)
{
	if (ssl == NULL)
		return -1;
	/* The descriptor stays ours: its BIO does not close it. */
	if (SSL_set_fd(ssl, t->fd) != 1) {
		SSL_free(ssl);
		return -1;
	}
	t->ssl = ssl;
	t->tls = TLSIO_WANTED;
	t->clear = t->outlen;
	tlsio_soon(t);
	return 0;
}

int
tlsio_client(struct tlsio *t, struct tlsio_ctx *ctx, const char *name,
    int verify)
{
	if (tlsio_dead(t) || t->finishing || t->tls != TLSIO_CLEAR)
		return -1;
	t->verify = verify;
	return tlsio_start(t, tlsio_ctx_connect(ctx, name, verify));
}

int
tlsio_server(struct tlsio *t, struct tlsio_ctx *ctx)
{
	if (tlsio_dead(t) || t->finishing || t->tls != TLSIO_CLEAR)
		return -1;
	return tlsio_start(t, tlsio_ctx_accept(ctx));
}

static void
tlsio_shake_failed(struct tlsio *t, int sslerr)
{
	char		 why[TLSIO_WHY_MAX], buf[32];
	const char	*p = "connection closed";
	long		 result = SSL_get_verify_result(t->ssl);
	int		 cert = t->verify && result != X509_V_OK;

	if (cert)
		p = X509_verify_cert_error_string(result);
	else if (sslerr == SSL_ERROR_SSL)
		p = tlsio_ctx_error(buf, sizeof(buf));
	else if (sslerr == SSL_ERROR_SYSCALL && errno != 0)
		p = strerror(errno);
	snprintf(why, sizeof(why), "%s: %s", cert ? "certificate refused" :
	    "TLS handshake failed", p);
	ERR_clear_error();
	tlsio_end(t, cert ? TLSIO_CERT : TLSIO_HANDSHAKE, why);
}

void
tlsio_shake(struct tlsio *t)
{
	int	 rv, e;

	ERR_clear_error();
	errno = 0;
	rv = SSL_do_handshake(t->ssl);
	if (rv == 1) {
		t->tls = TLSIO_ON;
		/* What came with the last flight is not on the socket. */
		if (!t->paused)
			event_active(&t->evread, EV_READ, 1);
		if (t->outlen > 0)
			tlsio_soon(t);
		if (t->cb->secure != NULL)
			t->cb->secure(t, t->arg);
		return;
	}
	e = SSL_get_error(t->ssl, rv);
	if (e == SSL_ERROR_WANT_WRITE)
		event_add(&t->evwrite, NULL);
	else if (e != SSL_ERROR_WANT_READ)
		tlsio_shake_failed(t, e);
}

void
tlsio_begin(struct tlsio *t)
{
	if (t->inlen > 0) {
		tlsio_end(t, TLSIO_INJECTED, "plaintext where TLS must begin");
		return;
	}
	if (t->clear > 0)
		return;
	t->tls = TLSIO_SHAKING;
	if (t->paused) {
		t->paused = 0;
		event_add(&t->evread, NULL);
	}
	tlsio_shake(t);
}
