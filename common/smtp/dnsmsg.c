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
#include <netinet/in.h>

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compat.h"
#include "smtp/dnsmsg.h"

#define HEADER		12
#define CLASS_IN	1
#define TYPE_SOA	6
#define SOA_NUMBERS	20		/* bytes after its two names */
#define FLAG_QR		0x8000
#define FLAG_TC		0x0200
#define RCODE(flags)	((flags) & 0x0f)
#define RCODE_NXDOMAIN	3
#define JUMPS_MAX	64		/* compression pointers of one name */
#define TTL_MAX		0x7fffffff	/* RFC 2181 8 */
/* A byte that dns_name_valid() does not allow is written as \DDD. */
#define NAME_SIZE	(DNS_NAME_MAX * 4 + 1)

struct msg {
	const uint8_t	*data;
	size_t		 len;
	size_t		 answers;	/* where the section begins */
	unsigned int	 nanswers;
	size_t		 authority;
	unsigned int	 nauthority;
};

struct rr {
	char		 name[NAME_SIZE];
	unsigned int	 type;
	unsigned int	 class;
	uint32_t	 ttl;
	size_t		 data;		/* where rdata begins */
	size_t		 len;
};

int
dns_name_valid(const char *name)
{
	size_t i, label = 0, len = strlen(name);

	if (len > 0 && name[len - 1] == '.')
		len--;
	if (len == 0 || len > DNS_NAME_MAX)
		return 0;
	for (i = 0; i < len; i++) {
		if (name[i] == '.') {
			if (label == 0)
				return 0;
			label = 0;
		} else if (name[i] < ' ' || name[i] > '~' ||
		    name[i] == '\\' || ++label > DNS_LABEL_MAX)
			return 0;
	}
	return label > 0;
}

int
dns_answer_add(struct dns_answer *a, const struct dns_record *r,
    const void *text, size_t len)
{
	struct dns_record *v;
	size_t i, total = len;

	for (i = 0; i < a->n; i++)
		total += a->v[i].len;
	if (a->n >= DNS_RECORDS_MAX || total > DNS_TEXT_MAX)
		return -1;
	if ((v = reallocarray(a->v, a->n + 1, sizeof(*v))) == NULL)
		return -1;
	a->v = v;
	v += a->n;
	*v = *r;
	v->text = NULL;
	v->len = 0;
	if (text != NULL) {
		if ((v->text = malloc(len + 1)) == NULL)
			return -1;
		memcpy(v->text, text, len);
		v->text[len] = '\0';
		v->len = len;
	}
	a->n++;
	return 0;
}

void
dns_answer_clear(struct dns_answer *a)
{
	size_t i;

	for (i = 0; i < a->n; i++)
		free(a->v[i].text);
	free(a->v);
	memset(a, 0, sizeof(*a));
}

static unsigned int
get_u16(const struct msg *m, size_t at)
{
	return (unsigned int)m->data[at] << 8 | m->data[at + 1];
}

static uint32_t
get_u32(const struct msg *m, size_t at)
{
	return (uint32_t)get_u16(m, at) << 16 | get_u16(m, at + 2);
}

/* Writes one label's bytes, in lower case; returns how many it wrote. */
static size_t
put_label(const uint8_t *p, size_t n, char *out)
{
	size_t i, o = 0;

	for (i = 0; i < n; i++) {
		if (p[i] >= ' ' && p[i] <= '~' && p[i] != '.' && p[i] != '\\')
			out[o++] = tolower(p[i]);
		else
			o += snprintf(out + o, 5, "\\%03u", p[i]);
	}
	return o;
}

/*
 * Reads the name at *at, and moves *at behind it; out is of NAME_SIZE bytes.
 * 0, or -1.
 */
