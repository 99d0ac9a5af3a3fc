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

/* The terms of a record, one after the other: RFC 7208 4.6, 5 and 6.1. */

#include <sys/types.h>
#include <sys/socket.h>
#include <netinet/in.h>

#include <stdio.h>
#include <string.h>

#include "base/compat.h"
#include "spf/spf_int.h"

static struct spf_frame *
term_frame(struct spf *s)
{
	return &s->frames[s->depth - 1];
}

/* The term that is being evaluated: next already points behind it. */
static struct spf_term *
term_now(struct spf *s)
{
	struct spf_frame *f = term_frame(s);

	return &f->record.terms[f->next - 1];
}

static int
term_address_type(const struct spf *s)
{
	return s->family == AF_INET ? DNS_A : DNS_AAAA;
}

/* The end of the whole check, with a word on where it ended. */
static void
term_error(struct spf *s, int result, const char *what, const char *name)
{
	char why[SPF_WHY_MAX];

	snprintf(why, sizeof(why), "%.100s: %s", name, what);
	spf_finish(s, result, why);
}

/*
 * The end of the innermost record with a result (5.2, 6.1): of the check, or
 * of an include, whose term has then matched, has not, or is an error.
 */
static void
term_leave(struct spf *s, int result, const char *why)
{
	static const char qualifiers[] = "+-~?";
	static const int results[] =
	    { SPF_PASS, SPF_FAIL, SPF_SOFTFAIL, SPF_NEUTRAL };
	struct spf_frame *f;
	struct spf_term *t;
	char text[SPF_WHY_MAX];

	if (why != NULL)
		strlcpy(text, why, sizeof(text));
	while (s->depth > 1) {
		f = term_frame(s);
		if (result == SPF_TEMPERROR || result == SPF_PERMERROR)
			break;
		if (result == SPF_NONE) {
			term_error(s, SPF_PERMERROR, "no SPF record",
			    f->domain);
			return;
		}
		spf_record_free(&f->record);
		s->depth--;
		if (result != SPF_PASS)
			return;
		t = term_now(s);
		result = results[strchr(qualifiers, t->qualifier) -
		    qualifiers];
		why = t->text;
		strlcpy(text, t->text, sizeof(text));
	}
	if (result == SPF_NONE && term_frame(s)->redirected)
		term_error(s, SPF_PERMERROR, "no SPF record",
		    term_frame(s)->domain);
	else
		spf_finish(s, result, why == NULL ? NULL : text);
}

/* The current term has matched. */
static void
term_match(struct spf *s)
{
	struct spf_term *t = term_now(s);
	int result = SPF_PASS;

	if (s->flags & SPF_WALK)
		return;
	if (t->qualifier == '-')
		result = SPF_FAIL;
	else if (t->qualifier == '~')
		result = SPF_SOFTFAIL;
	else if (t->qualifier == '?')
		result = SPF_NEUTRAL;
	term_leave(s, result, t->text);
}

/* A record's text has come: 4.4 and 4.5. */
static void
term_record(const struct dns_answer *a, void *arg)
{
	struct spf *s = arg;
	struct spf_frame *f = term_frame(s);
	const struct dns_record *found = NULL;
	char why[SPF_WHY_MAX];
	size_t i, n = 0;

	spf_asked(s);
	for (i = 0; i < a->n; i++)
		if (spf_record_is(a->v[i].text, a->v[i].len)) {
			found = &a->v[i];
			n++;
		}
	if (a->status == DNS_SERVFAIL || a->status == DNS_TIMEOUT)
		term_error(s, SPF_TEMPERROR, dns_status(a->status), f->domain);
	else if ((s->depth > 1 || f->redirected) &&
	    spf_count_void(s, a) == -1)
		;
	else if (n == 0)
		term_leave(s, SPF_NONE, NULL);
	else if (n > 1)
		term_error(s, SPF_PERMERROR, "several SPF records", f->domain);
	else if (spf_record_parse(&f->record, found->text, found->len,
	    why) == -1)
		spf_finish(s, SPF_PERMERROR, why);
	spf_continue(s);
}

void
spf_enter(struct spf *s, const char *domain, int redirected)
{
	struct spf_frame *f;
	size_t len = strlen(domain);

	if (redirected)
		spf_record_free(&term_frame(s)->record);
	else if (s->depth == SPF_DEPTH_MAX) {
		spf_finish(s, SPF_PERMERROR, "includes too deep");
		return;
	} else
		s->depth++;
	f = term_frame(s);
	memset(f, 0, sizeof(*f));
	f->redirected = redirected;
	/* 4.3: a name of one label, or a literal, is none; so is a name that
	 * cannot be, as "" cannot. */
	if (len > 0 && domain[len - 1] == '.')
		len--;
	if (len > DNS_NAME_MAX || !dns_name_valid(domain) ||
	    memchr(domain, '.', len) == NULL || domain[0] == '[')
		len = 0;
	memcpy(f->domain, domain, len);
	if (s->depth == 1 && !redirected)
		strlcpy(s->r.domain, f->domain, sizeof(s->r.domain));
	spf_ask(s, f->domain, DNS_TXT, term_record);
}

/* a and exists: the addresses have come. */
static void
term_addresses(const struct dns_answer *a, void *arg)
{
	struct spf *s = arg;
	struct spf_term *t = term_now(s);

	spf_asked(s);
	if (a->status == DNS_SERVFAIL || a->status == DNS_TIMEOUT)
		term_error(s, SPF_TEMPERROR, dns_status(a->status), t->text);
	else if (spf_count_void(s, a) == 0 &&
	    (t->kind == SPF_EXISTS ? a->n > 0 : spf_answer_match(s, a,
	    s->family == AF_INET ? t->prefix4 : t->prefix6)))
		term_match(s);
	spf_continue(s);
}

