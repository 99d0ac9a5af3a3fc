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

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "engine.h"
#include "handoff/handoff.h"
#include "judge/judgefacts.h"

/* Where a message comes from that relays of ours have handed on. */

int
engine_handoff_origin(const struct etx *tx, unsigned char addr[16],
    const char **helo)
{
	if (helo != NULL)
		*helo = tx->hop != NULL && tx->hop->helo[0] != '\0' ?
		    tx->hop->helo : NULL;
	if (tx->hop == NULL)
		return handrules_addr(tx->env.source, addr);
	memcpy(addr, tx->hop->addr, sizeof(tx->hop->addr));
	return tx->hop->family;
}

int
engine_handoff_find(struct engine *e, struct etx *tx)
{
	struct handoff_session s;
	struct handoff_hop *hop;
	int n;

	if (e->conf->nhandoffs == 0 || tx->hop != NULL)
		return 0;
	memset(&s, 0, sizeof(s));
	s.family = handrules_addr(tx->env.source, s.addr);
	s.host = tx->env.host[0] != '\0' ? tx->env.host : NULL;
	s.login = tx->env.login[0] != '\0' ? tx->env.login : NULL;
	if ((hop = calloc(1, sizeof(*hop))) == NULL)
		return -1;
	n = handrules_find(e->conf, &s, tx->header.data, tx->header.len, 1,
	    hop);
	if (n == 1)
		tx->hop = hop;
	else
		free(hop);
	return n == -1 ? -1 : 0;
}

int
engine_handoff_write(struct engine *e, struct etx *tx)
{
	char line[HANDOFF_FIELD_MAX + 1];

	if (tx->hop == NULL)
		return 0;
	if (handoff_field(tx->hop, line, HANDOFF_FIELD_MAX) == -1)
		return -1;
	strlcat(line, "\n", sizeof(line));
	return engine_out(e, tx, line, strlen(line));
}

/* What a message lacks for its gate, found out with its header and the DNS. */

struct etx_gate {
	const struct conf	*conf;
	struct hdr		 hdr;		/* headers that gates require */
	int			 index;		/* the gate's, or GATE_NONE */
	struct gate_facts	 facts;
	const struct dnslist	*lists[CONF_REQUIRE_MAX];
	struct gate_listed	 listed[CONF_REQUIRE_MAX];
	struct gate_decision	 d;
};

int
engine_gate_begin(struct engine *e, struct etx *tx)
{
	struct etx_gate *eg;

	if (e->conf->ngates == 0)
		return 0;
	if ((eg = calloc(1, sizeof(*eg))) == NULL)
		return -1;
	eg->conf = e->conf;
	eg->index = GATE_NONE;
	hdr_init(&eg->hdr, e->gate_headers, NULL, NULL);
	tx->gate = eg;
	return 0;
}

void
engine_gate_free(struct etx *tx)
{
	if (tx->gate == NULL)
		return;
	hdr_free(&tx->gate->hdr);
	free(tx->gate);
	tx->gate = NULL;
}

int
engine_gate_line(struct etx *tx, const char *line, size_t len)
{
	return tx->gate == NULL ? 0 : hdr_line(&tx->gate->hdr, line, len);
}

/* Who handed it over, in truth. */
static void
gate_origin(const struct etx *tx, struct gate_facts *f)
{
	if (!f->local)
		f->family = engine_handoff_origin(tx, f->addr, NULL);
	f->known |= GATE_KNOWN_SOURCE | GATE_KNOWN_FILES | GATE_KNOWN_HEADER;
}

int
engine_gate_find(struct etx *tx)
{
	struct etx_gate *eg = tx->gate;
	struct gate_facts *f;

	if (eg == NULL)
		return 0;
	if (hdr_finish(&eg->hdr) == -1)
		return -1;
	f = &eg->facts;
	envelope_facts(f, &tx->env);
	gate_origin(tx, f);
	f->header = &tx->summary;
	f->hdr = &eg->hdr;
	if ((eg->index = gate_find(eg->conf, f)) < 0)
		return 0;
	return gate_judge(eg->conf, &eg->conf->gate[eg->index], f,
	    &eg->d) == GATE_OPEN;
}

size_t
engine_gate_lists(struct etx *tx, const struct dnslist *const **v)
{
	struct etx_gate *eg = tx->gate;

	if (eg == NULL || eg->index < 0)
		return 0;
	*v = eg->lists;
	return judgefacts_lists(&eg->conf->gate[eg->index], eg->lists);
}

void
engine_gate_judged(struct etx *tx, const struct judge_result *r,
    const struct dkim_sig *sigs, size_t n)
{
	struct etx_gate *eg = tx->gate;
	const struct conf_gate *g;

	if (eg == NULL || eg->index < 0)
		return;
	g = &eg->conf->gate[eg->index];
	judgefacts_set(&eg->facts, r, sigs, n, g, eg->listed);
	gate_judge(eg->conf, g, &eg->facts, &eg->d);
	/* The words are theirs who asked. */
	eg->facts.spf_word = eg->facts.dkim_word = NULL;
	eg->facts.dmarc_word = NULL;
}

int
engine_gate_write(struct engine *e, struct etx *tx)
{
	static const char mark[] = "X-Spam: Yes\n";
	const struct etx_gate *eg = tx->gate;

	if (eg == NULL || eg->index < 0 || eg->d.verdict == GATE_PASS ||
	    eg->conf->gate[eg->index].otherwise != CONF_OTHERWISE_JUNK)
		return 0;
	return engine_out(e, tx, mark, sizeof(mark) - 1);
}

int
engine_gate_finish(struct etx *tx)
{
	const struct etx_gate *eg = tx->gate;
	struct finish *fi = &tx->finish;
	char reply[GATE_REPLY_MAX];

	if (eg == NULL || eg->index < 0)
		return 0;
	fi->gate = (uint32_t)eg->index + 1;
	if (eg->d.verdict == GATE_PASS)
		return 0;
	/* A gate that could not be judged lets nothing pass. */
	if (eg->d.verdict == GATE_OPEN)
		return -1;
	gate_reply(&eg->conf->gate[eg->index], &eg->d, reply, sizeof(reply));
	if (asprintf(&fi->gatewhy, "it requires %s: %s", eg->d.what,
	    eg->d.why) == -1) {
		fi->gatewhy = NULL;
		return -1;
	}
	return (fi->gatereply = strdup(reply)) == NULL ? -1 : 0;
}
