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

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/compat.h"
#include "spf/spf.h"
#include "spf/spf_record.h"

/* A check under way (RFC 7208 4). */

/* An include at the last lookup that is allowed can still be entered. */
#define SPF_DEPTH_MAX	(SPF_LOOKUPS_MAX + 1)

/* A record being evaluated: the domain's, or an included one. */
struct spf_frame {
	char			 domain[DNS_NAME_MAX + 1];
	struct spf_record	 record;
	size_t			 next;		/* term */
	int			 redirected;
};

/* What happens next. */
#define SPF_EVALUATE	0
#define SPF_EXP_NAME	1	/* the name of the explanation */
#define SPF_EXP_TEXT	2	/* its text has come */
#define SPF_OVER	3

struct spf {
	struct dns		*dns;
	struct dns_query	*query;		/* being waited for, or NULL */
	void			(*cb)(const struct spf_result *, void *);
	void			*arg;
	int			 phase;
	int			 flags;
	struct spf_result	 r;

	int			 family;
	unsigned char		 addr[16];
	char			 sender[SPF_SENDER_MAX * 2 + 2];
	char			 local[SPF_SENDER_MAX + 1];
	char			 sender_domain[SPF_SENDER_MAX + 1];
	char			 helo[SPF_SENDER_MAX + 1];
	char			 receiver[DNS_NAME_MAX + 1];

	struct spf_frame	 frames[SPF_DEPTH_MAX];
	int			 depth;		/* frames in use */

	/* Names under way: of MX or of PTR. */
	char			 names[SPF_NAMES_MAX][DNS_NAME_MAX + 1];
	int			 nnames;
	int			 name;		/* whose address is asked for */
	/* Those that the address itself names, and that name it (5.5). */
	int			 ptr_done;
	char			 validated[SPF_NAMES_MAX][DNS_NAME_MAX + 1];
	int			 nvalidated;
	char			*exp;		/* text of the explanation */
};

/*
 * The names that the client's address has (RFC 7208 5.5), and the words in
 * which a domain explains why it says no (6.2).
 */

static void	ptr_next(struct spf *s);
static void	term_mx_next(struct spf *s);
static void	go_on(struct spf *s);

/* Ends the whole check with a result; why may be NULL. */
static void
finish(struct spf *s, int result, const char *why)
{
	if (s->phase != SPF_EVALUATE) {
		/* No explanation then, but the result stands. */
		s->phase = SPF_OVER;
		return;
	}
	s->r.result = result;
	if (why != NULL)
		strlcpy(s->r.why, why, sizeof(s->r.why));
	s->phase = result == SPF_FAIL ? SPF_EXP_NAME : SPF_OVER;
}

/*
 * Asks for name; cb takes the answer.  When memory is exhausted the check
 * ends with SPF_TEMPERROR.
 */
static void
ask(struct spf *s, const char *name, int type, dns_callback *cb)
{
	s->query = dns_query(s->dns, name, type, cb, s);
	if (s->query == NULL)
		finish(s, SPF_TEMPERROR, "too many questions");
}

/* In a dns_callback, first: the question is answered. */
static void
question_over(struct spf *s)
{
	s->query = NULL;
}

/*
 * Counts one more term that asks (4.6.4), and one more without an answer.
 * 0, or -1 when that is one too many and the check has ended.
 */
static int
count_lookup(struct spf *s)
{
	int max = s->flags & SPF_WALK ? SPF_WALK_MAX : SPF_LOOKUPS_MAX;

	if (++s->r.lookups <= max)
		return 0;
	finish(s, SPF_PERMERROR, "more than 10 terms that ask the DNS");
	return -1;
}

static int
count_void(struct spf *s, const struct dns_answer *a)
{
	int max = s->flags & SPF_WALK ? SPF_WALK_MAX : SPF_VOIDS_MAX;

	if (a->status != DNS_NXDOMAIN && a->status != DNS_NODATA)
		return 0;
	if (++s->r.voids <= max)
		return 0;
	finish(s, SPF_PERMERROR, "more than 2 lookups without an answer");
	return -1;
}

