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

#include "base/lex.h"
#include "base/sbuf.h"
#include "header/authres.h"

#define VALUE_MAX	512
#define DOMAIN_MAX	255

struct reader {
	const char	*s;
	size_t		 len, i;
};

/* One method's result while it is read. */
struct result {
	int		 method;	/* AUTHRES_*, 0 another */
	int		 pass;
	struct sbuf	 domain;	/* header.d, .from, smtp.mailfrom */
	struct sbuf	 ident;		/* header.i */
	int		 twice;
};

/* Skips white space and comments; -1 when a comment does not end. */
static int
skip(struct reader *r)
{
	return lex_cfws(r->s, r->len, &r->i, NULL) == -1 ? -1 : 0;
}

static int
at_char(const struct reader *r, int ch)
{
	return r->i < r->len && r->s[r->i] == ch;
}

/* Reads a keyword: letters, digits, '-', '_', '.'; -1 when none. */
static int
read_keyword(struct reader *r, struct sbuf *b)
{
	int	 ch;

	sbuf_reset(b);
	if (skip(r) == -1)
		return -1;
	for (; r->i < r->len; r->i++) {
		ch = r->s[r->i];
		if (!lex_ttext(ch) || strchr("-_.", ch) == NULL) {
			if (!(ch >= '0' && ch <= '9') &&
			    !((ch | 0x20) >= 'a' && (ch | 0x20) <= 'z'))
				break;
		}
		sbuf_addch(b, ch);
	}
	return b->len == 0 || b->failed ? -1 : 0;
}

/* Reads a value: a quoted string, a token, a mailbox, or base64. */
static int
read_value(struct reader *r, struct sbuf *b)
{
	size_t	 from;

	sbuf_reset(b);
	if (skip(r) == -1)
		return -1;
	from = r->i;
	while (r->i < r->len && !lex_ws(r->s[r->i]) && r->s[r->i] != ';' &&
	    r->s[r->i] != '(') {
		if (r->s[r->i] == '"') {
			if (lex_quoted(r->s, r->len, &r->i, b) == -1)
				return -1;
		} else if (lex_control(r->s[r->i]) || (r->s[r->i] & 0x80))
			return -1;
		else
			sbuf_addch(b, r->s[r->i++]);
	}
	return r->i == from || b->failed ? -1 : 0;
}

/* Notes a property of the result that says who passed. */
static int
note_property(struct result *res, const char *name, const struct sbuf *value)
{
	static const char *const	 which[] = {
		"", "header.d", "smtp.mailfrom", "header.from"
	};
	struct sbuf			*to;

	if (strcasecmp(name, which[res->method]) == 0)
		to = &res->domain;
	else if (res->method == AUTHRES_DKIM &&
	    strcasecmp(name, "header.i") == 0)
		to = &res->ident;
	else
		return 0;
	if (to->len > 0)
		res->twice = 1;
	return sbuf_add(to, sbuf_str(value), value->len);
}

/* Reads "method=result [reason=...] [ptype.property=value ...]". */
static int
read_result(struct reader *r, struct result *res)
{
	struct sbuf	 name, value;
	int		 ret = -1;

	sbuf_init(&name, VALUE_MAX);
	sbuf_init(&value, VALUE_MAX * 4);
	if (read_keyword(r, &name) == -1 || skip(r) == -1)
		goto done;
	if (lex_is(name.data, name.len, "none") &&
	    (r->i == r->len || at_char(r, ';'))) {
		ret = 0;
		goto done;
	}
	if (lex_is(name.data, name.len, "dkim"))
		res->method = AUTHRES_DKIM;
	else if (lex_is(name.data, name.len, "spf"))
		res->method = AUTHRES_SPF;
	else if (lex_is(name.data, name.len, "dmarc"))
		res->method = AUTHRES_DMARC;
	if (at_char(r, '/')) {
		/* Another version of the method may mean another thing. */
		r->i++;
		if (read_keyword(r, &value) == -1 || skip(r) == -1)
			goto done;
		if (!lex_is(value.data, value.len, "1"))
			res->method = 0;
	}
	if (!at_char(r, '='))
		goto done;
	r->i++;
	if (read_keyword(r, &value) == -1)
		goto done;
	res->pass = lex_is(value.data, value.len, "pass");
	for (;;) {
		if (skip(r) == -1)
			goto done;
		if (r->i == r->len || at_char(r, ';'))
			break;
		if (read_keyword(r, &name) == -1 || skip(r) == -1 ||
		    !at_char(r, '='))
			goto done;
		r->i++;
		if (read_value(r, &value) == -1 ||
		    note_property(res, name.data, &value) == -1)
			goto done;
	}
	ret = 0;
done:
	sbuf_free(&name);
	sbuf_free(&value);
	return ret;
}

