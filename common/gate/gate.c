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

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "conf/listfile.h"
#include "gate/gate.h"

/* What a message lacks for its gate: one requirement after the other. */

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

/* The header, or the list of writers in it, was too long to be read whole. */
static int
is_cut(const struct header_summary *h)
{
	return (h->truncated & (SUMMARY_TRUNC_HDR | SUMMARY_TRUNC_ADDRS)) != 0;
}

/* Who reads the mail sees From, so both have to fit. */
static enum gate_verdict
need_sender(const struct conf *conf, const struct conf_gate *g,
    const struct conf_require *r, const struct gate_facts *f,
    struct gate_decision *d)
{
	const struct header_summary	*h = f->header;
	size_t				 i;

	if (f->known & GATE_KNOWN_SENDER && !sender_fits(conf, g, r, f, d))
		return GATE_FAIL;
	if (!(f->known & GATE_KNOWN_HEADER))
		return GATE_OPEN;
	if (h->nfrom != 1 || h->from.n == 0 || is_cut(h)) {
		why(d, is_cut(h) ? "the header is too long to be read" :
		    "there is not exactly one From header with an address");
		return GATE_FAIL;
	}
	if (h->from.flags & (ADDRLIST_AMBIGUOUS | ADDRLIST_TRUNCATED |
	    ADDRLIST_BAD)) {
		why(d, "it is not clear whom the From header names");
		return GATE_FAIL;
	}
	for (i = 0; i < h->from.n; i++)
		if (!is_wanted(conf, r, addr_domain(h->from.v[i].addr))) {
			why(d, "%s in the From header is not of such a domain",
			    h->from.v[i].addr);
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
	if (n == 0 || is_cut(f->header) || f->hdr->flags & HDR_OVERSIZE) {
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
	if (f->known & GATE_KNOWN_HEADER && is_cut(f->header)) {
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

/* A condition: holds, does not, or nobody knows yet. */
enum match {
	MATCH_NO,
	MATCH_YES,
	MATCH_UNKNOWN
};

/* Where nobody knows the source, it still is somewhere in the world. */
static int
in_list(const struct netlist *l, const struct gate_facts *f)
{
	size_t	 i;

	if (f->family != 0)
		return netlist_match(l, f->family, f->addr);
	for (i = 0; i < l->n; i++)
		if (l->v[i].bits == 0)
			return 1;
	return 0;
}

static enum match
match_source(const struct conf_gate *g, const struct gate_facts *f)
{
	size_t	 i;

	if (!(f->known & GATE_KNOWN_SOURCE))
		return MATCH_UNKNOWN;
	if (f->local)
		return g->local ? MATCH_YES : MATCH_NO;
	if (!g->local && g->nets.n == 0 && g->nfiles == 0)
		return MATCH_YES;
	if (in_list(&g->nets, f))
		return MATCH_YES;
	if (g->nfiles != 0 && !(f->known & GATE_KNOWN_FILES))
		return MATCH_UNKNOWN;
	for (i = 0; i < g->nfiles; i++)
		if (in_list(&g->file[i]->nets, f))
			return MATCH_YES;
	return MATCH_NO;
}

static enum match
match_listener(const struct conf_gate *g, const struct gate_facts *f)
{
	const char	*want, *port;
	size_t		 i;

	if (g->listeners.count == 0)
		return MATCH_YES;
	if (f->listener == NULL ||
	    (port = strrchr(f->listener, ':')) == NULL)
		return MATCH_NO;
	for (i = 0; i < g->listeners.count; i++) {
		want = g->listeners.item[i];
		if (strcasecmp(want[0] == '*' ? port : f->listener,
		    want[0] == '*' ? want + 1 : want) == 0)
			return MATCH_YES;
	}
	return MATCH_NO;
}

static enum match
match_user(const struct conf_gate *g, const struct gate_facts *f)
{
	size_t	 i;

	switch (g->who) {
	case CONF_WHO_ANYBODY:
		return MATCH_YES;
	case CONF_WHO_SOMEBODY:
		return f->login != NULL ? MATCH_YES : MATCH_NO;
	case CONF_WHO_NOBODY:
		return f->login == NULL ? MATCH_YES : MATCH_NO;
	case CONF_WHO_LISTED:
		break;
	}
	for (i = 0; f->login != NULL && i < g->users.count; i++)
		if (strcmp(g->users.item[i], f->login) == 0)
			return MATCH_YES;
	return MATCH_NO;
}

static enum match
match_sender(const struct conf *conf, const struct conf_gate *g,
    const struct gate_facts *f)
{
	const char	*domain;
	size_t		 i;

	if (!g->own && g->domains.count == 0)
		return MATCH_YES;
	if (!(f->known & GATE_KNOWN_SENDER))
		return MATCH_UNKNOWN;
	if ((domain = addr_domain(f->sender)) == NULL)
		return MATCH_NO;
	if (g->own && conf_is_our_domain(conf, domain))
		return MATCH_YES;
	for (i = 0; i < g->domains.count; i++)
		if (strcasecmp(g->domains.item[i], domain) == 0)
			return MATCH_YES;
	return MATCH_NO;
}

static enum match
matches(const struct conf *conf, const struct conf_gate *g,
    const struct gate_facts *f)
{
	enum match	 m[4];
	size_t		 i;
	int		 unknown = 0;

	m[0] = match_source(g, f);
	m[1] = match_listener(g, f);
	m[2] = match_user(g, f);
	m[3] = match_sender(conf, g, f);
	for (i = 0; i < 4; i++) {
		if (m[i] == MATCH_NO)
			return MATCH_NO;
		unknown |= m[i] == MATCH_UNKNOWN;
	}
	return unknown ? MATCH_UNKNOWN : MATCH_YES;
}

int
gate_find(const struct conf *conf, const struct gate_facts *f)
{
	size_t	 i;

	for (i = 0; i < conf->ngates; i++)
		switch (matches(conf, &conf->gate[i], f)) {
		case MATCH_YES:
			return (int)i;
		case MATCH_UNKNOWN:
			return GATE_UNSURE;
		case MATCH_NO:
			break;
		}
	return GATE_NONE;
}

const char *
gate_sender(const struct conf_gate *g, const char *sender, struct verp *v)
{
	return g->return_path != CONF_RETURN_KEEP &&
	    verp_find(sender, v) == 1 && !v->recipient ? v->address : sender;
}

const char **
gate_headers(const struct conf *conf)
{
	const struct conf_gate	 *g;
	const char		**names;
	size_t			  i, j, n = 0;

	names = calloc(conf->ngates * CONF_REQUIRE_MAX + 1, sizeof(*names));
	for (i = 0; names != NULL && i < conf->ngates; i++) {
		g = &conf->gate[i];
		for (j = 0; j < g->nrequire; j++)
			if (g->require[j].need == CONF_NEED_HEADER)
				names[n++] = g->require[j].text;
	}
	return names;
}

int
gate_reply(const struct conf_gate *g, const struct gate_decision *d,
    char *reply, size_t size)
{
	const char	*code;

	reply[0] = '\0';
	if (d->verdict != GATE_FAIL && d->verdict != GATE_PUTOFF)
		return 0;
	if (g->otherwise == CONF_OTHERWISE_REPORT ||
	    g->otherwise == CONF_OTHERWISE_JUNK)
		return 0;
	if (d->verdict == GATE_PUTOFF)
		code = "451 4.7.0";
	else
		code = g->otherwise == CONF_OTHERWISE_TEMPFAIL ? "451 4.7.1" :
		    "550 5.7.1";
	(void)snprintf(reply, size, "%s Gate \"%s\" requires %s: %s", code,
	    g->name, d->what, d->why);
	return 1;
}

int
gate_tls(const char *text, size_t len)
{
	if (len < 5 || strncasecmp(text, "TLSv1", 5) != 0)
		return -1;
	if (len < 7 || text[5] != '.')
		return len == 5 || text[5] == ':' ? 0 : -1;
	return text[6] >= '0' && text[6] <= '9' ? text[6] - '0' : -1;
}
