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
 * Questions to the DNS, asked without waiting: the interface behind which
 * dnscares.h asks real name servers and dnstable.h a text.
 *
 *	q = dns_query(d, "example.com", DNS_TXT, got_it, arg);
 *
 * calls got_it(answer, arg) later, exactly once and never from inside
 * dns_query(), unless dns_cancel(q) was called before.  Nothing of what a
 * name server says is longer than the limits below: an answer that is does
 * not come in part, its status is DNS_SERVFAIL.
 */

#ifndef DNS_H
#define DNS_H

#include <stddef.h>
#include <stdint.h>

#include "smtp/dnsmsg.h"

#define DNS_QUERIES_MAX	4096	/* of one resolver, under way */

struct dns;
struct dns_query;

/*
 * Takes the answer, which is the resolver's and good during the call only.
 * It may ask and cancel other questions.
 */
typedef void dns_callback(const struct dns_answer *answer, void *arg);

/*
 * Asks for the records of a type (DNS_A, ...) at name, in any case and with
 * or without the last dot; aliases are followed unless DNS_CNAME is asked
 * for.  A name that cannot be (dns_name_valid()) is answered DNS_NXDOMAIN.
 * Returns a handle for dns_cancel() that is void when cb has been called, or
 * NULL when memory or DNS_QUERIES_MAX is exhausted; cb is not called then.
 */
struct dns_query *dns_query(struct dns *d, const char *name, int type,
	    dns_callback *cb, void *arg);

/* Ends a question: its callback is not called.  NULL is allowed. */
void	 dns_cancel(struct dns_query *q);

/*
 * Ends a resolver of any kind.  Its questions end too, without a call of
 * their callbacks.  NULL is allowed.
 */
void	 dns_free(struct dns *d);

/*
 * The name to ask for PTR records (RFC 1035 3.5, RFC 3596 2.5): of family
 * AF_INET (addr 4 bytes) or AF_INET6 (16).  0, or -1 when out is too small
 * (80 bytes always suffice) or the family is another.
 */
int	 dns_reverse(int family, const void *addr, char *out, size_t outsz);

/* A status in a word: "ok", "no data", "no such name", ... */
const char *dns_status(int status);

/* A type in a word: "A", "TXT", ...; "?" for one that is none of these. */
const char *dns_type(int type);

/* The type of a word in any case; -1 for none of these. */
int	 dns_type_number(const char *word);

#endif