static void	 term_mx_next(struct spf *);

/* mx: the addresses of one server have come. */
static void
term_mx_addresses(const struct dns_answer *a, void *arg)
{
	struct spf *s = arg;
	struct spf_term *t = term_now(s);

	spf_asked(s);
	if (a->status == DNS_SERVFAIL || a->status == DNS_TIMEOUT)
		term_error(s, SPF_TEMPERROR, dns_status(a->status), t->text);
	else if (spf_answer_match(s, a,
	    s->family == AF_INET ? t->prefix4 : t->prefix6))
		term_match(s);
	else {
		s->name++;
		term_mx_next(s);
	}
	spf_continue(s);
}

/* Asks for the next server's addresses; at the end, nothing has matched. */
static void
term_mx_next(struct spf *s)
{
	if (s->name < s->nnames)
		spf_ask(s, s->names[s->name], term_address_type(s),
		    term_mx_addresses);
}

/* mx: the servers have come (5.4). */
static void
term_mx(const struct dns_answer *a, void *arg)
{
	struct spf *s = arg;
	struct spf_term *t = term_now(s);
	size_t i;

	spf_asked(s);
	s->nnames = s->name = 0;
	if (a->status == DNS_SERVFAIL || a->status == DNS_TIMEOUT)
		term_error(s, SPF_TEMPERROR, dns_status(a->status), t->text);
	else if (a->n > SPF_NAMES_MAX)
		term_error(s, SPF_PERMERROR, "more than 10 MX", t->text);
	else if (spf_count_void(s, a) == 0) {
		for (i = 0; i < a->n; i++)
			if (dns_name_valid(a->v[i].text))
				strlcpy(s->names[s->nnames++], a->v[i].text,
				    sizeof(s->names[0]));
		term_mx_next(s);
	}
	spf_continue(s);
}

/* Goes to the DNS for a mechanism whose target is name. */
static void
term_lookup(struct spf *s, const struct spf_term *t, const char *name)
{
	if (t->kind == SPF_INCLUDE) {
		spf_enter(s, name, 0);
		return;
	}
	if (t->kind == SPF_PTR) {
		if (spf_ptr_match(s, name))
			term_match(s);
		return;
	}
	/* 4.8: what cannot be asked for does not exist. */
	if (!dns_name_valid(name))
		return;
	if (t->kind == SPF_MX)
		spf_ask(s, name, DNS_MX, term_mx);
	else if (t->kind == SPF_EXISTS)
		spf_ask(s, name, DNS_A, term_addresses);
	else
		spf_ask(s, name, term_address_type(s), term_addresses);
}

/* The name that a domain-spec stands for; 0, or -1: the check has ended. */
static int
term_target(struct spf *s, const char *spec, char *name)
{
	struct spf_macros m;

	if (spec == NULL) {
		strlcpy(name, term_frame(s)->domain, DNS_NAME_MAX + 1);
		return 0;
	}
	spf_macros(s, term_frame(s)->domain, &m);
	if (spf_macro_domain(spec, &m, name) == 0)
		return 0;
	term_error(s, SPF_PERMERROR, "too long", spec);
	return -1;
}

/* A mechanism that asks the DNS. */
static void
term_ask(struct spf *s, struct spf_frame *f, const struct spf_term *t)
{
	char name[DNS_NAME_MAX + 1];

	if (!s->ptr_done && (t->kind == SPF_PTR ||
	    (t->spec != NULL && spf_macro_has_p(t->spec)))) {
		/* The names first, then the same term again (5.5, 7.3). */
		f->next--;
		if (t->kind == SPF_PTR || spf_count(s) == 0)
			spf_ptr_start(s);
		return;
	}
	if (spf_count(s) == 0 && term_target(s, t->spec, name) == 0)
		term_lookup(s, t, name);
}

/* At the end of a record: redirect, or neutral (4.7, 6.1). */
static void
term_end(struct spf *s, struct spf_frame *f)
{
	char name[DNS_NAME_MAX + 1];

	if (f->record.redirect == NULL) {
		term_leave(s, SPF_NEUTRAL, NULL);
		return;
	}
	if (!s->ptr_done && spf_macro_has_p(f->record.redirect)) {
		if (spf_count(s) == 0)
			spf_ptr_start(s);
		return;
	}
	if (spf_count(s) == 0 &&
	    term_target(s, f->record.redirect, name) == 0)
		spf_enter(s, name, 1);
}

void
spf_term_next(struct spf *s)
{
	struct spf_frame *f = term_frame(s);
	struct spf_term *t;

	if (f->next == f->record.n) {
		term_end(s, f);
		return;
	}
	t = &f->record.terms[f->next++];
	switch (t->kind) {
	case SPF_ALL:
		/* 5.1: redirect is ignored, even where nothing matches. */
		if (s->flags & SPF_WALK)
			term_leave(s, SPF_NEUTRAL, NULL);
		else
			term_match(s);
		break;
	case SPF_IP4:
		if (s->family == AF_INET &&
		    spf_addr_match(s->addr, &t->in, t->prefix4))
			term_match(s);
		break;
	case SPF_IP6:
		if (s->family == AF_INET6 &&
		    spf_addr_match(s->addr, &t->in6, t->prefix6))
			term_match(s);
		break;
	default:
		term_ask(s, f, t);
	}
}
