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

#include <string.h>
#include <strings.h>

#include "base/compat.h"
#include "base/lex.h"
#include "header/verp.h"

#define TAG_MAX	64	/* characters of a hash, time or serial number */

/* A part of a string that ends elsewhere. */
struct part {
	const char	*p;
	size_t		 len;
};

/* Locale has no say in what a letter is. */
static int
alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9');
}

static int
digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Takes a prefix off, in any case: 1, or 0 and nothing has changed. */
static int
prefix(struct part *s, const char *word)
{
	size_t	 n = strlen(word);

	if (s->len < n || strncasecmp(s->p, word, n) != 0)
		return 0;
	s->p += n;
	s->len -= n;
	return 1;
}

/* Takes what stands before the first c off, and c: 1 or 0. */
static int
before(struct part *s, char c, struct part *head)
{
	const char	*q;

	if (s->len == 0 || (q = memchr(s->p, c, s->len)) == NULL)
		return 0;
	head->p = s->p;
	head->len = (size_t)(q - s->p);
	s->len -= head->len + 1;
	s->p = q + 1;
	return 1;
}

/* Takes 1 to TAG_MAX characters and the c behind them off: 1 or 0. */
static int
tag(struct part *s, int (*ok)(char), char c)
{
	size_t	 n;

	for (n = 0; n < s->len && n <= TAG_MAX && ok(s->p[n]); n++)
		;
	if (n == 0 || n > TAG_MAX || n == s->len || s->p[n] != c)
		return 0;
	s->p += n + 1;
	s->len -= n + 1;
	return 1;
}

/* What stands behind the first word, in any case: 1 or 0. */
static int
behind(struct part s, const char *word, struct part *rest)
{
	for (; s.len > 0; s.p++, s.len--) {
		*rest = s;
		if (prefix(rest, word))
			return 1;
	}
	return 0;
}

/* A host name as the world knows them: with a dot, and no number last. */
static int
is_domain(struct part d)
{
	size_t	 i, dots = 0, letters = 0;

	for (i = 0; i < d.len; i++) {
		if (d.p[i] == '.') {
			dots++;
			letters = 0;
		} else if (!alnum(d.p[i]) && d.p[i] != '-')
			return 0;
		else
			letters += !digit(d.p[i]);
	}
	return dots > 0 && letters > 0;
}

/* Writes name@domain: 1 if that is an address, else 0. */
static int
join(struct verp *v, struct part name, struct part domain)
{
	if (name.len == 0 || name.len > ADDR_LOCAL_MAX || !is_domain(domain) ||
	    domain.len > ADDR_DOMAIN_MAX ||
	    name.len + 1 + domain.len > ADDR_MAX)
		return 0;
	memcpy(v->address, name.p, name.len);
	v->address[name.len] = '@';
	memcpy(v->address + name.len + 1, domain.p, domain.len);
	v->address[name.len + 1 + domain.len] = '\0';
	return addr_valid_dotatom(v->address);
}

/* name=domain, where the last `=' splits, for a name may hold one. */
static int
unequal(struct verp *v, struct part s)
{
	struct part	 domain;
	size_t		 n;

	for (n = s.len; n > 0 && s.p[n - 1] != '='; n--)
		;
	if (n == 0)
		return 0;
	domain.p = s.p + n;
	domain.len = s.len - n;
	s.len = n - 1;
	return join(v, s, domain);
}

/* hash=time=domain=name, which SRS0 and SRS1 have in common. */
static int
srs(struct verp *v, struct part s)
{
	struct part	 hash, time, domain;

	if (!before(&s, '=', &hash) || hash.len == 0 ||
	    !before(&s, '=', &time) || time.len == 0 ||
	    !before(&s, '=', &domain))
		return 0;
	return join(v, s, domain);
}

/* The separator behind SRS0 or SRS1 is one of three. */
static int
separator(struct part *s)
{
	return prefix(s, "=") || prefix(s, "+") || prefix(s, "-");
}

static int
srs0(struct verp *v, struct part local, struct part domain)
{
	(void)domain;
	return prefix(&local, "SRS0") && separator(&local) && srs(v, local);
}