/* The domain in a value, in lower case; NULL when there is none. */
static char *
domain_of(const struct sbuf *value)
{
	const char	*p;
	char		*d;
	size_t		 n;

	if (value->len == 0 || strlen(value->data) != value->len)
		return NULL;
	p = strrchr(value->data, '@');
	p = p == NULL ? value->data : p + 1;
	n = strlen(p);
	if (n > 0 && p[n - 1] == '.')
		n--;
	if (n == 0 || n > DOMAIN_MAX || (d = strndup(p, n)) == NULL)
		return NULL;
	for (n = 0; d[n] != '\0'; n++) {
		if (d[n] >= 'A' && d[n] <= 'Z')
			d[n] |= 0x20;
		if (!(d[n] >= 'a' && d[n] <= 'z') &&
		    !(d[n] >= '0' && d[n] <= '9') &&
		    strchr("-._", d[n]) == NULL) {
			free(d);
			return NULL;
		}
	}
	return d;
}

/* Adds a result to the list when it is a pass of use. */
static void
add_result(struct authres *r, const struct result *res)
{
	char	*d;

	if (res->method == 0 || !res->pass || res->twice ||
	    r->n == AUTHRES_MAX)
		return;
	if ((d = domain_of(&res->domain)) == NULL && res->domain.len == 0)
		d = domain_of(&res->ident);
	if (d == NULL)
		return;
	r->v[r->n].method = res->method;
	r->v[r->n++].domain = d;
}

/* Reads the name and version before the results: 1 ours, 0 not. */
static int
read_id(struct reader *r, const char *authserv_id)
{
	struct sbuf	 b;
	int		 ok;

	sbuf_init(&b, VALUE_MAX);
	ok = read_value(r, &b) == 0 && b.len == strlen(authserv_id) &&
	    strncasecmp(b.data, authserv_id, b.len) == 0 && skip(r) == 0;
	if (ok && r->i < r->len && !at_char(r, ';'))
		ok = read_value(r, &b) == 0 && lex_is(b.data, b.len, "1") &&
		    skip(r) == 0;
	sbuf_free(&b);
	return ok && at_char(r, ';');
}

int
authres_parse(struct authres *r, const char *authserv_id, const char *value,
    size_t len)
{
	struct reader	 rd = { value, len, 0 };
	struct result	 res;
	size_t		 before = r->n;
	int		 ok = read_id(&rd, authserv_id);

	while (ok && rd.i < rd.len) {
		rd.i++;
		if (skip(&rd) == 0 && rd.i == rd.len)
			break;
		memset(&res, 0, sizeof(res));
		sbuf_init(&res.domain, VALUE_MAX);
		sbuf_init(&res.ident, VALUE_MAX);
		ok = read_result(&rd, &res) == 0;
		if (ok)
			add_result(r, &res);
		sbuf_free(&res.domain);
		sbuf_free(&res.ident);
	}
	while (!ok && r->n > before)
		free(r->v[--r->n].domain);
	return ok;
}

int
authres_line(const char *authserv_id, const char *line, size_t len)
{
	static const char	 name[] = "Authentication-Results";
	struct reader		 r = { line, len, sizeof(name) - 1 };
	struct sbuf		 b;
	size_t			 n = strlen(authserv_id);
	int			 ours;

	if (len < r.i || strncasecmp(line, name, r.i) != 0)
		return 0;
	while (r.i < len && lex_ws(line[r.i]))
		r.i++;
	if (!at_char(&r, ':'))
		return 0;
	r.i++;
	sbuf_init(&b, len + 1);
	ours = read_value(&r, &b) == -1;
	if (!ours && b.len > 0 && b.data[b.len - 1] == '.')
		sbuf_cut(&b, b.len - 1);
	if (!ours)
		ours = b.len == n && strncasecmp(b.data, authserv_id, n) == 0;
	sbuf_free(&b);
	return ours;
}

void
authres_free(struct authres *r)
{
	while (r->n > 0)
		free(r->v[--r->n].domain);
}

/* 1 when sub is domain or below it, and domain has two labels or more. */
static int
is_below(const char *sub, const char *domain)
{
	size_t	 ns = strlen(sub), nd = strlen(domain);

	if (strchr(domain, '.') == NULL || ns < nd ||
	    strcasecmp(sub + ns - nd, domain) != 0)
		return 0;
	return ns == nd || sub[ns - nd - 1] == '.';
}

int
authres_aligned(const char *a, const char *b)
{
	return strcasecmp(a, b) == 0 || is_below(a, b) || is_below(b, a);
}

int
authres_passes(const struct authres *r, const char *domain)
{
	size_t	 i;

	for (i = 0; i < r->n; i++)
		if (r->v[i].method == AUTHRES_DMARC ?
		    strcasecmp(r->v[i].domain, domain) == 0 :
		    authres_aligned(r->v[i].domain, domain))
			return 1;
	return 0;
}
