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

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/types.h>

#include <arpa/inet.h>
#include <errno.h>
#include <event.h>
#include <netinet/in.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/compat.h"
#include "base/log.h"
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

/* Where systems keep the authorities' certificates, in one file each. */
static const char *const cafiles[] = {
	"/etc/ssl/cert.pem",
	"/etc/ssl/certs/ca-certificates.crt",
	"/etc/pki/tls/certs/ca-bundle.crt",
	NULL
};

static void	on_kick(int fd, short what, void *arg);
static void	on_linger(int fd, short what, void *arg);
static int	deliver(struct tlsio *t);
static int	fill(struct tlsio *t);
static void	on_read(int fd, short what, void *arg);
static void	shake(struct tlsio *t);
static void	begin_tls(struct tlsio *t);

/* What the error queue of OpenSSL says first, a constant or buf. */
static const char *
openssl_error(char *buf, size_t size)
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
new_ctx(const SSL_METHOD *method)
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

	for (i = 0; ca == NULL && cafiles[i] != NULL; i++)
		if (access(cafiles[i], R_OK) == 0)
			ca = cafiles[i];
	if ((ctx = new_ctx(TLS_client_method())) == NULL)
		return NULL;
	/* With no authority at all nothing can be verified, but a server
	 * that need not be can still be talked to. */
	if (ca == NULL) {
		log_warnx("tls: no file of certificate authorities found");
		return ctx;
	}
	if (SSL_CTX_load_verify_locations(ctx->ssl, ca, NULL) != 1) {
		log_warnx("tls: authorities of %s: %s", ca,
		    openssl_error(buf, sizeof(buf)));
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

	if ((ctx = new_ctx(TLS_server_method())) == NULL)
		return NULL;
	if (SSL_CTX_use_certificate_chain_file(ctx->ssl, cert) == 1) {
		file = key;
		if (SSL_CTX_use_PrivateKey_file(ctx->ssl, key,
		    SSL_FILETYPE_PEM) == 1 &&
		    SSL_CTX_check_private_key(ctx->ssl) == 1)
			return ctx;
	}
	log_warnx("tls: %s: %s", file, openssl_error(buf, sizeof(buf)));
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
read_pem(X509 *cert)
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
			return read_pem(cert);
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
name_kind(SSL *ssl, const char *name)
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

/*
 * A session of ctx as the client, to the server `name'.  Returns NULL when
 * there is no memory or name is none that a certificate can have.
 */
static SSL *
new_client(struct tlsio_ctx *ctx, const char *name, int verify)
{
	SSL	*ssl;

	ERR_clear_error();
	if ((ssl = SSL_new(ctx->ssl)) == NULL)
		return NULL;
	if (name_kind(ssl, name) == -1) {
		SSL_free(ssl);
		return NULL;
	}
	SSL_set_verify(ssl, verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, NULL);
	SSL_set_connect_state(ssl);
	return ssl;
}

static SSL *
new_server(struct tlsio_ctx *ctx)
{
	SSL	*ssl;

	ERR_clear_error();
	if ((ssl = SSL_new(ctx->ssl)) != NULL)
		SSL_set_accept_state(ssl);
	return ssl;
}

#ifdef LIBRESSL_VERSION_NUMBER
#define SSL_get1_peer_certificate	SSL_get_peer_certificate
#endif

/* What a peer wrote goes to logs and terminals: printable ASCII only. */
static void
copy_text(char *dst, size_t size, const char *src, size_t len)
{
	size_t	 i, used = strlen(dst);

	for (i = 0; i < len && used + 1 < size; i++)
		dst[used++] = src[i] < ' ' || src[i] > '~' ? '?' : src[i];
	dst[used] = '\0';
}

static void
name_text(X509_NAME *name, char *dst, size_t size)
{
	BIO	*bio;
	char	*p;
	long	 len;

	if (name == NULL || (bio = BIO_new(BIO_s_mem())) == NULL)
		return;
	if (X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253) >= 0 &&
	    (len = BIO_get_mem_data(bio, &p)) > 0)
		copy_text(dst, size, p, len);
	BIO_free(bio);
}

