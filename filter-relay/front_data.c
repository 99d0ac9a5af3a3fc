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

/* The lines of messages: to smtpd at once, or by way of the engine. */

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "front.h"
#include "header/authres.h"

/*
 * Fields that only we may write: X-Relay-*, and below smtpd's own Received,
 * which filters before us write nothing under, Authentication-Results of
 * smtpd's name (RFC 8601 5).
 */
static int
is_ours(const struct front *f, struct session *s, const char *line,
    size_t len)
{
	switch (line[0] | 0x20) {
	case 'x':
		return len >= 8 && strncasecmp(line, "X-Relay-", 8) == 0;
	case 'a':
		return s->received && f->pending->admd[0] != '\0' &&
		    authres_line(f->pending->admd, line, len);
	case 'r':
		if (len >= 9 && strncasecmp(line, "Received:", 9) == 0)
			s->received = 1;
		return 0;
	default:
		return 0;
	}
}

/*
 * Follows the header.  Returns 1 if the line is to be left out: a field that
 * is ours, with its continuations, unless it came by smtpd's socket.
 */
static int
take_header_line(const struct front *f, struct session *s, const char *line,
    size_t len)
{
	if (len == 0) {
		s->data = SESSION_BODY;
		return 0;
	}
	if (line[0] == ' ' || line[0] == '\t')
		return s->data == SESSION_SKIP;
	s->data = SESSION_HEADER;
	if (!s->env.local && is_ours(f, s, line, len)) {
		s->data = SESSION_SKIP;
		return 1;
	}
	return 0;
}

/* A line that the engine is to have, or the dot. */
static void
give_engine(struct front *f, struct session *s, const char *line,
    size_t len, int dot)
{
	struct tx *tx = s->tx;

	if (dot) {
		tx->eom = 1;
		s->pending = pending_set(f->pending, s->env.sid, s->token,
		    PENDING_DOT);
		if (front_tx_queue(f, tx, "", 0) == -1)
			front_tx_fail(f, tx);
		return;
	}
	/* line[len] is the newline that came with it. */
	if (front_tx_queue(f, tx, line, len + 1) == -1)
		front_tx_fail(f, tx);
}

/* The first line of a message: who gets it? */
static void
begin_data(struct front *f, struct session *s)
{
	struct envelope env;
	struct tx *tx = s->tx;

	s->data = SESSION_HEADER;
	s->received = 0;
	if (s->broken) {
		s->data = SESSION_SWALLOW;
		return;
	}
	if (tx == NULL || !tx->engaged)
		return;
	env = s->env;
	env.admd = f->pending->admd;
	if (ipc_send_record(f->engine, MSG_BEGIN, tx->id, &envelope_record,
	    &env) == -1)
		front_tx_fail(f, tx);
	else {
		tx->begun = 1;
		tx->heard = f->now;
		TAILQ_INSERT_TAIL(&f->indata, tx, silent);
	}
}

/* A data line, with what is known of its session; rest is "sid|token|...". */
void
front_data_line(struct front *f, struct session *s, const char *rest,
    size_t restlen)
{
	const char *line = rest + 2 * (PROTO_ID + 1);
	size_t len = restlen - 2 * (PROTO_ID + 1);
	int dot = len == 1 && line[0] == '.';

	if (s->data == SESSION_NODATA)
		begin_data(f, s);
	if (s->data == SESSION_HEADER || s->data == SESSION_SKIP) {
		if (dot)
			s->data = SESSION_BODY;
		else if (take_header_line(f, s, line, len))
			return;
	}
	if (s->data == SESSION_SWALLOW) {
		if (!dot)
			return;
	} else if (s->tx != NULL && s->tx->begun) {
		give_engine(f, s, line, len, dot);
		return;
	}
	if (dot)
		s->data = SESSION_NODATA;
	if (!s->old || len <= PROTO_DATA_CUT) {
		output_echo(&f->out, rest, restlen + 1);
		return;
	}
	if (output_dataline(&f->out, s, line, len) == 1 && !f->cut) {
		f->cut = 1;
		log_warnx("this smtpd cuts lines of more than %d bytes: they "
		    "are broken (said once)", PROTO_DATA_CUT);
	}
}

