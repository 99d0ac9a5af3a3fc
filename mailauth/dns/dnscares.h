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
 * The resolver behind dns.h that asks real name servers, by c-ares and
 * libevent (aresev.h): UDP, TCP when an answer is cut, no search list, no
 * hosts file.  One question that several ask at once is asked once, and
 * answers are kept (dnscache.h).
 */

#ifndef DNSCARES_H
#define DNSCARES_H

#include <stddef.h>

#include "dns/dns.h"

struct event_base;

struct dnscares_conf {
	const char	*servers;	/* as struct aresev_conf */
	int		 timeout;	/* ms of the first try; 0: 2,000 */
	int		 tries;		/* per server; 0: 2 */
	size_t		 entries;	/* of the cache; 0: dnscache.h's */
	size_t		 bytes;		/* the same */
};

/*
 * Makes a resolver that runs in base, NULL for that of event_init().  conf
 * may be NULL.  Reads resolv.conf(5) unless it is told the servers.  The
 * caller ends it by dns_free(), but not from inside a callback.  NULL, and
 * logged, when memory is exhausted or the servers make no sense.
 */
struct dns *dnscares_new(struct event_base *base,
	    const struct dnscares_conf *conf);

/* Questions that went to name servers so far, for tests. */
size_t	 dnscares_sent(const struct dns *d);

#endif
