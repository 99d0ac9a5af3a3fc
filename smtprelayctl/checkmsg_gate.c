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

/* check message: which gate a message comes to, and what that decides. */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "checkmsg.h"
#include "ctl_store.h"
#include "gate/gatelimit.h"
#include "handoff/handrules.h"
#include "header/verp.h"

void
checkmsg_gate(struct checkmsg *c, struct checkmsg_one *o)
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
	f->from = &o->msg.facts.from;
	f->nfrom = o->msg.facts.nfrom;
	f->hdr = &o->hdr;
	f->cut = (o->msg.facts.truncated &
	    (FACTS_TRUNC_HDR | FACTS_TRUNC_ADDRS)) != 0;
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

int
checkmsg_decide(struct checkmsg *c, struct checkmsg_one *o)
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
