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

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "ask.h"
#include "base/hostport.h"
#include "base/log.h"
#include "conf/conf.h"
#include "ctl.h"
#include "ctl_store.h"
#include "ctlcmd.h"
#include "gate/gate.h"
#include "gate/gatelimit.h"
#include "handoff/handoff.h"
#include "header/addr.h"
#include "header/verp.h"
#include "judge/judgefacts.h"
#include "msgfile.h"
#include "store/store.h"

/* check message: who sent it, which gate it comes to, what that decides. */

#define CHECKMSG_LOCAL	"local"		/* the source that is no address */

/* What the options say of the session and the envelope. */
struct checkmsg {
	struct ctl		*ctl;
	struct ask		 ask;
	const char		*source;	/* as given */
	struct handoff_session	 session;	/* family 0: by the socket */
	char			 name[256];	/* session.host, when asked */
	const char		*helo;		/* or NULL */
	const char		*listener;	/* address:port, or NULL */
	int			 tls;		/* 1.x: x; -1 without TLS */
	const char		*sender;	/* or NULL: the file's */
	unsigned int		 rcpts;
	int			 delivered;	/* smtpd's Received is there */
	struct store		*store;		/* when limits were asked for */
	int			 nostore;	/* it does not open */
};

/* One message and what was found. */
struct checkmsg_one {
	const char		*file;
	FILE			*fp;
	struct msgfile		 msg;
	struct hdr		 hdr;		/* what gates require */
	struct sbuf		 header;	/* its lines, LF after each */
	const char		*writer;	/* of its header, or NULL */
	const char		*sender;	/* "" is the null sender */
	int			 from_path;	/* it is of Return-Path */
	int			 moved;		/* hop says where it is from */
	struct handoff_hop	 hop;
	struct judge_result	 judged;
	const struct conf_gate	*gate;		/* or NULL */
	struct gate_facts	 facts;
	struct gate_listed	 listed[CONF_REQUIRE_MAX];
};

/* check message: what its options say. */

/* The client's address, of 4 or 16 bytes; mapped IPv4 is IPv4. */
static int
option_source(struct checkmsg *c)
{
	const char	*s = c->ctl->opt['s'];

	if (s == NULL)
		return ctl_usage(c->ctl, "-s is missing: the address that the "
		    "message comes from, or \"%s\"", CHECKMSG_LOCAL);
	c->source = s;
	if (strcmp(s, CHECKMSG_LOCAL) == 0)
		return CTL_OK;
	c->session.family = received_addr(s, strlen(s), c->session.addr);
	return c->session.family != 0 ? CTL_OK : ctl_usage(c->ctl,
	    "-s %s: expected an address or \"%s\"", s, CHECKMSG_LOCAL);
}

/* "TLSv1.3" and "1.3" are the same. */
static int
option_tls(struct checkmsg *c)
{
	const char	*s = c->ctl->opt['v'];

	c->tls = -1;
	if (s == NULL)
		return CTL_OK;
	if (strncasecmp(s, "TLSv", 4) == 0)
		s += 4;
	if (strncmp(s, "1.", 2) == 0 && s[2] >= '0' && s[2] <= '3' &&
	    s[3] == '\0') {
		c->tls = s[2] - '0';
		return CTL_OK;
	}
	return ctl_usage(c->ctl, "-v %s: expected a version of TLS, such as "
	    "1.2", c->ctl->opt['v']);
}

static int
option_listener(struct checkmsg *c)
{
	static char	 text[HOSTPORT_TEXT_MAX + 1];
	struct hostport	 hp;
	unsigned char	 addr[16];
	char		 why[HOSTPORT_WHY];

	if (c->ctl->opt['l'] == NULL)
		return CTL_OK;
	if (hostport_parse(c->ctl->opt['l'], 25, &hp, why,
	    sizeof(why)) == -1)
		return ctl_usage(c->ctl, "-l %s: %s, expected an address and "
		    "a port such as 192.0.2.1:25", c->ctl->opt['l'], why);
	if (received_addr(hp.host, strlen(hp.host), addr) == 0 ||
	    hostport_format(&hp, text, sizeof(text)) == -1)
		return ctl_usage(c->ctl, "-l %s: expected an address and "
		    "a port such as 192.0.2.1:25", c->ctl->opt['l']);
	c->listener = text;
	return CTL_OK;
}

