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
#include "front.h"
#include "proc/sandbox.h"
#include "setup.h"

void
front_time(struct front *f)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	f->now = (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* smtpd is gone: the parent ends the rest. */
static __dead void
front_end(void)
{
	_exit(0);
}

void
front_push(struct front *f)
{
	int want;

	if (output_flush(&f->out) == -1)
		front_end();
	if (output_waiting(&f->out) > 0)
		event_add(&f->evout, NULL);
	want = f->reading ?
	    output_waiting(&f->out) < OUTPUT_HIGH :
	    output_waiting(&f->out) <= OUTPUT_LOW;
	if (front_tx_crowded(f))
		want = 0;
	if (f->engine != NULL)
		ipc_event_reading(f->engine,
		    output_waiting(&f->out) < OUTPUT_HIGH);
	if (want == f->reading)
		return;
	f->reading = want;
	if (want)
		event_add(&f->evin, NULL);
	else
		event_del(&f->evin);
}

static void
front_on_write(int fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	front_push(arg);
}

/* Drops the part of an endless line that has come. */
static void
front_endless(struct front *f)
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
front_line_begins(const struct front *f)
{
	return f->inlen > 9 && (strncmp(f->in, "filter|0.", 9) == 0 ||
	    strncmp(f->in, "report|0.", 9) == 0);
}

static void
front_on_read(int fd, short what, void *arg)
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
	if (f->fresh && front_line_begins(f))
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
	used = skip + front_lines(f, f->in + skip, f->inlen - skip);
	f->inlen -= used;
	if (f->inlen > 0 && used > 0)
		memmove(f->in, f->in + used, f->inlen);
	if (f->inlen > PROTO_LINE_MAX)
		front_endless(f);
	front_flush_engine(f);
	front_push(f);
}

/* Deadlines are looked at four times a second while there are any. */
static void
front_on_tick(int fd, short what, void *arg)
{
	static const struct timeval tv = { 0, 250000 };
	static const struct timeval idle = { 1, 0 };
	struct front *f = arg;
	int busy;

	(void)fd;
	(void)what;
	front_time(f);
	front_register(f);
	boxes_refresh(&f->boxes, f->keeper);
	front_overdue(f);
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
front_peer(int role, int fd, void *arg)
{
	struct front *f = arg;
	struct ipc *ch, **old;
	void (*cb)(struct ipc *, struct ipc_msg *, void *);

	old = role == ROLE_KEEPER ? &f->keeper : &f->engine;
	cb = role == ROLE_KEEPER ? front_keeper : front_engine;
	if (*old != NULL)
		cb(*old, NULL, f);
	if ((ch = ipc_new(fd, MSG_FRONT_MAX, FRONT_IPC_QUEUE)) == NULL)
		fatal("channel");
	*old = ch;
	if (ipc_event(ch, cb, f) == -1)
		fatal("channel");
	front_time(f);
	boxes_refresh(&f->boxes, f->keeper);
	front_register(f);
	front_push(f);
}

/* Answers what the front before us has left unanswered. */
static void
front_inherit(struct front *f)
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
		memcpy(s.sid, r->sid, PROTO_ID);
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
front_init(struct front *f, struct privsep_child *pc,
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
	    session_init(&f->sessions) == -1)
		fatal("front");
	arc4random_buf(&f->generation, sizeof(f->generation));
	f->skipping = f->fresh = privsep_child_restarts(pc) > 0;
	if (f->skipping)
		front_inherit(f);
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
	front_init(&f, pc, arg);
	if (sandbox_front() == -1)
		fatalx("cannot confine the front");
	event_set(&f.evin, 0, EV_READ | EV_PERSIST, front_on_read, &f);
	event_set(&f.evout, 1, EV_WRITE, front_on_write, &f);
	evtimer_set(&f.evtick, front_on_tick, &f);
	f.reading = 1;
	if (privsep_child_event(pc, front_peer, &f) == -1 ||
	    event_add(&f.evin, NULL) == -1 || event_add(&f.evtick, &tv) == -1)
		fatalx("event_add");
	event_dispatch();
	return 1;
}
