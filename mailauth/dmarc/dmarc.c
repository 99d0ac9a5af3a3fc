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

/* Policy records and the walk that finds them: RFC 9989 4.7, 4.8, 4.10. */

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/lex.h"
#include "dkim/taglist.h"
#include "dmarc/dmarc.h"

#define PREFIX		"_dmarc."
#define LABELS_SKIP	8	/* labels from which on the walk jumps ... */
#define LABELS_LEFT	7	/* ... to so many */

/* Moves *i over white space of one line. */
static void
skip_wsp(const char *s, size_t len, size_t *i)
{
	while (*i < len && (s[*i] == ' ' || s[*i] == '\t'))
		(*i)++;
}

/* 1 when the text begins with the version: case matters in it. */
static int
has_version(const char *s, size_t len)
{
	static const char	 version[] = "DMARC1";
	size_t			 i = 1, n = sizeof(version) - 1;

	if (len == 0 || s[0] != 'v')
		return 0;
	skip_wsp(s, len, &i);
	if (i == len || s[i++] != '=')
		return 0;
	skip_wsp(s, len, &i);
	if (len - i < n || memcmp(s + i, version, n) != 0)
		return 0;
	i += n;
	skip_wsp(s, len, &i);
	return i == len || s[i] == ';';
}

static int
get_policy(const struct taglist *t, const char *name)
{
	const struct taglist_tag	*tag = taglist_get(t, name);

	if (tag == NULL)
		return DMARC_ABSENT;
	if (lex_is(tag->value, tag->valuelen, "none"))
		return DMARC_P_NONE;
	if (lex_is(tag->value, tag->valuelen, "quarantine"))
		return DMARC_P_QUARANTINE;
	if (lex_is(tag->value, tag->valuelen, "reject"))
		return DMARC_P_REJECT;
	return DMARC_INVALID;
}

/* A value of one letter out of those allowed, else the first of them. */
static int
get_letter(const struct taglist *t, const char *name, const char *allowed)
{
	const struct taglist_tag	*tag = taglist_get(t, name);
	int				 ch;

	if (tag == NULL || tag->valuelen != 1)
		return allowed[0];
	ch = tag->value[0];
	if (ch >= 'A' && ch <= 'Z')
		ch |= 0x20;
	return ch != '\0' && strchr(allowed, ch) != NULL ? ch : allowed[0];
}

/* 1 when s is a URI in form: a scheme, a colon and something after it. */
static int
is_uri(const char *s, size_t len)
{
	size_t	 i, colon = 0;

	for (i = 0; i < len; i++) {
		if (s[i] <= ' ' || s[i] > '~')
			return 0;
		if (colon == 0 && s[i] == ':')
			colon = i;
		else if (colon == 0 && !(s[i] >= 'a' && s[i] <= 'z') &&
		    !(s[i] >= 'A' && s[i] <= 'Z') && (i == 0 ||
		    (!(s[i] >= '0' && s[i] <= '9') &&
		    strchr("+-.", s[i]) == NULL)))
			return 0;
	}
	return colon > 0 && colon + 1 < len;
}

static int
has_uri(const struct taglist *t)
{
	const struct taglist_tag	*tag = taglist_get(t, "rua");
	const char			*s, *comma;
	size_t				 left, n;

	if (tag == NULL)
		return 0;
	s = tag->value;
	left = tag->valuelen;
	while (left > 0) {
		comma = memchr(s, ',', left);
		n = comma == NULL ? left : (size_t)(comma - s);
		left -= comma == NULL ? n : n + 1;
		while (n > 0 && lex_ws(*s)) {
			s++;
			n--;
		}
		while (n > 0 && lex_ws(s[n - 1]))
			n--;
		if (is_uri(s, n))
			return 1;
		if (comma != NULL)
			s = comma + 1;
	}
	return 0;
}

int
dmarc_record_parse(struct dmarc_record *r, const char *text, size_t len)
{
	struct taglist	 t;

	memset(r, 0, sizeof(*r));
	if (len > DMARC_RECORD_MAX || !has_version(text, len))
		return -1;
	taglist_parse_lenient(&t, text, len);
	r->p = get_policy(&t, "p");
	r->sp = get_policy(&t, "sp");
	r->np = get_policy(&t, "np");
	r->psd = get_letter(&t, "psd", "uyn");
	r->adkim = get_letter(&t, "adkim", "rs");
	r->aspf = get_letter(&t, "aspf", "rs");
	r->test = get_letter(&t, "t", "ny") == 'y';
	r->rua = has_uri(&t);
	return 0;
}

