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

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/compat.h"
#include "couriercert.h"

#define NAME		"opensmtpd-relay courier"
#define LIFE		(10L * 365 * 86400)	/* seconds */
#define REST		(30L * 86400)
#define SERIAL_LEN	16			/* bytes, random */
#define EARLIER		(24L * 3600)		/* clocks are set back */

static int
wrong(char *err, size_t size, const char *path, const char *what)
{
	(void)snprintf(err, size, "%s: %s", path, what);
	return -1;
}

/* A key on P-256, named by its curve. */
static EVP_PKEY *
make_key(void)
{
	EVP_PKEY_CTX	*ctx;
	EVP_PKEY	*key = NULL;

	if ((ctx = EVP_PKEY_CTX_new_id(EVP_PKEY_EC, NULL)) == NULL)
		return NULL;
	if (EVP_PKEY_keygen_init(ctx) != 1 ||
	    EVP_PKEY_CTX_set_ec_paramgen_curve_nid(ctx,
	    NID_X9_62_prime256v1) != 1 ||
	    EVP_PKEY_CTX_set_ec_param_enc(ctx, OPENSSL_EC_NAMED_CURVE) != 1 ||
	    EVP_PKEY_keygen(ctx, &key) != 1)
		key = NULL;
	EVP_PKEY_CTX_free(ctx);
	return key;
}

static int
extend(X509 *cert, int nid, const char *value)
{
	X509V3_CTX	 ctx;
	X509_EXTENSION	*ext;
	int		 r;

	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, cert, cert, NULL, NULL, 0);
	if ((ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value)) == NULL)
		return -1;
	r = X509_add_ext(cert, ext, -1);
	X509_EXTENSION_free(ext);
	return r == 1 ? 0 : -1;
}

static int
set_serial(X509 *cert)
{
	unsigned char	 raw[SERIAL_LEN];
	BIGNUM		*n;
	int		 ret = -1;

	arc4random_buf(raw, sizeof(raw));
	raw[0] &= 0x7f;		/* RFC 5280 section 4.1.2.2: positive */
	raw[0] |= 0x40;
	if ((n = BN_bin2bn(raw, sizeof(raw), NULL)) == NULL)
		return -1;
	if (BN_to_ASN1_INTEGER(n, X509_get_serialNumber(cert)) != NULL)
		ret = 0;
	BN_free(n);
	return ret;
}

/* Its own authority, for smtpd trusts it alone. */
static X509 *
make_cert(EVP_PKEY *key, const char *address, time_t now)
{
	X509_NAME	*name;
	X509		*cert;
	char		 san[128];
	time_t		 from = now - EARLIER, to = now + LIFE;

	if ((cert = X509_new()) == NULL)
		return NULL;
	name = X509_get_subject_name(cert);
	(void)snprintf(san, sizeof(san), "IP:%s", address);
	if (X509_set_version(cert, 2) != 1 || set_serial(cert) == -1 ||
	    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
	    (const unsigned char *)NAME, -1, -1, 0) != 1 ||
	    X509_set_issuer_name(cert, name) != 1 ||
	    X509_time_adj(X509_getm_notBefore(cert), 0, &from) == NULL ||
	    X509_time_adj(X509_getm_notAfter(cert), 0, &to) == NULL ||
	    X509_set_pubkey(cert, key) != 1 ||
	    extend(cert, NID_basic_constraints,
	    "critical,CA:TRUE,pathlen:0") == -1 ||
	    extend(cert, NID_key_usage,
	    "critical,digitalSignature,keyCertSign") == -1 ||
	    extend(cert, NID_ext_key_usage, "serverAuth") == -1 ||
	    extend(cert, NID_subject_key_identifier, "hash") == -1 ||
	    extend(cert, NID_subject_alt_name, san) == -1 ||
	    X509_sign(cert, key, EVP_sha256()) == 0) {
		X509_free(cert);
		return NULL;
	}
	return cert;
}

/* Opens a new file, which is whole or not there in the end. */
static FILE *
create(const char *path, gid_t gid, mode_t mode)
{
	FILE	*fp = NULL;
	int	 fd;

	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
	    0600);
	if (fd == -1)
		return NULL;
	if (fchown(fd, (uid_t)-1, gid) == 0 && fchmod(fd, mode) == 0)
		fp = fdopen(fd, "w");
	if (fp == NULL) {
		close(fd);
		(void)unlink(path);
	}
	return fp;
}

