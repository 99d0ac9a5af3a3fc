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

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "boxes.h"
#include "front.h"
#include "gate/gate.h"
#include "handoff/handoff.h"
#include "proc/sandbox.h"
#include "setup.h"

/* What smtpd asks and tells besides the lines of messages. */

static void	ask_mail_from(struct front *f, struct session *s, const
	    struct proto_line *pl);
static void	register_events(struct front *f);
static size_t	take_lines(struct front *f, const char *buf, size_t len);

/* Takes the session off the list on which it waits for an answer of ours. */
static void
end_wait(struct front *f, struct session *s)
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
	end_wait(f, s);
	pending_clear(f->pending, &s->pending);
	output_result(&f->out, s, text);
}

/* From now on smtpd waits for this. */
static void
wait_for(struct front *f, struct session *s, enum session_wait what)
{
	s->wait = what;
	s->pending = pending_set(f->pending, s->env.sid, s->token,
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
read_config(struct front *f, const struct proto_line *pl)
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
begin_session(struct front *f, const struct proto_line *pl)
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
	s->env.local = len > 5 && memcmp(src, "unix:", 5) == 0;
	/* For the log, where lines are limited for each address. */
	while (!s->env.local && len > 0 && src[len - 1] != ':')
		len--;
	session_set(&s->env.source, src, s->env.local
	    || len == 0 ? len : len - 1);
	if (f->conf->nhandoffs > 0 && proto_host(pl, &src, &len) == 1)
		session_set(&s->env.host, src, len);
	if (f->conf->ngates > 0 && proto_listener(pl, &src, &len) == 0)
		session_set(&s->env.listener, src, len);
}

static void
end_session(struct front *f, struct session *s)
{
	end_wait(f, s);
	front_tx_end(f, s);
	pending_clear(f->pending, &s->pending);
	session_del(&f->sessions, s);
}

static void
set_login(struct front *f, struct session *s, const struct proto_line *pl)
{
	const char *name;
	size_t len;

	if (proto_login(pl, &name, &len) != 1)
		return;
	s->nameless = session_set(&s->env.login, name, len) == -1;
	s->askall = s->env.login != NULL &&
	    conf_is_helpdesk(f->conf, s->env.login);
}

/* Asks the keeper about a sender or a recipient: 0, or -1: it
 * cannot be. */
static int
ask_keeper(struct front *f, struct session *s, int type, const char *rcpt,
    int flags)
{
	struct envelope_question q = { (uint8_t)flags, (char *)rcpt, s->env };

	if (f->keeper == NULL ||
	    (s->tx == NULL && front_tx_new(f, s) == NULL))
		return -1;
	return ipc_send_record(f->keeper, type, s->tx->id,
	    &envelope_question_record, &q);
}

/*
 * The keeper cannot say.  A recipient that was no mailbox when it last could
 * goes on: a new mailbox gets its mail all the same, as a stranger's.
 */
static void
answer_unasked(struct front *f, struct session *s)
{
	front_answer(f, s, s->plain ? NULL : FRONT_TRY_LATER);
}

static void
ask_rcpt_to(struct front *f, struct session *s,
    const struct proto_line *pl)
{
	char *rcpt = NULL;
	int flags = 0, ours;

	if (s->broken || s->env.sender == NULL ||
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
	s->plain = !s->askall && address_cache_loaded(f->mailboxes) &&
	    !boxes_maybe(f->mailboxes, rcpt);
	if (ours && s->plain)
		(void)address_cache_refresh(f->mailboxes, f->keeper);
	if ((!ours && !s->askall) ||
	    (s->plain && address_cache_current(f->mailboxes)))
		front_answer(f, s, NULL);
	else {
		flags |= s->outside ? MSG_RCPT_OUTSIDE : 0;
		if (ask_keeper(f, s, MSG_RCPT, rcpt, flags) == -1)
			answer_unasked(f, s);
		else
			wait_for(f, s, SESSION_RCPT);
	}
	free(rcpt);
}

static void
answer_commit(struct front *f, struct session *s)
{
	struct tx *tx = s->tx;
	struct ipc_pack p;

	ipc_pack_init(&p);
	if (s->broken || s->env.sender == NULL) {
		front_answer(f, s, FRONT_TRY_LATER);
		front_tx_end(f, s);
	} else if (tx == NULL || (!tx->engaged && !tx->counted)) {
		front_answer(f, s, NULL);
		front_tx_end(f, s);
	} else {
		ipc_put_u32(&p, s->nrcpts);
		if ((tx->engaged && !tx->done) || ipc_send_pack(f->keeper,
		    MSG_COMMIT, tx->id, &p) == -1) {
			front_answer(f, s, FRONT_TRY_LATER);
			front_tx_end(f, s);
		} else
			wait_for(f, s, SESSION_COMMIT);
	}
}

/* A request of a session that we did not see begin. */
static void
answer_unknown(struct front *f, const struct proto_line *pl)
{
	struct session s;

	if (pl->kind < PROTO_MAIL_FROM)
		return;
	memset(&s, 0, sizeof(s));
	memcpy(s.env.sid, pl->sid, PROTO_ID);
	memcpy(s.token, pl->token, PROTO_ID);
	if (pl->kind == PROTO_DATA_LINE) {
		if (pl->paramlen == 1 && pl->param[0] == '.')
			output_dataline(&f->out, &s, ".", 1);
	} else
		output_result(&f->out, &s,
		    pl->kind == PROTO_REQUEST ? NULL : FRONT_TRY_LATER);
}

static void
take_request(struct front *f, struct session *s,
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
		ask_mail_from(f, s, pl);
		break;
	case PROTO_RCPT_TO:
		ask_rcpt_to(f, s, pl);
		break;
	case PROTO_COMMIT:
		answer_commit(f, s);
		break;
	default:
		front_answer(f, s, NULL);
		break;
	}
}

static void
is_junk(struct front *f)
{
	if (f->junk++ < FRONT_JUNK)
		log_warnx("a line that smtpd should not send was ignored");
}

/* A line of smtpd that is no data line. */
static void
take_line(struct front *f, const struct proto_line *pl)
{
	struct session *s = NULL;

	switch (pl->kind) {
	case PROTO_JUNK:
		is_junk(f);
		return;
	case PROTO_CONFIG:
		read_config(f, pl);
		return;
	case PROTO_READY:
		f->pending->ready = 1;
		register_events(f);
		return;
	case PROTO_CONNECT:
		begin_session(f, pl);
		return;
	case PROTO_OTHER:
		return;
	default:
		break;
	}
	if ((s = session_find(&f->sessions, pl->sid)) == NULL)
		answer_unknown(f, pl);
	else if (pl->kind == PROTO_DISCONNECT)
		end_session(f, s);
	else if (pl->kind == PROTO_AUTH)
		set_login(f, s, pl);
	else if (pl->kind == PROTO_TLS)
		s->env.tls = (uint8_t)(gate_tls(pl->param, pl->paramlen) + 1);
	else if (pl->kind == PROTO_TX_RCPT)
		s->nrcpts += (uint32_t)proto_rcpt_taken(pl);
	else if (pl->kind == PROTO_DATA_LINE)
		is_junk(f);
	else
		take_request(f, s, pl);
}

/* The keeper is gone, and what it knew of transactions. */
static void
lose_keeper(struct front *f)
{
	struct session *s;
	size_t i;

	ipc_free(f->keeper);
	f->keeper = NULL;
	address_cache_lost(f->mailboxes);
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
			answer_unasked(f, s);
		else if (s->wait == SESSION_COMMIT)
			front_answer(f, s, FRONT_TRY_LATER);
	}
}

