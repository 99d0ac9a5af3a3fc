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

/* Gates, as far as they can be judged without the message. */

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "gatefacts.h"
#include "keeper.h"

/* Tells the log what is done with a message that lacks something. */
static void
gate_log(struct keeper *k, const struct ktx *tx, const char *done,
    const char *why)
{
	const struct conf_gate *g = &k->conf->gate[tx->gate - 1];

	lograte_info(k->rate, k->now, tx->source, "%s: gate %s: mail of <%s> "
	    "from %s is %s: %s", tx->sid, g->name, tx->sender, tx->source,
	    done, why);
}

/* What is done with it when it is not refused. */
static const char *
gate_done(const struct conf_gate *g)
{
	return g->otherwise == CONF_OTHERWISE_JUNK ? "marked as spam" :
	    "let through";
}

void
keeper_gate_facts(const struct ktx *tx, struct gate_facts *f)
{
	gatefacts_session(f, tx->local, tx->source, tx->listener, tx->login,
	    tx->sender, tx->tls);
	f->known |= GATE_KNOWN_FILES;
	if (!tx->handed)
		f->known |= GATE_KNOWN_SOURCE;
}

int
keeper_gate_mail(struct keeper *k, struct ktx *tx, char *reply)
{
	const struct conf_gate *g;
	struct gate_decision d;
	struct gate_facts f;
	char why[sizeof(d.what) + sizeof(d.why) + 16];
	int i, n;

	keeper_gate_facts(tx, &f);
	if ((i = gate_find(k->conf, &f)) == GATE_NONE)
		return MSG_RCPT_PLAIN;
	if (i == GATE_UNSURE)
		return MSG_RCPT_ENGAGE;
	g = &k->conf->gate[i];
	tx->gate = (uint32_t)i + 1;
	gate_judge(k->conf, g, &f, &d);
	(void)snprintf(why, sizeof(why), "it requires %s: %s", d.what, d.why);
	if (gate_reply(g, &d, reply, KEEPER_REPLY_MAX + 1) == 1) {
		gate_log(k, tx, "refused", why);
		return MSG_RCPT_REFUSE;
	}
	if ((n = keeper_limit_gate(k, tx, reply)) == -1) {
		keeper_trouble(k, "gate");
		strlcpy(reply, KEEPER_TRY_LATER, KEEPER_REPLY_MAX + 1);
	}
	if (n != 1)
		return MSG_RCPT_REFUSE;
	if (d.verdict == GATE_PASS)
		return MSG_RCPT_COUNT;
	if (d.verdict == GATE_FAIL && g->otherwise == CONF_OTHERWISE_REPORT) {
		gate_log(k, tx, gate_done(g), why);
		return MSG_RCPT_COUNT;
	}
	return MSG_RCPT_ENGAGE;
}

void
keeper_gate_finish(struct keeper *k, struct ktx *tx, const struct finish *fi)
{
	const struct conf_gate *g;

	/* The engine says so, and it may be wrong in any way. */
	if (fi->gate == 0 || fi->gate > k->conf->ngates)
		return;
	tx->gate = fi->gate;
	g = &k->conf->gate[tx->gate - 1];
	if (fi->gatewhy[0] == '\0' || tx->reply[0] != '\0')
		return;
	if (fi->gatereply[0] == '\0')
		gate_log(k, tx, gate_done(g), fi->gatewhy);
	else if (strlcpy(tx->reply, fi->gatereply, sizeof(tx->reply)) >=
	    sizeof(tx->reply))
		strlcpy(tx->reply, "550 5.7.1 The gate does not let this "
		    "pass", sizeof(tx->reply));
	if (tx->reply[0] != '\0')
		gate_log(k, tx, "refused", fi->gatewhy);
}