static int
srs1(struct verp *v, struct part local, struct part domain)
{
	struct part	 hash, first;

	(void)domain;
	return prefix(&local, "SRS1") && separator(&local) &&
	    before(&local, '=', &hash) && hash.len > 0 &&
	    before(&local, '=', &first) && first.len > 0 &&
	    separator(&local) && srs(v, local);
}

/* The tag stands in front, or behind a slash in the older drafts. */
static int
batv(struct verp *v, struct part local, struct part domain)
{
	struct part	 name;

	if (prefix(&local, "btv1==")) {
		if (!tag(&local, alnum, '='))
			return 0;
		(void)prefix(&local, "=");
		return join(v, local, domain);
	}
	if (!prefix(&local, "prvs="))
		return 0;
	name = local;
	if (tag(&name, alnum, '='))
		return join(v, name, domain);
	return before(&local, '/', &name) && join(v, name, domain);
}

/*
 * Salesforce's and its likes'.  The domain ends at the first `__' behind
 * which nothing is decided; a name may hold one, a domain cannot.
 */
static int
platform(struct verp *v, struct part local, struct part domain)
{
	struct part	 head = local;
	size_t		 i;

	(void)domain;
	for (i = 1; i + 1 < local.len; i++) {
		if (local.p[i] != '_' || local.p[i + 1] != '_')
			continue;
		head.len = i;
		if (unequal(v, head))
			return 1;
	}
	return 0;
}

static int
mailer(struct verp *v, struct part local, struct part domain)
{
	(void)domain;
	return prefix(&local, "bounces+") && tag(&local, digit, '-') &&
	    tag(&local, alnum, '-') && unequal(v, local);
}

static int
list(struct verp *v, struct part local, struct part domain)
{
	struct part	 rest;

	(void)domain;
	if (behind(local, "-return-", &rest) && tag(&rest, digit, '-') &&
	    unequal(v, rest))
		return 1;
	return behind(local, "-owner-", &rest) && unequal(v, rest);
}

static int
plus(struct verp *v, struct part local, struct part domain)
{
	struct part	 rest;

	(void)domain;
	if (!behind(local, "-bounces+", &rest) && !behind(local, "+", &rest))
		return 0;
	(void)prefix(&rest, "caf_=");	/* of a Google forwarding */
	return unequal(v, rest);
}

static const struct {
	enum verp_form	 form;
	int		 recipient;
	int		(*find)(struct verp *, struct part, struct part);
} forms[] = {
	{ VERP_SRS0, 0, srs0 },
	{ VERP_SRS1, 0, srs1 },
	{ VERP_BATV, 0, batv },
	{ VERP_PLATFORM, 0, platform },
	{ VERP_MAILER, 1, mailer },
	{ VERP_LIST, 1, list },
	{ VERP_PLUS, 1, plus }
};

#define FORMS	(sizeof(forms) / sizeof(forms[0]))

int
verp_valid(const char *s)
{
	char	 buf[ADDR_MAX + 1] = "x@";
	size_t	 n;

	if (strnlen(s, VERP_MAX + 1) > VERP_MAX)
		return 0;
	for (n = 0; lex_atext(s[n]) || s[n] == '.'; n++)
		if (s[n] == '.' && (n == 0 || s[n - 1] == '.'))
			return 0;
	if (n == 0 || n > VERP_LOCAL_MAX || s[n - 1] == '.' || s[n] != '@')
		return 0;
	return strlcat(buf, s + n + 1, sizeof(buf)) < sizeof(buf) &&
	    addr_valid_dotatom(buf);
}

int
verp_find(const char *s, struct verp *v)
{
	struct part	 local, domain;
	size_t		 i;

	memset(v, 0, sizeof(*v));
	if (!verp_valid(s))
		return 0;
	domain.p = addr_domain(s);
	domain.len = strlen(domain.p);
	local.p = s;
	local.len = (size_t)(domain.p - 1 - s);
	for (i = 0; i < FORMS; i++)
		if (forms[i].find(v, local, domain)) {
			v->form = forms[i].form;
			v->recipient = forms[i].recipient;
			return 1;
		}
	v->address[0] = '\0';
	return 0;
}