static int
address_match(const void *a, const void *b, int prefix)
{
	const unsigned char *p = a, *q = b;
	int bytes = prefix / 8, bits = prefix % 8;

	if (memcmp(p, q, bytes) != 0)
		return 0;
	return bits == 0 || ((p[bytes] ^ q[bytes]) >> (8 - bits)) == 0;
}

/* 1 when one of a's addresses is the client's, to prefix bits, else 0. */
static int
answer_match(const struct spf *s, const struct dns_answer *a, int prefix)
{
	const struct dns_record *r;
	size_t i;

	for (i = 0; i < a->n; i++) {
		r = &a->v[i];
		if (address_match(s->addr, s->family == AF_INET ?
		    (const void *)&r->in : (const void *)&r->in6, prefix))
			return 1;
	}
	return 0;
}

/* Fills in what the letters stand for, p too, below domain (7.2). */
static void
fill_macros(const struct spf *s, const char *domain, struct spf_macros *m)
{
	size_t len, dlen = strlen(domain);
	int i, below = -1;

	memset(m, 0, sizeof(*m));
	m->sender = s->sender;
	m->local = s->local;
	m->sender_domain = s->sender_domain;
	m->domain = domain;
	m->helo = s->helo;
	m->receiver = s->receiver;
	m->family = s->family;
	m->addr = s->addr;
	m->now = time(NULL);
	if (s->nvalidated > 0)
		m->validated = s->validated[0];
	for (i = s->nvalidated - 1; i >= 0; i--) {
		len = strlen(s->validated[i]);
		if (strcasecmp(s->validated[i], domain) == 0) {
			m->validated = s->validated[i];
			return;
		}
		if (len > dlen && s->validated[i][len - dlen - 1] == '.' &&
		    strcasecmp(s->validated[i] + len - dlen, domain) == 0)
			below = i;
	}
	if (below != -1)
		m->validated = s->validated[below];
}

/* The addresses of one name: is the client's among them? */
static void
ptr_addresses(const struct dns_answer *a, void *arg)
{
	struct spf *s = arg;

	question_over(s);
	/* A name with an error is skipped. */
	if (answer_match(s, a, s->family == AF_INET ? 32 : 128))
		strlcpy(s->validated[s->nvalidated++], s->names[s->name],
		    sizeof(s->validated[0]));
	s->name++;
	ptr_next(s);
	go_on(s);
}

static void
ptr_next(struct spf *s)
{
	if (s->name < s->nnames)
		ask(s, s->names[s->name],
		    s->family == AF_INET ? DNS_A : DNS_AAAA, ptr_addresses);
	else
		s->ptr_done = 1;
}

/* The names; all but the first ten are ignored (4.6.4). */
static void
ptr_names(const struct dns_answer *a, void *arg)
{
	struct spf *s = arg;
	size_t i;

	question_over(s);
	s->nnames = s->name = 0;
	for (i = 0; i < a->n && i < SPF_NAMES_MAX; i++)
		if (dns_name_valid(a->v[i].text))
			strlcpy(s->names[s->nnames++], a->v[i].text,
			    sizeof(s->names[0]));
	ptr_next(s);
	go_on(s);
}

/* Looks the validated names up (5.5); calls go_on() at the end. */
static void
look_up_names(struct spf *s)
{
	char name[80];

	if (dns_reverse(s->family, s->addr, name, sizeof(name)) == -1) {
		s->ptr_done = 1;
		return;
	}
	ask(s, name, DNS_PTR, ptr_names);
}

