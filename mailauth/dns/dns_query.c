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

#include <sys/socket.h>
#include <sys/types.h>

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/compat.h"
#include "dns/dns.h"
#include "dns/dns_resolver.h"

static const struct {
	int		 number;
	const char	*word;
} dns_types[] = {
	{ DNS_A, "A" },
	{ DNS_CNAME, "CNAME" },
	{ DNS_PTR, "PTR" },
	{ DNS_MX, "MX" },
	{ DNS_TXT, "TXT" },
	{ DNS_AAAA, "AAAA" },
};

#define NTYPES	(sizeof(dns_types) / sizeof(dns_types[0]))

void
dns_init(struct dns *d, const struct dns_ops *ops)
{
	d->ops = ops;
	d->nqueries = 0;
	TAILQ_INIT(&d->queries);
}

static void
remove_query(struct dns_query *q)
{
	TAILQ_REMOVE(&q->dns->queries, q, entry);
	q->dns->nqueries--;
}

struct dns_query *
dns_query(struct dns *d, const char *name, int type, dns_callback *cb,
    void *arg)
{
	struct dns_query *q;
	size_t i, len;

	if (d->nqueries >= DNS_QUERIES_MAX ||
	    (q = calloc(1, sizeof(*q))) == NULL)
		return NULL;
	q->dns = d;
	q->type = type;
	q->cb = cb;
	q->arg = arg;
	if ((q->valid = dns_name_valid(name))) {
		len = strlen(name);
		if (name[len - 1] == '.')
			len--;
		for (i = 0; i < len; i++)
			q->name[i] = tolower((unsigned char)name[i]);
	}
	TAILQ_INSERT_TAIL(&d->queries, q, entry);
	d->nqueries++;
	if (d->ops->start(q) == -1) {
		remove_query(q);
		free(q);
		return NULL;
	}
	return q;
}

void
dns_done(struct dns_query *q, const struct dns_answer *a)
{
	dns_callback *cb = q->cb;
	void *arg = q->arg;

	remove_query(q);
	free(q);
	cb(a, arg);
}

void
dns_cancel(struct dns_query *q)
{
	if (q == NULL)
		return;
	q->dns->ops->cancel(q);
	remove_query(q);
	free(q);
}

void
dns_free(struct dns *d)
{
	if (d == NULL)
		return;
	while (!TAILQ_EMPTY(&d->queries))
		dns_cancel(TAILQ_FIRST(&d->queries));
	d->ops->free(d);
}

int
dns_reverse(int family, const void *addr, char *out, size_t outsz)
{
	static const char hex[] = "0123456789abcdef";
	const uint8_t *b = addr;
	char buf[80], *p = buf;
	int i, n;

	if (family == AF_INET) {
		n = snprintf(buf, sizeof(buf), "%u.%u.%u.%u.in-addr.arpa",
		    b[3], b[2], b[1], b[0]);
		if (n < 0 || (size_t)n >= sizeof(buf))
			return -1;
	} else if (family == AF_INET6) {
		for (i = 15; i >= 0; i--) {
			*p++ = hex[b[i] & 0x0f];
			*p++ = '.';
			*p++ = hex[b[i] >> 4];
			*p++ = '.';
		}
		strlcpy(p, "ip6.arpa", sizeof(buf) - (p - buf));
	} else
		return -1;
	return strlcpy(out, buf, outsz) >= outsz ? -1 : 0;
}

const char *
dns_status(int status)
{
	switch (status) {
	case DNS_OK:
		return "ok";
	case DNS_NODATA:
		return "no data";
	case DNS_NXDOMAIN:
		return "no such name";
	case DNS_TIMEOUT:
		return "time-out";
	default:
		return "server failure";
	}
}

const char *
dns_type(int type)
{
	size_t i;

	for (i = 0; i < NTYPES; i++)
		if (dns_types[i].number == type)
			return dns_types[i].word;
	return "?";
}

int
dns_type_number(const char *word)
{
	size_t i;

	for (i = 0; i < NTYPES; i++)
		if (strcasecmp(dns_types[i].word, word) == 0)
			return dns_types[i].number;
	return -1;
}