static int
get_name(const struct msg *m, size_t *at, char *out)
{
	size_t pos = *at, total = 0, o = 0, n;
	int jumps = 0;

	for (;;) {
		if (pos >= m->len)
			return -1;
		n = m->data[pos];
		if ((n & 0xc0) == 0xc0) {
			if (m->len - pos < 2 || ++jumps > JUMPS_MAX)
				return -1;
			if (jumps == 1)
				*at = pos + 2;
			/* Only to what came before, so that it ends. */
			n = get_u16(m, pos) & 0x3fff;
			if (n >= pos)
				return -1;
			pos = n;
			continue;
		}
		if (n > DNS_LABEL_MAX)
			return -1;
		pos++;
		if (n == 0)
			break;
		/* The dot that follows counts, but for the last one's. */
		if (m->len - pos < n || (total += n + 1) > DNS_NAME_MAX + 1)
			return -1;
		if (o > 0)
			out[o++] = '.';
		o += put_label(m->data + pos, n, out + o);
		pos += n;
	}
	out[o] = '\0';
	if (jumps == 0)
		*at = pos;
	return 0;
}

/* Reads the record at *at, and moves *at behind it; 0 or -1. */
static int
get_rr(const struct msg *m, size_t *at, struct rr *rr)
{
	if (get_name(m, at, rr->name) == -1 || m->len - *at < 10)
		return -1;
	rr->type = get_u16(m, *at);
	rr->class = get_u16(m, *at + 2);
	if ((rr->ttl = get_u32(m, *at + 4)) > TTL_MAX)
		rr->ttl = 0;
	rr->len = get_u16(m, *at + 8);
	rr->data = *at + 10;
	if (m->len - rr->data < rr->len)
		return -1;
	*at = rr->data + rr->len;
	return 0;
}

/* Reads the name that is rdata from `skip' on, to its last byte; 0 or -1. */
static int
get_rdata_name(const struct msg *m, const struct rr *rr, size_t skip,
    char *out)
{
	size_t at = rr->data + skip;

	if (rr->len <= skip || get_name(m, &at, out) == -1)
		return -1;
	return at == rr->data + rr->len ? 0 : -1;
}

/* TXT: strings, joined. */
static int
add_text(const struct msg *m, const struct rr *rr, struct dns_answer *a)
{
	static const struct dns_record none;
	struct dns_record r = none;
	const uint8_t *p = m->data + rr->data;
	size_t at, n = 0;
	char *text;
	int rc;

	if ((text = malloc(rr->len + 1)) == NULL)
		return -1;
	for (at = 0; at < rr->len; at += p[at] + 1) {
		if (rr->len - at < (size_t)p[at] + 1) {
			free(text);
			return -1;
		}
		memcpy(text + n, p + at + 1, p[at]);
		n += p[at];
	}
	rc = dns_answer_add(a, &r, text, n);
	free(text);
	return rc;
}

/* Adds a record of the type that was asked for; 0 or -1. */
static int
add_record(const struct msg *m, const struct rr *rr, struct dns_answer *a)
{
	static const struct dns_record none;
	struct dns_record r = none;
	char name[NAME_SIZE];
	size_t skip = 0;

	switch (rr->type) {
	case DNS_A:
		if (rr->len != 4)
			return -1;
		memcpy(&r.in, m->data + rr->data, 4);
		return dns_answer_add(a, &r, NULL, 0);
	case DNS_AAAA:
		if (rr->len != 16)
			return -1;
		memcpy(&r.in6, m->data + rr->data, 16);
		return dns_answer_add(a, &r, NULL, 0);
	case DNS_TXT:
		return add_text(m, rr, a);
	case DNS_MX:
		if (rr->len < 3)
			return -1;
		r.preference = get_u16(m, rr->data);
		skip = 2;
		break;
	}
	if (get_rdata_name(m, rr, skip, name) == -1)
		return -1;
	return dns_answer_add(a, &r, name, strlen(name));
}

/*
 * Takes what the answer section has for name: records of the type, else the
 * alias.  1 it had some, 0 an alias, which name is now, 2 nothing, -1.
 */
