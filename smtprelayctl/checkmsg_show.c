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

/* check message: who sent it, and what SPF, DKIM and DMARC say. */

#include <sys/socket.h>
#include <arpa/inet.h>

#include <stdio.h>
#include <string.h>

#include "checkmsg.h"

/* A line for people: what was looked at, and what was found. */
static void
say(struct checkmsg *c, const char *what, const char *text)
{
	ctl_say(c->ctl, "      %-10s %s", what, text);
}

static void
show_session(struct checkmsg *c, const struct checkmsg_one *o)
{
	struct json	*js = &c->ctl->js;
	char		 text[1024];

	json_string(js, "source", c->source);
	json_string(js, "name", c->session.host);
	json_string(js, "helo", c->helo);
	json_string(js, "user", c->session.login);
	json_string(js, "listener", c->listener);
	json_string(js, "sender", o->sender);
	json_string(js, "from", o->msg.facts.writer);
	(void)snprintf(text, sizeof(text), "%s%s%s%s%s%s%s", c->source,
	    c->session.host != NULL ? ", " : "",
	    c->session.host != NULL ? c->session.host : "",
	    c->helo != NULL ? ", greeting as " : "",
	    c->helo != NULL ? c->helo : "",
	    c->session.login != NULL ? ", logged in as " : "",
	    c->session.login != NULL ? c->session.login : "");
	say(c, "source", text);
	(void)snprintf(text, sizeof(text), "<%s>%s", o->sender,
	    o->from_path ? ", by Return-Path" : "");
	say(c, "sender", text);
	say(c, "From", o->msg.facts.writer != NULL ? o->msg.facts.writer :
	    o->msg.facts.why_not);
}

static void
show_handoff(struct checkmsg *c, const struct checkmsg_one *o)
{
	struct json	*js = &c->ctl->js;
	char		 ip[INET6_ADDRSTRLEN], text[1024];

	if (!o->moved) {
		json_null(js, "handoff");
		say(c, "hand-off", "none: the source is the origin");
		return;
	}
	if (inet_ntop(o->hop.family, o->hop.addr, ip, sizeof(ip)) == NULL)
		(void)strlcpy(ip, "an unknown address", sizeof(ip));
	json_object(js, "handoff");
	json_string(js, "symbol", o->hop.symbol);
	json_string(js, "ip", o->hop.family != 0 ? ip : NULL);
	json_string(js, "host", o->hop.host[0] ? o->hop.host : NULL);
	json_string(js, "helo", o->hop.helo[0] ? o->hop.helo : NULL);
	json_end(js);
	(void)snprintf(text, sizeof(text), "%s: by %s, %s, greeting as %s",
	    o->hop.symbol, ip, o->hop.host[0] ? o->hop.host : "without name",
	    o->hop.helo[0] ? o->hop.helo : "nothing");
	say(c, "hand-off", text);
}

static void
show_spf(struct checkmsg *c, const struct checkmsg_one *o)
{
	const struct judge_result	*r = &o->judged;
	struct json			*js = &c->ctl->js;
	char				 text[SPF_WHY_MAX + DNS_NAME_MAX + 64];
	const char			*word, *why;

	word = r->spf_asked ? spf_word(r->spf.result) : "none";
	why = r->spf_asked ? r->spf.why : o->sender[0] == '\0' ?
	    "there is neither sender nor greeting" :
	    "the address is not known";
	json_object(js, "spf");
	json_string(js, "result", word);
	json_string(js, "domain", r->spf_asked ? r->spf.domain : NULL);
	json_string(js, "why", why);
	json_end(js);
	(void)snprintf(text, sizeof(text), "%s%s%s%s%s", word,
	    r->spf_asked ? " of " : "", r->spf_asked ? r->spf.domain : "",
	    why[0] != '\0' ? ": " : "", why);
	say(c, "SPF", text);
}

static void
show_signature(struct checkmsg *c, const struct dkim_sig *s)
{
	struct json	*js = &c->ctl->js;
	const char	*why = dkim_why(s);
	char		 text[1024];

	json_object(js, NULL);
	json_string(js, "result", dkim_result(s));
	json_bool(js, "counts", dkim_counts(s));
	json_string(js, "domain", s->domain);
	json_string(js, "selector", s->selector);
	json_string(js, "algorithm", dkim_algorithm(s));
	json_string(js, "why", why);
	json_end(js);
	(void)snprintf(text, sizeof(text), "%s of %s, selector %s%s%s%s%s",
	    dkim_result(s), s->domain[0] ? s->domain : "nobody",
	    s->selector[0] ? s->selector : "none",
	    dkim_algorithm(s)[0] != '\0' ? ", " : "", dkim_algorithm(s),
	    why[0] != '\0' ? ": " : "", why);
	say(c, "DKIM", text);
}

static void
show_dkim(struct checkmsg *c, const struct checkmsg_one *o)
{
	size_t	 i, n = dkim_count(o->msg.dkim);

	json_array(&c->ctl->js, "dkim");
	for (i = 0; i < n; i++)
		show_signature(c, dkim_sig(o->msg.dkim, i));
	json_end(&c->ctl->js);
	if (n == 0)
		say(c, "DKIM", "no signature");
}

static void
show_dmarc(struct checkmsg *c, const struct checkmsg_one *o)
{
	const struct dmarc	*d = &o->judged.dmarc;
	struct json		*js = &c->ctl->js;
	char			 text[3 * DNS_NAME_MAX];
	const char		*aligned;

	json_object(js, "dmarc");
	json_string(js, "result", dmarc_result(d->result));
	json_string(js, "domain", d->author[0] ? d->author : NULL);
	json_string(js, "policy", d->where[0] ? dmarc_policy(d->policy) :
	    NULL);
	json_string(js, "record", d->where[0] ? d->where : NULL);
	json_bool(js, "spf", d->spf);
	json_bool(js, "dkim", d->dkim);
	json_end(js);
	aligned = d->spf && d->dkim ? "by SPF and DKIM" : d->spf ? "by SPF" :
	    d->dkim ? "by DKIM" : d->unsure ? "perhaps: not all could be "
	    "asked" : "neither by SPF nor by DKIM";
	if (d->author[0] == '\0')
		(void)snprintf(text, sizeof(text), "%s: there is not one "
		    "From address", dmarc_result(d->result));
	else if (d->where[0] == '\0')
		(void)snprintf(text, sizeof(text), "%s of %s, no policy; "
		    "aligned %s", dmarc_result(d->result), d->author,
		    aligned);
	else
		(void)snprintf(text, sizeof(text), "%s of %s, policy %s at "
		    "%s; aligned %s", dmarc_result(d->result), d->author,
		    dmarc_policy(d->policy), d->where, aligned);
	say(c, "DMARC", text);
}

void
checkmsg_show_sender(struct checkmsg *c, const struct checkmsg_one *o)
{
	show_session(c, o);
	show_handoff(c, o);
	show_spf(c, o);
	show_dkim(c, o);
	show_dmarc(c, o);
}