/* The names and addresses that a certificate is for. */
static void
alt_names(X509 *cert, char *dst, size_t size)
{
	GENERAL_NAMES		*names;
	const GENERAL_NAME	*gn;
	const ASN1_STRING	*s;
	char			 buf[INET6_ADDRSTRLEN];
	int			 i, len;

	names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	if (names == NULL)
		return;
	for (i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		gn = sk_GENERAL_NAME_value(names, i);
		if (gn->type != GEN_DNS && gn->type != GEN_IPADD)
			continue;
		s = gn->type == GEN_DNS ? gn->d.dNSName : gn->d.iPAddress;
		len = ASN1_STRING_length(s);
		if (dst[0] != '\0')
			copy_text(dst, size, " ", 1);
		if (gn->type == GEN_DNS)
			copy_text(dst, size,
			    (const char *)ASN1_STRING_get0_data(s), len);
		else if ((len == 4 || len == 16) && inet_ntop(len == 4 ?
		    AF_INET : AF_INET6, ASN1_STRING_get0_data(s), buf,
		    sizeof(buf)) != NULL)
			copy_text(dst, size, buf, strlen(buf));
	}
	GENERAL_NAMES_free(names);
}

static time_t
copy_time(const ASN1_TIME *t)
{
	struct tm	 tm;

	if (t == NULL || ASN1_TIME_to_tm(t, &tm) != 1)
		return 0;
	return timegm(&tm);
}

static void
copy_certificate(X509 *cert, struct tlsio_info *info)
{
	unsigned char	 md[EVP_MAX_MD_SIZE];
	unsigned int	 i, len;

	name_text(X509_get_subject_name(cert), info->subject,
	    sizeof(info->subject));
	name_text(X509_get_issuer_name(cert), info->issuer,
	    sizeof(info->issuer));
	alt_names(cert, info->names, sizeof(info->names));
	info->notbefore = copy_time(X509_get0_notBefore(cert));
	info->notafter = copy_time(X509_get0_notAfter(cert));
	if (X509_digest(cert, EVP_sha256(), md, &len) == 1 && len == 32)
		for (i = 0; i < len; i++)
			snprintf(info->sha256 + 2 * i, 3, "%02x", md[i]);
}

static void
get_info(SSL *ssl, struct tlsio_info *info)
{
	const char	*p;
	X509		*cert;
	long		 result;

	memset(info, 0, sizeof(*info));
	p = SSL_get_version(ssl);
	copy_text(info->version, sizeof(info->version), p, strlen(p));
	if ((p = SSL_get_cipher_name(ssl)) != NULL)
		copy_text(info->cipher, sizeof(info->cipher), p,
		    strlen(p));
	if ((cert = SSL_get1_peer_certificate(ssl)) != NULL) {
		copy_certificate(cert, info);
		X509_free(cert);
	}
	result = SSL_get_verify_result(ssl);
	info->verified = cert != NULL && result == X509_V_OK;
	if (cert != NULL && result != X509_V_OK) {
		p = X509_verify_cert_error_string(result);
		copy_text(info->problem, sizeof(info->problem), p,
		    strlen(p));
	}
	ERR_clear_error();
}

int
tlsio_getinfo(const struct tlsio *t, struct tlsio_info *info)
{
	if (t->tls != TLSIO_ON)
		return 0;
	if (info != NULL)
		get_info(t->ssl, info);
	return 1;
}

#define TLSIO_TURNS	4	/* reads in a row, before others have theirs */
#define TLSIO_OUT_KEEP	2048	/* bytes of an empty buffer that stays */
#define TLSIO_LINGER	10	/* seconds for the peer to close, too */

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL	0
#endif

static void on_read(int, short, void *);
static void on_kick(int, short, void *);
static void on_linger(int, short, void *);
static int fill(struct tlsio *);
static int deliver(struct tlsio *);

/* Handlers are between enter and leave; t may be gone after the latter. */
static void
enter(struct tlsio *t)
{
	t->depth++;
}

static void
destroy(struct tlsio *t)
{
	SSL_free(t->ssl);
	freezero(t->in, TLSIO_IN_MAX);
	freezero(t->out, t->outcap);
	free(t);
}

static void
leave(struct tlsio *t)
{
	if (--t->depth == 0 && t->freed)
		destroy(t);
}

/* 1 when it is over, or freed by a callback. */
static int
is_dead(const struct tlsio *t)
{
	return t->over || t->freed;
}

static void
silence(struct tlsio *t)
{
	event_del(&t->evread);
	event_del(&t->evwrite);
	evtimer_del(&t->kick);
	evtimer_del(&t->linger);
}

/* The session is over: tells it, once. */
static void
end(struct tlsio *t, enum tlsio_end how, const char *why)
{
	if (is_dead(t))
		return;
	t->over = 1;
	silence(t);
	t->cb->closed(t, how, why, t->arg);
}

/* Ends the session for what errno or OpenSSL says. */
static void
break_off(struct tlsio *t, const char *what, int sslerr)
{
	char		 why[TLSIO_WHY_MAX], buf[32];
	const char	*p = "connection closed";

	if (sslerr == SSL_ERROR_SSL)
		p = openssl_error(buf, sizeof(buf));
	else if (errno != 0)
		p = strerror(errno);
	snprintf(why, sizeof(why), "%s%s", what, p);
	ERR_clear_error();
	end(t, TLSIO_ERROR, why);
}

