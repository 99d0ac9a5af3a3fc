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

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/compat.h"
#include "base/lex.h"
#include "dkim/taglist.h"
#include "dmarc/dmarc.h"



/* Policy records and the walk that finds them: RFC 9989 4.7, 4.8, 4.10. */

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

/*
 * The organisational domain, after a walk; w owns it.  NULL when an error hid
 * it.  The last record found decides, for a walk ends at psd=y and psd=n.
 */
static const char *
get_org(const struct dmarc_walk *w)
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
	if ((org = get_org(w)) == NULL || w->n == 0)
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

/* The judgement of a message: RFC 9989 4.4, 4.7, 4.10, 5.3. */

enum step {
	STEP_AUTHOR,	/* walk from the From address's domain */
	STEP_EXISTS,	/* does that domain exist? */
	STEP_NEXT,	/* look for an identifier that needs a walk */
	STEP_IDENT	/* walk from it */
};

struct dmarc_check {
	struct dns		*dns;
	struct dns_query	*query;
	dmarc_callback		*cb;
	void			*arg;
	enum step		 step;
	struct dmarc_walk	 author;
	struct dmarc_walk	 ident;
	const struct dmarc_record *record;	/* NULL none */
	struct dmarc_ident	 v[DMARC_IDENTS_MAX];
	size_t			 n;
	size_t			 next;		/* identifier to look at */
	const struct dmarc_ident *id;		/* the one looked at */
	int			 round;		/* 1: those with errors */
	struct dmarc		 out;
};

static void	got_answer(const struct dns_answer *, void *);

static void
check_free(struct dmarc_check *c)
{
	size_t	 i;

	if (c == NULL)
		return;
	for (i = 0; i < c->n; i++)
		free((char *)c->v[i].domain);
	free(c);
}

/* Both names are in lower case and without a last dot. */
static int
is_below(const char *sub, const char *domain)
{
	size_t	 ns = strlen(sub), nd = strlen(domain);

	return ns >= nd && strcmp(sub + ns - nd, domain) == 0 &&
	    (ns == nd || sub[ns - nd - 1] == '.');
}

/* Calls back with the result; c is gone afterwards. */
static void
finish(struct dmarc_check *c)
{
	struct dmarc	*o = &c->out;

	if (o->spf || o->dkim)
		o->unsure = 0;
	if (c->record != NULL && (o->spf || o->dkim))
		o->result = DMARC_PASS;
	else if (o->unsure)
		o->result = DMARC_TEMPERROR;
	else if (c->record == NULL)
		o->result = c->author.failed ? DMARC_TEMPERROR : DMARC_NONE;
	else
		o->result = DMARC_FAIL;
	c->cb(o, c->arg);
	check_free(c);
}

/* t=y asks for one step less. */
static void
set_policy(struct dmarc_check *c, int policy)
{
	struct dmarc	*o = &c->out;

	o->published = policy;
	o->test = c->record->test;
	o->policy = o->test && policy > DMARC_P_NONE ? policy - 1 : policy;
}

/* The policy for a name below the record's; exists: -1 not known. */
static int
sub_policy(const struct dmarc_record *r, int exists)
{
	if (exists == 0 && r->np != DMARC_ABSENT)
		return r->np;
	return r->sp != DMARC_ABSENT ? r->sp : r->p;
}

/*
 * The record is known: 1 when its policy depends on whether the domain
 * exists.
 */
static int
choose_policy(struct dmarc_check *c)
{
	const struct dmarc_record	*r;
	const char			*where;

	if ((r = dmarc_walk_policy(&c->author, &where)) == NULL)
		return 0;
	if (r->p < 0 || r->sp == DMARC_INVALID || r->np == DMARC_INVALID) {
		/* Only who wants reports may have a record without policy. */
		if (!r->rua)
			return 0;
		c->record = r;
		set_policy(c, DMARC_P_NONE);
	} else {
		c->record = r;
		if (where != c->author.domain) {
			set_policy(c, sub_policy(r, -1));
			if (r->np != DMARC_ABSENT && r->np !=
			    sub_policy(r, -1)) {
				strlcpy(c->out.where, where,
				    sizeof(c->out.where));
				return 1;
			}
		} else
			set_policy(c, r->p);
	}
	strlcpy(c->out.where, where, sizeof(c->out.where));
	return 0;
}

/* Whether the method may align by organisational domain alone. */
static int
is_strict(const struct dmarc_check *c, int method)
{
	if (c->record == NULL)
		return 0;
	return (method == DMARC_SPF ? c->record->aspf : c->record->adkim) ==
	    's';
}

static void
note_aligned(struct dmarc_check *c)
{
	if (c->id->temporary) {
		c->out.unsure = 1;
		return;
	}
	if (!c->out.spf && !c->out.dkim)
		c->out.ident = c->id - c->v;
	if (c->id->method == DMARC_SPF)
		c->out.spf = 1;
	else
		c->out.dkim = 1;
}

