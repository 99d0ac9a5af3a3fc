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

#include <sys/types.h>

#include <string.h>

#include "base/compat.h"
#include "dns/dns.h"
#include "dns/dns_resolver.h"
#include "dns/dnscache.h"

#define SHARE		100	/* an entry has at most this part of all */

struct dnscache_entry {
	RB_ENTRY(dnscache_entry)	 node;
	TAILQ_ENTRY(dnscache_entry)	 used;
	struct dns_answer	 answer;
	time_t			 until;
	size_t			 bytes;
	int			 type;
	char			 name[];
};

RB_HEAD(dnscache_tree, dnscache_entry);

struct dnscache {
	struct dnscache_tree	 tree;
	TAILQ_HEAD(used_head, dnscache_entry) used;	/* the latest first */
	size_t			 n, bytes;
	size_t			 max_n, max_bytes;
	struct dnscache_entry		*key;		/* room for a name */
};

static int
entry_cmp(const struct dnscache_entry *a, const struct dnscache_entry *b)
{
	if (a->type != b->type)
		return a->type < b->type ? -1 : 1;
	return strcmp(a->name, b->name);
}

RB_PROTOTYPE(dnscache_tree, dnscache_entry, node, entry_cmp)
RB_GENERATE(dnscache_tree, dnscache_entry, node, entry_cmp)

struct dnscache *
dnscache_new(size_t entries, size_t bytes)
{
	struct dnscache *c;

	if ((c = calloc(1, sizeof(*c))) == NULL)
		return NULL;
	if ((c->key = calloc(1, sizeof(*c->key) + DNS_NAME_MAX + 1)) == NULL) {
		free(c);
		return NULL;
	}
	RB_INIT(&c->tree);
	TAILQ_INIT(&c->used);
	c->max_n = entries;
	c->max_bytes = bytes;
	return c;
}

static void
cache_remove(struct dnscache *c, struct dnscache_entry *e)
{
	RB_REMOVE(dnscache_tree, &c->tree, e);
	TAILQ_REMOVE(&c->used, e, used);
	c->n--;
	c->bytes -= e->bytes;
	dns_answer_clear(&e->answer);
	free(e);
}

void
dnscache_free(struct dnscache *c)
{
	if (c == NULL)
		return;
	while (!TAILQ_EMPTY(&c->used))
		cache_remove(c, TAILQ_FIRST(&c->used));
	free(c->key);
	free(c);
}

static struct dnscache_entry *
cache_find(struct dnscache *c, const char *name, int type)
{
	if (strlcpy(c->key->name, name, DNS_NAME_MAX + 1) > DNS_NAME_MAX)
		return NULL;
	c->key->type = type;
	return RB_FIND(dnscache_tree, &c->tree, c->key);
}

const struct dns_answer *
dnscache_get(struct dnscache *c, const char *name, int type, time_t now)
{
	struct dnscache_entry *e;

	if ((e = cache_find(c, name, type)) == NULL)
		return NULL;
	if (now >= e->until) {
		cache_remove(c, e);
		return NULL;
	}
	TAILQ_REMOVE(&c->used, e, used);
	TAILQ_INSERT_HEAD(&c->used, e, used);
	e->answer.ttl = e->until - now;
	return &e->answer;
}

/* For how many seconds an answer is kept. */
static uint32_t
cache_ttl(const struct dns_answer *a)
{
	uint32_t max;

	switch (a->status) {
	case DNS_OK:
		max = DNSCACHE_TTL_MAX;
		break;
	case DNS_NODATA:
	case DNS_NXDOMAIN:
		max = DNSCACHE_NEGATIVE_MAX;
		break;
	default:
		return DNSCACHE_FAILURE;
	}
	return a->ttl < max ? a->ttl : max;
}

/* A new entry with a copy of the answer; NULL without memory. */
static struct dnscache_entry *
cache_entry(const char *name, int type, const struct dns_answer *a)
{
	struct dnscache_entry *e;
	size_t i, size = sizeof(*e) + strlen(name) + 1;

	if ((e = calloc(1, size)) == NULL)
		return NULL;
	memcpy(e->name, name, strlen(name));
	e->type = type;
	e->answer.status = a->status;
	e->bytes = size;
	for (i = 0; i < a->n; i++) {
		e->bytes += sizeof(a->v[i]) + a->v[i].len;
		if (dns_answer_add(&e->answer, &a->v[i], a->v[i].text,
		    a->v[i].len) == -1) {
			dns_answer_clear(&e->answer);
			free(e);
			return NULL;
		}
	}
	return e;
}

void
dnscache_put(struct dnscache *c, const char *name, int type,
    const struct dns_answer *a, time_t now)
{
	struct dnscache_entry *e;
	uint32_t ttl = cache_ttl(a);

	if ((e = cache_find(c, name, type)) != NULL)
		cache_remove(c, e);
	if (ttl == 0 || strlen(name) > DNS_NAME_MAX ||
	    (e = cache_entry(name, type, a)) == NULL)
		return;
	if (e->bytes > c->max_bytes / SHARE) {
		dns_answer_clear(&e->answer);
		free(e);
		return;
	}
	e->until = now + ttl;
	RB_INSERT(dnscache_tree, &c->tree, e);
	TAILQ_INSERT_HEAD(&c->used, e, used);
	c->n++;
	c->bytes += e->bytes;
	while (c->n > c->max_n || c->bytes > c->max_bytes)
		cache_remove(c, TAILQ_LAST(&c->used, used_head));
}

size_t
dnscache_entries(const struct dnscache *c)
{
	return c->n;
}

size_t
dnscache_bytes(const struct dnscache *c)
{
	return c->bytes;
}
