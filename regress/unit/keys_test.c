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

/* The key file and what is derived from it. */

#include <sys/stat.h>

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "crypto/keys.h"
#include "test.h"

static char	 dir[] = "/tmp/keys_test.XXXXXXXX";
static char	 path[64];
static char	 err[512];

static void
put(const char *text, mode_t mode)
{
	FILE	*fp;

	(void)unlink(path);
	if ((fp = fopen(path, "w")) == NULL)
		exit(1);
	fputs(text, fp);
	fclose(fp);
	CHECK(chmod(path, mode) == 0);
}

static void
refused(const char *text, mode_t mode, const char *want)
{
	put(text, mode);
	CHECK(keys_open(path, err, sizeof(err)) == NULL);
	CHECK(strstr(err, path) != NULL);
	if (strstr(err, want) == NULL)
		fprintf(stderr, "want %s: %s\n", want, err);
	CHECK(strstr(err, want) != NULL);
}

#define SECRET	"00112233445566778899aabbccddeeff"	\
		"00112233445566778899aabbccddeeff"

static void
files(void)
{
	struct keys	*k;

	(void)unlink(path);
	CHECK(keys_open(path, err, sizeof(err)) == NULL);
	CHECK(strstr(err, path) != NULL && strstr(err, "No such") != NULL);
	refused("key 1 live 5 " SECRET "\n", 0644, "others");
	refused("key 1 live 5 " SECRET "\n", 0642, "others");
	refused("key 1 live 5 " SECRET "\n", 0660, "group");
	refused("", 0640, "no live key");
	refused("key 1 retired 5 -\n", 0640, "no live key");
	refused("key 0 live 5 " SECRET "\n", 0640, ":1: ");
	refused("key 256 live 5 " SECRET "\n", 0640, ":1: ");
	refused("# x\nkey 1 dead 5 " SECRET "\n", 0640, ":2: ");
	refused("key 1 live x " SECRET "\n", 0640, ":1: ");
	refused("key 1 live 5 0011\n", 0640, "secret");
	refused("key 1 live 5 " SECRET "00\n", 0640, "secret");
	refused("key 1 retired 5 " SECRET "\n", 0640, "secret");
	refused("key 1 live 5 " SECRET " x\n", 0640, ":1: ");
	refused("key 1 live 5 " SECRET "\nkey 1 live 6 " SECRET "\n", 0640,
	    "twice");
	(void)unlink(path);
	CHECK(mkdir(path, 0700) == 0);
	CHECK(keys_open(path, err, sizeof(err)) == NULL);
	CHECK(rmdir(path) == 0);
	CHECK(symlink("/dev/null", path) == 0);
	CHECK(keys_open(path, err, sizeof(err)) == NULL);

	(void)unlink(path);
	put("# c\n\nkey 1 live 5 " SECRET "\nkey\t2  live 7 " SECRET "\n"
	    "key 3 retired 9 -\n", 0640);
	CHECK((k = keys_open(path, err, sizeof(err))) != NULL);
	if (k == NULL)
		return;
	CHECK(keys_count(k) == 3);
	CHECK(keys_signer(k) == 2);
	keys_free(k);
}

