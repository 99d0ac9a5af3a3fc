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

/* The judgement of a message: RFC 9989 4.4, 4.7, 4.10, 5.3. */

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/compat.h"
#include "dmarc/dmarc.h"

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
	if ((org = dmarc_walk_org(&c->author)) == NULL) {
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
	const char	*org = dmarc_walk_org(&c->ident);

	if (org == NULL)
		c->out.unsure = 1;
	else if (strcmp(org, dmarc_walk_org(&c->author)) == 0)
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
	const char	*org = dmarc_walk_org(&c->author);

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