static void
set_events(struct tlsio *t)
{
	event_set(&t->evread, t->fd, EV_READ | EV_PERSIST, on_read, t);
	event_set(&t->evwrite, t->fd, EV_WRITE, on_kick, t);
	evtimer_set(&t->kick, on_kick, t);
	evtimer_set(&t->linger, on_linger, t);
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
	set_events(t);
	event_add(&t->evread, NULL);
	return t;
}

void
tlsio_free(struct tlsio *t)
{
	if (t == NULL || t->freed)
		return;
	silence(t);
	close(t->fd);
	t->fd = -1;
	t->freed = 1;
	if (t->depth == 0)
		destroy(t);
}

/* Has advance() called in this turn of the event loop. */
static void
advance_soon(struct tlsio *t)
{
	if (!t->finishing)
		event_active(&t->kick, EV_TIMEOUT, 1);
}

/* One write: bytes that went, 0 when it would block, -1 when it is over. */
static ssize_t
put(struct tlsio *t, const char *p, size_t len)
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
emptied(struct tlsio *t)
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
last_words(struct tlsio *t)
{
	int	 save = errno;

	t->outlen = 0;
	emptied(t);
	while (!is_dead(t) && !t->paused && !t->finishing &&
	    fill(t) > 0 && deliver(t) == 0)
		continue;
	errno = save;
	break_off(t, "", SSL_ERROR_SYSCALL);
}