/* 1 when a validated name is domain or below it, else 0. */
static int
has_name(const struct spf *s, const char *domain)
{
	size_t len, dlen = strlen(domain);
	int i;

	if (dlen == 0)
		return 0;
	for (i = 0; i < s->nvalidated; i++) {
		len = strlen(s->validated[i]);
		if (len < dlen ||
		    strcasecmp(s->validated[i] + len - dlen, domain) != 0)
			continue;
		if (len == dlen || s->validated[i][len - dlen - 1] == '.')
			return 1;
	}
	return 0;
}

/* The explanation's text: only when it is the only one, and of ASCII. */
static void
exp_text(const struct dns_answer *a, void *arg)
{
	struct spf *s = arg;

	question_over(s);
	s->phase = SPF_OVER;
	if (a->n == 1 && strlen(a->v[0].text) == a->v[0].len &&
	    a->v[0].len <= SPF_RECORD_MAX &&
	    spf_macro_check(a->v[0].text, 1) == 0 &&
	    (s->exp = strdup(a->v[0].text)) != NULL)
		s->phase = SPF_EXP_TEXT;
	go_on(s);
}

/* Expands the text into the result; one that is too long is none. */
static void
exp_expand(struct spf *s, const struct spf_macros *m)
{
	struct sbuf b;
	size_t i;

	sbuf_init(&b, SPF_EXP_MAX);
	if (spf_macro_expand(s->exp, m, &b) == 0) {
		/* The local part and the greeting are anyone's. */
		for (i = 0; i < b.len; i++)
			if (b.data[i] < ' ' || b.data[i] > '~')
				b.data[i] = '?';
		strlcpy(s->r.explanation, sbuf_str(&b),
		    sizeof(s->r.explanation));
	}
	sbuf_free(&b);
}

/* The explanation of a fail (6.2): the next step of it. */
static void
explain(struct spf *s)
{
	const struct spf_frame *f = &s->frames[0];
	const char *text = s->phase == SPF_EXP_NAME ? f->record.exp : s->exp;
	char name[DNS_NAME_MAX + 1];
	struct spf_macros m;

	if (text == NULL) {
		s->phase = SPF_OVER;
		return;
	}
	if (!s->ptr_done && spf_macro_has_p(text)) {
		look_up_names(s);
		return;
	}
	fill_macros(s, f->domain, &m);
	if (s->phase == SPF_EXP_TEXT) {
		exp_expand(s, &m);
		s->phase = SPF_OVER;
	} else if (spf_macro_domain(text, &m, name) == -1 ||
	    !dns_name_valid(name))
		s->phase = SPF_OVER;
	else
		ask(s, name, DNS_TXT, exp_text);
}

/* The terms of a record, one after the other: RFC 7208 4.6, 5 and 6.1. */

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
	finish(s, result, why);
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
		finish(s, result, why == NULL ? NULL : text);
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

	question_over(s);
	for (i = 0; i < a->n; i++)
		if (spf_record_is(a->v[i].text, a->v[i].len)) {
			found = &a->v[i];
			n++;
		}
	if (a->status == DNS_SERVFAIL || a->status == DNS_TIMEOUT)
		term_error(s, SPF_TEMPERROR, dns_status(a->status), f->domain);
	else if ((s->depth > 1 || f->redirected) &&
	    count_void(s, a) == -1)
		;
	else if (n == 0)
		term_leave(s, SPF_NONE, NULL);
	else if (n > 1)
		term_error(s, SPF_PERMERROR, "several SPF records", f->domain);
	else if (spf_record_parse(&f->record, found->text, found->len,
	    why) == -1)
		finish(s, SPF_PERMERROR, why);
	go_on(s);
}

/*
 * Begins, evaluates the next term or modifier of the innermost record.
 * Either a question is under way afterwards or the check has gone on.
 */
