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

/*
 * The names that the client's address has (RFC 7208 5.5), and the words in
 * which a domain explains why it says no (6.2).
 */

#include <sys/types.h>
#include <sys/socket.h>
#include <netinet/in.h>

#include <string.h>
#include <strings.h>

#include "base/compat.h"
#include "spf/spf_int.h"

static void	 ptr_next(struct spf *);

/* The addresses of one name: is the client's among them? */
static void
ptr_addresses(const struct dns_answer *a, void *arg)
{
	struct spf *s = arg;

	spf_asked(s);
	/* A name with an error is skipped. */
	if (spf_answer_match(s, a, s->family == AF_INET ? 32 : 128))
		strlcpy(s->validated[s->nvalidated++], s->names[s->name],
		    sizeof(s->validated[0]));
	s->name++;
	ptr_next(s);
	spf_continue(s);
}

static void
ptr_next(struct spf *s)
{
	if (s->name < s->nnames)
		spf_ask(s, s->names[s->name],
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

	spf_asked(s);
	s->nnames = s->name = 0;
	for (i = 0; i < a->n && i < SPF_NAMES_MAX; i++)
		if (dns_name_valid(a->v[i].text))
			strlcpy(s->names[s->nnames++], a->v[i].text,
			    sizeof(s->names[0]));
	ptr_next(s);
	spf_continue(s);
}

void
spf_ptr_start(struct spf *s)
{
	char name[80];

	if (dns_reverse(s->family, s->addr, name, sizeof(name)) == -1) {
		s->ptr_done = 1;
		return;
	}
	spf_ask(s, name, DNS_PTR, ptr_names);
}

int
spf_ptr_match(const struct spf *s, const char *domain)
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

	spf_asked(s);
	s->phase = SPF_OVER;
	if (a->n == 1 && strlen(a->v[0].text) == a->v[0].len &&
	    a->v[0].len <= SPF_RECORD_MAX &&
	    spf_macro_check(a->v[0].text, 1) == 0 &&
	    (s->exp = strdup(a->v[0].text)) != NULL)
		s->phase = SPF_EXP_TEXT;
	spf_continue(s);
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

void
spf_exp_step(struct spf *s)
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
		spf_ptr_start(s);
		return;
	}
	spf_macros(s, f->domain, &m);
	if (s->phase == SPF_EXP_TEXT) {
		exp_expand(s, &m);
		s->phase = SPF_OVER;
	} else if (spf_macro_domain(text, &m, name) == -1 ||
	    !dns_name_valid(name))
		s->phase = SPF_OVER;
	else
		spf_ask(s, name, DNS_TXT, exp_text);
}