/* The envelope's sender and recipients. */
static int
option_envelope(struct checkmsg *c)
{
	const char	*s = c->ctl->opt['m'];
	int		 i;

	if (s != NULL && strcmp(s, "<>") == 0)
		s = "";
	if (s != NULL && s[0] != '\0' && !addr_valid(s) && !verp_valid(s))
		return ctl_usage(c->ctl, "-m %s: expected an address, or "
		    "\"<>\"", s);
	c->sender = s;
	for (i = 0; (s = ctl_value(c->ctl, 'r', i)) != NULL; i++)
		if (!addr_valid(s))
			return ctl_usage(c->ctl, "-r %s: expected an address",
			    s);
	c->rcpts = i == 0 ? 1 : i;
	return CTL_OK;
}

/* Reads what the options say: CTL_OK, or CTL_USAGE after saying why. */
static int
read_options(struct checkmsg *c)
{
	struct ctl	*ctl = c->ctl;
	int		 rv;

	if ((rv = option_source(c)) != CTL_OK ||
	    (rv = option_tls(c)) != CTL_OK ||
	    (rv = option_listener(c)) != CTL_OK ||
	    (rv = option_envelope(c)) != CTL_OK)
		return rv;
	c->helo = ctl->opt['e'];
	if (c->helo != NULL && (c->helo[0] == '\0' ||
	    strpbrk(c->helo, " \t\r\n") != NULL))
		return ctl_usage(ctl, "-e %s: expected a greeting's name",
		    c->helo);
	c->session.login = ctl->opt['u'];
	if (ctl->opt['n'] != NULL && !hostport_is_domain(ctl->opt['n']))
		return ctl_usage(ctl, "-n %s: expected a host's name",
		    ctl->opt['n']);
	c->session.host = ctl->opt['n'];
	c->delivered = ctl->opt['d'] != NULL;
	return CTL_OK;
}

/* check message: who sent it, and what SPF, DKIM and DMARC say. */

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
	json_string(js, "from", o->writer);
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
	say(c, "From", o->writer != NULL ? o->writer : o->msg.summary.why_not);
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

/* Shows who sent it. */
static void
show_sender(struct checkmsg *c, const struct checkmsg_one *o)
{
	show_session(c, o);
	show_handoff(c, o);
	show_spf(c, o);
	show_dkim(c, o);
	show_dmarc(c, o);
}

/* check message: which gate a message comes to, and what that decides. */

/* Finds the gate; with what is known before the DNS is asked. */
static void
find_gate(struct checkmsg *c, struct checkmsg_one *o)
{
	const struct conf	*conf = c->ctl->conf;
	struct gate_facts	*f = &o->facts;
	int			 i;

	f->known = GATE_KNOWN_SOURCE | GATE_KNOWN_FILES | GATE_KNOWN_SENDER |
	    GATE_KNOWN_HEADER;
	f->local = c->session.family == 0;
	f->family = o->moved ? o->hop.family : c->session.family;
	memcpy(f->addr, o->moved ? o->hop.addr : c->session.addr,
	    sizeof(f->addr));
	f->listener = c->listener;
	f->login = c->session.login;
	f->tls = c->tls;
	f->sender = o->sender;
	f->header = &o->msg.summary;
	f->hdr = &o->hdr;
	if ((i = gate_find(conf, f)) >= 0)
		o->gate = &conf->gate[i];
}