/* Looks at an identifier: 1 when it needs a walk, 0 when it is dealt with. */
static int
look(struct dmarc_check *c)
{
	const char	*org;

	/* What failed matters only where nothing passed. */
	if (c->id->temporary != c->round ||
	    (c->id->method == DMARC_SPF ? c->out.spf : c->out.dkim) ||
	    (c->round && (c->out.spf || c->out.dkim)) ||
	    dmarc_walk_start(&c->ident, c->id->domain) == -1)
		return 0;
	if (strcmp(c->ident.domain, c->author.domain) == 0) {
		note_aligned(c);
		return 0;
	}
	if (is_strict(c, c->id->method))
		return 0;
	if ((org = get_org(&c->author)) == NULL) {
		c->out.unsure = 1;
		return 0;
	}
	/* Its organisational domain is itself or above it. */
	return is_below(c->ident.domain, org);
}

/* Moves to the next identifier that needs a walk; 0 when there is none. */
static int
next_ident(struct dmarc_check *c)
{
	for (; c->round < 2; c->round++) {
		while (c->next < c->n) {
			c->id = &c->v[c->next++];
			if (look(c))
				return 1;
		}
		c->next = 0;
	}
	return 0;
}

/* Ends the identifier's walk. */
static void
compare(struct dmarc_check *c)
{
	const char	*org = get_org(&c->ident);

	if (org == NULL)
		c->out.unsure = 1;
	else if (strcmp(org, get_org(&c->author)) == 0)
		note_aligned(c);
}

/* Asks; -1 when that is not possible now. */
static int
ask(struct dmarc_check *c, const char *name, int type)
{
	c->query = dns_query(c->dns, name, type, got_answer, c);
	return c->query == NULL ? -1 : 0;
}

/* 1 when a walk has asked, 0 when it is over. */
static int
walk(struct dmarc_check *c, struct dmarc_walk *w)
{
	char	 name[DNS_NAME_MAX + 1];

	if (!dmarc_walk_next(w, name, sizeof(name)))
		return 0;
	if (ask(c, name, DNS_TXT) == 0)
		return 1;
	w->failed = w->done = 1;
	return 0;
}

/* The walk of the author is over: what it says. */
static void
end_author(struct dmarc_check *c)
{
	const char	*org = get_org(&c->author);

	if (org != NULL)
		strlcpy(c->out.org, org, sizeof(c->out.org));
	c->step = choose_policy(c) ? STEP_EXISTS : STEP_NEXT;
}

/* Goes on until a question is under way, or calls back at the end. */
static void
go_on(struct dmarc_check *c)
{
	for (;;) {
		switch (c->step) {
		case STEP_AUTHOR:
			if (walk(c, &c->author))
				return;
			end_author(c);
			break;
		case STEP_EXISTS:
			if (ask(c, c->author.domain, DNS_CNAME) == 0)
				return;
			c->step = STEP_NEXT;
			break;
		case STEP_NEXT:
			if (!next_ident(c)) {
				finish(c);
				return;
			}
			c->step = STEP_IDENT;
			break;
		case STEP_IDENT:
			if (walk(c, &c->ident))
				return;
			compare(c);
			c->step = STEP_NEXT;
			break;
		}
	}
}

static void
got_answer(const struct dns_answer *a, void *arg)
{
	struct dmarc_check	*c = arg;

	c->query = NULL;
	switch (c->step) {
	case STEP_AUTHOR:
		dmarc_walk_answer(&c->author, a);
		break;
	case STEP_IDENT:
		dmarc_walk_answer(&c->ident, a);
		break;
	default:
		/* Where nobody can say, the domain is taken to exist. */
		if (a->status == DNS_NXDOMAIN)
			set_policy(c, sub_policy(c->record, 0));
		c->step = STEP_NEXT;
		break;
	}
	go_on(c);
}

int
dmarc_check(struct dmarc_check **out, struct dmarc *now, struct dns *d,
    const char *author, const struct dmarc_ident *v, size_t n,
    dmarc_callback *cb, void *arg)
{
	struct dmarc_check	*c;
	char			*domain;

	*out = NULL;
	if ((c = calloc(1, sizeof(*c))) == NULL)
		return -1;
	if (author == NULL || dmarc_walk_start(&c->author, author) == -1) {
		*now = c->out;
		now->result = DMARC_PERMERROR;
		check_free(c);
		return 1;
	}
	c->dns = d;
	c->cb = cb;
	c->arg = arg;
	strlcpy(c->out.author, c->author.domain, sizeof(c->out.author));
	for (; c->n < n && c->n < DMARC_IDENTS_MAX; c->n++) {
		if ((domain = strdup(v[c->n].domain)) == NULL) {
			check_free(c);
			return -1;
		}
		c->v[c->n] = v[c->n];
		c->v[c->n].domain = domain;
		c->v[c->n].temporary = v[c->n].temporary != 0;
	}
	if (!walk(c, &c->author)) {
		check_free(c);
		return -1;
	}
	*out = c;
	return 0;
}

void
dmarc_cancel(struct dmarc_check *c)
{
	if (c == NULL)
		return;
	dns_cancel(c->query);
	check_free(c);
}

const char *
dmarc_result(int result)
{
	static const char *const	 word[] = {
		"none", "pass", "fail", "temperror", "permerror"
	};

	return word[result];
}

const char *
dmarc_policy(int policy)
{
	static const char *const	 word[] = {
		"none", "quarantine", "reject"
	};

	return policy < 0 ? "none" : word[policy];
}