/* Both directions are done: waits for the peer to see that. */
static void
shut_down(struct tlsio *t)
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
flush(struct tlsio *t)
{
	ssize_t	 n;

	while (t->outlen > 0 && (t->tls != TLSIO_WANTED || t->clear > 0)) {
		n = put(t, t->out + t->outpos, t->tls == TLSIO_WANTED ?
		    t->clear : t->outlen);
		if (n == -1) {
			last_words(t);
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
		emptied(t);
	if (t->high && t->outlen < TLSIO_OUT_LOW) {
		t->high = 0;
		if (t->cb->drained != NULL)
			t->cb->drained(t, t->arg);
	}
	if (!is_dead(t) && t->outlen == 0 && t->finishing == 1)
		shut_down(t);
}

/* Does what can be done now, other than reading. */
static void
advance(struct tlsio *t)
{
	if (!is_dead(t) && t->finishing == 1 &&
	    (t->tls == TLSIO_WANTED || t->tls == TLSIO_SHAKING)) {
		shut_down(t);
		return;
	}
	if (!is_dead(t) && t->tls == TLSIO_SHAKING)
		shake(t);
	if (!is_dead(t) && t->tls != TLSIO_SHAKING && t->finishing < 2)
		flush(t);
	if (!is_dead(t) && t->tls == TLSIO_WANTED && !t->finishing)
		begin_tls(t);
}

static void
on_kick(int fd, short what, void *arg)
{
	struct tlsio	*t = arg;

	(void)fd;
	(void)what;
	enter(t);
	advance(t);
	leave(t);
}

static void
on_linger(int fd, short what, void *arg)
{
	struct tlsio	*t = arg;

	(void)fd;
	(void)what;
	enter(t);
	end(t, TLSIO_EOF, "closed");
	leave(t);
}

/* Shows what came; -1 when nothing more may be read now. */
static int
deliver(struct tlsio *t)
{
	size_t	 n;

	while (t->inlen > 0 && !t->paused && !t->finishing) {
		n = t->cb->read(t, t->in, t->inlen, t->arg);
		if (is_dead(t))
			return -1;
		if (n > 0) {
			t->inlen -= n;
			memmove(t->in, t->in + n, t->inlen);
		}
		if (t->tls == TLSIO_WANTED) {
			advance(t);
			return -1;
		}
		if (n == 0)
			break;
	}
	if (t->inlen == TLSIO_IN_MAX && !t->paused && !t->finishing)
		end(t, TLSIO_FULL, "too much that makes no sense");
	return is_dead(t) || t->paused || t->finishing ? -1 : 0;
}

/* One read: 1 bytes came, 0 it would block, -1 it is over. */
static int
fill(struct tlsio *t)
{
	ssize_t	 n;
	int	 e = SSL_ERROR_SYSCALL;

	if (t->in == NULL && (t->in = malloc(TLSIO_IN_MAX)) == NULL) {
		break_off(t, "", SSL_ERROR_SYSCALL);
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
		end(t, TLSIO_EOF, "connection closed");
	else
		break_off(t, "", e);
	return -1;
}

/* After the last byte went out: reads and forgets until the peer closes. */
static void
discard(struct tlsio *t)
{
	char	 buf[1024];
	ssize_t	 n;
	int	 i;

	for (i = 0; i < TLSIO_TURNS; i++) {
		n = read(t->fd, buf, sizeof(buf));
		if (n == 0 || (n == -1 && errno != EAGAIN && errno != EINTR &&
		    errno != EWOULDBLOCK)) {
			end(t, TLSIO_EOF, "closed");
			return;
		}
		if (n == -1)
			return;
	}
}

static void
on_read(int fd, short what, void *arg)
{
	struct tlsio	*t = arg;
	int		 i, n = 1;

	(void)fd;
	(void)what;
	enter(t);
	if (t->finishing == 2)
		discard(t);
	else if (t->tls == TLSIO_SHAKING)
		shake(t);
	else if (!t->finishing && !t->paused && deliver(t) == 0) {
		for (i = 0; i < TLSIO_TURNS; i++)
			if ((n = fill(t)) <= 0 || deliver(t) == -1)
				break;
		/* What OpenSSL holds shows nothing on the socket. */
		if (i == TLSIO_TURNS && !is_dead(t))
			event_active(&t->evread, EV_READ, 1);
	}
	if (!is_dead(t) && t->inlen == 0) {
		freezero(t->in, TLSIO_IN_MAX);
		t->in = NULL;
	}
	leave(t);
}

/* Room for len bytes behind what waits; without copies left behind. */
static int
make_room(struct tlsio *t, size_t len)
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
	if (is_dead(t) || t->finishing || len > TLSIO_OUT_MAX ||
	    t->outlen > TLSIO_OUT_MAX - len || make_room(t, len) == -1)
		return -1;
	memcpy(t->out + t->outpos + t->outlen, buf, len);
	t->outlen += len;
	if (t->outlen > TLSIO_OUT_HIGH)
		t->high = 1;
	/* Not while the socket is known to be full. */
	if (!event_pending(&t->evwrite, EV_WRITE, NULL))
		advance_soon(t);
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
	if (is_dead(t) || t->finishing || t->paused == on ||
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

	if (is_dead(t) || t->finishing)
		return;
	advance_soon(t);
	t->finishing = 1;
	event_del(&t->evread);
	evtimer_add(&t->linger, &tv);
}

int
tlsio_fd(const struct tlsio *t)
{
	return t->fd;
}

static int
start(struct tlsio *t, SSL *ssl)
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
	advance_soon(t);
	return 0;
}

int
tlsio_client(struct tlsio *t, struct tlsio_ctx *ctx, const char *name,
    int verify)
{
	if (is_dead(t) || t->finishing || t->tls != TLSIO_CLEAR)
		return -1;
	t->verify = verify;
	return start(t, new_client(ctx, name, verify));
}

int
tlsio_server(struct tlsio *t, struct tlsio_ctx *ctx)
{
	if (is_dead(t) || t->finishing || t->tls != TLSIO_CLEAR)
		return -1;
	return start(t, new_server(ctx));
}

static void
shake_failed(struct tlsio *t, int sslerr)
{
	char		 why[TLSIO_WHY_MAX], buf[32];
	const char	*p = "connection closed";
	long		 result = SSL_get_verify_result(t->ssl);
	int		 cert = t->verify && result != X509_V_OK;

	if (cert)
		p = X509_verify_cert_error_string(result);
	else if (sslerr == SSL_ERROR_SSL)
		p = openssl_error(buf, sizeof(buf));
	else if (sslerr == SSL_ERROR_SYSCALL && errno != 0)
		p = strerror(errno);
	snprintf(why, sizeof(why), "%s: %s", cert ? "certificate refused" :
	    "TLS handshake failed", p);
	ERR_clear_error();
	end(t, cert ? TLSIO_CERT : TLSIO_HANDSHAKE, why);
}

/* Goes on with the handshake. */
static void
shake(struct tlsio *t)
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
			advance_soon(t);
		if (t->cb->secure != NULL)
			t->cb->secure(t, t->arg);
		return;
	}
	e = SSL_get_error(t->ssl, rv);
	if (e == SSL_ERROR_WANT_WRITE)
		event_add(&t->evwrite, NULL);
	else if (e != SSL_ERROR_WANT_READ)
		shake_failed(t, e);
}

/* TLS is wanted: starts it when nothing waits in either direction. */
static void
begin_tls(struct tlsio *t)
{
	if (t->inlen > 0) {
		end(t, TLSIO_INJECTED, "plaintext where TLS must begin");
		return;
	}
	if (t->clear > 0)
		return;
	t->tls = TLSIO_SHAKING;
	if (t->paused) {
		t->paused = 0;
		event_add(&t->evread, NULL);
	}
	shake(t);
}