/* One requirement: what it is, whether it is fulfilled, and why not. */
static void
show_require(struct checkmsg *c, const struct checkmsg_one *o, size_t i)
{
	static const char *const verdicts[] = {
		[GATE_PASS] = "pass", [GATE_FAIL] = "fail",
		[GATE_PUTOFF] = "later", [GATE_OPEN] = "open"
	};
	struct json		*js = &c->ctl->js;
	struct gate_decision	 d;

	(void)gate_require(c->ctl->conf, o->gate, i, &o->facts, &d);
	json_object(js, NULL);
	json_string(js, "require", d.what);
	json_string(js, "result", verdicts[d.verdict]);
	json_string(js, "why", d.why[0] != '\0' ? d.why : NULL);
	json_end(js);
	ctl_say(c->ctl, "%-5s %s%s%s", verdicts[d.verdict], d.what,
	    d.why[0] != '\0' ? ": " : "", d.why);
}

/* What the gate puts in the place of the envelope's sender. */
static void
show_path(struct checkmsg *c, const struct checkmsg_one *o)
{
	struct verp	 v;
	const char	*becomes = NULL;

	if (o->gate == NULL || o->sender[0] == '\0')
		becomes = NULL;
	else if (o->gate->return_path == CONF_RETURN_STRIP &&
	    verp_find(o->sender, &v) && !v.recipient)
		becomes = v.address;
	else if (o->gate->return_path == CONF_RETURN_WRAP &&
	    !conf_is_our_address(c->ctl->conf, o->sender) &&
	    verp_valid(o->sender))
		becomes = "a return path of this host";
	json_string(&c->ctl->js, "becomes", becomes);
	if (becomes != NULL)
		ctl_say(c->ctl, "      %-10s %s", "becomes", becomes);
}

/* The store, opened once, when a gate has limits. */
static struct store *
store(struct checkmsg *c)
{
	if (c->store == NULL && !c->nostore)
		c->nostore = (c->store = ctl_open(c->ctl)) == NULL;
	return c->store;
}

/* One limit: what it is, and how much of it is used. */
static void
show_limit(struct checkmsg *c, const struct gatelimit *l, size_t i)
{
	const struct store_limit	*sl = &l->v[i];
	struct json			*js = &c->ctl->js;
	char				 what[128];
	int64_t				 used = 0;
	int				 known, over;

	(void)snprintf(what, sizeof(what), "%s %u per %s%s", l->messages[i] ?
	    "messages" : "recipients", sl->limit, conf_span_name(sl->window),
	    l->each[i] ? " per sender" : "");
	known = store(c) != NULL && store_limit_used(c->store, sl, time(NULL),
	    &used) == 0;
	over = known && used + sl->count > sl->limit;
	json_object(js, NULL);
	json_string(js, "limit", what);
	json_string(js, "result", !known ? "open" : over ? "fail" : "pass");
	if (known)
		json_int(js, "used", used);
	else
		json_null(js, "used");
	json_end(js);
	if (known)
		ctl_say(c->ctl, "%-5s limit %s: %" PRId64 " used, %u to come",
		    over ? "fail" : "pass", what, used, sl->count);
	else
		ctl_say(c->ctl, "%-5s limit %s: how much is used is not known",
		    "open", what);
}

static void
show_limits(struct checkmsg *c, const struct checkmsg_one *o)
{
	struct gatelimit	 l;
	size_t			 i;

	l.n = 0;
	if (o->gate != NULL)
		gatelimit_set(&l, o->gate, o->sender, c->rcpts);
	json_array(&c->ctl->js, "limits");
	for (i = 0; i < l.n; i++)
		show_limit(c, &l, i);
	json_end(&c->ctl->js);
}

/* 1 and a reply when a limit has no room for so many recipients. */
static int
limits_over(struct checkmsg *c, const struct checkmsg_one *o,
    unsigned int rcpts, char *reply, size_t size)
{
	struct gatelimit	 l;
	size_t			 which;

	gatelimit_set(&l, o->gate, o->sender, rcpts);
	if (l.n == 0 || o->gate->otherwise == CONF_OTHERWISE_REPORT ||
	    store(c) == NULL || store_limit_room(c->store, l.v, l.n,
	    time(NULL), &which) != 0)
		return 0;
	gatelimit_reply(&l, which, o->gate, reply, size);
	return 1;
}

