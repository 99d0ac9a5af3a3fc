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

#include "base/lex.h"
#include "judge/authreswrite.h"

/* 1 when s is made of what a host's name or a selector is made of. */
static int
is_name(const char *s)
{
	const char	*p;

	if (*s == '\0')
		return 0;
	for (p = s; *p != '\0'; p++)
		if (!(*p >= 'a' && *p <= 'z') && !(*p >= 'A' && *p <= 'Z') &&
		    !(*p >= '0' && *p <= '9') && strchr("-_.", *p) == NULL)
			return 0;
	return 1;
}

/* 1 when the n bytes at s are a dot-string (RFC 5321 4.1.2), or none. */
static int
is_local(const char *s, size_t n)
{
	size_t	 i;

	for (i = 0; i < n; i++)
		if (!lex_atext(s[i]) && s[i] != '.')
			return 0;
	return 1;
}

/* Adds a word that is not broken, on a line of its own if it must. */
static void
word(struct authreswrite *w, const char *s)
{
	size_t	 n = strlen(s);

	if (w->col + 1 + n > AUTHRESWRITE_WANT && w->col > 8) {
		sbuf_add(w->b, "\n\t", 2);
		w->col = 8;
	} else {
		sbuf_addch(w->b, ' ');
		w->col++;
	}
	if (sbuf_add(w->b, s, n) == -1)
		w->failed = 1;
	w->col += n;
}

/* Adds name=value, in quotes where quote. */
static void
property(struct authreswrite *w, const char *name, const char *value,
    int quote)
{
	struct sbuf	 b;

	sbuf_init(&b, 2048);
	sbuf_addstr(&b, name);
	sbuf_addch(&b, '=');
	if (quote)
		lex_quote(&b, value, strlen(value));
	else
		sbuf_addstr(&b, value);
	if (b.failed)
		w->failed = 1;
	else
		word(w, sbuf_str(&b));
	sbuf_free(&b);
}

/* Begins a result on a line of its own. */
static void
begin(struct authreswrite *w, const char *method, const char *result)
{
	sbuf_addstr(w->b, ";\n\t");
	w->some = 1;
	if (sbuf_printf(w->b, "%s=%s", method, result) == -1)
		w->failed = 1;
	w->col = 9 + strlen(method) + strlen(result);
}

void
authreswrite_begin(struct authreswrite *w, struct sbuf *b,
    const char *authserv_id)
{
	memset(w, 0, sizeof(*w));
	w->b = b;
	if (!is_name(authserv_id) || sbuf_printf(b,
	    "Authentication-Results: %s", authserv_id) == -1)
		w->failed = 1;
}

void
authreswrite_spf(struct authreswrite *w, const char *result,
    const char *sender, const char *helo)
{
	const char	*at, *p;

	begin(w, "spf", result);
	if (sender != NULL && (at = strrchr(sender, '@')) != NULL &&
	    is_name(at + 1))
		property(w, "smtp.mailfrom",
		    at > sender && is_local(sender, at - sender) ? sender :
		    at + 1, 0);
	if (helo == NULL || *helo == '\0')
		return;
	if (is_name(helo)) {
		property(w, "smtp.helo", helo, 0);
		return;
	}
	for (p = helo; *p != '\0'; p++)
		if (*p < ' ' || *p > '~')
			return;
	if (p - helo <= 255)
		property(w, "smtp.helo", helo, 1);
}

void
authreswrite_dkim(struct authreswrite *w, const struct dkim_sig *s)
{
	const char	*at = strrchr(s->ident, '@');

	begin(w, "dkim", dkim_result(s));
	if (*dkim_why(s) != '\0')
		property(w, "reason", dkim_why(s), 1);
	if (is_name(s->domain))
		property(w, "header.d", s->domain, 0);
	if (at != NULL && is_name(at + 1))
		property(w, "header.i", is_local(s->ident, at - s->ident) ?
		    s->ident : at, 0);
	if (is_name(s->selector))
		property(w, "header.s", s->selector, 0);
	if (*dkim_algorithm(s) != '\0')
		property(w, "header.a", dkim_algorithm(s), 0);
	if (s->begin[0] != '\0')
		property(w, "header.b", s->begin, 1);
}

void
authreswrite_nodkim(struct authreswrite *w)
{
	begin(w, "dkim", "none");
}

void
authreswrite_dmarc(struct authreswrite *w, const struct dmarc *d)
{
	begin(w, "dmarc", dmarc_result(d->result));
	if (is_name(d->author))
		property(w, "header.from", d->author, 0);
	if (d->where[0] != '\0')
		property(w, "policy.dmarc", dmarc_policy(d->policy), 0);
}

int
authreswrite_end(struct authreswrite *w)
{
	if (!w->some)
		sbuf_addstr(w->b, "; none");
	if (sbuf_addch(w->b, '\n') == -1)
		w->failed = 1;
	return w->failed ? -1 : 0;
}
