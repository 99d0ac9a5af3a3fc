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

/* What a resolver, behind dns.h, is made of. */

#ifndef DNS_RESOLVER_H
#define DNS_RESOLVER_H

#include "base/compat.h"
#include "dns/dns.h"

struct dns_ops {
	/*
	 * Begins the work on q, and later calls dns_done(); never before it
	 * has returned.  0, or -1: q is then freed by the caller.
	 */
	int	 (*start)(struct dns_query *q);
	/* Forgets q, which is freed by the caller; dns_done() no more. */
	void	 (*cancel)(struct dns_query *q);
	/* Frees the resolver, which has no question left. */
	void	 (*free)(struct dns *d);
};

/* The first member of each kind of resolver. */
struct dns {
	const struct dns_ops		*ops;
	size_t				 nqueries;
	TAILQ_HEAD(, dns_query)		 queries;
};

struct dns_query {
	struct dns			*dns;
	TAILQ_ENTRY(dns_query)		 entry;
	char				 name[DNS_NAME_MAX + 1];
					/* lower case, no last dot */
	int				 valid;	/* else DNS_NXDOMAIN */
	int				 type;
	dns_callback			*cb;
	void				*arg;
	void				*work;	/* the resolver's own */
	TAILQ_ENTRY(dns_query)		 work_entry;
};

/* Fills in what is common to all kinds. */
void	 dns_init(struct dns *d, const struct dns_ops *ops);

/* Gives the answer to the question's callback and frees the question. */
void	 dns_done(struct dns_query *q, const struct dns_answer *a);

#endif
