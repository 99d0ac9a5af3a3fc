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
 * A c-ares channel that libevent drives: DNS queries (RFC 1035) that do not
 * block.  The channel takes its name servers from resolv.conf(5) when it is
 * made, so make it before a sandbox closes; servers that change later are
 * seen by a process that is started anew.
 */

#ifndef ARESEV_H
#define ARESEV_H

#include <stddef.h>

struct event_base;
struct aresev;
struct aresev_query;
struct dns_answer;

#define ARESEV_QUERIES_MAX	8192	/* at one time, of one channel */

struct aresev_conf {
	/* "ip", "ip:port", "[ip6]:port", separated by commas; NULL for those
	 * of resolv.conf. */
	const char	*servers;
	int		 timeout;	/* ms for the first try; 0: 2,000 */
	int		 tries;		/* per server; 0: 3 */
};

/*
 * The answer, which is good during the call only: DNS_TIMEOUT when nobody has
 * answered in time.  The query is no more.
 */
typedef void aresev_cb(const struct dns_answer *a, void *arg);

/*
 * Makes a channel; conf may be NULL, and base, for the one of event_init().
 * Returns NULL when there is no memory or the servers make no sense, and has
 * then logged why.
 */
struct aresev *aresev_new(struct event_base *base,
    const struct aresev_conf *conf);

/* Ends a channel and every query of it, without a callback. */
void	 aresev_free(struct aresev *);

/*
 * Asks for records of a type (DNS_A, ...), class IN, of name, in any case and
 * with or without its last dot; no search list is tried.  A name that cannot
 * be (dns_name_valid()) is answered DNS_NXDOMAIN.
 * cb is called once, from the event loop and never before this returns, in
 * at most about timeout * (2^tries - 1) ms for each server.  Returns NULL
 * when there is no memory or there are too many queries.
 */
struct aresev_query *aresev_query(struct aresev *, const char *name, int type,
    aresev_cb *cb, void *arg);

/* Forgets a query: its callback does not come any more. */
void	 aresev_cancel(struct aresev_query *);

#endif
