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

/* Transactions: what comes from an account's server. */

#include <sys/types.h>

#include <stdio.h>

#include "base/log.h"
#include "courier_int.h"
#include "smtp/tlsio.h"

#define LOST	"451 4.4.2 The connection was lost"

/*
 * The transaction has no link any more: what waits for an answer, and what
 * comes until smtpd gives up, gets this reply.
 */
static void
mail_lost(struct session *s, const char *reply)
{
	int	over = s->state == SESSION_END;

	s->link = NULL;
	if (s->state == SESSION_DATA) {
		/* The rest of the message goes nowhere. */
		s->lost = strdup(reply);
		session_hold(s, SESSION_DATA, SESSION_HOLD_TIME);
		tlsio_pause(s->io, 0);
		return;
	}
	if (over)
		mail_reset(s);
	else if (s->lost == NULL)
		s->lost = strdup(reply);
	if (s->state != SESSION_COMMAND)
		session_reply(s, "%s", reply);
}

void
mail_lose(struct session *s, const char *reply)
{
	link_drop(s->link);
	mail_lost(s, reply);
}

/* Sends the server's words on; 421 would close smtpd's session. */
static void
mail_pass(struct session *s, const struct smtpreply *r)
{
	char	buf[COURIER_REPLY_MAX];

	smtpreply_text(r, buf, sizeof(buf));
	if (r->code == 421)
		memcpy(buf, "451", 3);
	session_reply(s, "%s", buf);
}

static void
mail_answer_mail(struct session *s, const struct smtpreply *r)
{
	struct link	*l = s->link;
	struct account	*a = l->account;

	if (r->code == 421 && l->used && !s->again) {
		/* Its goodbye, said while we did not look. */
		link_drop(l);
		mail_retry(s, a, LOST);
		return;
	}
	free(s->path);
	s->path = NULL;
	if (r->code / 100 == 2)
		s->mail = 1;
	else if (r->code == 421)
		link_drop(l);
	else
		link_release(l, 1);
	mail_pass(s, r);
}

static void
mail_answer_data(struct session *s, const struct smtpreply *r)
{
	char	buf[COURIER_REPLY_MAX];

	if (r->code != 354) {
		mail_pass(s, r);
		return;
	}
	smtpreply_text(r, buf, sizeof(buf));
	mail_begin(s, buf);
}

/* The message's fate. */
static void
mail_answer_end(struct session *s, const struct smtpreply *r)
{
	char	text[COURIER_REPLY_MAX];

	smtpreply_text(r, text, sizeof(text));
	log_info("account %s: from <%s>, %d recipient%s: %s",
	    s->link->account->name, s->sender, s->nrcpts,
	    s->nrcpts == 1 ? "" : "s", text);
	if (r->code == 421)
		link_drop(s->link);
	else
		link_release(s->link, 1);
	mail_reset(s);
	mail_pass(s, r);
}

void
mail_answer(struct session *s, int tag, const struct smtpreply *r)
{
	struct link	*l = s->link;
	struct account	*a = l->account;
	int		 class = r->code / 100;

	/* 3xx belongs to DATA, and 2xx does not. */
	if (class < 2 || class > 5 || (class == 3 && (tag != TAG_DATA ||
	    r->code != 354)) || (class == 2 && tag == TAG_DATA)) {
		log_debug("account %s: reply %d makes no sense", a->name,
		    r->code);
		mail_lose(s, "451 4.5.0 The server's reply makes no sense");
		return;
	}
	switch (tag) {
	case TAG_RSET:
		if (class == 2)
			break;
		link_drop(l);
		mail_retry(s, a, LOST);
		break;
	case TAG_MAIL:
		mail_answer_mail(s, r);
		break;
	case TAG_RCPT:
		if (class == 2)
			s->nrcpts++;
		mail_pass(s, r);
		break;
	case TAG_DATA:
		mail_answer_data(s, r);
		break;
	case TAG_END:
		mail_answer_end(s, r);
		break;
	}
}

void
mail_gone(struct session *s, struct account *a, int used,
    const struct upstream_end *end)
{
	char		 buf[COURIER_REPLY_MAX];
	const char	*said = strstr(end->text, ": ");

	s->link = NULL;
	/* What was said in the middle of the message is about that. */
	if (end->stage == UPSTREAM_DATA && end->code >= 400 &&
	    end->code != 421 && said != NULL && atoi(said + 2) == end->code)
		strlcpy(buf, said + 2, sizeof(buf));
	else
		snprintf(buf, sizeof(buf), "451 4.4.2 %s", end->text);
	if (s->state == SESSION_HELD && !s->mail) {
		if (used)
			mail_retry(s, a, buf);
		else
			session_reply(s, "%s", buf);
		return;
	}
	mail_lost(s, buf);
}