/* Ends the file; ok says whether what was written is whole. */
static int
finish(FILE *fp, const char *path, int ok)
{
	if (fflush(fp) == EOF || fsync(fileno(fp)) == -1)
		ok = 0;
	if (fclose(fp) == EOF)
		ok = 0;
	if (!ok)
		(void)unlink(path);
	return ok ? 0 : -1;
}

static int
write_both(EVP_PKEY *pkey, X509 *x509, const char *key, const char *cert,
    gid_t gid)
{
	FILE	*fp;

	if ((fp = create(key, gid, 0640)) == NULL)
		return -1;
	if (finish(fp, key, PEM_write_PrivateKey(fp, pkey, NULL, NULL, 0,
	    NULL, NULL)) == -1)
		return -1;
	if ((fp = create(cert, (gid_t)-1, 0644)) != NULL &&
	    finish(fp, cert, PEM_write_X509(fp, x509)) == 0)
		return 0;
	(void)unlink(key);
	return -1;
}

int
couriercert_make(const char *key, const char *cert, const char *address,
    gid_t gid, time_t now, char *err, size_t errsize)
{
	EVP_PKEY	*pkey;
	X509		*x509 = NULL;
	int		 there, ret = -1;

	there = (access(key, F_OK) == 0) + (access(cert, F_OK) == 0);
	if (there == 2)
		return 0;
	if (there == 1)
		return wrong(err, errsize, access(key, F_OK) == 0 ? key :
		    cert, "is there, but not what belongs to it (remove it "
		    "and repeat init)");
	if ((pkey = make_key()) == NULL ||
	    (x509 = make_cert(pkey, address, now)) == NULL)
		(void)wrong(err, errsize, cert, "libcrypto cannot make it");
	else if (write_both(pkey, x509, key, cert, gid) == -1)
		(void)wrong(err, errsize, key, strerror(errno));
	else
		ret = 1;
	X509_free(x509);
	EVP_PKEY_free(pkey);
	return ret;
}

static X509 *
read_cert(const char *path)
{
	X509	*x509 = NULL;
	FILE	*fp;

	if ((fp = fopen(path, "re")) != NULL) {
		x509 = PEM_read_X509(fp, NULL, NULL, NULL);
		(void)fclose(fp);
	}
	return x509;
}

/* Nobody shall be asked for a passphrase. */
static int
no_passphrase(char *buf, int size, int writing, void *arg)
{
	(void)buf;
	(void)size;
	(void)writing;
	(void)arg;
	return -1;
}

static EVP_PKEY *
read_key(const char *path)
{
	EVP_PKEY	*pkey = NULL;
	FILE		*fp;

	if ((fp = fopen(path, "re")) != NULL) {
		pkey = PEM_read_PrivateKey(fp, NULL, no_passphrase, NULL);
		(void)fclose(fp);
	}
	return pkey;
}

int
couriercert_check(const char *key, const char *cert, const char *address,
    time_t now, char *err, size_t errsize)
{
	EVP_PKEY	*pkey = read_key(key);
	X509		*x509 = read_cert(cert);
	time_t		 then = now + REST;
	int		 ret = -1;

	if (pkey == NULL)
		(void)wrong(err, errsize, key, "is no private key that can "
		    "be read");
	else if (x509 == NULL)
		(void)wrong(err, errsize, cert, "is no certificate that can "
		    "be read");
	else if (X509_check_private_key(x509, pkey) != 1)
		(void)wrong(err, errsize, cert, "is not for the key beside "
		    "it");
	else if (X509_check_ip_asc(x509, address, 0) != 1)
		(void)wrong(err, errsize, cert, "is not for the address of "
		    "courier in relay.conf");
	else if (X509_cmp_time(X509_get0_notAfter(x509), &then) <= 0)
		(void)wrong(err, errsize, cert, "expires within 30 days");
	else
		ret = 0;
	X509_free(x509);
	EVP_PKEY_free(pkey);
	return ret;
}
