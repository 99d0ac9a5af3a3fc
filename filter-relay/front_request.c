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

/* What smtpd asks and tells besides the lines of messages. */

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "front.h"
#include "gate/gate.h"

/* Takes the session off the list on which it waits for an answer of ours. */
static void
front_unwait(struct front *f, struct session *s)
{
	if (s->wait == SESSION_COMMIT)
		TAILQ_REMOVE(&f->committing, s, waiting);
	else if (s->wait != SESSION_NOWAIT)
		TAILQ_REMOVE(&f->asking, s, waiting);
	s->wait = SESSION_NOWAIT;
}

void
front_answer(struct front *f, struct session *s, const char *text)
{
	front_unwait(f, s);
	pending_clear(f->pending, &s->pending);
	output_result(&f->out, s, text);
}

void
front_wait(struct front *f, struct session *s, enum session_wait what)
{
	s->wait = what;
	s->pending = pending_set(f->pending, s->sid, s->token,
	    PENDING_RESULT);
	if (what == SESSION_COMMIT) {
		s->deadline = f->now + FRONT_COMMIT_MS;
		TAILQ_INSERT_TAIL(&f->committing, s, waiting);
	} else {
		s->deadline = f->now + FRONT_ASK_MS;
		TAILQ_INSERT_TAIL(&f->asking, s, waiting);
	}
}

static void
front_config(struct front *f, const struct proto_line *pl)
{
	static const char admd[] = "admd|";
	size_t n = sizeof(admd) - 1, len;

	if (pl->paramlen < n || memcmp(pl->param, admd, n) != 0)
		return;
	len = pl->paramlen - n;
	if (len >= PENDING_ADMD || memchr(pl->param, '\0', pl->paramlen))
		len = 0;
	memcpy(f->pending->admd, pl->param + n, len);
	f->pending->admd[len] = '\0';
}

static void
front_connect(struct front *f, const struct proto_line *pl)
{
	struct session *s;
	const char *src;
	size_t len;

	if ((s = session_find(&f->sessions, pl->sid)) != NULL) {
		if (s->wait != SESSION_NOWAIT)
			front_answer(f, s, FRONT_TRY_LATER);
		front_tx_end(f, s);
		session_del(&f->sessions, s);
	}
	if ((s = session_add(&f->sessions, pl->sid)) == NULL) {
		log_warnx("too many sessions");
		return;
	}
	s->old = pl->old;
	if (proto_source(pl, &src, &len) == -1) {
		log_warnx("link-connect without a source");
		return;
	}
	s->local = len > 5 && memcmp(src, "unix:", 5) == 0;
	/* For the log, where lines are limited for each address. */
	while (!s->local && len > 0 && src[len - 1] != ':')
		len--;
	session_set(&s->source, src, s->local || len == 0 ? len : len - 1);
	if (f->conf->nhandoffs > 0 && proto_host(pl, &src, &len) == 1)
		session_set(&s->host, src, len);
	if (f->conf->ngates > 0 && proto_listener(pl, &src, &len) == 0)
		session_set(&s->listener, src, len);
}

static void
front_disconnect(struct front *f, struct session *s)
{
	front_unwait(f, s);
	front_tx_end(f, s);
	pending_clear(f->pending, &s->pending);
	session_del(&f->sessions, s);
}

static void
front_auth(struct front *f, struct session *s, const struct proto_line *pl)
{
	const char *name;
	size_t len;

	if (proto_login(pl, &name, &len) != 1)
		return;
	s->nameless = session_set(&s->login, name, len) == -1;
	s->askall = s->login != NULL &&
	    conf_is_helpdesk(f->conf, s->login);
}

int
front_ask(struct front *f, struct session *s, int type, const char *rcpt,
    int flags)
{
	struct ipc_pack p;
	int rv;

	flags |= s->local ? MSG_RCPT_LOCAL : 0;
	if (f->keeper == NULL ||
	    (s->tx == NULL && front_tx_new(f, s) == NULL))
		return -1;
	ipc_pack_init(&p);
	ipc_put_u8(&p, (uint8_t)flags);
	ipc_put_bytes(&p, s->sid, PROTO_ID);
	ipc_put_str(&p, s->source);
	ipc_put_str(&p, s->login);
	ipc_put_str(&p, s->sender);
	ipc_put_str(&p, rcpt);
	ipc_put_str(&p, s->listener);
	ipc_put_u8(&p, s->tls);
	rv = p.failed ? -1 : ipc_send(f->keeper, type, s->tx->id, p.buf,
	    p.len, -1);
	ipc_pack_free(&p);
	return rv;
}

/*
 * The keeper cannot say.  A recipient that was no mailbox when it last could
 * goes on: a new mailbox gets its mail all the same, as a stranger's.
 */
