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

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "conf/conf.h"
#include "conf/listfile.h"
#include "handoff/handrules.h"

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

	return handoff_asked(rule, rules_get(conf, 0, rule), s);
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
	if (!handoff_asked(rule, nrules, s))
		return 0;
	if ((r = calloc(HANDRULES_FIELDS_MAX, sizeof(*r))) == NULL)
		return -1;
	n = header_read(header, len, r, HANDRULES_FIELDS_MAX);
	if (n > skip)
		rv = handoff_find(rule, nrules, s, r + skip, n - skip, hop);
	free(r);
	return rv;
}
