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

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/compat.h"
#include "crypto/seal.h"

#define VERSION		1
#define KEY_LEN		32
#define NONCE_LEN	12	/* NIST SP 800-38D section 8.2.2: random */
#define TAG_LEN		16
#define HEAD_LEN	(2 + NONCE_LEN)
#define OVERHEAD	(HEAD_LEN + TAG_LEN)

/*
 * The head (version, key and nonce) is authenticated with what the caller
 * says, and its length is fixed, so that the two cannot run into each other.
 */
static int
start(EVP_CIPHER_CTX *ctx, int forward, const uint8_t *key,
    const uint8_t *head, const void *ad, size_t adlen)
{
	int	 n;

	if (EVP_CipherInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, head + 2,
	    forward) != 1 ||
	    EVP_CipherUpdate(ctx, NULL, &n, head, HEAD_LEN) != 1)
		return -1;
	if (adlen > 0 && EVP_CipherUpdate(ctx, NULL, &n, ad, (int)adlen) != 1)
		return -1;
	return 0;
}

/* Encrypts into raw, behind the head that stands there. */
static int
encrypt_text(const uint8_t *key, const void *ad, size_t adlen,
    const void *plain, size_t len, uint8_t *raw)
{
	EVP_CIPHER_CTX	*ctx;
	int		 n = 0, m = 0, ret = -1;

	if ((ctx = EVP_CIPHER_CTX_new()) == NULL)
		return -1;
	if (start(ctx, 1, key, raw, ad, adlen) == 0 &&
	    EVP_CipherUpdate(ctx, raw + HEAD_LEN, &n, plain,
	    (int)len) == 1 && (size_t)n == len &&
	    EVP_CipherFinal_ex(ctx, raw + HEAD_LEN + len, &m) == 1 &&
	    m == 0 && EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, TAG_LEN,
	    raw + HEAD_LEN + len) == 1)
		ret = 0;
	EVP_CIPHER_CTX_free(ctx);
	return ret;
}

/* Decrypts what stands in raw: 1, 0 if it was changed, -1. */
static int
decrypt_text(const uint8_t *key, const void *ad, size_t adlen, uint8_t *raw,
    size_t len, uint8_t *plain)
{
	EVP_CIPHER_CTX	*ctx;
	int		 n = 0, m = 0, ret = -1;

	if ((ctx = EVP_CIPHER_CTX_new()) == NULL)
		return -1;
	if (start(ctx, 0, key, raw, ad, adlen) == 0 &&
	    EVP_CipherUpdate(ctx, plain, &n, raw + HEAD_LEN,
	    (int)len) == 1 && (size_t)n == len &&
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, TAG_LEN,
	    raw + HEAD_LEN + len) == 1)
		ret = EVP_CipherFinal_ex(ctx, plain + len, &m) == 1;
	EVP_CIPHER_CTX_free(ctx);
	return ret;
}

int
seal_close(const struct keys *keys, const char *purpose, const void *ad,
    size_t adlen, const void *plain, size_t len, char *out, size_t size)
{
	uint8_t	 key[KEY_LEN], *raw = NULL;
	size_t	 n;
	int	 ret = -1;

	if (len > SEAL_PLAIN_MAX || adlen > SEAL_AD_MAX ||
	    (len + OVERHEAD + 2) / 3 * 4 >= size)
		return -1;
	if ((raw = malloc(len + OVERHEAD)) == NULL)
		return -1;
	raw[0] = VERSION;
	raw[1] = keys_signer(keys);
	arc4random_buf(raw + 2, NONCE_LEN);
	if (keys_derive(keys, raw[1], purpose, key, sizeof(key)) == 1 &&
	    encrypt_text(key, ad, adlen, plain, len, raw) == 0) {
		n = base64_encode(raw, len + OVERHEAD, out);
		out[n] = '\0';
		ret = 0;
	}
	explicit_bzero(key, sizeof(key));
	freezero(raw, len + OVERHEAD);
	return ret;
}

/* The bytes behind the text: their number, or 0 if it is no sealed one. */
static size_t
decode(const char *sealed, uint8_t *raw, size_t size)
{
	struct base64	 d;
	unsigned char	 rest[2];
	size_t		 len, n;

	memset(&d, 0, sizeof(d));
	if ((len = strlen(sealed)) > SEAL_TEXT_MAX || len + 3 > size)
		return 0;
	n = base64_decode(&d, sealed, len, raw);
	if (base64_finish(&d, rest) != 0 || d.bad || n < OVERHEAD ||
	    n > SEAL_PLAIN_MAX + OVERHEAD || raw[0] != VERSION)
		return 0;
	return n;
}

int
seal_open(const struct keys *keys, const char *purpose, const void *ad,
    size_t adlen, const char *sealed, void *plain, size_t size, size_t *len)
{
	uint8_t	 key[KEY_LEN], *raw, *clear;
	size_t	 n;
	int	 ret = 0;

	*len = 0;
	if (adlen > SEAL_AD_MAX)
		return -1;
	if ((raw = malloc(SEAL_TEXT_MAX + 3)) == NULL)
		return -1;
	if ((n = decode(sealed, raw, SEAL_TEXT_MAX + 3)) == 0) {
		free(raw);
		return 0;
	}
	n -= OVERHEAD;
	/* What has not been authenticated is shown to nobody. */
	if ((clear = malloc(n + TAG_LEN)) == NULL)
		ret = -1;
	else if ((ret = keys_derive(keys, raw[1], purpose, key,
	    sizeof(key))) == 1)
		ret = decrypt_text(key, ad, adlen, raw, n, clear);
	if (ret == 1 && n > size)
		ret = -1;
	if (ret == 1) {
		memcpy(plain, clear, n);
		*len = n;
	}
	explicit_bzero(key, sizeof(key));
	freezero(clear, n + TAG_LEN);
	free(raw);
	return ret;
}

int
seal_key(const char *sealed, uint8_t *id)
{
	uint8_t	*raw;
	size_t	 n;

	if ((raw = malloc(SEAL_TEXT_MAX + 3)) == NULL)
		return 0;
	if ((n = decode(sealed, raw, SEAL_TEXT_MAX + 3)) != 0)
		*id = raw[1];
	free(raw);
	return n != 0;
}
