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

#include "base/compat.h"
#include "base/keyset.h"

#define SLOTS_MIN	64
#define TAKEN		0x80000000U	/* in the hash of a key that is in */
#define TEXT_MIN	32	/* bytes that a first text gets */

struct entry {
	int64_t		 number;	/* of a key with a text: its length */
	uint16_t	 len;
	char		 key[];		/* and the text */
};

/*
 * An open table: a key lies in the first free slot from where its hash
 * points.  The hashes lie apart from the rest, so close together that the
 * search for what is not there mostly touches a single line of the cache.
 */
struct keyset {
	uint32_t	 *hash;		/* mask + 1; 0 is free */
	struct entry	**entry;	/* as many */
	size_t		  mask;
	size_t		  count;
	uint64_t	  seed;
};

static int
make_slots(struct keyset *ks, size_t n)
{
	uint32_t	 *h = calloc(n, sizeof(*h));
	struct entry	**e = calloc(n, sizeof(*e));

	if (h == NULL || e == NULL) {
		free(h);
		free(e);
		return -1;
	}
	ks->hash = h;
	ks->entry = e;
	ks->mask = n - 1;
	return 0;
}

struct keyset *
keyset_new(void)
{
	struct keyset	*ks;

	if ((ks = calloc(1, sizeof(*ks))) == NULL)
		return NULL;
	if (make_slots(ks, SLOTS_MIN) == -1) {
		free(ks);
		return NULL;
	}
	arc4random_buf(&ks->seed, sizeof(ks->seed));
	return ks;
}

void
keyset_free(struct keyset *ks)
{
	size_t	i;

	if (ks == NULL)
		return;
	for (i = 0; i <= ks->mask; i++)
		free(ks->entry[i]);
	free(ks->entry);
	free(ks->hash);
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
	return (uint32_t)(h ^ (h >> 32)) | TAKEN;
}

/* The key's slot, or the free one that ends the search. */
static size_t
find(const struct keyset *ks, uint32_t h, const char *key, size_t len)
{
	const struct entry	*e;
	size_t			 i;

	for (i = h & ks->mask; ks->hash[i] != 0; i = (i + 1) & ks->mask) {
		if (ks->hash[i] != h)
			continue;
		e = ks->entry[i];
		if (e->len == len && memcmp(e->key, key, len) == 0)
			break;
	}
	return i;
}

/* Twice the slots.  Without memory those that there are fill up. */
static int
grow(struct keyset *ks)
{
	struct keyset	 old = *ks;
	size_t		 i, to;

	if (make_slots(ks, 2 * (old.mask + 1)) == -1)
		return old.count < old.mask ? 0 : -1;
	for (i = 0; i <= old.mask; i++) {
		if (old.hash[i] == 0)
			continue;
		to = old.hash[i] & ks->mask;
		while (ks->hash[to] != 0)
			to = (to + 1) & ks->mask;
		ks->hash[to] = old.hash[i];
		ks->entry[to] = old.entry[i];
	}
	free(old.hash);
	free(old.entry);
	return 0;
}

/* The entry of a key, or NULL. */
static struct entry **
look_up(const struct keyset *ks, const char *key, size_t len)
{
	size_t	i;

	if (len > KEYSET_KEY_MAX)
		return NULL;
	i = find(ks, hash(ks, key, len), key, len);
	return ks->hash[i] == 0 ? NULL : &ks->entry[i];
}

int
keyset_put(struct keyset *ks, const char *key, size_t len, int64_t number)
{
	struct entry	*e;
	uint32_t	 h;
	size_t		 i;

	if (len > KEYSET_KEY_MAX)
		return -1;
	h = hash(ks, key, len);
	i = find(ks, h, key, len);
	if (ks->hash[i] != 0) {
		ks->entry[i]->number = number;
		return 0;
	}
	/* Three slots of four at most are taken, and one is always free. */
	if (ks->count >= ks->mask - ks->mask / 4) {
		if (grow(ks) == -1)
			return -1;
		i = find(ks, h, key, len);
	}
	if (ks->count >= KEYSET_MAX || (e = malloc(sizeof(*e) + len)) == NULL)
		return -1;
	e->number = number;
	e->len = (uint16_t)len;
	memcpy(e->key, key, len);
	ks->hash[i] = h;
	ks->entry[i] = e;
	ks->count++;
	return 0;
}

/* The bytes that are there for a text of n. */
static size_t
text_room(size_t n)
{
	size_t	room = TEXT_MIN;

	while (room < n)
		room *= 2;
	return n == 0 ? 0 : room;
}

int
keyset_append(struct keyset *ks, const char *key, size_t len,
    const char *text, size_t n)
{
	struct entry	**slot, *e;
	size_t		  used;

	if (n > KEYSET_TEXT_MAX)
		return -1;
	if ((slot = look_up(ks, key, len)) == NULL) {
		if (keyset_put(ks, key, len, 0) == -1)
			return -1;
		slot = look_up(ks, key, len);
	}
	e = *slot;
	used = (size_t)e->number;
	if (used + n > KEYSET_TEXT_MAX)
		return -1;
	if (used + n > text_room(used)) {
		e = realloc(e, sizeof(*e) + len + text_room(used + n));
		if (e == NULL)
			return -1;
		*slot = e;
	}
	memcpy(e->key + len + used, text, n);
	e->number = (int64_t)(used + n);
	return 0;
}

const char *
keyset_text(const struct keyset *ks, const char *key, size_t len, size_t *n)
{
	struct entry	**slot;

	if ((slot = look_up(ks, key, len)) == NULL)
		return NULL;
	*n = (size_t)(*slot)->number;
	return (*slot)->key + len;
}

/* Frees a slot, and moves into it who was kept from it by who was there. */
static void
vacate(struct keyset *ks, size_t hole)
{
	size_t	i = hole, home;

	free(ks->entry[hole]);
	for (;;) {
		i = (i + 1) & ks->mask;
		if (ks->hash[i] == 0)
			break;
		home = ks->hash[i] & ks->mask;
		if (((i - home) & ks->mask) < ((i - hole) & ks->mask))
			continue;
		ks->hash[hole] = ks->hash[i];
		ks->entry[hole] = ks->entry[i];
		hole = i;
	}
	ks->hash[hole] = 0;
	ks->entry[hole] = NULL;
	ks->count--;
}

void
keyset_del(struct keyset *ks, const char *key, size_t len)
{
	struct entry	**slot;

	if ((slot = look_up(ks, key, len)) != NULL)
		vacate(ks, slot - ks->entry);
}

int64_t
keyset_number(const struct keyset *ks, const char *key, size_t len)
{
	struct entry	**slot = look_up(ks, key, len);

	return slot == NULL ? 0 : (*slot)->number;
}

void
keyset_prefetch(const struct keyset *ks, const char *key, size_t len)
{
	if (len <= KEYSET_KEY_MAX)
		__builtin_prefetch(&ks->hash[hash(ks, key, len) & ks->mask]);
}

void
keyset_expire(struct keyset *ks, int64_t now)
{
	size_t	i = 0;

	/* Who moves into a slot is looked at there. */
	while (i <= ks->mask)
		if (ks->hash[i] != 0 && ks->entry[i]->number <= now)
			vacate(ks, i);
		else
			i++;
}

size_t
keyset_count(const struct keyset *ks)
{
	return ks->count;
}
