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
#include <string.h>
#include <time.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/compat.h"
#include "smtp/tlsio_int.h"

#ifdef LIBRESSL_VERSION_NUMBER
#define SSL_get1_peer_certificate	SSL_get_peer_certificate
#endif

/* What a peer wrote goes to logs and terminals: printable ASCII only. */
static void
tlsio_info_copy(char *dst, size_t size, const char *src, size_t len)
{
	size_t	 i, used = strlen(dst);

	for (i = 0; i < len && used + 1 < size; i++)
		dst[used++] = src[i] < ' ' || src[i] > '~' ? '?' : src[i];
	dst[used] = '\0';
}

static void
tlsio_info_name(X509_NAME *name, char *dst, size_t size)
{
	BIO	*bio;
	char	*p;
	long	 len;

	if (name == NULL || (bio = BIO_new(BIO_s_mem())) == NULL)
		return;
	if (X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253) >= 0 &&
	    (len = BIO_get_mem_data(bio, &p)) > 0)
		tlsio_info_copy(dst, size, p, len);
	BIO_free(bio);
}

/* The names and addresses that a certificate is for. */
static void
tlsio_info_names(X509 *cert, char *dst, size_t size)
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
			tlsio_info_copy(dst, size, " ", 1);
		if (gn->type == GEN_DNS)
			tlsio_info_copy(dst, size,
			    (const char *)ASN1_STRING_get0_data(s), len);
		else if ((len == 4 || len == 16) && inet_ntop(len == 4 ?
		    AF_INET : AF_INET6, ASN1_STRING_get0_data(s), buf,
		    sizeof(buf)) != NULL)
			tlsio_info_copy(dst, size, buf, strlen(buf));
	}
	GENERAL_NAMES_free(names);
}

static time_t
tlsio_info_time(const ASN1_TIME *t)
{
	struct tm	 tm;

	if (t == NULL || ASN1_TIME_to_tm(t, &tm) != 1)
		return 0;
	return timegm(&tm);
}

static void
tlsio_info_cert(X509 *cert, struct tlsio_info *info)
{
	unsigned char	 md[EVP_MAX_MD_SIZE];
	unsigned int	 i, len;

	tlsio_info_name(X509_get_subject_name(cert), info->subject,
	    sizeof(info->subject));
	tlsio_info_name(X509_get_issuer_name(cert), info->issuer,
	    sizeof(info->issuer));
	tlsio_info_names(cert, info->names, sizeof(info->names));
	info->notbefore = tlsio_info_time(X509_get0_notBefore(cert));
	info->notafter = tlsio_info_time(X509_get0_notAfter(cert));
	if (X509_digest(cert, EVP_sha256(), md, &len) == 1 && len == 32)
		for (i = 0; i < len; i++)
			snprintf(info->sha256 + 2 * i, 3, "%02x", md[i]);
}

static void
tlsio_info_get(SSL *ssl, struct tlsio_info *info)
{
	const char	*p;
	X509		*cert;
	long		 result;

	memset(info, 0, sizeof(*info));
	p = SSL_get_version(ssl);
	tlsio_info_copy(info->version, sizeof(info->version), p, strlen(p));
	if ((p = SSL_get_cipher_name(ssl)) != NULL)
		tlsio_info_copy(info->cipher, sizeof(info->cipher), p,
		    strlen(p));
	if ((cert = SSL_get1_peer_certificate(ssl)) != NULL) {
		tlsio_info_cert(cert, info);
		X509_free(cert);
	}
	result = SSL_get_verify_result(ssl);
	info->verified = cert != NULL && result == X509_V_OK;
	if (cert != NULL && result != X509_V_OK) {
		p = X509_verify_cert_error_string(result);
		tlsio_info_copy(info->problem, sizeof(info->problem), p,
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
		tlsio_info_get(t->ssl, info);
	return 1;
}