/* A data line of a session that began before us: only its end goes on. */
void
front_data_lost(struct front *f, const char *rest, size_t restlen)
{
	if (restlen == 2 * (PROTO_ID + 1) + 1 && rest[restlen - 1] == '.')
		output_echo(&f->out, rest, restlen + 1);
}

/* How many bytes, whole lines, the next frame holds. */
static size_t
send_portion(const struct tx *tx)
{
	const char *q = tx->q + tx->qpos, *nl;
	size_t len = tx->qlen - tx->qpos, n = len;

	if (n <= MSG_LINES_MAX)
		return n;
	for (n = MSG_LINES_MAX; n > 0 && q[n - 1] != '\n'; n--)
		;
	if (n > 0)
		return n;
	nl = memchr(q, '\n', len);
	return nl == NULL ? len : (size_t)(nl - q) + 1;
}

/* Has the engine anything of the message that it has said nothing of? */
static int
is_owed(const struct tx *tx)
{
	return tx->credit < MSG_WINDOW || tx->eomsent || tx->qpos < tx->qlen;
}

/*
 * Sends what credit allows: 0; 1 if the rest has to wait until the channel
 * has room, for many messages share it; -1 if the engine takes no more.
 */
static int
send_data(struct front *f, struct tx *tx)
{
	size_t n;

	/* From now on it is to say something. */
	if (tx->credit == MSG_WINDOW && !tx->eomsent)
		tx->heard = f->now;
	while (tx->qpos < tx->qlen && !tx->rest) {
		if (ipc_queued(f->engine) > FRONT_IPC_HIGH)
			return 1;
		n = send_portion(tx);
		/* A line of more than the window goes when nothing else is
		 * on its way. */
		if ((int64_t)n > tx->credit && tx->credit < MSG_WINDOW)
			return 0;
		if (ipc_send(f->engine, MSG_DATA, tx->id, tx->q + tx->qpos,
		    n, -1) == -1)
			return -1;
		front_tx_sent(f, tx, n);
	}
	if ((tx->eom || tx->rest) && !tx->eomsent) {
		if (ipc_send(f->engine, MSG_EOM, tx->id, NULL, 0, -1) == -1)
			return -1;
		tx->eomsent = 1;
	}
	return 0;
}

void
front_flush_engine(struct front *f)
{
	struct tx *tx;
	int n;

	while ((tx = TAILQ_FIRST(&f->dirty)) != NULL) {
		n = f->engine == NULL ? -1 : send_data(f, tx);
		if (n == 1)
			return;
		TAILQ_REMOVE(&f->dirty, tx, flush);
		tx->dirty = 0;
		if (n == -1)
			front_tx_fail(f, tx);
	}
}

/* Lines of the engine for smtpd: 0, or -1 if they are no lines. */
static int
take_out(struct front *f, struct session *s, const char *p, size_t len)
{
	const char *end = p + len, *nl;

	while (p < end) {
		if ((nl = memchr(p, '\n', end - p)) == NULL ||
		    (nl - p == 1 && *p == '.') ||
		    output_dataline(&f->out, s, p, nl - p) == -1)
			return -1;
		p = nl + 1;
	}
	return 0;
}

static void
take_credit(struct front *f, struct tx *tx, const struct ipc_msg *msg)
{
	struct ipc_unpack u;
	uint32_t n;

	ipc_unpack_init(&u, msg->data, msg->len);
	n = ipc_get_u32(&u);
	if (ipc_unpack_end(&u) == -1 || n > MSG_WINDOW + PROTO_LINE_MAX) {
		front_tx_fail(f, tx);
		return;
	}
	tx->credit += n;
	if (tx->credit > MSG_WINDOW)
		tx->credit = MSG_WINDOW;
	if (tx->qpos < tx->qlen && !tx->dirty) {
		tx->dirty = 1;
		TAILQ_INSERT_TAIL(&f->dirty, tx, flush);
	}
}

