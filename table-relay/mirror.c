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

#include <sys/types.h>
#include <sys/time.h>

#include <event.h>
#include <string.h>
#include <time.h>

#include "compat.h"
#include "ipc.h"
#include "keyset.h"
#include "log.h"
#include "mirror.h"
#include "store_watch.h"

#define EXPIRE_MIN	1024	/* keys before the first sweep */
#define COMPLAIN	60	/* seconds between two lines in the log */

struct mirror {
	struct keyset		*keys;
	struct store_watch	 watch;
	int			 watching;	/* something is mapped */
	int			 whole;		/* keys are as watch has seen */
	struct ipc		*ch;		/* NULL: no keeper */
	int			 known;		/* position holds something */
	uint64_t		 position;
	uint64_t		 question;	/* the last one's number */
	int			 asking;	/* it has no answer yet */
	int			 reload;	/* to be asked for, or asked */
	int			 failed;	/* the answer was no */
	int			 late;		/* nobody waits for it */
	int			 timedout;
	size_t			 expire_at;	/* keys that make it pay */
	time_t			 complained;	/* about the keeper */
};

struct mirror *
mirror_new(void)
{
	struct mirror	*m;

	if ((m = calloc(1, sizeof(*m))) == NULL)
		return NULL;
	if ((m->keys = keyset_new()) == NULL) {
		free(m);
		return NULL;
	}
	m->expire_at = EXPIRE_MIN;
	return m;
}

/* The database's state is unknown to a new keeper: it must tell all. */
static void
mirror_lost(struct mirror *m)
{
	ipc_free(m->ch);
	m->ch = NULL;
	m->asking = 0;
	m->known = 0;
}

/* What is said now and then while every lookup fails. */
static void
mirror_complain(struct mirror *m, const char *what, size_t len)
{
	time_t	now = time(NULL);

	if (now - m->complained < COMPLAIN)
		return;
	m->complained = now;
	log_warnx("no answers: %.*s", (int)len, what);
}

static void
mirror_ask(struct mirror *m)
{
	struct ipc_pack	p;

	if (m->ch == NULL || m->asking)
		return;
	m->failed = 0;
	if (m->watching)
		store_watch_begin(&m->watch);
	ipc_pack_init(&p);
	ipc_put_u8(&p, m->known ? 1 : 0);
	ipc_put_u64(&p, m->position);
	if (p.failed || ipc_send(m->ch, m->reload ? MIRROR_RELOAD : MIRROR_ASK,
	    ++m->question, p.buf, p.len, -1) == -1)
		mirror_lost(m);
	else
		m->asking = 1;
	ipc_pack_free(&p);
}

/* What to watch, before anything is read of what it watches over. */
static int
mirror_watch(struct mirror *m, struct ipc_msg *msg)
{
	m->asking = m->known = m->whole = m->reload = 0;
	if (m->watching)
		store_watch_unmap(&m->watch);
	m->watching = 0;
	if (msg->fd == -1 || store_watch_map(&m->watch, msg->fd) == -1) {
		/* It is told once for each opening of the database. */
		m->reload = 1;
		return -1;
	}
	m->watching = 1;
	mirror_ask(m);
	return 0;
}

/* Adds or takes out the addresses of one frame.  Returns 0 or -1. */
static int
mirror_addresses(struct mirror *m, const struct ipc_msg *msg)
{
	struct ipc_unpack	 u;
	const uint8_t		*key;
	uint64_t		 until = 0;
	size_t			 len;

	ipc_unpack_init(&u, msg->data, msg->len);
	while (u.left > 0) {
		if (msg->type == MIRROR_PUT)
			until = ipc_get_u64(&u);
		key = ipc_get_bytes(&u, KEYSET_KEY_MAX, &len);
		if (u.failed || until > INT64_MAX)
			return -1;
		if (msg->type == MIRROR_DEL)
			keyset_del(m->keys, (const char *)key, len);
		else if (keyset_put(m->keys, (const char *)key, len,
		    (int64_t)until) == -1)
			return -1;
	}
	return ipc_unpack_end(&u);
}

static int
mirror_clear(struct mirror *m)
{
	struct keyset	*keys;

	if ((keys = keyset_new()) == NULL)
		return -1;
	keyset_free(m->keys);
	m->keys = keys;
	m->known = 0;
	return 0;
}

