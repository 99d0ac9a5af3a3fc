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

/* Secrets at rest: who can open them, and who cannot. */

#include "base/base64.h"
#include "crypto/seal.h"
#include "store/account_seal.h"
#include "store_util.h"

#define SECRET	"correct horse battery staple"

static char	 keypath[128], err[512];

static struct keys *
open_keys(void)
{
	struct keys	*keys;

	if ((keys = keys_open(keypath, err, sizeof(err))) == NULL) {
		fprintf(stderr, "%s\n", err);
		exit(1);
	}
	return keys;
}

static void
round_trip(const struct keys *keys)
{
	char	 plain[SEAL_PLAIN_MAX], got[SEAL_PLAIN_MAX];
	char	 text[SEAL_TEXT_MAX + 1], again[SEAL_TEXT_MAX + 1];
	size_t	 len, i;
	uint8_t	 id;
	static const size_t	 sizes[] = { 0, 1, 2, 3, 16, 31, 100,
				    SEAL_PLAIN_MAX - 1, SEAL_PLAIN_MAX };

	for (i = 0; i < sizeof(plain); i++)
		plain[i] = (char)(i * 7);
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		CHECK(seal_close(keys, "p", "ad", 2, plain, sizes[i], text,
		    sizeof(text)) == 0);
		CHECK(strlen(text) <= SEAL_TEXT_MAX);
		CHECK(seal_open(keys, "p", "ad", 2, text, got, sizeof(got),
		    &len) == 1);
		CHECK(len == sizes[i] && memcmp(got, plain, len) == 0);
		CHECK(seal_key(text, &id) == 1 && id == keys_signer(keys));
		/* Never the same twice. */
		CHECK(seal_close(keys, "p", "ad", 2, plain, sizes[i], again,
		    sizeof(again)) == 0);
		CHECK(strcmp(text, again) != 0);
	}
	CHECK(seal_close(keys, "p", "", 0, plain, SEAL_PLAIN_MAX + 1, text,
	    sizeof(text)) == -1);
	CHECK(seal_close(keys, "p", "", 0, plain, 100, text, 100) == -1);
	CHECK(seal_close(keys, "p", "", 0, plain, 100, text,
	    sizeof(text)) == 0);
	CHECK(seal_open(keys, "p", "", 0, text, got, 99, &len) == -1);
}

static int
opens(const struct keys *keys, const char *purpose, const char *ad,
    const char *text)
{
	char	 got[64];
	size_t	 len;

	return seal_open(keys, purpose, ad, strlen(ad), text, got,
	    sizeof(got), &len);
}

/* Each bit that is another one makes it useless. */
static void
spoilt(const struct keys *keys)
{
	struct base64	 d;
	unsigned char	 raw[256], rest[2];
	char		 text[256], bad[256];
	size_t		 n, i;
	uint8_t		 id;

	CHECK(seal_close(keys, "p", "ad", 2, SECRET, strlen(SECRET), text,
	    sizeof(text)) == 0);
	CHECK(opens(keys, "p", "ad", text) == 1);
	CHECK(opens(keys, "q", "ad", text) == 0);
	CHECK(opens(keys, "p", "ae", text) == 0);
	CHECK(opens(keys, "p", "", text) == 0);
	CHECK(opens(keys, "p", "add", text) == 0);
	CHECK(opens(keys, "p", "ad", "") == 0);
	CHECK(opens(keys, "p", "ad", "!") == 0);
	CHECK(seal_key("AAAA", &id) == 0);
	memset(&d, 0, sizeof(d));
	n = base64_decode(&d, text, strlen(text), raw);
	n += base64_finish(&d, rest);
	CHECK(n == strlen(SECRET) + 30);
	for (i = 0; i < n * 8; i++) {
		raw[i / 8] ^= 1 << i % 8;
		bad[base64_encode(raw, n, bad)] = '\0';
		CHECK(opens(keys, "p", "ad", bad) == 0);
		raw[i / 8] ^= 1 << i % 8;
	}
	for (i = 1; i < n; i++) {
		bad[base64_encode(raw, i, bad)] = '\0';
		CHECK(opens(keys, "p", "ad", bad) == 0);
	}
}