/* The keeper's word on a sender or a recipient. */
static void
take_rcpt_answer(struct front *f, struct session *s, int what,
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
	end_wait(f, s);
	pending_clear(f->pending, &s->pending);
	output_rewrite(&f->out, s, text);
}

static void
take_mailboxes(struct front *f, struct ipc_msg *msg)
{
	switch (address_cache_take(f->mailboxes, f->keeper, msg)) {
	case -1:
		log_warnx("the keeper's list makes no sense");
		break;
	case 1:
		/* There may be more since it was asked. */
		(void)address_cache_refresh(f->mailboxes, f->keeper);
	}
}

/* A frame of the keeper; NULL: it is gone. */
static void
on_keeper(struct ipc *ch, struct ipc_msg *msg, void *arg)
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
		lose_keeper(f);
		front_push(f);
		return;
	}
	if (msg->type >= ADDRESS_ASK) {
		take_mailboxes(f, msg);
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
		take_rcpt_answer(f, tx->s, what, text);
	else if (msg->type == MSG_VERDICT && tx->s->wait == SESSION_COMMIT) {
		front_answer(f, tx->s, text[0] == '\0' ? NULL : text);
		front_tx_end(f, tx->s);
	}
	front_push(f);
}

/* What waited for too long. */
static void
end_overdue(struct front *f)
{
	struct session *s;

	while ((s = TAILQ_FIRST(&f->asking)) != NULL &&
	    s->deadline <= f->now) {
		log_warnx("no answer of the keeper within %d s",
		    FRONT_ASK_MS / 1000);
		answer_unasked(f, s);
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

/* A transaction begins: who has to see it? */

/* Does one of our users send it, and is there anything to look at then? */
static int
is_submission(const struct front *f, const struct session *s)
{
	const struct conf *c = f->conf;

	return !s->env.local && (f->submission || s->env.login != NULL) &&
	    (c->outbound.present || c->limit_sender.messages > 0 ||
	    c->limit_sender.recipients > 0);
}

/* May it come from elsewhere than from smtpd's client? */
static int
is_handed(const struct front *f, const struct session *s)
{
	struct handoff_session hs;

	if (f->conf->nhandoffs == 0 || s->env.local || s->env.source == NULL)
		return 0;
	memset(&hs, 0, sizeof(hs));
	hs.family = handrules_addr(s->env.source, hs.addr);
	hs.host = s->env.host;
	hs.login = s->env.login;
	return handrules_may(f->conf, &hs);
}

/* May it be a gate's?  The lists in files are others' business. */
static int
is_gated(const struct front *f, const struct session *s, int handed)
{
	struct gate_facts gf;

	if (f->conf->ngates == 0)
		return 0;
	envelope_facts(&gf, &s->env);
	if (!handed)
		gf.known |= GATE_KNOWN_SOURCE;
	return gate_find(f->conf, &gf) != GATE_NONE;
}

/* A request of MAIL FROM. */
static void
ask_mail_from(struct front *f, struct session *s,
    const struct proto_line *pl)
{
	int flags = 0;

	front_tx_end(f, s);
	s->data = SESSION_NODATA;
	s->outside = s->broken = s->plain = 0;
	s->nrcpts = 0;
	if (is_submission(f, s))
		flags |= MSG_RCPT_SUBMIT;
	if (is_handed(f, s))
		flags |= MSG_RCPT_JUDGE;
	if (session_set(&s->env.sender, pl->param, pl->paramlen) == -1 ||
	    s->nameless) {
		front_answer(f, s, FRONT_TRY_LATER);
		return;
	}
	if (is_gated(f, s, flags & MSG_RCPT_JUDGE))
		flags |= MSG_RCPT_GATE;
	if (flags == 0)
		front_answer(f, s, NULL);
	else if (ask_keeper(f, s, MSG_MAIL, "", flags) == -1)
		front_answer(f, s, FRONT_TRY_LATER);
	else
		wait_for(f, s, SESSION_MAIL);
}

/* What smtpd is asked for: each event and request costs it time. */

/* Does a gate ask whether the connection is encrypted? */
static int
wants_tls(const struct front *f)
{
	const struct conf_gate *g;
	size_t i, n;

	for (i = 0; i < f->conf->ngates; i++) {
		g = &f->conf->gate[i];
		for (n = 0; n < g->nrequire; n++)
			if (g->require[n].need == CONF_NEED_TLS)
				return 1;
	}
	return 0;
}

/* Does anything limit how many recipients there are? */
static int
counts_recipients(const struct front *f)
{
	const struct conf *c = f->conf;
	size_t i;

	for (i = 0; i < c->ngates; i++)
		if (c->gate[i].limit.recipients > 0 ||
		    c->gate[i].limit_sender.recipients > 0)
			return 1;
	return c->limit_sender.recipients > 0;
}

/*
 * smtpd says that it is ready once, when it starts us; to register twice
 * would make it ask everything twice.
 */
static void
register_events(struct front *f)
{
	if (!f->pending->ready || f->pending->registered)
		return;
	if ((f->keeper == NULL || f->engine == NULL) &&
	    f->now < f->started + FRONT_START_MS)
		return;
	f->pending->registered = 1;
	output_register(&f->out, "report|smtp-in|link-connect");
	output_register(&f->out, "report|smtp-in|link-disconnect");
	output_register(&f->out, "report|smtp-in|link-auth");
	if (wants_tls(f))
		output_register(&f->out, "report|smtp-in|link-tls");
	if (counts_recipients(f))
		output_register(&f->out, "report|smtp-in|tx-rcpt");
	output_register(&f->out, "filter|smtp-in|mail-from");
	output_register(&f->out, "filter|smtp-in|rcpt-to");
	output_register(&f->out, "filter|smtp-in|data-line");
	output_register(&f->out, "filter|smtp-in|commit");
	output_register(&f->out, "ready");
}

static const char data_mark[] = "|smtp-in|data-line|";
#define DATA_MARK	(sizeof(data_mark) - 1)

static void
on_write(int fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	front_push(arg);
}

/* Drops the part of an endless line that has come. */
static void
is_endless(struct front *f)
{
	struct proto_line pl;
	struct session *s;

	if (!f->skipping) {
		log_warnx("a line of more than %d bytes was dropped",
		    PROTO_LINE_MAX);
		proto_parse(f->in, f->inlen, &pl);
		if (pl.sid != NULL &&
		    (s = session_find(&f->sessions, pl.sid)) != NULL) {
			s->broken = 1;
			if (s->tx != NULL && s->wait == SESSION_NOWAIT)
				front_tx_fail(f, s->tx);
		}
	}
	f->skipping = 1;
	f->inlen = 0;
}

/*
 * After a restart the first bytes may be the end of a line that the front
 * before us had begun to read.  Mostly they are not, and then they must not
 * be dropped: a request that is never answered holds its session for ever.
 */
static int
line_begins(const struct front *f)
{
	return f->inlen > 9 && (strncmp(f->in, "filter|0.", 9) == 0 ||
	    strncmp(f->in, "report|0.", 9) == 0);
}

static void
on_read(int fd, short what, void *arg)
{
	struct front *f = arg;
	char *nl;
	ssize_t n;
	size_t used, skip = 0;

	(void)what;
	n = read(fd, f->in + f->inlen, FRONT_READ);
	if (n == 0 || (n == -1 && errno != EAGAIN && errno != EINTR))
		front_end();
	if (n == -1)
		return;
	front_time(f);
	f->inlen += n;
	if (f->fresh && line_begins(f))
		f->skipping = 0;
	f->fresh = 0;
	if (f->skipping) {
		if ((nl = memchr(f->in, '\n', f->inlen)) == NULL) {
			f->inlen = 0;
			return;
		}
		skip = nl + 1 - f->in;
		f->skipping = 0;
	}
	used = skip + take_lines(f, f->in + skip, f->inlen - skip);
	f->inlen -= used;
	if (f->inlen > 0 && used > 0)
		memmove(f->in, f->in + used, f->inlen);
	if (f->inlen > PROTO_LINE_MAX)
		is_endless(f);
	front_flush_engine(f);
	front_push(f);
}

/* Deadlines are looked at four times a second while there are any. */
static void
on_tick(int fd, short what, void *arg)
{
	static const struct timeval tv = { 0, 250000 };
	static const struct timeval idle = { 1, 0 };
	struct front *f = arg;
	int busy;

	(void)fd;
	(void)what;
	front_time(f);
	register_events(f);
	(void)address_cache_refresh(f->mailboxes, f->keeper);
	end_overdue(f);
	front_silent(f);
	if (f->minute <= f->now) {
		if (f->junk > FRONT_JUNK)
			log_warnx("%u more such lines", f->junk - FRONT_JUNK);
		f->junk = 0;
		f->minute = f->now + 60000;
	}
	front_flush_engine(f);
	front_push(f);
	busy = !TAILQ_EMPTY(&f->asking) || !TAILQ_EMPTY(&f->committing) ||
	    !TAILQ_EMPTY(&f->indata) || front_tx_crowded(f);
	event_add(&f->evtick, busy ? &tv : &idle);
}

/* A channel to a peer that was started or started anew. */
static void
on_peer(int role, int fd, void *arg)
{
	struct front *f = arg;
	struct ipc *ch, **old;
	void (*cb)(struct ipc *, struct ipc_msg *, void *);

	old = role == ROLE_KEEPER ? &f->keeper : &f->engine;
	cb = role == ROLE_KEEPER ? on_keeper : front_engine;
	if (*old != NULL)
		cb(*old, NULL, f);
	if ((ch = ipc_new(fd, MSG_FRONT_MAX, FRONT_IPC_QUEUE)) == NULL)
		fatal("channel");
	*old = ch;
	if (ipc_event(ch, cb, f) == -1)
		fatal("channel");
	front_time(f);
	(void)address_cache_refresh(f->mailboxes, f->keeper);
	register_events(f);
	front_push(f);
}

/* Answers what the front before us has left unanswered. */
static void
inherit_pending(struct front *f)
{
	struct pending_request *r;
	struct session s;
	unsigned int i, number;

	log_warnx("started anew: messages in hand get 451");
	memset(&s, 0, sizeof(s));
	if (f->pending->tornlen > 0 && f->pending->tornlen <= PENDING_TORN)
		output_rest(&f->out, f->pending->torn, f->pending->tornlen);
	for (i = 0; i < PENDING_MAX; i++) {
		r = &f->pending->v[i];
		if (r->kind == PENDING_NONE)
			continue;
		memcpy(s.env.sid, r->sid, PROTO_ID);
		memcpy(s.token, r->token, PROTO_ID);
		if (r->kind == PENDING_DOT)
			output_dataline(&f->out, &s, ".", 1);
		else
			output_result(&f->out, &s, FRONT_TRY_LATER);
		number = i + 1;
		pending_clear(f->pending, &number);
	}
}

static void
init_front(struct front *f, struct privsep_child *pc,
    const struct setup *setup)
{
	int fd;

	memset(f, 0, sizeof(*f));
	f->conf = setup->conf;
	f->pending = setup->pending;
	f->submission = setup->submission;
	TAILQ_INIT(&f->asking);
	TAILQ_INIT(&f->committing);
	TAILQ_INIT(&f->indata);
	TAILQ_INIT(&f->dirty);
	for (fd = 0; fd < 2; fd++)
		if (fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) == -1)
			fatal("descriptor %d", fd);
	output_init(&f->out, 1, setup->pending);
	f->in = malloc(FRONT_READ + PROTO_LINE_MAX + 1);
	if (f->in == NULL ||
	    (f->mailboxes = address_cache_new(NULL)) == NULL ||
	    session_init(&f->sessions) == -1)
		fatal("front");
	arc4random_buf(&f->generation, sizeof(f->generation));
	f->skipping = f->fresh = privsep_child_restarts(pc) > 0;
	if (f->skipping)
		inherit_pending(f);
	front_time(f);
	f->started = f->now;
}

int
front_main(struct privsep_child *pc, void *arg)
{
	static const struct timeval tv = { 1, 0 };
	struct front f;

	if (event_init() == NULL)
		fatalx("event_init");
	init_front(&f, pc, arg);
	if (sandbox_front() == -1)
		fatalx("cannot confine the front");
	event_set(&f.evin, 0, EV_READ | EV_PERSIST, on_read, &f);
	event_set(&f.evout, 1, EV_WRITE, on_write, &f);
	evtimer_set(&f.evtick, on_tick, &f);
	f.reading = 1;
	if (privsep_child_event(pc, on_peer, &f) == -1 ||
	    event_add(&f.evin, NULL) == -1 || event_add(&f.evtick, &tv) == -1)
		fatalx("event_add");
	event_dispatch();
	return 1;
}

/*
 * Takes a line if it is a data line: 1, or 0.  This is the hot path: the
 * fields before the mark are smtpd's version and time, of which the version
 * is looked at when the session begins.
 */
static int
pass_fast(struct front *f, const char *line, size_t len)
{
	struct session *s;
	const char *p, *end = line + len, *rest;

	if (len < 7 + DATA_MARK + 2 * (PROTO_ID + 1) ||
	    memcmp(line, "filter|0.", 9) != 0 ||
	    (p = memchr(line + 9, '|', end - line - 9)) == NULL ||
	    (p = memchr(p + 1, '|', end - p - 1)) == NULL ||
	    (size_t)(end - p) < DATA_MARK + 2 * (PROTO_ID + 1) ||
	    memcmp(p, data_mark, DATA_MARK) != 0)
		return 0;
	rest = p + DATA_MARK;
	if (rest[PROTO_ID] != '|' || rest[2 * PROTO_ID + 1] != '|')
		return 0;
	s = session_find(&f->sessions, rest);
	/* While smtpd waits for a verdict it has no lines. */
	if (s != NULL && s->wait != SESSION_NOWAIT)
		return 0;
	/* What is the same as before need not be looked at again. */
	if (s != NULL && memcmp(rest + PROTO_ID + 1, s->token, PROTO_ID) == 0)
		front_data_line(f, s, rest, end - rest);
	else if (!proto_is_id(rest) || !proto_is_id(rest + PROTO_ID + 1))
		return 0;
	else if (s != NULL) {
		memcpy(s->token, rest + PROTO_ID + 1, PROTO_ID);
		front_data_line(f, s, rest, end - rest);
	} else
		front_data_lost(f, rest, end - rest);
	return 1;
}

/* All whole lines of a buffer; how many bytes they were. */
static size_t
take_lines(struct front *f, const char *buf, size_t len)
{
	struct proto_line pl;
	const char *line = buf, *end = buf + len, *nl;

	while ((nl = memchr(line, '\n', end - line)) != NULL) {
		if (!pass_fast(f, line, nl - line)) {
			proto_parse(line, nl - line, &pl);
			take_line(f, &pl);
		}
		line = nl + 1;
		/* Not more than what the pipe may hold back for long. */
		if (output_waiting(&f->out) > 2 * OUTPUT_HIGH)
			output_flush(&f->out);
	}
	return line - buf;
}
