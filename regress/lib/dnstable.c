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
#include <arpa/inet.h>

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/compat.h"
#include "dns/dns.h"
#include "dns/dns_resolver.h"
#include "dnstable.h"

/* Besides the records' types: what stands for a failure. */
#define ANY_TYPE	0

struct entry {
	SLIST_ENTRY(entry)	 next;
	char			 name[DNS_NAME_MAX + 2];
	int			 type;		/* or ANY_TYPE, of failures */
	int			 status;	/* DNS_OK of a record */
	struct dns_record	 record;
};

struct table {
	struct dns		 dns;		/* first */
	SLIST_HEAD(, entry)	 entries;	/* last line first */
	size_t			 asked;
};

static int
table_start(struct dns_query *q)
{
	((struct table *)q->dns)->asked++;
	return 0;
}

static void
table_cancel(struct dns_query *q)
{
	(void)q;
}

static void
table_free(struct dns *d)
{
	struct table *t = (struct table *)d;
	struct entry *e;

	while ((e = SLIST_FIRST(&t->entries)) != NULL) {
		SLIST_REMOVE_HEAD(&t->entries, next);
		free(e->record.text);
		free(e);
	}
	free(t);
}

static const struct dns_ops table_ops = {
	table_start, table_cancel, table_free
};

/* 1 when name is e's or one above it. */
static int
table_above(const struct entry *e, const char *name)
{
	size_t n = strlen(name), en = strlen(e->name);

	if (en < n || strcmp(e->name + en - n, name) != 0)
		return 0;
	return en == n || e->name[en - n - 1] == '.';
}

/* Collects a name's records of a type into *a: what it comes to. */
static int
table_lookup(struct table *t, const char *name, int type, struct dns_answer *a)
{
	struct entry *e;
	int status = DNS_NXDOMAIN, failure = DNS_OK;

	SLIST_FOREACH(e, &t->entries, next) {
		if (!table_above(e, name))
			continue;
		if (status == DNS_NXDOMAIN)
			status = DNS_NODATA;
		if (strcmp(e->name, name) != 0)
			continue;
		if (e->status != DNS_OK) {
			if (e->type == ANY_TYPE || e->type == type)
				failure = e->status;
			continue;
		}
		if (e->type != type)
			continue;
		status = DNS_OK;
		if (dns_answer_add(a, &e->record, e->record.text,
		    e->record.len) == -1)
			return DNS_SERVFAIL;
	}
	if (status != DNS_OK && failure != DNS_OK)
		return failure;
	return status;
}

/* The text's order: lines were put in front of each other. */
static void
table_reverse(struct dns_answer *a)
{
	struct dns_record r;
	size_t i;

	for (i = 0; i < a->n / 2; i++) {
		r = a->v[i];
		a->v[i] = a->v[a->n - 1 - i];
		a->v[a->n - 1 - i] = r;
	}
}

static void
table_answer(struct table *t, struct dns_query *q)
{
	struct dns_answer a, alias;
	char name[DNS_NAME_MAX + 1];
	int i, status = DNS_NXDOMAIN;

	memset(&a, 0, sizeof(a));
	memset(&alias, 0, sizeof(alias));
	strlcpy(name, q->name, sizeof(name));
	for (i = 0; q->valid; i++) {
		status = table_lookup(t, name, q->type, &a);
		if (status != DNS_NODATA || q->type == DNS_CNAME)
			break;
		if (table_lookup(t, name, DNS_CNAME, &alias) != DNS_OK)
			break;
		strlcpy(name, alias.v[0].text, sizeof(name));
		dns_answer_clear(&alias);
		if (i == DNS_CNAMES_MAX) {
			status = DNS_SERVFAIL;
			break;
		}
	}
	dns_answer_clear(&alias);
	if (status != DNS_OK)
		dns_answer_clear(&a);
	table_reverse(&a);
	a.status = status;
	a.ttl = DNSTABLE_TTL;
	dns_done(q, &a);
	dns_answer_clear(&a);
}

size_t
dnstable_run(struct dns *d)
{
	size_t n = 0;

	while (!TAILQ_EMPTY(&d->queries)) {
		table_answer((struct table *)d, TAILQ_FIRST(&d->queries));
		n++;
	}
	return n;
}

size_t
dnstable_asked(const struct dns *d)
{
	return ((const struct table *)d)->asked;
}

/* The next word of a line: 1, or 0 at its end, or -1 when it is too long. */
static int
table_word(const char **p, const char *end, char *word, size_t size)
{
	size_t n = 0;

	while (*p < end && isspace((unsigned char)**p))
		(*p)++;
	for (; *p < end && !isspace((unsigned char)**p); (*p)++) {
		if (n + 1 >= size)
			return -1;
		word[n++] = **p;
	}
	word[n] = '\0';
	return n > 0;
}