/* Handles whose time is over are nobody's deletion: swept when it pays. */
static void
mirror_sweep(struct mirror *m)
{
	if (keyset_count(m->keys) < m->expire_at)
		return;
	keyset_expire(m->keys, time(NULL));
	m->expire_at = 2 * keyset_count(m->keys) + EXPIRE_MIN;
}

static int
mirror_done(struct mirror *m, const struct ipc_msg *msg)
{
	struct ipc_unpack	u;
	uint64_t		position;

	ipc_unpack_init(&u, msg->data, msg->len);
	position = ipc_get_u64(&u);
	if (ipc_unpack_end(&u) == -1)
		return -1;
	if (!m->watching)
		return -1;
	m->position = position;
	m->known = m->whole = 1;
	m->asking = m->late = 0;
	m->complained = 0;
	store_watch_end(&m->watch);
	mirror_sweep(m);
	return 0;
}

static int
mirror_fail(struct mirror *m, const struct ipc_msg *msg)
{
	m->asking = 0;
	m->failed = 1;
	mirror_complain(m, (const char *)msg->data, msg->len);
	return 0;
}

static void
mirror_frame(struct ipc *ch, struct ipc_msg *msg, void *arg)
{
	static const char	 senseless[] = "the keeper's answer makes no "
				    "sense";
	struct mirror		*m = arg;
	int			 r;

	(void)ch;
	if (msg == NULL) {
		mirror_lost(m);
		return;
	}
	if (!m->asking || msg->id != m->question)
		return;
	if (msg->type != MIRROR_FAIL && msg->type != MIRROR_DONE)
		m->whole = 0;
	switch (msg->type) {
	case MIRROR_WATCH:
		r = mirror_watch(m, msg);
		break;
	case MIRROR_CLEAR:
		r = mirror_clear(m);
		break;
	case MIRROR_PUT:
	case MIRROR_DEL:
		r = mirror_addresses(m, msg);
		break;
	case MIRROR_DONE:
		r = mirror_done(m, msg);
		break;
	case MIRROR_FAIL:
		r = mirror_fail(m, msg);
		break;
	default:
		r = -1;
	}
	if (r == -1) {
		/* Or there was no memory for it.  All of it, next time. */
		m->asking = m->known = m->whole = 0;
		m->failed = 1;
		mirror_complain(m, senseless, sizeof(senseless) - 1);
	}
}

void
mirror_peer(struct mirror *m, int fd)
{
	mirror_lost(m);
	if ((m->ch = ipc_new(fd, IPC_MAX_DATA, 4096)) == NULL) {
		close(fd);
		return;
	}
	if (ipc_event(m->ch, mirror_frame, m) == -1) {
		mirror_lost(m);
		return;
	}
	mirror_ask(m);
}

static int
mirror_current(const struct mirror *m)
{
	return m->whole && !m->reload && !store_watch_changed(&m->watch);
}

static void
mirror_alarm(int fd, short what, void *arg)
{
	struct mirror	*m = arg;

	(void)fd;
	(void)what;
	m->timedout = 1;
}

int
mirror_fresh(struct mirror *m, int msec)
{
	struct event	ev;
	struct timeval	tv;

	if (mirror_current(m))
		return 1;
	if (m->late)
		msec = 0;
	m->timedout = 0;
	tv.tv_sec = msec / 1000;
	tv.tv_usec = msec % 1000 * 1000;
	evtimer_set(&ev, mirror_alarm, m);
	evtimer_add(&ev, &tv);
	do {
		mirror_ask(m);
		event_loop(EVLOOP_ONCE);
	} while (!mirror_current(m) && !m->failed && !m->timedout);
	evtimer_del(&ev);
	if (mirror_current(m))
		return 1;
	if (m->timedout && !m->late) {
		mirror_complain(m, "the keeper is silent", 20);
		m->late = 1;
	}
	return 0;
}

int
mirror_reload(struct mirror *m, int msec)
{
	m->reload = 1;
	m->asking = 0;		/* whatever comes of an old question */
	if (mirror_fresh(m, msec))
		return 1;
	m->reload = 0;
	return 0;
}

int
mirror_has(const struct mirror *m, const char *address, size_t len,
    int64_t now)
{
	return keyset_has(m->keys, address, len, now);
}

int
mirror_quiet(const struct mirror *m)
{
	return m->ch != NULL && !m->asking;
}
