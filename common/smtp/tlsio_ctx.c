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
#include <netinet/in.h>
#include <arpa/inet.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/compat.h"
#include "base/log.h"
#include "smtp/tlsio_int.h"

/* Where systems keep the authorities' certificates, in one file each. */
static const char *const tlsio_cafiles[] = {
	"/etc/ssl/cert.pem",
	"/etc/ssl/certs/ca-certificates.crt",
	"/etc/pki/tls/certs/ca-bundle.crt",
	NULL
};

const char *
tlsio_ctx_error(char *buf, size_t size)
{
	const char	*p;
	unsigned long	 e = ERR_peek_error();

	if (e == 0)
		return "unknown error";
	if (ERR_GET_LIB(e) == ERR_LIB_SYS)
		return strerror(ERR_GET_REASON(e));
	if ((p = ERR_reason_error_string(e)) != NULL)
		return p;
	snprintf(buf, size, "error %lx", e);
	return buf;
}

static struct tlsio_ctx *
tlsio_ctx_new(const SSL_METHOD *method)
{
	struct tlsio_ctx	*ctx;

	ERR_clear_error();
	if ((ctx = calloc(1, sizeof(*ctx))) == NULL ||
	    (ctx->ssl = SSL_CTX_new(method)) == NULL ||
	    SSL_CTX_set_min_proto_version(ctx->ssl, TLS1_2_VERSION) != 1) {
		log_warnx("tls: no context");
		tlsio_ctx_free(ctx);
		return NULL;
	}
	/* A connection that ends without close_notify: SMTP itself says
	 * what is complete. */
	SSL_CTX_set_options(ctx->ssl, SSL_OP_NO_COMPRESSION |
	    SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET |
#ifdef SSL_OP_IGNORE_UNEXPECTED_EOF
	    SSL_OP_IGNORE_UNEXPECTED_EOF |
#endif
	    SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_mode(ctx->ssl, SSL_MODE_RELEASE_BUFFERS |
	    SSL_MODE_ENABLE_PARTIAL_WRITE |
	    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_session_cache_mode(ctx->ssl, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_read_ahead(ctx->ssl, 1);
#ifndef LIBRESSL_VERSION_NUMBER
	(void)SSL_CTX_set_num_tickets(ctx->ssl, 0);
#endif
	return ctx;
}

struct tlsio_ctx *
tlsio_ctx_client(const char *ca)
{
	struct tlsio_ctx	*ctx;
	char			 buf[32];
	int			 i;

	for (i = 0; ca == NULL && tlsio_cafiles[i] != NULL; i++)
		if (access(tlsio_cafiles[i], R_OK) == 0)
			ca = tlsio_cafiles[i];
	if ((ctx = tlsio_ctx_new(TLS_client_method())) == NULL)
		return NULL;
	/* With no authority at all nothing can be verified, but a server
	 * that need not be can still be talked to. */
	if (ca == NULL) {
		log_warnx("tls: no file of certificate authorities found");
		return ctx;
	}
	if (SSL_CTX_load_verify_locations(ctx->ssl, ca, NULL) != 1) {
		log_warnx("tls: authorities of %s: %s", ca,
		    tlsio_ctx_error(buf, sizeof(buf)));
		tlsio_ctx_free(ctx);
		return NULL;
	}
	return ctx;
}

struct tlsio_ctx *
tlsio_ctx_server(const char *cert, const char *key)
{
	struct tlsio_ctx	*ctx;
	const char		*file = cert;
	char			 buf[32];

	if ((ctx = tlsio_ctx_new(TLS_server_method())) == NULL)
		return NULL;
	if (SSL_CTX_use_certificate_chain_file(ctx->ssl, cert) == 1) {
		file = key;
		if (SSL_CTX_use_PrivateKey_file(ctx->ssl, key,
		    SSL_FILETYPE_PEM) == 1 &&
		    SSL_CTX_check_private_key(ctx->ssl) == 1)
			return ctx;
	}
	log_warnx("tls: %s: %s", file, tlsio_ctx_error(buf, sizeof(buf)));
	tlsio_ctx_free(ctx);
	return NULL;
}

int
tlsio_ctx_share(struct tlsio_ctx *ctx, void *sslctx)
{
	X509_STORE	*store = SSL_CTX_get_cert_store(ctx->ssl);

	if (store == NULL || X509_STORE_up_ref(store) != 1)
		return -1;
	SSL_CTX_set_cert_store(sslctx, store);
	return 0;
}

/* A certificate in PEM, as a string, or NULL. */
static char *
tlsio_ctx_pem(X509 *cert)
{
	BIO	*bio = BIO_new(BIO_s_mem());
	char	*p, *pem = NULL;
	long	 len;

	if (bio != NULL && PEM_write_bio_X509(bio, cert) == 1 &&
	    (len = BIO_get_mem_data(bio, &p)) > 0)
		pem = strndup(p, len);
	BIO_free(bio);
	return pem;
}

char *
tlsio_ctx_authority(struct tlsio_ctx *ctx)
{
	STACK_OF(X509_OBJECT)	*all;
	X509			*cert;
	int			 i;

	all = X509_STORE_get0_objects(SSL_CTX_get_cert_store(ctx->ssl));
	for (i = 0; i < sk_X509_OBJECT_num(all); i++) {
		cert = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(all, i));
		if (cert != NULL)
			return tlsio_ctx_pem(cert);
	}
	return NULL;
}

void
tlsio_ctx_free(struct tlsio_ctx *ctx)
{
	if (ctx == NULL)
		return;
	SSL_CTX_free(ctx->ssl);
	free(ctx);
}

/* What the certificate must show: an address or a name, RFC 6125. */
static int
tlsio_ctx_name(SSL *ssl, const char *name)
{
	X509_VERIFY_PARAM	*param = SSL_get0_param(ssl);
	unsigned char		 addr[16];
	char			 host[256];
	size_t			 len = strlen(name);
	int			 af = AF_UNSPEC;

	if (len >= 2 && name[0] == '[' && name[len - 1] == ']') {
		name++;
		len -= 2;
	} else if (len > 1 && name[len - 1] == '.')
		len--;
	if (len == 0 || len >= sizeof(host))
		return -1;
	memcpy(host, name, len);
	host[len] = '\0';
	if (inet_pton(AF_INET, host, addr) == 1)
		af = AF_INET;
	else if (inet_pton(AF_INET6, host, addr) == 1)
		af = AF_INET6;
	if (af != AF_UNSPEC)
		return X509_VERIFY_PARAM_set1_ip(param, addr,
		    af == AF_INET ? 4 : 16) == 1 ? 0 : -1;
	X509_VERIFY_PARAM_set_hostflags(param,
	    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS |
	    X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
	if (X509_VERIFY_PARAM_set1_host(param, host, len) != 1 ||
	    SSL_set_tlsext_host_name(ssl, host) != 1)
		return -1;
	return 0;
}

SSL *
tlsio_ctx_connect(struct tlsio_ctx *ctx, const char *name, int verify)
{
	SSL	*ssl;

	ERR_clear_error();
	if ((ssl = SSL_new(ctx->ssl)) == NULL)
		return NULL;
	if (tlsio_ctx_name(ssl, name) == -1) {
		SSL_free(ssl);
		return NULL;
	}
	SSL_set_verify(ssl, verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, NULL);
	SSL_set_connect_state(ssl);
	return ssl;
}

SSL *
tlsio_ctx_accept(struct tlsio_ctx *ctx)
{
	SSL	*ssl;

	ERR_clear_error();
	if ((ssl = SSL_new(ctx->ssl)) != NULL)
		SSL_set_accept_state(ssl);
	return ssl;
}
