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

/* The keys of DKIM, and what stands around them. */

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <stdio.h>
#include <string.h>

#include "base/base64.h"
#include "dkim/dkim.h"
#include "test.h"

static EVP_PKEY *
make_key(void)
{
	EVP_PKEY_CTX	*ctx = EVP_PKEY_CTX_new_id(EVP_PKEY_RSA, NULL);
	EVP_PKEY	*k = NULL;

	CHECK(EVP_PKEY_keygen_init(ctx) == 1 &&
	    EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, 1024) == 1 &&
	    EVP_PKEY_keygen(ctx, &k) == 1);
	EVP_PKEY_CTX_free(ctx);
	return k;
}

/* The bits of a key of len bytes of DER, as a record; -1 is no key. */
static int
bits_of(const unsigned char *der, size_t len)
{
	struct dkim_record	 r;
	char			 text[2048];
	int			 n;

	n = sprintf(text, "p=");
	text[n + base64_encode(der, len, text + n)] = '\0';
	return dkim_record_parse(&r, text, strlen(text)) == -1 ? -1 :
	    dkim_record_bits(&r);
}

/* What is around a key is as strict as libcrypto's own reader. */
static void
test_wrapper(void)
{
	const unsigned char	*q;
	unsigned char		*der = NULL, copy[1024];
	EVP_PKEY		*k, *rsa = make_key();
	int			 i, b, len, wrong = 0;

	CHECK(rsa != NULL);
	len = i2d_PUBKEY(rsa, &der);
	EVP_PKEY_free(rsa);
	CHECK(len > 29 && (size_t)len < sizeof(copy));
	CHECK(bits_of(der, len) == 1024);
	memcpy(copy, der, len);
	copy[len] = 0;
	CHECK(bits_of(copy, len + 1) == -1);
	for (i = 1; i < len; i++)
		wrong += bits_of(der, i) != -1;
	CHECK(wrong == 0);
	/* Each bit of the wrapper, and of the heads of the two numbers. */
	for (i = 0; i < 29 * 8; i++) {
		copy[i / 8] ^= 1 << i % 8;
		q = copy;
		k = d2i_PUBKEY(NULL, &q, len);
		b = k != NULL && q == copy + len &&
		    EVP_PKEY_base_id(k) == EVP_PKEY_RSA ? EVP_PKEY_bits(k) :
		    -1;
		EVP_PKEY_free(k);
		if (bits_of(copy, len) != b) {
			printf("bit %d: not %d\n", i, b);
			wrong++;
		}
		copy[i / 8] ^= 1 << i % 8;
	}
	CHECK(wrong == 0);
	OPENSSL_free(der);
}

int
main(void)
{
	test_wrapper();
	return test_done();
}