/* The engine wants no more of it: what it has not got goes on as it is. */
static void
take_rest(struct front *f, struct tx *tx)
{
	tx->rest = 1;
	if (!tx->dirty) {
		tx->dirty = 1;
		TAILQ_INSERT_TAIL(&f->dirty, tx, flush);
	}
}

/*
 * The engine has said all that it has to say of the message.  If it is not
 * complete yet, the lines that come go on without the engine.
 */
static void
take_done(struct front *f, struct tx *tx)
{
	struct session *s = tx->s;

	if (tx->qpos < tx->qlen) {
		if (take_out(f, s, tx->q + tx->qpos,
		    tx->qlen - tx->qpos) == -1) {
			front_tx_fail(f, tx);
			return;
		}
		front_tx_sent(f, tx, tx->qlen - tx->qpos);
	}
	TAILQ_REMOVE(&f->indata, tx, silent);
	tx->begun = 0;
	tx->done = 1;
	if (!tx->eom)
		return;
	s->data = SESSION_NODATA;
	pending_clear(f->pending, &s->pending);
	output_dataline(&f->out, s, ".", 1);
}

static void
lose_engine(struct front *f)
{
	struct tx *tx;

	ipc_free(f->engine);
	f->engine = NULL;
	while ((tx = TAILQ_FIRST(&f->indata)) != NULL)
		front_tx_fail(f, tx);
}

void
front_engine(struct ipc *ch, struct ipc_msg *msg, void *arg)
{
	struct front *f = arg;
	struct tx *tx;

	if (ch != f->engine) {
		if (msg == NULL)
			ipc_free(ch);
		return;
	}
	front_time(f);
	f->heard = f->now;
	if (msg == NULL) {
		lose_engine(f);
		front_push(f);
		return;
	}
	if ((tx = front_tx_find(f, msg->id)) == NULL || !tx->begun)
		return;
	tx->heard = f->now;
	TAILQ_REMOVE(&f->indata, tx, silent);
	TAILQ_INSERT_TAIL(&f->indata, tx, silent);
	if (msg->type == MSG_OUT) {
		if (take_out(f, tx->s, (const char *)msg->data,
		    msg->len) == -1)
			front_tx_fail(f, tx);
	} else if (msg->type == MSG_CREDIT)
		take_credit(f, tx, msg);
	else if (msg->type == MSG_REST && !tx->rest)
		take_rest(f, tx);
	else if (msg->type == MSG_DONE && tx->eomsent)
		take_done(f, tx);
	else
		front_tx_fail(f, tx);
	front_flush_engine(f);
	front_push(f);
}

void
front_silent(struct front *f)
{
	const size_t limit = f->queued > FRONT_QUEUE_ALL ? 0 : FRONT_QUEUE;
	struct tx *tx, *next;

	/* It cannot be heard while smtpd takes nothing from us. */
	if (output_waiting(&f->out) >= OUTPUT_HIGH)
		f->heard = f->now;
	TAILQ_FOREACH_SAFE(tx, &f->indata, silent, next) {
		/* A client may be slow. */
		if (!is_owed(tx))
			continue;
		if (tx->heard + FRONT_ENGINE_MS <= f->now) {
			log_warnx("the engine was silent for %d s",
			    FRONT_ENGINE_MS / 1000);
			front_tx_fail(f, tx);
		} else if (tx->qlen - tx->qpos > limit &&
		    tx->heard + FRONT_PATIENCE_MS <= f->now &&
		    f->heard + FRONT_PATIENCE_MS <= f->now) {
			log_warnx("the engine takes no more of a message");
			front_tx_fail(f, tx);
		}
	}
}
