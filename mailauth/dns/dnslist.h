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
 * DNS lists of addresses (RFC 5782): which name to ask, and what the answer
 * says.
 */

#ifndef DNSLIST_H
#define DNSLIST_H

#include <netinet/in.h>

#include "conf/dnslistname.h"
#include "dns/dns.h"

/* What an answer says. */
#define DNSLIST_NOT		0	/* not listed */
#define DNSLIST_LISTED		1
#define DNSLIST_LATER		2	/* no answer: another time maybe */
#define DNSLIST_REFUSED		3	/* the list does not answer us, or is
					 * no list any more */

/*
 * The name whose A records tell of an address (of AF_INET, 4 bytes, or
 * AF_INET6, 16; mapped IPv4 counts as IPv4).  0, or -1 when the list's name
 * is too long for it or out too small (DNS_NAME_MAX + 1 always suffices).
 */
int	 dnslist_name(const struct dnslist *l, int family, const void *addr,
	    char *out, size_t outsz);

/*
 * What the A records of that name say: DNSLIST_NOT, ...; with
 * DNSLIST_LISTED *code (NULL is allowed) is the first that counts.
 * Codes of 127.255.255.0/24 are refusals, as large lists send them; an
 * address outside 127.0.0.0/8 is somebody else's answer, as of a domain that
 * was sold.
 */
int	 dnslist_answer(const struct dnslist *l, const struct dns_answer *a,
	    struct in_addr *code);

#endif