static struct store_account
partner(void)
{
	struct store_account	 acc;

	memset(&acc, 0, sizeof(acc));
	(void)strcpy(acc.name, "partner");
	(void)strcpy(acc.host, "smtp.partner.example");
	(void)strcpy(acc.user, "alice");
	acc.transport = STORE_SMTP_TLS;
	acc.port = 587;
	acc.auth = STORE_AUTH_PASSWORD;
	return acc;
}

static void
refused(const struct keys *keys, const struct store_account *acc,
    const char *sealed)
{
	char	*secret;

	CHECK(account_seal_open(keys, acc, sealed, &secret) == 0);
	CHECK(secret == NULL);
}

/* What is sealed for one account and server does not open for another. */
static void
moved(const struct keys *keys)
{
	struct store_account	 acc = partner(), other;
	char			 sealed[STORE_SECRET_MAX + 1], *secret;

	CHECK(account_seal_close(keys, &acc, SECRET, sealed,
	    sizeof(sealed)) == 0);
	CHECK(strstr(sealed, "horse") == NULL);
	(void)strcpy(acc.name, "PARTNER");
	CHECK(account_seal_open(keys, &acc, sealed, &secret) == 1);
	CHECK_STR(secret, SECRET);
	account_seal_wipe(secret);
	account_seal_wipe(NULL);
	other = acc;
	(void)strcpy(other.name, "partner2");
	refused(keys, &other, sealed);
	other = acc;
	(void)strcpy(other.host, "smtp.evil.example");
	refused(keys, &other, sealed);
	other = acc;
	other.port = 25;
	refused(keys, &other, sealed);
	other = acc;
	other.transport = STORE_SMTPS;
	refused(keys, &other, sealed);
	other = acc;
	(void)strcpy(other.user, "eve");
	refused(keys, &other, sealed);
	other = acc;
	other.auth = STORE_AUTH_OAUTH;
	refused(keys, &other, sealed);
}

/* Through the store, and across a change of keys. */
static void
rotated(struct store *s)
{
	struct store_account	 acc = partner(), eve = partner();
	struct keys		*keys = open_keys();
	char			 sealed[STORE_SECRET_MAX + 1], *secret;
	uint8_t			 old, new, id;

	CHECK(account_seal_close(keys, &acc, SECRET, sealed,
	    sizeof(sealed)) == 0);
	CHECK(store_account_put(s, &acc, sealed, NOW) == 1);
	CHECK(account_seal_read(keys, s, &acc, &secret) == 1);
	CHECK_STR(secret, SECRET);
	account_seal_wipe(secret);
	/* Somebody moves the row by hand. */
	(void)strcpy(eve.name, "eve");
	(void)strcpy(eve.host, "smtp.evil.example");
	CHECK(store_account_put(s, &eve, sealed, NOW) == 1);
	CHECK(account_seal_read(keys, s, &eve, &secret) == 0 && secret == NULL);

	old = keys_signer(keys);
	CHECK(keys_rotate(keypath, NOW, &new, err, sizeof(err)) == 0);
	CHECK(keys_reload(keys, err, sizeof(err)) == 1);
	CHECK(account_seal_read(keys, s, &acc, &secret) == 1);
	account_seal_wipe(secret);
	CHECK(keys_retire(keypath, old, err, sizeof(err)) == 1);
	CHECK(keys_reload(keys, err, sizeof(err)) == 1);
	CHECK(account_seal_read(keys, s, &acc, &secret) == 0 && secret == NULL);
	CHECK(account_seal_close(keys, &acc, SECRET, sealed,
	    sizeof(sealed)) == 0);
	CHECK(seal_key(sealed, &id) == 1 && id == new);
	keys_free(keys);
	/* A key file of somebody else's is of no use. */
	CHECK(unlink(keypath) == 0);
	CHECK(keys_init(keypath, (uid_t)-1, (gid_t)-1, NOW, err,
	    sizeof(err)) == 1);
	keys = open_keys();
	refused(keys, &acc, sealed);
	keys_free(keys);
}

int
main(void)
{
	struct store	*s;
	struct keys	*keys;

	test_begin();
	(void)snprintf(keypath, sizeof(keypath), "%s/relay.key", test_dir);
	CHECK(keys_init(keypath, (uid_t)-1, (gid_t)-1, NOW, err,
	    sizeof(err)) == 1);
	keys = open_keys();
	round_trip(keys);
	spoilt(keys);
	moved(keys);
	keys_free(keys);
	s = test_open(STORE_CREATE);
	rotated(s);
	store_close(s);
	test_end();
	return test_done();
}