static void
front_unasked(struct front *f, struct session *s)
{
	front_answer(f, s, s->plain ? NULL : FRONT_TRY_LATER);
}

static void
front_rcpt_to(struct front *f, struct session *s,
    const struct proto_line *pl)
{
	char *rcpt = NULL;
	int flags = 0, ours;

	if (s->broken || s->sender == NULL ||
	    session_set(&rcpt, pl->param, pl->paramlen) == -1) {
		front_answer(f, s, FRONT_TRY_LATER);
		return;
	}
	ours = conf_is_our_address(f->conf, rcpt);
	if (!ours) {
		if (s->tx != NULL && s->tx->handle) {
			front_answer(f, s, "452 4.5.3 Send this to the "
			    "recipients elsewhere in a message of its own");
			free(rcpt);
			return;
		}
		s->outside = 1;
		flags |= MSG_RCPT_FOREIGN;
	}
	s->plain = !s->askall && f->boxes.loaded &&
	    !boxes_maybe(&f->boxes, rcpt);
	if (ours && s->plain)
		boxes_refresh(&f->boxes, f->keeper);
	if ((!ours && !s->askall) || (s->plain && boxes_fresh(&f->boxes)))
		front_answer(f, s, NULL);
	else {
		flags |= s->outside ? MSG_RCPT_OUTSIDE : 0;
		if (front_ask(f, s, MSG_RCPT, rcpt, flags) == -1)
			front_unasked(f, s);
		else
			front_wait(f, s, SESSION_RCPT);
	}
	free(rcpt);
}

static void
front_commit(struct front *f, struct session *s)
{
	struct tx *tx = s->tx;
	struct ipc_pack p;

	ipc_pack_init(&p);
	ipc_put_u32(&p, s->nrcpts);
	if (s->broken || s->sender == NULL) {
		front_answer(f, s, FRONT_TRY_LATER);
		front_tx_end(f, s);
	} else if (tx == NULL || (!tx->engaged && !tx->counted)) {
		front_answer(f, s, NULL);
		front_tx_end(f, s);
	} else if ((tx->engaged && !tx->done) || f->keeper == NULL ||
	    p.failed || ipc_send(f->keeper, MSG_COMMIT, tx->id, p.buf, p.len,
	    -1) == -1) {
		front_answer(f, s, FRONT_TRY_LATER);
		front_tx_end(f, s);
	} else
		front_wait(f, s, SESSION_COMMIT);
	ipc_pack_free(&p);
}

/* A request of a session that we did not see begin. */
static void
front_unknown(struct front *f, const struct proto_line *pl)
{
	struct session s;

	if (pl->kind < PROTO_MAIL_FROM)
		return;
	memset(&s, 0, sizeof(s));
	memcpy(s.sid, pl->sid, PROTO_ID);
	memcpy(s.token, pl->token, PROTO_ID);
	if (pl->kind == PROTO_DATA_LINE) {
		if (pl->paramlen == 1 && pl->param[0] == '.')
			output_dataline(&f->out, &s, ".", 1);
	} else
		output_result(&f->out, &s,
		    pl->kind == PROTO_REQUEST ? NULL : FRONT_TRY_LATER);
}

static void
front_request(struct front *f, struct session *s,
    const struct proto_line *pl)
{
	/* smtpd asks one thing at a time; what it asked before is void. */
	if (s->wait != SESSION_NOWAIT) {
		front_answer(f, s, FRONT_TRY_LATER);
		s->broken = 1;
	}
	memcpy(s->token, pl->token, PROTO_ID);
	switch (pl->kind) {
	case PROTO_MAIL_FROM:
		front_mail_from(f, s, pl);
		break;
	case PROTO_RCPT_TO:
		front_rcpt_to(f, s, pl);
		break;
	case PROTO_COMMIT:
		front_commit(f, s);
		break;
	default:
		front_answer(f, s, NULL);
		break;
	}
}

static void
front_junk(struct front *f)
{
	if (f->junk++ < FRONT_JUNK)
		log_warnx("a line that smtpd should not send was ignored");
}

void
front_line(struct front *f, const struct proto_line *pl)
{
	struct session *s = NULL;

	switch (pl->kind) {
	case PROTO_JUNK:
		front_junk(f);
		return;
	case PROTO_CONFIG:
		front_config(f, pl);
		return;
	case PROTO_READY:
		f->pending->ready = 1;
		front_register(f);
		return;
	case PROTO_CONNECT:
		front_connect(f, pl);
		return;
	case PROTO_OTHER:
		return;
	default:
		break;
	}
	if ((s = session_find(&f->sessions, pl->sid)) == NULL)
		front_unknown(f, pl);
	else if (pl->kind == PROTO_DISCONNECT)
		front_disconnect(f, s);
	else if (pl->kind == PROTO_AUTH)
		front_auth(f, s, pl);
	else if (pl->kind == PROTO_TLS)
		s->tls = (uint8_t)(gate_tls(pl->param, pl->paramlen) + 1);
	else if (pl->kind == PROTO_TX_RCPT)
		s->nrcpts += (uint32_t)proto_rcpt_taken(pl);
	else if (pl->kind == PROTO_DATA_LINE)
		front_junk(f);
	else
		front_request(f, s, pl);
}

