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

/* A transaction begins: who has to see it? */

#include <string.h>

#include "front.h"
#include "gatefacts.h"
#include "handoff/handoff.h"

/* Does one of our users send it, and is there anything to look at then? */
static int
front_is_submission(const struct front *f, const struct session *s)
{
	const struct conf *c = f->conf;

	return !s->local && (f->submission || s->login != NULL) &&
	    (c->outbound.present || c->limit_sender.messages > 0 ||
	    c->limit_sender.recipients > 0);
}

/* May it come from elsewhere than from smtpd's client? */
static int
front_is_handed(const struct front *f, const struct session *s)
{
	struct handoff_session hs;

	if (f->conf->nhandoffs == 0 || s->local || s->source == NULL)
		return 0;
	memset(&hs, 0, sizeof(hs));
	hs.family = handrules_addr(s->source, hs.addr);
	hs.host = s->host;
	hs.login = s->login;
	return handrules_may(f->conf, &hs);
}

/* May it be a gate's?  The lists in files are others' business. */
static int
front_is_gated(const struct front *f, const struct session *s, int handed)
{
	struct gate_facts gf;

	if (f->conf->ngates == 0)
		return 0;
	gatefacts_session(&gf, s->local, s->source, s->listener, s->login,
	    s->sender, s->tls);
	if (!handed)
		gf.known |= GATE_KNOWN_SOURCE;
	return gate_find(f->conf, &gf) != GATE_NONE;
}

void
front_mail_from(struct front *f, struct session *s,
    const struct proto_line *pl)
{
	int flags = 0;

	front_tx_end(f, s);
	s->data = SESSION_NODATA;
	s->outside = s->broken = s->plain = 0;
	s->nrcpts = 0;
	if (front_is_submission(f, s))
		flags |= MSG_RCPT_SUBMIT;
	if (front_is_handed(f, s))
		flags |= MSG_RCPT_JUDGE;
	if (session_set(&s->sender, pl->param, pl->paramlen) == -1 ||
	    s->nameless) {
		front_answer(f, s, FRONT_TRY_LATER);
		return;
	}
	if (front_is_gated(f, s, flags & MSG_RCPT_JUDGE))
		flags |= MSG_RCPT_GATE;
	if (flags == 0)
		front_answer(f, s, NULL);
	else if (front_ask(f, s, MSG_MAIL, "", flags) == -1)
		front_answer(f, s, FRONT_TRY_LATER);
	else
		front_wait(f, s, SESSION_MAIL);
}
