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

/* The set of keys, against a plain array that does the same slowly. */

#include <stdlib.h>

#include "common/base/keyset.c"
#include "test.h"

#define N	3000

static int64_t	model[N];	/* until; 0 is out */

static void
agree(struct keyset *ks, int64_t now)
{
	char	key[32];
	int	i, wrong = 0;

	for (i = 0; i < N; i++) {
		snprintf(key, sizeof(key), "key+%d@company.example", i);
		if ((now < keyset_number(ks, key, strlen(key))) !=
		    (now < model[i]))
			wrong++;
	}
	CHECK(wrong == 0);
}

static void
test_random(void)
{
	struct keyset	*ks = keyset_new();
	char		 key[32];
	int		 i, n, left = 0;

	CHECK(ks != NULL);
	for (n = 0; n < 20 * N; n++) {
		i = arc4random_uniform(N);
		snprintf(key, sizeof(key), "key+%d@company.example", i);
		if (n % 3 == 0) {
			keyset_del(ks, key, strlen(key));
			model[i] = 0;
			continue;
		}
		model[i] = 1 + arc4random_uniform(1000);
		CHECK(keyset_put(ks, key, strlen(key), model[i]) == 0);
	}
	agree(ks, 0);
	agree(ks, 500);
	keyset_expire(ks, 500);
	agree(ks, 500);
	for (i = 0; i < N; i++)
		left += model[i] > 500;
	CHECK(keyset_count(ks) == (size_t)left);
	agree(ks, 1000);
	keyset_free(ks);
}

static void
test_limits(void)
{
	struct keyset	*ks = keyset_new();
	char		 key[KEYSET_KEY_MAX + 1];

	memset(key, 'k', sizeof(key));
	CHECK(keyset_put(ks, key, sizeof(key), 1) == -1);
	CHECK(keyset_put(ks, key, sizeof(key) - 1, KEYSET_FOREVER) == 0);
	CHECK(keyset_put(ks, "a\0b", 3, KEYSET_FOREVER) == 0);
	CHECK(keyset_number(ks, key, sizeof(key) - 1) == KEYSET_FOREVER);
	CHECK(keyset_number(ks, key, sizeof(key)) == 0);
	CHECK(keyset_number(ks, "a", 1) == 0);
	CHECK(keyset_number(ks, "a\0b", 3) == KEYSET_FOREVER);
	CHECK(keyset_number(ks, "", 0) == 0);
	keyset_del(ks, "", 0);
	keyset_del(ks, "unknown", 7);
	CHECK(keyset_count(ks) == 2);
	/* The empty key is one like any other. */
	CHECK(keyset_put(ks, "", 0, 1) == 0);
	CHECK(keyset_number(ks, "", 0) == 1 && keyset_count(ks) == 3);
	keyset_free(ks);
	keyset_free(NULL);
}

/* Texts grow, each by itself, up to their limit. */
static void
test_texts(void)
{
	struct keyset	*ks = keyset_new();
	static char	 much[KEYSET_TEXT_MAX];
	const char	*text;
	char		 key[32], piece[32];
	size_t		 len, n;
	int		 i, wrong = 0;

	for (i = 0; i < 20 * N; i++) {
		snprintf(key, sizeof(key), "key+%d", i % N);
		snprintf(piece, sizeof(piece), ",%05d", i);
		wrong += keyset_append(ks, key, strlen(key), piece, 6) != 0;
	}
	CHECK(wrong == 0 && keyset_count(ks) == N);
	for (i = 0; i < N; i++) {
		snprintf(key, sizeof(key), "key+%d", i);
		text = keyset_text(ks, key, strlen(key), &len);
		if (text == NULL || len != 20 * 6) {
			wrong++;
			continue;
		}
		for (n = 0; n < 20; n++) {
			snprintf(piece, sizeof(piece), ",%05zu", i + n * N);
			wrong += memcmp(text + 6 * n, piece, 6) != 0;
		}
	}
	CHECK(wrong == 0);
	memset(much, 'm', sizeof(much));
	CHECK(keyset_append(ks, "key+1", 5, much, sizeof(much)) == -1);
	keyset_del(ks, "key+1", 5);
	CHECK(keyset_text(ks, "key+1", 5, &len) == NULL);
	CHECK(keyset_append(ks, "key+1", 5, much, sizeof(much)) == 0);
	CHECK(keyset_append(ks, "key+1", 5, much, 1) == -1);
	CHECK(keyset_text(ks, "key+1", 5, &len) != NULL &&
	    len == sizeof(much));
	CHECK(keyset_append(ks, "", 0, "", 0) == 0);
	CHECK(keyset_text(ks, "", 0, &len) != NULL && len == 0);
	keyset_free(ks);
}

int
main(void)
{
	test_random();
	test_texts();
	test_limits();
	return test_done();
}
