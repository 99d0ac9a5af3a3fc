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

#include <string.h>

#include "compat.h"
#include "keyset.h"

#define BUCKETS_MIN	64

struct entry {
	struct entry	*next;
	int64_t		 until;
	uint32_t	 hash;
	uint16_t	 len;
	char		 key[];
};

struct keyset {
	struct entry	**bucket;	/* mask + 1 chains */
	size_t		  mask;
	size_t		  count;
	uint64_t	  seed;
};

struct keyset *
keyset_new(void)
{
	struct keyset	*ks;

	if ((ks = calloc(1, sizeof(*ks))) == NULL)
		return NULL;
	ks->mask = BUCKETS_MIN - 1;
	if ((ks->bucket = calloc(BUCKETS_MIN, sizeof(*ks->bucket))) == NULL) {
		free(ks);
		return NULL;
	}
	arc4random_buf(&ks->seed, sizeof(ks->seed));
	return ks;
}

void
keyset_free(struct keyset *ks)
{
	struct entry	*e;
	size_t		 i;

	if (ks == NULL)
		return;
	for (i = 0; i <= ks->mask; i++)
		while ((e = ks->bucket[i]) != NULL) {
			ks->bucket[i] = e->next;
			free(e);
		}
	free(ks->bucket);
	free(ks);
}

/* FNV-1a over words of eight bytes, stirred so that the low bits count. */
static uint32_t
hash(const struct keyset *ks, const char *key, size_t len)
{
	uint64_t	h = ks->seed ^ len, w;

	for (; len >= sizeof(w); len -= sizeof(w), key += sizeof(w)) {
		memcpy(&w, key, sizeof(w));
		h = (h ^ w) * 0x100000001b3ULL;
		h ^= h >> 29;
	}
	for (; len > 0; len--)
		h = (h ^ (unsigned char)*key++) * 0x100000001b3ULL;
	h ^= h >> 32;
	h *= 0xd6e8feb86659fd93ULL;
	return (uint32_t)(h ^ (h >> 32));
}

static struct entry **
find(const struct keyset *ks, uint32_t h, const char *key, size_t len)
{
	struct entry	**ep;

	for (ep = &ks->bucket[h & ks->mask]; *ep != NULL; ep = &(*ep)->next)
		if ((*ep)->hash == h && (*ep)->len == len &&
		    memcmp((*ep)->key, key, len) == 0)
			break;
	return ep;
}

/* Twice the buckets; without memory the chains just get longer. */
static void
grow(struct keyset *ks)
{
	struct entry	**bucket, **old = ks->bucket, *e;
	size_t		  i, n = ks->mask + 1;

	if ((bucket = calloc(2 * n, sizeof(*bucket))) == NULL)
		return;
	ks->bucket = bucket;
	ks->mask = 2 * n - 1;
	for (i = 0; i < n; i++)
		while ((e = old[i]) != NULL) {
			old[i] = e->next;
			e->next = bucket[e->hash & ks->mask];
			bucket[e->hash & ks->mask] = e;
		}
	free(old);
}

int
keyset_put(struct keyset *ks, const char *key, size_t len, int64_t until)
{
	struct entry	**ep, *e;
	uint32_t	  h;

	if (len == 0 || len > KEYSET_KEY_MAX)
		return -1;
	h = hash(ks, key, len);
	ep = find(ks, h, key, len);
	if (*ep != NULL) {
		(*ep)->until = until;
		return 0;
	}
	if (ks->count >= KEYSET_MAX || (e = malloc(sizeof(*e) + len)) == NULL)
		return -1;
	e->next = NULL;
	e->until = until;
	e->hash = h;
	e->len = (uint16_t)len;
	memcpy(e->key, key, len);
	*ep = e;
	if (++ks->count > ks->mask)
		grow(ks);
	return 0;
}

void
keyset_del(struct keyset *ks, const char *key, size_t len)
{
	struct entry	**ep, *e;

	if (len == 0 || len > KEYSET_KEY_MAX)
		return;
	ep = find(ks, hash(ks, key, len), key, len);
	if ((e = *ep) == NULL)
		return;
	*ep = e->next;
	free(e);
	ks->count--;
}

int64_t
keyset_until(const struct keyset *ks, const char *key, size_t len)
{
	struct entry	*e;

	if (len == 0 || len > KEYSET_KEY_MAX)
		return 0;
	e = *find(ks, hash(ks, key, len), key, len);
	return e == NULL ? 0 : e->until;
}

int
keyset_has(const struct keyset *ks, const char *key, size_t len, int64_t now)
{
	return now < keyset_until(ks, key, len);
}

void
keyset_expire(struct keyset *ks, int64_t now)
{
	struct entry	**ep, *e;
	size_t		  i;

	for (i = 0; i <= ks->mask; i++)
		for (ep = &ks->bucket[i]; (e = *ep) != NULL; ) {
			if (now < e->until) {
				ep = &e->next;
				continue;
			}
			*ep = e->next;
			free(e);
			ks->count--;
		}
}

size_t
keyset_count(const struct keyset *ks)
{
	return ks->count;
}
