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

/* What a message lacks for its gate: one requirement after the other. */

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "gate/gate.h"

/* Says why; what others chose is made printable. */
static void __attribute__((__format__ (printf, 2, 3)))
why(struct gate_decision *d, const char *fmt, ...)
{
	va_list	 ap;
	char	*p;

	va_start(ap, fmt);
	(void)vsnprintf(d->why, sizeof(d->why), fmt, ap);
	va_end(ap);
	for (p = d->why; *p != '\0'; p++)
		if (*p < ' ' || *p > '~')
			*p = '?';
}

static enum gate_verdict
need_tls(const struct conf_require *r, const struct gate_facts *f,
    struct gate_decision *d)
{
	if (f->tls == -1)
		why(d, "the connection is not encrypted");
	else
		why(d, "the connection uses TLS 1.%d", f->tls);
	return f->tls >= r->tls ? GATE_PASS : GATE_FAIL;
}

static int
is_wanted(const struct conf *conf, const struct conf_require *r,
    const char *domain)
{
	size_t	 i;

	if (domain == NULL)
		return 0;
	if (r->own)
		return conf_is_our_domain(conf, domain);
	for (i = 0; i < r->domains.count; i++)
		if (strcasecmp(r->domains.item[i], domain) == 0)
			return 1;
	return 0;
}

static int
sender_fits(const struct conf *conf, const struct conf_gate *g,
    const struct conf_require *r, const struct gate_facts *f,
    struct gate_decision *d)
{
	struct verp	 v;
	const char	*sender = gate_sender(g, f->sender, &v);

	if (sender[0] == '\0' || is_wanted(conf, r, addr_domain(sender)))
		return 1;
	why(d, "the sender %s is not of such a domain", sender);
	return 0;
}

/* Who reads the mail sees From, so both have to fit. */
static enum gate_verdict
need_sender(const struct conf *conf, const struct conf_gate *g,
    const struct conf_require *r, const struct gate_facts *f,
    struct gate_decision *d)
{
	size_t	 i;

	if (f->known & GATE_KNOWN_SENDER && !sender_fits(conf, g, r, f, d))
		return GATE_FAIL;
	if (!(f->known & GATE_KNOWN_HEADER))
		return GATE_OPEN;
	if (f->nfrom != 1 || f->from->n == 0 || f->cut) {
		why(d, f->cut ? "the header is too long to be read" :
		    "there is not exactly one From header with an address");
		return GATE_FAIL;
	}
	if (f->from->flags & (ADDRLIST_AMBIGUOUS | ADDRLIST_TRUNCATED |
	    ADDRLIST_BAD)) {
		why(d, "it is not clear whom the From header names");
		return GATE_FAIL;
	}
	for (i = 0; i < f->from->n; i++)
		if (!is_wanted(conf, r, addr_domain(f->from->v[i].addr))) {
			why(d, "%s in the From header is not of such a domain",
			    f->from->v[i].addr);
			return GATE_FAIL;
		}
	return f->known & GATE_KNOWN_SENDER ? GATE_PASS : GATE_OPEN;
}

/* A second one, put beside the platform's own by its user, is no proof. */
static enum gate_verdict
need_header(const struct conf_require *r, const struct gate_facts *f,
    struct gate_decision *d)
{
	const struct hdr_field	*hf;
	size_t			 n, len = strlen(r->value);

	if (!(f->known & GATE_KNOWN_HEADER))
		return GATE_OPEN;
	for (n = 0; (hf = hdr_get(f->hdr, r->text, n)) != NULL; n++)
		if (hf->valuelen != len || hf->flags & HDR_OVERSIZE ||
		    memcmp(hf->value, r->value, len) != 0) {
			why(d, "%s has another value", r->text);
			return GATE_FAIL;
		}
	if (n == 0 || f->cut || f->hdr->flags & HDR_OVERSIZE) {
		why(d, n == 0 ? "there is no such header" :
		    "the header is too long to be read");
		return GATE_FAIL;
	}
	return GATE_PASS;
}

