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

/*
 * A bounded memory of answers.  Each is kept as long as its ttl says, within
 * the limits below; when there is no room, what was not asked for longest
 * goes.
 */

#ifndef DNSCACHE_H
#define DNSCACHE_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "dns/dns.h"

#define DNSCACHE_ENTRIES	20000
#define DNSCACHE_BYTES		(16 * 1024 * 1024)
#define DNSCACHE_TTL_MAX	3600	/* seconds, whatever the ttl says */
#define DNSCACHE_NEGATIVE_MAX	600	/* of DNS_NODATA and DNS_NXDOMAIN */
#define DNSCACHE_FAILURE	5	/* of DNS_SERVFAIL and DNS_TIMEOUT: a */
					/* dead server is left in peace */

struct dnscache;

/* Makes one of at most so many entries and bytes; NULL without memory. */
struct dnscache *dnscache_new(size_t entries, size_t bytes);

/* NULL is allowed. */
void	 dnscache_free(struct dnscache *c);

/*
 * The answer to a question (name in lower case, without its last dot) that is
 * still good at the time now; the cache's own, good until the next call of
 * dnscache_put().  NULL when there is none.  Its ttl is what is left.
 */
const struct dns_answer *dnscache_get(struct dnscache *c, const char *name,
	    int type, time_t now);

/*
 * Keeps a copy of an answer, in place of an older one.  An answer of ttl 0,
 * or larger than a hundredth of the cache's bytes, is not kept; and without
 * memory none is.
 */
void	 dnscache_put(struct dnscache *c, const char *name, int type,
	    const struct dns_answer *a, time_t now);

/* The number of entries, and the bytes that they take. */
size_t	 dnscache_entries(const struct dnscache *c);
size_t	 dnscache_bytes(const struct dnscache *c);

#endif
