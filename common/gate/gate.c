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

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "conf/listfile.h"
#include "gate/gate.h"

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
gate_match(const struct conf *conf, const struct conf_gate *g,
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
		switch (gate_match(conf, &conf->gate[i], f)) {
		case MATCH_YES:
			return (int)i;
		case MATCH_UNKNOWN:
			return GATE_UNSURE;
		case MATCH_NO:
			break;
		}
	return GATE_NONE;
}

int
gate_may(const struct conf *conf, const struct conf_gate *g,
    const struct gate_facts *f)
{
	return gate_match(conf, g, f) != MATCH_NO;
}

const char *
gate_sender(const struct conf_gate *g, const char *sender, struct verp *v)
{
	return g->return_path != CONF_RETURN_KEEP &&
	    verp_find(sender, v) == 1 && !v->recipient ? v->address : sender;
}

unsigned int
gate_wants(const struct conf_gate *g)
{
	unsigned int	 wants = 0;
	size_t		 i;

	for (i = 0; i < g->nrequire; i++)
		switch (g->require[i].need) {
		case CONF_NEED_TLS:
			break;
		case CONF_NEED_SENDER:
			wants |= GATE_KNOWN_SENDER | GATE_KNOWN_HEADER;
			break;
		case CONF_NEED_HEADER:
			wants |= GATE_KNOWN_HEADER;
			break;
		case CONF_NEED_DKIM:
		case CONF_NEED_ALIGNED:
		case CONF_NEED_SPF:
		case CONF_NEED_DMARC:
			wants |= GATE_KNOWN_AUTH;
			break;
		case CONF_NEED_UNLISTED:
			wants |= GATE_KNOWN_LISTS;
			break;
		}
	return wants;
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
