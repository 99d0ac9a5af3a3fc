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

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/compat.h"
#include "conf/conf.h"
#include "conf/listfile.h"
#include "handoff/handoff.h"



static int
is_loopback(int family, const unsigned char *addr)
{
	static const unsigned char	 one[16] = { [15] = 1 };

	return family == AF_INET ? addr[0] == 127 : family == AF_INET6 &&
	    memcmp(addr, one, sizeof(one)) == 0;
}

/* Loopback, RFC 1918, link-local, and unique local addresses (RFC 4193). */
static int
is_private(int family, const unsigned char *a)
{
	if (is_loopback(family, a))
		return 1;
	if (family == AF_INET6)
		return (a[0] & 0xfe) == 0xfc ||
		    (a[0] == 0xfe && (a[1] & 0xc0) == 0x80);
	return family == AF_INET && (a[0] == 10 ||
	    (a[0] == 172 && (a[1] & 0xf0) == 16) ||
	    (a[0] == 192 && a[1] == 168) || (a[0] == 169 && a[1] == 254));
}

/*
 * Is it one of the relays that are counted?  Were that everybody where no
 * networks are named, anybody could write the field that counts.
 */
static int
counts(const struct handoff_rule *rule, int family, const unsigned char *addr)
{
	return rule->when != NULL ? netlist_match(rule->when, family, addr) :
	    is_private(family, addr);
}

/*
 * Is the host that talked to smtpd trusted by the rule?  With maybe, a list
 * of NULL has everything.
 */
static int
trusts_session(const struct handoff_rule *rule,
    const struct handoff_session *s, int maybe)
{
	if (rule->when != NULL && (s->family == 0 ||
	    !netlist_match(rule->when, s->family, s->addr)))
		return 0;
	switch (rule->strategy) {
	case HANDOFF_AUTHENTICATED:
		return s->login != NULL && (rule->any ||
		    (maybe && rule->words == NULL) ||
		    wordlist_match(rule->words, s->login));
	case HANDOFF_COUNT:
		return counts(rule, s->family, s->addr);
	case HANDOFF_HOSTNAMES:
		return s->host != NULL && ((maybe && rule->words == NULL) ||
		    wordlist_match(rule->words, s->host));
	case HANDOFF_ADDRESSES:
		return s->family != 0 && ((maybe && rule->nets == NULL) ||
		    netlist_match(rule->nets, s->family, s->addr));
	case HANDOFF_LOCAL:
		return is_private(s->family, s->addr);
	}
	return 0;
}

/* Is the host that a field names, which is believed, trusted by the rule? */
static int
trusts_hop(const struct handoff_rule *rule, const struct received *r)
{
	switch (rule->strategy) {
	case HANDOFF_AUTHENTICATED:
		return r->authenticated;
	case HANDOFF_COUNT:
		return counts(rule, r->family, r->addr);
	case HANDOFF_HOSTNAMES:
		return r->verified && wordlist_match(rule->words, r->host);
	case HANDOFF_ADDRESSES:
		return netlist_match(rule->nets, r->family, r->addr);
	case HANDOFF_LOCAL:
		return is_private(r->family, r->addr);
	}
	return 0;
}

/* The field that names the origin, or NULL. */
static const struct received *
walk(const struct handoff_rule *rule, const struct handoff_session *s,
    const struct received *r, size_t nr)
{
	const char	*host = s->host;
	size_t		 i;
	int		 count = 1;

	if (!trusts_session(rule, s, 0))
		return NULL;
	for (i = 0; i < nr; i++) {
		/* Another field of the same server tells the rest. */
		if (r[i].trace)
			continue;
		if (r[i].family == 0)
			return r[i].local ? NULL : &r[i];
		if (rule->strategy == HANDOFF_COUNT && ++count == rule->count)
			return &r[i];
		/* A hop inside of a trusted host, as to a filter there. */
		if (is_loopback(r[i].family, r[i].addr))
			continue;
		if (rule->strategy == HANDOFF_HOSTNAMES) {
			if (host == NULL || strcasecmp(r[i].by, host) != 0)
				return NULL;
			host = r[i].host;
		}
		if (!trusts_hop(rule, &r[i]))
			return &r[i];
	}
	return NULL;
}

/*
 * Whether any of the n rules trusts who handed the message to smtpd, so that
 * its fields are worth reading.  Here a list of NULL has everything.
 */
static int
trusts_any(const struct handoff_rule *rule, size_t n,
    const struct handoff_session *s)
{
	size_t	 i;

	for (i = 0; i < n; i++)
		if (trusts_session(&rule[i], s, 1))
			return 1;
	return 0;
}

int
handoff_find(const struct handoff_rule *rule, size_t n,
    const struct handoff_session *s, const struct received *r, size_t nr,
    struct handoff_hop *hop)
{
	const struct received	*origin;
	size_t			 i;