static void
enter(struct spf *s, const char *domain, int redirected)
{
	struct spf_frame *f;
	size_t len = strlen(domain);

	if (redirected)
		spf_record_free(&term_frame(s)->record);
	else if (s->depth == SPF_DEPTH_MAX) {
		finish(s, SPF_PERMERROR, "includes too deep");
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
	ask(s, f->domain, DNS_TXT, term_record);
}

/* a and exists: the addresses have come. */
static void
term_addresses(const struct dns_answer *a, void *arg)
{
	struct spf *s = arg;
	struct spf_term *t = term_now(s);

	question_over(s);
	if (a->status == DNS_SERVFAIL || a->status == DNS_TIMEOUT)
		term_error(s, SPF_TEMPERROR, dns_status(a->status), t->text);
	else if (count_void(s, a) == 0 &&
	    (t->kind == SPF_EXISTS ? a->n > 0 : answer_match(s, a,
	    s->family == AF_INET ? t->prefix4 : t->prefix6)))
		term_match(s);
	go_on(s);
}

static void	 term_mx_next(struct spf *);

/* mx: the addresses of one server have come. */
static void
term_mx_addresses(const struct dns_answer *a, void *arg)
{
	struct spf *s = arg;
	struct spf_term *t = term_now(s);

	question_over(s);
	if (a->status == DNS_SERVFAIL || a->status == DNS_TIMEOUT)
		term_error(s, SPF_TEMPERROR, dns_status(a->status), t->text);
	else if (answer_match(s, a,
	    s->family == AF_INET ? t->prefix4 : t->prefix6))
		term_match(s);
	else {
		s->name++;
		term_mx_next(s);
	}
	go_on(s);
}

/* Asks for the next server's addresses; at the end, nothing has matched. */
static void
term_mx_next(struct spf *s)
{
	if (s->name < s->nnames)
		ask(s, s->names[s->name], term_address_type(s),
		    term_mx_addresses);
}

/* mx: the servers have come (5.4). */
static void
term_mx(const struct dns_answer *a, void *arg)
{
	struct spf *s = arg;
	struct spf_term *t = term_now(s);
	size_t i;

	question_over(s);
	s->nnames = s->name = 0;
	if (a->status == DNS_SERVFAIL || a->status == DNS_TIMEOUT)
		term_error(s, SPF_TEMPERROR, dns_status(a->status), t->text);
	else if (a->n > SPF_NAMES_MAX)
		term_error(s, SPF_PERMERROR, "more than 10 MX", t->text);
	else if (count_void(s, a) == 0) {
		for (i = 0; i < a->n; i++)
			if (dns_name_valid(a->v[i].text))
				strlcpy(s->names[s->nnames++], a->v[i].text,
				    sizeof(s->names[0]));
		term_mx_next(s);
	}
	go_on(s);
}

/* Goes to the DNS for a mechanism whose target is name. */
static void
term_lookup(struct spf *s, const struct spf_term *t, const char *name)
{
	if (t->kind == SPF_INCLUDE) {
		enter(s, name, 0);
		return;
	}
	if (t->kind == SPF_PTR) {
		if (has_name(s, name))
			term_match(s);
		return;
	}
	/* 4.8: what cannot be asked for does not exist. */
	if (!dns_name_valid(name))
		return;
	if (t->kind == SPF_MX)
		ask(s, name, DNS_MX, term_mx);
	else if (t->kind == SPF_EXISTS)
		ask(s, name, DNS_A, term_addresses);
	else
		ask(s, name, term_address_type(s), term_addresses);
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
	fill_macros(s, term_frame(s)->domain, &m);
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
		if (t->kind == SPF_PTR || count_lookup(s) == 0)
			look_up_names(s);
		return;
	}
	if (count_lookup(s) == 0 && term_target(s, t->spec, name) == 0)
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
		if (count_lookup(s) == 0)
			look_up_names(s);
		return;
	}
	if (count_lookup(s) == 0 &&
	    term_target(s, f->record.redirect, name) == 0)
		enter(s, name, 1);
}

static void
next_term(struct spf *s)
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
		    address_match(s->addr, &t->in, t->prefix4))
			term_match(s);
		break;
	case SPF_IP6:
		if (s->family == AF_INET6 &&
		    address_match(s->addr, &t->in6, t->prefix6))
			term_match(s);
		break;
	default:
		term_ask(s, f, t);
	}
}