static void
life(void)
{
	struct keys		*k;
	struct keys_info	 info;
	struct stat		 st;
	uint8_t			 id, mac[32], other[32];

	(void)unlink(path);
	CHECK(keys_init(path, -1, -1, 1000, err, sizeof(err)) == 1);
	CHECK(keys_init(path, -1, -1, 1000, err, sizeof(err)) == 0);
	CHECK(stat(path, &st) == 0 && (st.st_mode & 07777) == 0640);
	CHECK((k = keys_open(path, err, sizeof(err))) != NULL);
	CHECK(keys_count(k) == 1 && keys_signer(k) == 1);
	CHECK(keys_reload(k, err, sizeof(err)) == 0);
	CHECK(keys_hmac(k, 1, "x", 1, mac) == 1);
	CHECK(keys_hmac(k, 2, "x", 1, other) == 0);
	/* In the same second, and with a clock that went back. */
	CHECK(keys_rotate(path, 1000, &id, err, sizeof(err)) == 0 && id == 2);
	CHECK(keys_reload(k, err, sizeof(err)) == 1);
	CHECK(keys_signer(k) == 2);
	CHECK(keys_rotate(path, 500, &id, err, sizeof(err)) == 0 && id == 3);
	CHECK(keys_reload(k, err, sizeof(err)) == 1);
	CHECK(keys_signer(k) == 3);
	CHECK(keys_hmac(k, 1, "x", 1, other) == 1);
	CHECK(memcmp(mac, other, 32) == 0);
	CHECK(keys_hmac(k, 2, "x", 1, other) == 1);
	CHECK(memcmp(mac, other, 32) != 0);
	CHECK(stat(path, &st) == 0 && (st.st_mode & 07777) == 0640);

	CHECK(keys_retire(path, 1, err, sizeof(err)) == 1);
	CHECK(keys_retire(path, 1, err, sizeof(err)) == 0);
	CHECK(keys_retire(path, 9, err, sizeof(err)) == 0);
	CHECK(keys_retire(path, 3, err, sizeof(err)) == 1);
	CHECK(keys_retire(path, 2, err, sizeof(err)) == -1);
	CHECK(keys_reload(k, err, sizeof(err)) == 1);
	CHECK(keys_signer(k) == 2);
	CHECK(keys_hmac(k, 1, "x", 1, other) == 0);
	CHECK(keys_info(k, 0, &info) == 0 && info.id == 1 && info.retired &&
	    !info.signs);
	CHECK(keys_info(k, 1, &info) == 0 && info.signs && !info.retired);
	CHECK(keys_info(k, 3, &info) == -1);
	/* Ids of retired keys are not used again. */
	CHECK(keys_rotate(path, 2000, &id, err, sizeof(err)) == 0 && id == 4);
	/* What is wrong with a new file leaves the old keys in force. */
	put("rubbish\n", 0640);
	CHECK(keys_reload(k, err, sizeof(err)) == -1);
	CHECK(keys_signer(k) == 2);
	(void)unlink(path);
	CHECK(keys_reload(k, err, sizeof(err)) == -1);
	CHECK(keys_hmac(k, 2, "x", 1, mac) == 1);
	keys_free(k);
	keys_free(NULL);
}

/* More rotations than there are ids. */
static void
wrap(void)
{
	struct keys	*k;
	uint8_t		 id, last = 1;
	int		 i;

	(void)unlink(path);
	CHECK(keys_init(path, -1, -1, 1, err, sizeof(err)) == 1);
	for (i = 0; i < 300; i++) {
		if (keys_rotate(path, i + 2, &id, err, sizeof(err)) == -1 ||
		    keys_retire(path, last, err, sizeof(err)) != 1)
			break;
		last = id;
	}
	CHECK(i == 300);
	CHECK((k = keys_open(path, err, sizeof(err))) != NULL);
	CHECK(keys_signer(k) == last);
	CHECK(keys_count(k) == KEYS_MAX);
	keys_free(k);
}

static size_t
unhex(const char *s, uint8_t *out)
{
	unsigned int	 v;
	size_t		 n = 0;

	for (; sscanf(s, "%2x", &v) == 1; s += 2)
		out[n++] = v;
	return n;
}

/* RFC 5869, appendix A, test cases 1 and 3. */
static void
hkdf(void)
{
	struct keys	*k;
	uint8_t		 ikm[64], salt[64], info[64], want[64], got[64];
	size_t		 nikm, nsalt, ninfo, n;

	nikm = unhex("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", ikm);
	nsalt = unhex("000102030405060708090a0b0c", salt);
	ninfo = unhex("f0f1f2f3f4f5f6f7f8f9", info);
	n = unhex("3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc"
	    "4c5bf34007208d5b887185865", want);
	CHECK(n == 42);
	CHECK(keys_hkdf(salt, nsalt, ikm, nikm, info, ninfo, got, n) == 0);
	CHECK(memcmp(got, want, n) == 0);
	n = unhex("8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c7"
	    "38d2d9d201395faa4b61a96c8", want);
	CHECK(keys_hkdf(NULL, 0, ikm, nikm, NULL, 0, got, n) == 0);
	CHECK(memcmp(got, want, n) == 0);
	CHECK(keys_hkdf(NULL, 0, ikm, nikm, NULL, 0, got, 0) == -1);

	put("key 7 live 5 " SECRET "\n", 0600);
	CHECK((k = keys_open(path, err, sizeof(err))) != NULL);
	CHECK(keys_derive(k, 7, "one", got, 32) == 1);
	CHECK(keys_derive(k, 7, "two", want, 32) == 1);
	CHECK(memcmp(got, want, 32) != 0);
	CHECK(keys_derive(k, 8, "one", got, 32) == 0);
	keys_free(k);
}

int
main(void)
{
	if (mkdtemp(dir) == NULL)
		return 1;
	(void)snprintf(path, sizeof(path), "%s/relay.key", dir);
	files();
	life();
	wrap();
	hkdf();
	(void)unlink(path);
	CHECK(rmdir(dir) == 0);		/* nothing was left beside it */
	return test_done();
}