/* One byte inside quotes; -1 when it is wrong. */
static int
table_quoted(const char **p, const char *end)
{
	int i, v = 0;

	if (**p != '\\')
		return (unsigned char)*(*p)++;
	if (++*p == end)
		return -1;
	if (!isdigit((unsigned char)**p))
		return (unsigned char)*(*p)++;
	for (i = 0; i < 3; i++, (*p)++) {
		if (*p == end || !isdigit((unsigned char)**p))
			return -1;
		v = v * 10 + (**p - '0');
	}
	return v > 255 ? -1 : v;
}

/* A name in lower case without its last dot; 0 or -1. */
static int
table_name(const char **p, const char *end, char *name)
{
	char word[DNS_NAME_MAX * 4 + 2];
	const char *w = word;
	size_t n = 0;
	int ch;

	if (table_word(p, end, word, sizeof(word)) != 1)
		return -1;
	while (*w != '\0') {
		if ((ch = table_quoted(&w, w + strlen(w))) == -1 ||
		    n > DNS_NAME_MAX)
			return -1;
		name[n++] = tolower(ch);
	}
	if (name[n - 1] == '.')
		n--;
	name[n] = '\0';
	return n == 0 || dns_name_valid(name) ? 0 : -1;
}

/* The quoted strings of TXT, joined into a buffer of end - *p bytes. */
static int
table_text(const char **p, const char *end, char *text, size_t *len)
{
	int ch;

	*len = 0;
	for (;;) {
		while (*p < end && isspace((unsigned char)**p))
			(*p)++;
		if (*p == end)
			return 0;
		if (*(*p)++ != '"')
			return -1;
		while (*p < end && **p != '"') {
			if ((ch = table_quoted(p, end)) == -1)
				return -1;
			text[(*len)++] = ch;
		}
		if (*p == end)
			return -1;
		(*p)++;
	}
}

/* What follows the type, into *e; 0 or -1. */
static int
table_value(struct entry *e, const char **p, const char *end)
{
	char word[64];
	const char *error;

	switch (e->type) {
	case DNS_A:
		if (table_word(p, end, word, sizeof(word)) != 1)
			return -1;
		return inet_pton(AF_INET, word, &e->record.in) == 1 ? 0 : -1;
	case DNS_AAAA:
		if (table_word(p, end, word, sizeof(word)) != 1)
			return -1;
		return inet_pton(AF_INET6, word, &e->record.in6) == 1 ? 0 : -1;
	case DNS_TXT:
		if ((e->record.text = calloc(1, end - *p + 1)) == NULL)
			return -1;
		return table_text(p, end, e->record.text, &e->record.len);
	case DNS_MX:
		if (table_word(p, end, word, sizeof(word)) != 1)
			return -1;
		e->record.preference = strtonum(word, 0, 65535, &error);
		if (error != NULL)
			return -1;
		break;
	}
	if ((e->record.text = calloc(1, DNS_NAME_MAX + 2)) == NULL ||
	    table_name(p, end, e->record.text) == -1)
		return -1;
	e->record.len = strlen(e->record.text);
	return 0;
}

/* A line that is no comment, into *e; 0 or -1. */
static int
table_line(struct entry *e, const char *p, const char *end)
{
	char word[16];

	if (table_name(&p, end, e->name) == -1 ||
	    table_word(&p, end, word, sizeof(word)) != 1)
		return -1;
	if (strcasecmp(word, "TIMEOUT") == 0)
		e->status = DNS_TIMEOUT;
	else if (strcasecmp(word, "SERVFAIL") == 0)
		e->status = DNS_SERVFAIL;
	if (e->status != DNS_OK) {
		e->type = ANY_TYPE;
		if (table_word(&p, end, word, sizeof(word)) == 0)
			return 0;
		if ((e->type = dns_type_number(word)) == -1)
			return -1;
	} else if ((e->type = dns_type_number(word)) == -1 ||
	    table_value(e, &p, end) == -1)
		return -1;
	return table_word(&p, end, word, sizeof(word)) == 0 ? 0 : -1;
}

/* One line of any kind; 0 or -1. */
static int
table_add(struct table *t, const char *p, const char *end)
{
	struct entry *e;

	while (p < end && isspace((unsigned char)*p))
		p++;
	if (p == end || *p == '#')
		return 0;
	if ((e = calloc(1, sizeof(*e))) == NULL)
		return -1;
	SLIST_INSERT_HEAD(&t->entries, e, next);
	return table_line(e, p, end);
}

struct dns *
dnstable_new(const char *text, size_t len, size_t *line)
{
	struct table *t;
	const char *p = text, *end = text + len, *nl;
	size_t n = 0;

	if (line != NULL)
		*line = 0;
	if (len > DNSTABLE_TEXT_MAX || (t = calloc(1, sizeof(*t))) == NULL)
		return NULL;
	dns_init(&t->dns, &table_ops);
	SLIST_INIT(&t->entries);
	for (; p < end; p = nl + 1) {
		n++;
		if ((nl = memchr(p, '\n', end - p)) == NULL)
			nl = end;
		if (table_add(t, p, nl) == -1) {
			if (line != NULL)
				*line = n;
			table_free(&t->dns);
			return NULL;
		}
		if (nl == end)
			break;
	}
	return &t->dns;
}
