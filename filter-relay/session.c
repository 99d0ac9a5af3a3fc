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

#include <stdlib.h>
#include <string.h>

#include "session.h"

#define SESSION_BUCKETS	256	/* at first */

/*
 * Ids are 16 digits, of which perhaps only the last ones differ: each half is
 * folded before a multiplication carries it upwards, and again after it.
 */
static size_t
hash_id(const char sid[PROTO_ID])
{
	uint64_t a, b;

	memcpy(&a, sid, sizeof(a));
	memcpy(&b, sid + sizeof(a), sizeof(b));
	b = (b ^ (b >> 32)) * 0x9e3779b97f4a7c15ULL;
	a = (a ^ (a >> 32) ^ b ^ (b >> 29)) * 0xbf58476d1ce4e5b9ULL;
	return (size_t)(a >> 32);
}

int
session_init(struct session_table *t)
{
	memset(t, 0, sizeof(*t));
	t->nbuckets = SESSION_BUCKETS;
	t->bucket = calloc(t->nbuckets, sizeof(*t->bucket));
	return t->bucket == NULL ? -1 : 0;
}

struct session *
session_find(const struct session_table *t, const char sid[PROTO_ID])
{
	struct session *s;

	s = t->bucket[hash_id(sid) & (t->nbuckets - 1)];
	while (s != NULL && memcmp(s->env.sid, sid, PROTO_ID) != 0)
		s = s->next;
	return s;
}

/* Doubles the buckets; without memory the chains just grow longer. */
static void
grow_table(struct session_table *t)
{
	struct session **bucket, *s, *next;
	size_t i, n = t->nbuckets * 2, h;

	if ((bucket = calloc(n, sizeof(*bucket))) == NULL)
		return;
	for (i = 0; i < t->nbuckets; i++)
		for (s = t->bucket[i]; s != NULL; s = next) {
			next = s->next;
			h = hash_id(s->env.sid) & (n - 1);
			s->next = bucket[h];
			bucket[h] = s;
		}
	free(t->bucket);
	t->bucket = bucket;
	t->nbuckets = n;
}

struct session *
session_add(struct session_table *t, const char sid[PROTO_ID])
{
	struct session *s;
	size_t h;

	if (t->count >= SESSION_MAX || (s = calloc(1, sizeof(*s))) == NULL)
		return NULL;
	if (t->count >= t->nbuckets)
		grow_table(t);
	memcpy(s->env.sid, sid, PROTO_ID);
	h = hash_id(sid) & (t->nbuckets - 1);
	s->next = t->bucket[h];
	t->bucket[h] = s;
	t->count++;
	return s;
}

void
session_del(struct session_table *t, struct session *s)
{
	struct session **p;

	p = &t->bucket[hash_id(s->env.sid) & (t->nbuckets - 1)];
	while (*p != s)
		p = &(*p)->next;
	*p = s->next;
	t->count--;
	free(s->env.login);
	free(s->env.sender);
	free(s->env.source);
	free(s->env.host);
	free(s->env.listener);
	free(s);
}

int
session_set(char **dst, const char *src, size_t len)
{
	free(*dst);
	*dst = NULL;
	if (len > ENVELOPE_STR_MAX || memchr(src, '\0', len) != NULL)
		return -1;
	*dst = strndup(src, len);
	return *dst == NULL ? -1 : 0;
}