/* 1 and a reply when the gate refuses it, by what is known then. */
static int
gate_refuses(struct checkmsg *c, const struct checkmsg_one *o,
    unsigned int known, char *reply, size_t size)
{
	struct gate_facts	 f = o->facts;
	struct gate_decision	 d;

	f.known = known;
	(void)gate_judge(c->ctl->conf, o->gate, &f, &d);
	return gate_reply(o->gate, &d, reply, size);
}

/*
 * 1 and the reply when it is refused.  Of several reasons that one counts
 * which filter-relay finds first: at MAIL FROM, by the header, by the DNS, or
 * at the end.
 */
static int
refused(struct checkmsg *c, const struct checkmsg_one *o, char *reply,
    size_t size)
{
	unsigned int	 known = GATE_KNOWN_SOURCE | GATE_KNOWN_FILES |
			    GATE_KNOWN_SENDER;

	if (!handrules_may(c->ctl->conf, &c->session) &&
	    (gate_refuses(c, o, known, reply, size) ||
	    limits_over(c, o, 1, reply, size)))
		return 1;
	return gate_refuses(c, o, known | GATE_KNOWN_HEADER, reply, size) ||
	    gate_refuses(c, o, GATE_KNOWN_ALL, reply, size) ||
	    limits_over(c, o, c->rcpts, reply, size);
}

/* What is done with it, in a word. */
static const char *
decision(struct checkmsg *c, const struct checkmsg_one *o, char *reply,
    size_t size)
{
	struct gate_decision	 d;

	reply[0] = '\0';
	if (o->gate == NULL)
		return "pass";
	if (refused(c, o, reply, size))
		return reply[0] == '4' ? "tempfail" : "reject";
	if (gate_judge(c->ctl->conf, o->gate, &o->facts, &d) == GATE_PASS)
		return "pass";
	return conf_otherwise_name(o->gate->otherwise);
}

/*
 * Shows the gate, what it requires and what it decides.  Returns the exit
 * status.
 */
static int
show_decision(struct checkmsg *c, struct checkmsg_one *o)
{
	struct json	*js = &c->ctl->js;
	const char	*word;
	char		 reply[GATE_REPLY_MAX];
	size_t		 i;

	json_string(js, "gate", o->gate != NULL ? o->gate->name : NULL);
	ctl_say(c->ctl, "      %-10s %s", "gate", o->gate != NULL ?
	    o->gate->name : "none is for this mail");
	show_path(c, o);
	json_array(js, "requirements");
	for (i = 0; o->gate != NULL && i < o->gate->nrequire; i++)
		show_require(c, o, i);
	json_end(js);
	show_limits(c, o);
	word = decision(c, o, reply, sizeof(reply));
	json_string(js, "decision", word);
	json_string(js, "reply", reply[0] != '\0' ? reply : NULL);
	ctl_say(c->ctl, "      %-10s %s%s%s", "decision", word,
	    reply[0] != '\0' ? ": " : "", reply);
	return reply[0] != '\0' ? CTL_FAIL : CTL_OK;
}

/*
 * check message: a dry run of one message through hand-off, sender
 * authentication and gates.
 */

#define NAMES_MAX	5	/* of the client's address that are looked at */

/* Has the name that address? */
static int
leads_back(struct checkmsg *c, const char *name)
{
	const struct handoff_session	*s = &c->session;
	struct dns_answer		 a;
	size_t				 i;
	int				 found = 0;

	(void)ask_dns(&c->ask, name, s->family == AF_INET ? DNS_A : DNS_AAAA,
	    &a);
	for (i = 0; i < a.n && !found; i++)
		found = s->family == AF_INET ?
		    memcmp(&a.v[i].in, s->addr, 4) == 0 :
		    memcmp(&a.v[i].in6, s->addr, 16) == 0;
	ask_clear(&a);
	return found;
}

