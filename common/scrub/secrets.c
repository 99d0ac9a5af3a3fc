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

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "scrub/secrets.h"

#define SECRETS_KINDS	5

struct entry {
	char		*s;
	uint32_t	 hash;
	uint16_t	 len;
	uint8_t		 kind;
};

/* An open hash table: a power of two of slots, at most half of them used. */
struct secrets {
	struct entry	*slot;
	size_t		 nslots;
	size_t		 used;
	size_t		 count[SECRETS_KINDS];
};

static uint32_t
hash(enum secrets_kind kind, const char *s, size_t len)
{
	uint32_t	h = 2166136261u + (uint32_t)kind;
	size_t		i;

	for (i = 0; i < len; i++)
		h = (h ^ (unsigned char)s[i]) * 16777619u;
	return h ^ (h >> 15);
}

struct secrets *
secrets_new(void)
{
	return calloc(1, sizeof(struct secrets));
}

void
secrets_free(struct secrets *l)
{
	size_t	i;

	if (l == NULL)
		return;
	for (i = 0; i < l->nslots; i++)
		free(l->slot[i].s);
	free(l->slot);
	free(l);
}

/* The slot that holds the string, or the free one where it would go. */
static struct entry *
find(const struct secrets *l, enum secrets_kind kind, const char *s,
    size_t len, uint32_t h)
{
	size_t	i;

	for (i = h & (l->nslots - 1);; i = (i + 1) & (l->nslots - 1)) {
		struct entry *e = &l->slot[i];

		if (e->s == NULL || (e->hash == h && e->kind == kind &&
		    e->len == len && memcmp(e->s, s, len) == 0))
			return e;
	}
}

static int
grow(struct secrets *l)
{
	struct secrets	 bigger = *l;
	size_t		 i;

	bigger.nslots = l->nslots == 0 ? 64 : l->nslots * 2;
	bigger.slot = calloc(bigger.nslots, sizeof(*bigger.slot));
	if (bigger.slot == NULL)
		return -1;
	for (i = 0; i < l->nslots; i++) {
		struct entry *e = &l->slot[i];

		if (e->s != NULL)
			*find(&bigger, e->kind, e->s, e->len, e->hash) = *e;
	}
	free(l->slot);
	*l = bigger;
	return 0;
}

static int
add(struct secrets *l, enum secrets_kind kind, const char *s, size_t len)
{
	struct entry	*e;
	uint32_t	 h = hash(kind, s, len);

	if (l->used * 2 >= l->nslots && grow(l) == -1)
		return -1;
	e = find(l, kind, s, len, h);
	if (e->s != NULL)
		return 0;
	if (l->count[kind] >= SECRETS_MAX)
		return -1;
	if ((e->s = malloc(len + 1)) == NULL)
		return -1;
	memcpy(e->s, s, len);
	e->s[len] = '\0';
	e->len = (uint16_t)len;
	e->kind = (uint8_t)kind;
	e->hash = h;
	l->used++;
	l->count[kind]++;
	return 0;
}

/* Lower case into low; the place of the last '@', or -1. */
static int
fold(const char *addr, char low[SECRETS_ADDR_MAX + 1], size_t *len)
{
	size_t	i;
	int	at = -1;

	for (i = 0; addr[i] != '\0'; i++) {
		if (i >= SECRETS_ADDR_MAX)
			return -1;
		low[i] = addr[i];
		if (low[i] >= 'A' && low[i] <= 'Z')
			low[i] = (char)(low[i] - 'A' + 'a');
		if (low[i] == '@')
			at = (int)i;
	}
	low[i] = '\0';
	*len = i;
	return at <= 0 || (size_t)at + 1 == i ? -1 : at;
}

int
secrets_add_address(struct secrets *l, const char *addr)
{
	char	low[SECRETS_ADDR_MAX + 1];
	size_t	len;
	int	at;

	if ((at = fold(addr, low, &len)) == -1)
		return -1;
	if (add(l, SECRETS_ADDRESS, low, len) == -1)
		return -1;
	return add(l, SECRETS_DOMAIN, low + at + 1, len - (size_t)at - 1);
}

int
secrets_add_mailbox(struct secrets *l, const char *addr)
{
	char	low[SECRETS_ADDR_MAX + 1];
	size_t	len;
	int	at;

	if ((at = fold(addr, low, &len)) == -1)
		return -1;
	if (add(l, SECRETS_BOX_LOCAL, low, (size_t)at) == -1)
		return -1;
	return add(l, SECRETS_BOX_DOMAIN, low + at + 1, len - (size_t)at - 1);
}

int
secrets_add_handle(struct secrets *l, const char *handle)
{
	char	low[SECRETS_HANDLE_LEN];
	size_t	i;

	if (strlen(handle) != SECRETS_HANDLE_LEN)
		return -1;
	for (i = 0; i < SECRETS_HANDLE_LEN; i++) {
		low[i] = handle[i];
		if (low[i] >= 'A' && low[i] <= 'Z')
			low[i] = (char)(low[i] - 'A' + 'a');
		if (!(low[i] >= 'a' && low[i] <= 'z') &&
		    !(low[i] >= '2' && low[i] <= '7'))
			return -1;
	}
	return add(l, SECRETS_HANDLE, low, sizeof(low));
}

int
secrets_has(const struct secrets *l, enum secrets_kind kind, const char *s,
    size_t len)
{
	if (l == NULL || l->used == 0)
		return 0;
	return find(l, kind, s, len, hash(kind, s, len))->s != NULL;
}
