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

/* Certificates for tests, made when they run. */

#ifndef TESTCERT_H
#define TESTCERT_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

struct testcert {
	EVP_PKEY	*key;
	X509		*cert;
	char		 certfile[64];
	char		 keyfile[64];
};

static inline void
testcert_ext(X509 *cert, int nid, const char *value)
{
	X509_EXTENSION	*ext;

	ext = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
	if (ext == NULL || X509_add_ext(cert, ext, -1) != 1)
		abort();
	X509_EXTENSION_free(ext);
}

static inline FILE *
testcert_file(char *path, size_t size, const char *dir, const char *name,
    const char *what)
{
	FILE	*fp;

	snprintf(path, size, "%s/%s.%s", dir, name, what);
	if ((fp = fopen(path, "w")) == NULL) {
		perror(path);
		exit(1);
	}
	return fp;
}

/*
 * Makes a certificate with the subject CN=name and the subjectAltName san
 * ("DNS:a.example,IP:127.0.0.1"; NULL: an authority's), good for `days' from
 * a day ago on (negative: expired), signed by ca, or by itself.  Writes
 * dir/name.crt and dir/name.key.
 */
static inline void
testcert_make(struct testcert *tc, const char *dir, const char *name,
    const char *san, int days, const struct testcert *ca)
{
	static long	 serial = 1;
	X509_NAME	*subject;
	FILE		*fp;

	tc->key = EVP_EC_gen("P-256");
	tc->cert = X509_new();
	if (tc->key == NULL || tc->cert == NULL)
		abort();
	X509_set_version(tc->cert, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(tc->cert), serial++);
	X509_gmtime_adj(X509_getm_notBefore(tc->cert), -86400L * 30);
	X509_gmtime_adj(X509_getm_notAfter(tc->cert), 86400L * days);
	X509_set_pubkey(tc->cert, tc->key);
	subject = X509_get_subject_name(tc->cert);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
	    (const unsigned char *)name, -1, -1, 0);
	X509_set_issuer_name(tc->cert, ca == NULL ? subject :
	    X509_get_subject_name(ca->cert));
	if (san == NULL)
		testcert_ext(tc->cert, NID_basic_constraints, "CA:TRUE");
	else
		testcert_ext(tc->cert, NID_subject_alt_name, san);
	if (X509_sign(tc->cert, ca == NULL ? tc->key : ca->key,
	    EVP_sha256()) == 0)
		abort();
	fp = testcert_file(tc->certfile, sizeof(tc->certfile), dir, name,
	    "crt");
	PEM_write_X509(fp, tc->cert);
	fclose(fp);
	fp = testcert_file(tc->keyfile, sizeof(tc->keyfile), dir, name, "key");
	PEM_write_PrivateKey(fp, tc->key, NULL, NULL, 0, NULL, NULL);
	fclose(fp);
}

/* Releases it, and removes the files. */
static inline void
testcert_free(struct testcert *tc)
{
	unlink(tc->certfile);
	unlink(tc->keyfile);
	EVP_PKEY_free(tc->key);
	X509_free(tc->cert);
}

#endif