/* The name of the client's address that leads back to it, as smtpd asks. */
static void
find_name(struct checkmsg *c)
{
	struct dns_answer	 a;
	char			 name[DNS_NAME_MAX + 1];
	size_t			 i;

	if (c->session.host != NULL || c->session.family == 0 ||
	    dns_reverse(c->session.family, c->session.addr, name,
	    sizeof(name)) == -1)
		return;
	(void)ask_dns(&c->ask, name, DNS_PTR, &a);
	for (i = 0; i < a.n && i < NAMES_MAX; i++)
		if (leads_back(c, a.v[i].text) && strlcpy(c->name,
		    a.v[i].text, sizeof(c->name)) < sizeof(c->name)) {
			c->session.host = c->name;
			break;
		}
	ask_clear(&a);
}

/* A line of the header: for fields that gates require, and Received. */
static int
header_line(void *arg, const char *line, size_t len)
{
	struct checkmsg_one	*o = arg;

	return hdr_line(&o->hdr, line, len) == -1 ||
	    sbuf_add(&o->header, line, len) == -1 ||
	    sbuf_addch(&o->header, '\n') == -1 ? -1 : 0;
}

/* Reads the file: CTL_OK, or CTL_FAIL after saying why. */
static int
read_one(struct checkmsg *c, struct checkmsg_one *o, const char **names)
{
	const struct addr	*writer;
	const char		*why = NULL;

	if (msgfile_init(&o->msg, time(NULL)) == -1)
		return ctl_fail(c->ctl, "out of memory");
	hdr_init(&o->hdr, names, NULL, NULL);
	sbuf_init(&o->header, 2 * MSGFILE_HEADER_MAX);
	o->msg.header = header_line;
	o->msg.arg = o;
	if (msgfile_read(&o->msg, o->fp, &why) == -1)
		return ctl_fail(c->ctl, "%s: %s", o->file, why);
	if (hdr_finish(&o->hdr) == -1)
		return ctl_fail(c->ctl, "out of memory");
	if ((writer = summary_writer(&o->msg.summary)) != NULL)
		o->writer = writer->addr;
	if (c->sender != NULL)
		o->sender = c->sender;
	else if ((o->from_path = o->msg.has_path))
		o->sender = o->msg.path;
	else
		o->sender = o->writer != NULL ? o->writer : "";
	return CTL_OK;
}

/* Where it is from. */
static int
find_origin(struct checkmsg *c, struct checkmsg_one *o)
{
	o->moved = handrules_find(c->ctl->conf, &c->session, o->header.data,
	    o->header.len, c->delivered, &o->hop);
	return o->moved != -1 ? CTL_OK : ctl_fail(c->ctl, "out of memory");
}

static void
judge(struct checkmsg *c, struct checkmsg_one *o)
{
	const struct dnslist	*lists[CONF_REQUIRE_MAX];
	struct judge_request	 req;

	memset(&req, 0, sizeof(req));
	req.family = o->moved ? o->hop.family : c->session.family;
	req.addr = o->moved ? o->hop.addr : c->session.addr;
	req.helo = c->helo;
	if (o->moved)
		req.helo = o->hop.helo[0] != '\0' ? o->hop.helo : NULL;
	req.sender = o->sender;
	if (o->writer != NULL)
		req.author = addr_domain(o->writer);
	req.sigs = dkim_sig(o->msg.dkim, 0);
	req.nsigs = dkim_count(o->msg.dkim);
	req.lists = lists;
	if (o->gate != NULL)
		req.nlists = judgefacts_lists(o->gate, lists);
	ask_judge(&c->ask, &req, &o->judged);
	judgefacts_set(&o->facts, &o->judged, req.sigs, req.nsigs, o->gate,
	    o->listed);
}

static int
check_one(struct checkmsg *c, struct checkmsg_one *o)
{
	struct json	*js = &c->ctl->js;
	int		 status;

	find_gate(c, o);
	judge(c, o);
	json_object(js, NULL);
	json_string(js, "file", o->file);
	json_int(js, "bytes", o->msg.bytes);
	ctl_say(c->ctl, "%s: %lld bytes", o->file, o->msg.bytes);
	show_sender(c, o);
	status = show_decision(c, o);
	json_end(js);
	return status;
}