static int
collect(const struct msg *m, char *name, int type, struct dns_answer *a,
    uint32_t *ttl)
{
	char alias[NAME_SIZE];
	struct rr rr;
	size_t at = m->answers;
	unsigned int i;
	int found = 2;

	for (i = 0; i < m->nanswers; i++) {
		if (get_rr(m, &at, &rr) == -1)
			return -1;
		if (rr.class != CLASS_IN || strcmp(rr.name, name) != 0)
			continue;
		if (rr.type == (unsigned int)type) {
			if (add_record(m, &rr, a) == -1)
				return -1;
			found = 1;
		} else if (rr.type == DNS_CNAME && found == 2) {
			if (get_rdata_name(m, &rr, 0, alias) == -1)
				return -1;
			found = 0;
		} else
			continue;
		if (rr.ttl < *ttl)
			*ttl = rr.ttl;
	}
	if (found == 0)
		strlcpy(name, alias, NAME_SIZE);
	return found;
}

/* How long a negative answer holds: RFC 2308 5. */
static uint32_t
negative_ttl(const struct msg *m)
{
	struct rr rr;
	size_t at = m->authority;
	unsigned int i;
	uint32_t minimum;

	for (i = 0; i < m->nauthority; i++) {
		if (get_rr(m, &at, &rr) == -1)
			return 0;
		if (rr.type != TYPE_SOA || rr.class != CLASS_IN ||
		    rr.len < SOA_NUMBERS + 2)
			continue;
		minimum = get_u32(m, rr.data + rr.len - 4);
		return minimum < rr.ttl ? minimum : rr.ttl;
	}
	return 0;
}

/* Header and question: are they an answer to ours?  0 or -1. */
static int
open_answer(struct msg *m, const char *name, int type, unsigned int *rcode)
{
	char asked[NAME_SIZE];
	struct rr rr;
	size_t at = HEADER;
	unsigned int i, flags;

	if (m->len < HEADER || m->len > 65535)
		return -1;
	flags = get_u16(m, 2);
	if (!(flags & FLAG_QR) || (flags & FLAG_TC) || get_u16(m, 4) != 1)
		return -1;
	*rcode = RCODE(flags);
	m->nanswers = get_u16(m, 6);
	m->nauthority = get_u16(m, 8);
	if (get_name(m, &at, asked) == -1 || m->len - at < 4 ||
	    strcmp(asked, name) != 0 ||
	    get_u16(m, at) != (unsigned int)type ||
	    get_u16(m, at + 2) != CLASS_IN)
		return -1;
	m->answers = at + 4;
	m->authority = m->answers;
	for (i = 0; i < m->nanswers; i++)
		if (get_rr(m, &m->authority, &rr) == -1)
			return -1;
	return 0;
}

int
dnsmsg_answer(const uint8_t *data, size_t len, const char *name, int type,
    struct dns_answer *a)
{
	struct msg m;
	char now[NAME_SIZE];
	unsigned int rcode;
	uint32_t ttl = TTL_MAX;
	int aliases, found = 0;

	memset(&m, 0, sizeof(m));
	m.data = data;
	m.len = len;
	if (strlcpy(now, name, sizeof(now)) >= sizeof(now) ||
	    open_answer(&m, name, type, &rcode) == -1)
		return -1;
	a->status = DNS_SERVFAIL;
	if (rcode != 0 && rcode != RCODE_NXDOMAIN)
		return 0;
	for (aliases = 0; found == 0 && aliases <= DNS_CNAMES_MAX; aliases++)
		if ((found = collect(&m, now, type, a, &ttl)) == -1) {
			dns_answer_clear(a);
			return -1;
		}
	if (found == 0)
		return 0;	/* a loop, or as good as one */
	a->status = DNS_OK;
	if (found == 2) {
		a->status = rcode == 0 ? DNS_NODATA : DNS_NXDOMAIN;
		a->ttl = negative_ttl(&m);
	}
	if (found == 1 || a->ttl > ttl)
		a->ttl = ttl;
	return 0;
}