	for (i = 0; i < n; i++) {
		if ((origin = walk(&rule[i], s, r, nr)) == NULL)
			continue;
		memset(hop, 0, sizeof(*hop));
		hop->symbol = rule[i].symbol;
		hop->family = origin->family;
		memcpy(hop->addr, origin->addr, sizeof(hop->addr));
		if (hop->family == 0)
			return 1;
		strlcpy(hop->host, origin->host, sizeof(hop->host));
		strlcpy(hop->helo, origin->helo, sizeof(hop->helo));
		return 1;
	}
	return 0;
}

int
handoff_field(const struct handoff_hop *hop, char *out, size_t outsz)
{
	char	 ip[INET6_ADDRSTRLEN] = "unknown";
	int	 n;

	if (hop->family != 0 && inet_ntop(hop->family, hop->addr, ip,
	    sizeof(ip)) == NULL)
		return -1;
	n = snprintf(out, outsz, "X-Relay-Handoff: %s; ip=%s; host=%s; "
	    "helo=%s", hop->symbol, ip, hop->host[0] ? hop->host : "unknown",
	    hop->helo[0] ? hop->helo : "unknown");
	return n > 0 && (size_t)n < outsz ? 0 : -1;
}

/* The rules, with or without what their files hold.  How many they are. */
static size_t
rules_get(const struct conf *conf, int lists,
    struct handoff_rule rule[CONF_HANDOFF_MAX])
{
	static const enum handoff_strategy strategy[] = {
		[CONF_STRATEGY_COUNT] = HANDOFF_COUNT,
		[CONF_STRATEGY_LOCAL] = HANDOFF_LOCAL,
		[CONF_STRATEGY_AUTHENTICATED] = HANDOFF_AUTHENTICATED,
		[CONF_STRATEGY_HOSTNAMES] = HANDOFF_HOSTNAMES,
		[CONF_STRATEGY_ADDRESSES] = HANDOFF_ADDRESSES
	};
	const struct conf_handoff *h = conf->handoff;
	size_t i;

	memset(rule, 0, CONF_HANDOFF_MAX * sizeof(*rule));
	for (i = 0; i < conf->nhandoffs; i++, h++, rule++) {
		rule->strategy = strategy[h->strategy];
		rule->count = (int)h->count;
		rule->any = h->file == NULL;
		if (lists && h->file != NULL) {
			rule->words = &h->file->words;
			rule->nets = &h->file->nets;
		}
		rule->when = h->when.n > 0 ? &h->when : NULL;
		rule->symbol = h->symbol;
	}
	return i;
}

int
handrules_addr(const char *source, unsigned char addr[16])
{
	size_t len = strlen(source);

	if (len > 1 && source[0] == '[' && source[len - 1] == ']') {
		source++;
		len -= 2;
	}
	return received_addr(source, len, addr);
}

int
handrules_may(const struct conf *conf, const struct handoff_session *s)
{
	struct handoff_rule rule[CONF_HANDOFF_MAX];

	return trusts_any(rule, rules_get(conf, 0, rule), s);
}

/* The value of a line that begins a Received field, or NULL. */
static const char *
received_value(const char *line, const char *end)
{
	static const char name[] = "received";
	const size_t n = sizeof(name) - 1;
	const char *p = line + n;

	if ((size_t)(end - line) <= n || strncasecmp(line, name, n) != 0)
		return NULL;
	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	return p < end && *p == ':' ? p + 1 : NULL;
}

/* The start of the next field: behind the line and its continuations. */
static const char *
next_field(const char *p, const char *end)
{
	do {
		if ((p = memchr(p, '\n', end - p)) == NULL)
			return end;
		p++;
	} while (p < end && (*p == ' ' || *p == '\t'));
	return p;
}

/* All Received fields of a header, smtpd's own as well.  How many. */
static size_t
header_read(const char *p, size_t len, struct received *r, size_t max)
{
	const char *end = p + len, *next, *value;
	size_t n = 0;

	for (; p < end && *p != '\n' && n < max; p = next) {
		next = next_field(p, end);
		if ((value = received_value(p, next)) == NULL)
			continue;
		if (received_parse(&r[n], value, next - value) == -1)
			memset(&r[n], 0, sizeof(r[n]));
		n++;
	}
	return n;
}

int
handrules_find(const struct conf *conf, const struct handoff_session *s,
    const char *header, size_t len, int own, struct handoff_hop *hop)
{
	struct handoff_rule rule[CONF_HANDOFF_MAX];
	struct received *r;
	size_t nrules, n, skip = own != 0;
	int rv = 0;

	nrules = rules_get(conf, 1, rule);
	if (!trusts_any(rule, nrules, s))
		return 0;
	if ((r = calloc(HANDRULES_FIELDS_MAX, sizeof(*r))) == NULL)
		return -1;
	n = header_read(header, len, r, HANDRULES_FIELDS_MAX);
	if (n > skip)
		rv = handoff_find(rule, nrules, s, r + skip, n - skip, hop);
	free(r);
	return rv;
}
