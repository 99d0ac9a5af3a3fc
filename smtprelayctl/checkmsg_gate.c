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

#include <stdio.h>
#include <string.h>

#include "checkmsg.h"

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
	f->cut = (o->msg.facts.truncated & FACTS_TRUNC_HDR) != 0;
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

/* The last line; why may be "". */
static int
show_decision(struct checkmsg *c, const char *decision, const char *reply,
    int status)
{
	struct json	*js = &c->ctl->js;

	json_string(js, "decision", decision);
	json_string(js, "reply", reply[0] != '\0' ? reply : NULL);
	ctl_say(c->ctl, "      %-10s %s%s%s", "decision", decision,
	    reply[0] != '\0' ? ": " : "", reply);
	return status;
}

int
checkmsg_decide(struct checkmsg *c, struct checkmsg_one *o)
{
	struct json		*js = &c->ctl->js;
	struct gate_decision	 d;
	char			 reply[GATE_REPLY_MAX];
	size_t			 i;

	json_string(js, "gate", o->gate != NULL ? o->gate->name : NULL);
	ctl_say(c->ctl, "      %-10s %s", "gate", o->gate != NULL ?
	    o->gate->name : "none is for this mail");
	json_array(js, "requirements");
	for (i = 0; o->gate != NULL && i < o->gate->nrequire; i++)
		show_require(c, o, i);
	json_end(js);
	if (o->gate == NULL)
		return show_decision(c, "pass", "", CTL_OK);
	if (gate_judge(c->ctl->conf, o->gate, &o->facts, &d) == GATE_PASS)
		return show_decision(c, "pass", "", CTL_OK);
	if (gate_reply(o->gate, &d, reply, sizeof(reply)))
		return show_decision(c, reply[0] == '4' ? "tempfail" :
		    "reject", reply, CTL_FAIL);
	return show_decision(c, conf_otherwise_name(o->gate->otherwise), "",
	    CTL_OK);
}
