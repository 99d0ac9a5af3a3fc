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

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/compat.h"

#include "crypto/keys.h"
#include "crypto/keys_int.h"

#define HASH_LEN	32

int
keys_fail(char *err, size_t errsize, const char *fmt, ...)
{
	va_list	 ap;

	va_start(ap, fmt);
	(void)vsnprintf(err, errsize, fmt, ap);
	va_end(ap);
	return -1;
}

void
keys_choose(struct keys *keys)
{
	size_t	 i;

	keys->signer = keys->n;
	for (i = 0; i < keys->n; i++) {
		if (keys->key[i].retired)
			continue;
		if (keys->signer == keys->n ||
		    keys->key[i].created >= keys->key[keys->signer].created)
			keys->signer = i;
	}
}

struct keys *
keys_open(const char *path, char *err, size_t errsize)
{
	struct keys	*keys;
	uint8_t		 mac[HASH_LEN];

	if ((keys = calloc(1, sizeof(*keys))) == NULL) {
		(void)keys_fail(err, errsize, "%s: %s", path, strerror(errno));
		return NULL;
	}
	if (strlcpy(keys->path, path, sizeof(keys->path)) >=
	    sizeof(keys->path)) {
		(void)keys_fail(err, errsize, "key file: path too long");
		keys_free(keys);
		return NULL;
	}
	if (keys_read(keys, err, errsize) == -1) {
		keys_free(keys);
		return NULL;
	}
	/* Once now, so that libcrypto loads before a sandbox closes. */
	if (keys_hmac(keys, keys_signer(keys), "", 0, mac) != 1) {
		(void)keys_fail(err, errsize, "key file %s: libcrypto cannot "
		    "sign with it", path);
		keys_free(keys);
		return NULL;
	}
	explicit_bzero(mac, sizeof(mac));
	return keys;
}

void
keys_free(struct keys *keys)
{
	freezero(keys, sizeof(*keys));
}

int
keys_reload(struct keys *keys, char *err, size_t errsize)
{
	struct keys	*new;
	struct stat	 st;

	if (stat(keys->path, &st) == -1)
		return keys_fail(err, errsize, "key file %s: %s", keys->path,
		    strerror(errno));
	if (st.st_dev == keys->dev && st.st_ino == keys->ino &&
	    st.st_size == keys->size &&
	    st.st_mtim.tv_sec == keys->mtime.tv_sec &&
	    st.st_mtim.tv_nsec == keys->mtime.tv_nsec)
		return 0;
	if ((new = keys_open(keys->path, err, errsize)) == NULL)
		return -1;
	memcpy(keys, new, sizeof(*keys));
	keys_free(new);
	return 1;
}

size_t
keys_count(const struct keys *keys)
{
	return keys->n;
}

int
keys_info(const struct keys *keys, size_t i, struct keys_info *info)
{
	if (i >= keys->n)
		return -1;
	info->id = keys->key[i].id;
	info->retired = keys->key[i].retired;
	info->signs = i == keys->signer;
	info->created = keys->key[i].created;
	return 0;
}

uint8_t
keys_signer(const struct keys *keys)
{
	return keys->key[keys->signer].id;
}

static const struct key *
find_live(const struct keys *keys, uint8_t id)
{
	size_t	 i;

	for (i = 0; i < keys->n; i++)
		if (keys->key[i].id == id && !keys->key[i].retired)
			return &keys->key[i];
	return NULL;
}

int
keys_hmac(const struct keys *keys, uint8_t id, const void *data, size_t len,
    uint8_t mac[32])
{
	const struct key	*key;
	unsigned int		 maclen;

	if ((key = find_live(keys, id)) == NULL)
		return 0;
	if (HMAC(EVP_sha256(), key->secret, sizeof(key->secret), data, len,
	    mac, &maclen) == NULL || maclen != HASH_LEN)
		return -1;
	return 1;
}

int
keys_derive(const struct keys *keys, uint8_t id, const char *purpose,
    uint8_t *out, size_t len)
{
	const struct key	*key;

	if ((key = find_live(keys, id)) == NULL)
		return 0;
	if (keys_hkdf(NULL, 0, key->secret, sizeof(key->secret),
	    (const uint8_t *)purpose, strlen(purpose), out, len) == -1)
		return -1;
	return 1;
}

/* RFC 5869 section 2.3; info is at most INFO_MAX bytes. */
#define INFO_MAX	256
static int
expand(const uint8_t prk[HASH_LEN], const uint8_t *info, size_t infolen,
    uint8_t *out, size_t len)
{
	uint8_t		 block[HASH_LEN + INFO_MAX + 1];
	uint8_t		 t[HASH_LEN] = { 0 };
	size_t		 have = 0, n, done = 0;
	unsigned int	 maclen;
	uint8_t		 count = 0;
	int		 ret = -1;

	while (done < len) {
		memcpy(block, t, have);
		if (infolen > 0)
			memcpy(block + have, info, infolen);
		block[have + infolen] = ++count;
		if (HMAC(EVP_sha256(), prk, HASH_LEN, block,
		    have + infolen + 1, t, &maclen) == NULL)
			goto out;
		have = HASH_LEN;
		n = len - done < HASH_LEN ? len - done : HASH_LEN;
		memcpy(out + done, t, n);
		done += n;
	}
	ret = 0;
 out:
	explicit_bzero(t, sizeof(t));
	explicit_bzero(block, sizeof(block));
	return ret;
}

int
keys_hkdf(const uint8_t *salt, size_t saltlen, const uint8_t *ikm,
    size_t ikmlen, const uint8_t *info, size_t infolen, uint8_t *out,
    size_t len)
{
	static const uint8_t	 zero[HASH_LEN];
	uint8_t			 prk[HASH_LEN];
	unsigned int		 maclen;
	int			 ret;

	if (len == 0 || len > KEYS_HKDF_MAX || infolen > INFO_MAX)
		return -1;
	if (saltlen == 0) {
		salt = zero;
		saltlen = sizeof(zero);
	}
	if (saltlen > INT_MAX || HMAC(EVP_sha256(), salt, saltlen, ikm, ikmlen,
	    prk, &maclen) == NULL)
		return -1;
	ret = expand(prk, info, infolen, out, len);
	explicit_bzero(prk, sizeof(prk));
	return ret;
}
