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

#include <string.h>

#include "judge/judgefacts.h"

size_t
judgefacts_lists(const struct conf_gate *g,
    const struct dnslist *v[CONF_REQUIRE_MAX])
{
	size_t	 i, n = 0;

	for (i = 0; i < g->nrequire && i < CONF_REQUIRE_MAX; i++)
		if (g->require[i].need == CONF_NEED_UNLISTED)
			v[n++] = &g->require[i].list;
	return n;
}

static void
set_lists(struct gate_facts *f, const struct judge_result *r,
    const struct conf_gate *g, struct gate_listed *listed)
{
	struct gate_listed	*l;
	size_t			 i, n = 0;

	memset(listed, 0, CONF_REQUIRE_MAX * sizeof(*listed));
	for (i = 0; i < g->nrequire && i < CONF_REQUIRE_MAX; i++) {
		if (g->require[i].need != CONF_NEED_UNLISTED)
			continue;
		l = &listed[i];
		l->answer = GATE_NO;
		if (r->list[n].answer == DNSLIST_LATER)
			l->answer = GATE_LATER;
		else if (r->list[n].answer == DNSLIST_LISTED) {
			l->answer = GATE_YES;
			(void)inet_ntop(AF_INET, &r->list[n].code, l->code,
			    sizeof(l->code));
		}
		n++;
	}
	f->listed = listed;
	f->known |= GATE_KNOWN_LISTS;
}

/* The first signature that has a reason says why none is good. */
static void
set_dkim(struct gate_facts *f, const struct judge_result *r,
    const struct dkim_sig *sigs, size_t n)
{
	size_t	 i;
	int	 later = 0;

	f->dkim = f->aligned = GATE_NO;
	f->dkim_word = NULL;
	for (i = 0; i < n; i++) {
		if (dkim_counts(&sigs[i])) {
			f->dkim = GATE_YES;
			f->dkim_word = NULL;
			break;
		}
		later |= sigs[i].result == DKIM_TEMPERROR;
		if (f->dkim_word == NULL)
			f->dkim_word = dkim_why(&sigs[i])[0] != '\0' ?
			    dkim_why(&sigs[i]) : dkim_result(&sigs[i]);
	}
	for (; i < n; i++)
		later |= sigs[i].result == DKIM_TEMPERROR;
	if (f->dkim != GATE_YES && later)
		f->dkim = GATE_LATER;
	/* Whose a good one is may be hidden by an error, too. */
	if (r->dmarc.dkim)
		f->aligned = GATE_YES;
	else if (later || (f->dkim == GATE_YES && r->dmarc.unsure))
		f->aligned = GATE_LATER;
}

void
judgefacts_set(struct gate_facts *f, const struct judge_result *r,
    const struct dkim_sig *sigs, size_t n, const struct conf_gate *g,
    struct gate_listed listed[CONF_REQUIRE_MAX])
{
	f->spf = r->spf.result == SPF_PASS ? GATE_YES :
	    r->spf.result == SPF_TEMPERROR ? GATE_LATER : GATE_NO;
	f->spf_word = r->spf_asked ? spf_word(r->spf.result) : NULL;
	/* The answer is about the greeting then, which anybody may choose. */
	if (f->sender != NULL && f->sender[0] == '\0') {
		f->spf = GATE_NO;
		f->spf_word = NULL;
	}
	set_dkim(f, r, sigs, n);
	f->dmarc = r->dmarc.result == DMARC_PASS ? GATE_YES :
	    r->dmarc.result == DMARC_TEMPERROR ? GATE_LATER : GATE_NO;
	f->dmarc_word = dmarc_result(r->dmarc.result);
	f->known |= GATE_KNOWN_AUTH;
	if (g != NULL)
		set_lists(f, r, g, listed);
}