const char *
spf_word(int result)
{
	static const char *const words[] = {
		[SPF_NONE] = "none",
		[SPF_NEUTRAL] = "neutral",
		[SPF_PASS] = "pass",
		[SPF_FAIL] = "fail",
		[SPF_SOFTFAIL] = "softfail",
		[SPF_TEMPERROR] = "temperror",
		[SPF_PERMERROR] = "permerror",
	};

	if (result < 0 || result > SPF_PERMERROR)
		return "?";
	return words[result];
}

void
spf_cancel(struct spf *s)
{
	if (s == NULL)
		return;
	dns_cancel(s->query);
	while (s->depth > 0)
		spf_record_free(&s->frames[--s->depth].record);
	free(s->exp);
	free(s);
}

/* Goes on after an answer; the check may be over and gone afterwards. */
static void
go_on(struct spf *s)
{
	void (*cb)(const struct spf_result *, void *) = s->cb;
	struct spf_result r;
	void *arg = s->arg;

	while (s->query == NULL && s->phase != SPF_OVER) {
		if (s->phase == SPF_EVALUATE)
			next_term(s);
		else
			explain(s);
	}
	if (s->query != NULL)
		return;
	r = s->r;
	spf_cancel(s);
	cb(&r, arg);
}

/* Splits the sender, or makes one of the greeting (2.4, 4.3); 0 or -1. */
static int
sender(struct spf *s, const char *sender)
{
	const char *at;

	if (sender == NULL || *sender == '\0') {
		strlcpy(s->local, "postmaster", sizeof(s->local));
		strlcpy(s->sender_domain, s->helo, sizeof(s->sender_domain));
	} else if ((at = strrchr(sender, '@')) == NULL) {
		strlcpy(s->local, "postmaster", sizeof(s->local));
		if (strlcpy(s->sender_domain, sender,
		    sizeof(s->sender_domain)) >= sizeof(s->sender_domain))
			return -1;
	} else {
		if ((size_t)(at - sender) >= sizeof(s->local) ||
		    strlcpy(s->sender_domain, at + 1,
		    sizeof(s->sender_domain)) >= sizeof(s->sender_domain))
			return -1;
		memcpy(s->local, sender, at - sender);
		if (at == sender)
			strlcpy(s->local, "postmaster", sizeof(s->local));
	}
	snprintf(s->sender, sizeof(s->sender), "%s@%s", s->local,
	    s->sender_domain);
	return 0;
}

static void
address(struct spf *s, const struct spf_request *req)
{
	static const unsigned char mapped[12] =
	    { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

	s->family = req->family;
	if (req->family == AF_INET)
		memcpy(s->addr, req->addr, 4);
	else if (memcmp(req->addr, mapped, sizeof(mapped)) == 0) {
		s->family = AF_INET;
		memcpy(s->addr, (const char *)req->addr + 12, 4);
	} else
		memcpy(s->addr, req->addr, 16);
}

struct spf *
spf_check(struct dns *d, const struct spf_request *req,
    void (*cb)(const struct spf_result *, void *), void *arg)
{
	struct spf *s;
	const char *domain;

	if ((s = calloc(1, sizeof(*s))) == NULL)
		return NULL;
	s->dns = d;
	s->cb = cb;
	s->arg = arg;
	s->flags = req->flags;
	address(s, req);
	if (req->helo != NULL)
		strlcpy(s->helo, req->helo, sizeof(s->helo));
	strlcpy(s->receiver, req->receiver == NULL ? "unknown" :
	    req->receiver, sizeof(s->receiver));
	/* A sender that is too long has no domain that can be asked for. */
	domain = sender(s, req->sender) == -1 ? "" : s->sender_domain;
	enter(s, domain, 0);
	if (s->query == NULL) {
		spf_cancel(s);
		return NULL;
	}
	return s;
}