int
dmarc_walk_start(struct dmarc_walk *w, const char *domain)
{
	size_t	 i, len = strlen(domain);

	memset(w, 0, sizeof(*w));
	if (!dns_name_valid(domain))
		return -1;
	if (len > 0 && domain[len - 1] == '.')
		len--;
	if (len == 0 || len >= sizeof(w->domain))
		return -1;
	for (i = 0; i < len; i++)
		w->domain[i] = domain[i] >= 'A' && domain[i] <= 'Z' ?
		    domain[i] | 0x20 : domain[i];
	return 0;
}

/* Where in the domain the name begins that lies one label above at. */
static size_t
parent(const struct dmarc_walk *w, size_t at)
{
	const char	*dot = strchr(w->domain + at, '.');

	return dot == NULL ? strlen(w->domain) : (size_t)(dot + 1 - w->domain);
}

static int
labels(const struct dmarc_walk *w, size_t at)
{
	int	 n;

	for (n = 0; w->domain[at] != '\0'; n++)
		at = parent(w, at);
	return n;
}

/* Steps 3, 4 and 7 of the walk. */
static void
climb(struct dmarc_walk *w)
{
	int	 left = labels(w, w->at) - 1;

	if (w->at == 0 && left + 1 >= LABELS_SKIP)
		left = LABELS_LEFT;
	while (labels(w, w->at) > left)
		w->at = parent(w, w->at);
	if (w->domain[w->at] == '\0')
		w->done = 1;
}

int
dmarc_walk_next(struct dmarc_walk *w, char *name, size_t namesz)
{
	int	 n;

	while (!w->done) {
		if (w->asked++ == DMARC_WALK_MAX)
			break;
		if (strlen(w->domain + w->at) + strlen(PREFIX) > DNS_NAME_MAX) {
			climb(w);
			continue;
		}
		n = snprintf(name, namesz, "%s%s", PREFIX, w->domain + w->at);
		if (n > 0 && (size_t)n < namesz)
			return 1;
		break;
	}
	w->done = 1;
	return 0;
}

void
dmarc_walk_answer(struct dmarc_walk *w, const struct dns_answer *a)
{
	struct dmarc_record	 r, one;
	size_t			 i, n = 0;

	if (w->done)
		return;
	if (a->status == DNS_SERVFAIL || a->status == DNS_TIMEOUT) {
		w->failed = w->done = 1;
		return;
	}
	for (i = 0; i < a->n; i++)
		if (dmarc_record_parse(&r, a->v[i].text, a->v[i].len) == 0) {
			one = r;
			n++;
		}
	/* Several policies at one name are none. */
	if (n == 1 && w->n < DMARC_WALK_MAX) {
		w->found[w->n].at = w->at;
		w->found[w->n++].record = one;
		if (one.psd != 'u') {
			w->done = 1;
			return;
		}
	}
	climb(w);
}

/* The end of the name that begins at at, one label longer. */
static size_t
below(const struct dmarc_walk *w, size_t at)
{
	if (at < 2)
		return 0;
	for (at--; at > 0 && w->domain[at - 1] != '.'; at--)
		continue;
	return at;
}

/* The last record found decides, for a walk ends at psd=y and psd=n. */
const char *
dmarc_walk_org(const struct dmarc_walk *w)
{
	if (w->failed)
		return NULL;
	if (w->n == 0)
		return w->domain;
	if (w->found[w->n - 1].record.psd == 'y' &&
	    w->found[w->n - 1].at != 0)
		return w->domain + below(w, w->found[w->n - 1].at);
	return w->domain + w->found[w->n - 1].at;
}

const struct dmarc_record *
dmarc_walk_policy(const struct dmarc_walk *w, const char **where)
{
	const char	*org;
	size_t		 i;

	if (w->n > 0 && w->found[0].at == 0) {
		*where = w->domain;
		return &w->found[0].record;
	}
	if ((org = dmarc_walk_org(w)) == NULL || w->n == 0)
		return NULL;
	for (i = 0; i < w->n; i++)
		if (w->domain + w->found[i].at == org) {
			*where = org;
			return &w->found[i].record;
		}
	/* None but that of the public suffix, which came last. */
	*where = w->domain + w->found[w->n - 1].at;
	return &w->found[w->n - 1].record;
}