static enum gate_verdict
need_auth(enum gate_answer answer, const char *what, const char *word,
    const struct gate_facts *f, struct gate_decision *d)
{
	if (!(f->known & GATE_KNOWN_AUTH))
		return GATE_OPEN;
	if (answer == GATE_YES) {
		why(d, "%s says pass", what);
		return GATE_PASS;
	}
	if (answer == GATE_LATER) {
		why(d, "name servers do not answer now");
		return GATE_PUTOFF;
	}
	why(d, "%s says %s", what, word == NULL ? "none" : word);
	return GATE_FAIL;
}

/* One that is about the From header: another may stand in what was cut. */
static enum gate_verdict
need_from(enum gate_answer answer, const char *what, const char *word,
    const struct gate_facts *f, struct gate_decision *d)
{
	if (f->known & GATE_KNOWN_HEADER && f->cut) {
		why(d, "the header is too long to be read");
		return GATE_FAIL;
	}
	return need_auth(answer, what, word, f, d);
}

static enum gate_verdict
need_unlisted(const struct conf_gate *g, const struct conf_require *r,
    const struct gate_facts *f, struct gate_decision *d)
{
	const struct gate_listed	*l;

	if (!(f->known & GATE_KNOWN_LISTS))
		return GATE_OPEN;
	if (f->known & GATE_KNOWN_SOURCE && !f->local && f->family == 0) {
		why(d, "nobody knows which address sends this");
		return GATE_FAIL;
	}
	l = &f->listed[r - g->require];
	switch (l->answer) {
	case GATE_NO:
		return GATE_PASS;
	case GATE_LATER:
		why(d, "the list does not answer now");
		return GATE_PUTOFF;
	case GATE_YES:
		break;
	}
	why(d, "the address that sends this is listed there (%s)", l->code);
	return GATE_FAIL;
}

static enum gate_verdict
need_one(const struct conf *conf, const struct conf_gate *g,
    const struct conf_require *r, const struct gate_facts *f,
    struct gate_decision *d)
{
	switch (r->need) {
	case CONF_NEED_TLS:
		return need_tls(r, f, d);
	case CONF_NEED_SENDER:
		return need_sender(conf, g, r, f, d);
	case CONF_NEED_HEADER:
		return need_header(r, f, d);
	case CONF_NEED_DKIM:
		return need_auth(f->dkim, "DKIM", f->dkim_word, f, d);
	case CONF_NEED_ALIGNED:
		return need_from(f->aligned, "DKIM",
		    f->dkim == GATE_YES ? "that another domain than that of "
		    "the From header has signed" : f->dkim_word, f, d);
	case CONF_NEED_SPF:
		return need_auth(f->spf, "SPF", f->spf_word, f, d);
	case CONF_NEED_DMARC:
		return need_from(f->dmarc, "DMARC", f->dmarc_word, f, d);
	case CONF_NEED_UNLISTED:
		return need_unlisted(g, r, f, d);
	}
	return GATE_OPEN;
}

enum gate_verdict
gate_require(const struct conf *conf, const struct conf_gate *g, size_t i,
    const struct gate_facts *f, struct gate_decision *d)
{
	memset(d, 0, sizeof(*d));
	d->which = i;
	conf_require_text(&g->require[i], d->what, sizeof(d->what));
	d->verdict = need_one(conf, g, &g->require[i], f, d);
	return d->verdict;
}

enum gate_verdict
gate_judge(const struct conf *conf, const struct conf_gate *g,
    const struct gate_facts *f, struct gate_decision *d)
{
	struct gate_decision	 one;
	size_t			 i;

	memset(d, 0, sizeof(*d));
	for (i = 0; i < g->nrequire; i++) {
		gate_require(conf, g, i, f, &one);
		if (one.verdict == GATE_FAIL) {
			*d = one;
			break;
		}
		if (one.verdict == GATE_OPEN ||
		    (one.verdict == GATE_PUTOFF && d->verdict == GATE_PASS))
			*d = one;
	}
	return d->verdict;
}