static void
free_all(struct checkmsg_one *v, int n)
{
	int	 i;

	for (i = 0; i < n; i++) {
		if (v[i].fp != NULL && v[i].fp != stdin)
			(void)fclose(v[i].fp);
		msgfile_free(&v[i].msg);
		hdr_free(&v[i].hdr);
		sbuf_free(&v[i].header);
	}
	free(v);
}

/* Opens and reads all of them: CTL_OK, or another status after saying why. */
static int
read_all(struct checkmsg *c, struct checkmsg_one *v, const char **names)
{
	int	 i, rv, dash = 0;

	for (i = 0; i < c->ctl->argc; i++)
		dash += strcmp(c->ctl->arg[i], "-") == 0;
	if (dash > 1)
		return ctl_usage(c->ctl, "standard input can be read once");
	for (i = 0; i < c->ctl->argc; i++) {
		v[i].file = c->ctl->arg[i];
		if (strcmp(v[i].file, "-") == 0)
			v[i].fp = stdin;
		else if ((v[i].fp = fopen(v[i].file, "r")) == NULL)
			return ctl_fail(c->ctl, "%s: %s", v[i].file,
			    strerror(errno));
		if ((rv = read_one(c, &v[i], names)) != CTL_OK ||
		    (rv = find_origin(c, &v[i])) != CTL_OK)
			return rv;
	}
	return CTL_OK;
}

/* Names of hosts matter where a hand-off goes by them. */
static int
asks_names(const struct conf *conf)
{
	size_t	 i;

	for (i = 0; i < conf->nhandoffs; i++)
		if (conf->handoff[i].strategy == CONF_STRATEGY_HOSTNAMES)
			return 1;
	return 0;
}

/* Reads the lists that relay.conf names; as when filter-relay starts. */
static int
load_lists(struct ctl *ctl)
{
	struct conf_errors	 errors;
	size_t			 i;
	int			 rv;

	memset(&errors, 0, sizeof(errors));
	rv = conf_load_lists(ctl->conf, &errors);
	for (i = 0; i < errors.count; i++)
		(void)ctl_fail(ctl, "%s", errors.message[i]);
	conf_errors_free(&errors);
	return rv == 0 ? CTL_OK : CTL_FAIL;
}

/* All of it, with the name servers at hand. */
static int
run(struct checkmsg *c, struct checkmsg_one *v)
{
	struct ctl	 *ctl = c->ctl;
	const char	**names;
	int		  i, one, status;

	if (asks_names(ctl->conf))
		find_name(c);
	if ((names = gate_headers(ctl->conf)) == NULL)
		return ctl_fail(ctl, "out of memory");
	if ((status = read_all(c, v, names)) == CTL_OK) {
		ctl->show_anyway = 1;
		json_object(&ctl->js, NULL);
		json_array(&ctl->js, "messages");
		for (i = 0; i < ctl->argc; i++)
			if ((one = check_one(c, &v[i])) > status)
				status = one;
		json_end(&ctl->js);
		json_end(&ctl->js);
	}
	free(names);
	return status;
}

int
ctl_check_message(struct ctl *ctl)
{
	struct checkmsg		 c;
	struct checkmsg_one	*v;
	int			 rv;

	memset(&c, 0, sizeof(c));
	c.ctl = ctl;
	log_init("smtprelayctl", 1);
	if ((rv = read_options(&c)) != CTL_OK ||
	    (rv = load_lists(ctl)) != CTL_OK)
		return rv;
	if ((v = calloc(ctl->argc, sizeof(*v))) == NULL)
		return ctl_fail(ctl, "out of memory");
	if ((rv = ask_open(&c.ask, ctl, 'S')) == CTL_OK) {
		rv = run(&c, v);
		ask_close(&c.ask);
	}
	store_close(c.store);
	free_all(v, ctl->argc);
	return rv;
}
