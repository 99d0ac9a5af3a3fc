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
#include <sys/socket.h>
#include <netinet/in.h>
#include <arpa/inet.h>

#include <ctype.h>
#include <string.h>

#include "base/compat.h"
#include "dns/dnslist.h"

#define LOOPBACK(a)	((a) >> 24 == 127)
#define REFUSAL(a)	((a) >> 8 == 0x7fffff)	/* 127.255.255.0/24 */

int
dnslist_name(const struct dnslist *l, int family, const void *addr, char *out,
    size_t outsz)
{
	struct in6_addr in6;
	char reverse[80], *end;
	const char *zone = family == AF_INET ? ".in-addr.arpa" : ".ip6.arpa";

	if (family == AF_INET6) {
		memcpy(&in6, addr, sizeof(in6));
		if (IN6_IS_ADDR_V4MAPPED(&in6)) {
			family = AF_INET;
			zone = ".in-addr.arpa";
			addr = &in6.s6_addr[12];
		}
	}
	if (dns_reverse(family, addr, reverse, sizeof(reverse)) == -1 ||
	    (end = strstr(reverse, zone)) == NULL)
		return -1;
	end[1] = '\0';
	if (strlcpy(out, reverse, outsz) >= outsz ||
	    strlcat(out, l->name, outsz) >= outsz)
		return -1;
	return dns_name_valid(out) ? 0 : -1;
}

/* 1 when a code is one that counts. */
static int
list_counts(const struct dnslist *l, uint32_t code)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (code >= l->codes[i].from && code <= l->codes[i].to)
			return 1;
	return l->n == 0;
}

int
dnslist_answer(const struct dnslist *l, const struct dns_answer *a,
    struct in_addr *code)
{
	uint32_t in;
	size_t i;
	int refused = 0;

	if (a->status == DNS_SERVFAIL || a->status == DNS_TIMEOUT)
		return DNSLIST_LATER;
	for (i = 0; i < a->n; i++) {
		in = ntohl(a->v[i].in.s_addr);
		if (!LOOPBACK(in) || REFUSAL(in)) {
			refused = 1;
			continue;
		}
		if (!list_counts(l, in))
			continue;
		if (code != NULL)
			*code = a->v[i].in;
		return DNSLIST_LISTED;
	}
	return refused ? DNSLIST_REFUSED : DNSLIST_NOT;
}