/* The keeper is gone, and what it knew of transactions. */
static void
front_keeper_gone(struct front *f)
{
	struct session *s;
	size_t i;

	ipc_free(f->keeper);
	f->keeper = NULL;
	boxes_lost(&f->boxes);
	for (i = 0; i < f->nslots; i++) {
		if (f->slot[i] == NULL)
			continue;
		s = f->slot[i]->s;
		f->slot[i]->lost = 1;
		if (f->slot[i]->engaged || f->slot[i]->counted)
			front_tx_fail(f, f->slot[i]);
		else
			front_tx_end(f, s);
		if (s->wait == SESSION_MAIL || s->wait == SESSION_RCPT)
			front_unasked(f, s);
		else if (s->wait == SESSION_COMMIT)
			front_answer(f, s, FRONT_TRY_LATER);
	}
}

/* The keeper's word on a sender or a recipient. */
static void
front_rcpt_answer(struct front *f, struct session *s, int what,
    const char *text)
{
	struct tx *tx = s->tx;

	if (s->wait != SESSION_MAIL && s->wait != SESSION_RCPT)
		return;
	switch (what) {
	case MSG_RCPT_COUNT:
		tx->counted = 1;
		break;
	case MSG_RCPT_HANDLE:
		tx->handle = 1;
		/* FALLTHROUGH */
	case MSG_RCPT_ENGAGE:
		tx->engaged = 1;
		break;
	case MSG_RCPT_PLAIN:
		break;
	default:
		if (s->wait == SESSION_MAIL)
			front_tx_end(f, s);
		front_answer(f, s, text);
		return;
	}
	if (s->wait != SESSION_MAIL || text[0] == '\0') {
		front_answer(f, s, NULL);
		return;
	}
	/* What the client gave stays the sender that we judge by. */
	front_unwait(f, s);
	pending_clear(f->pending, &s->pending);
	output_rewrite(&f->out, s, text);
}

void
front_keeper(struct ipc *ch, struct ipc_msg *msg, void *arg)
{
	struct front *f = arg;
	struct ipc_unpack u;
	struct tx *tx;
	char text[PROTO_TEXT_MAX + 1];
	int what = 0;

	if (ch != f->keeper) {
		if (msg == NULL)
			ipc_free(ch);
		return;
	}
	front_time(f);
	if (msg == NULL) {
		front_keeper_gone(f);
		front_push(f);
		return;
	}
	if (msg->type == MSG_LIST) {
		if (boxes_answer(&f->boxes, msg) == -1)
			log_warnx("the keeper's list makes no sense");
		else if (msg->len > 0)
			boxes_refresh(&f->boxes, f->keeper);
		return;
	}
	if ((tx = front_tx_find(f, msg->id)) == NULL)
		return;
	ipc_unpack_init(&u, msg->data, msg->len);
	if (msg->type == MSG_RCPT_ANSWER)
		what = ipc_get_u8(&u);
	ipc_get_str(&u, text, sizeof(text));
	if (ipc_unpack_end(&u) == -1) {
		what = MSG_RCPT_REFUSE;
		strlcpy(text, FRONT_TRY_LATER, sizeof(text));
	}
	if (msg->type == MSG_RCPT_ANSWER)
		front_rcpt_answer(f, tx->s, what, text);
	else if (msg->type == MSG_VERDICT && tx->s->wait == SESSION_COMMIT) {
		front_answer(f, tx->s, text[0] == '\0' ? NULL : text);
		front_tx_end(f, tx->s);
	}
	front_push(f);
}

void
front_overdue(struct front *f)
{
	struct session *s;

	while ((s = TAILQ_FIRST(&f->asking)) != NULL &&
	    s->deadline <= f->now) {
		log_warnx("no answer of the keeper within %d s",
		    FRONT_ASK_MS / 1000);
		front_unasked(f, s);
		/* It may take the recipient into account all the same. */
		s->broken = s->tx != NULL &&
		    (s->tx->engaged || s->tx->counted);
		front_tx_end(f, s);
	}
	while ((s = TAILQ_FIRST(&f->committing)) != NULL &&
	    s->deadline <= f->now) {
		log_warnx("no verdict within %d s", FRONT_COMMIT_MS / 1000);
		front_answer(f, s, FRONT_TRY_LATER);
		front_tx_end(f, s);
	}
}
