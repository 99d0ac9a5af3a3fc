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

#include "base/compat.h"
#include "base/log.h"
#include "batch.h"
#include "base/keyset.h"
#include "mirror.h"
#include "proc/ipc.h"
#include "store/store_watch.h"

#define EXPIRE_MIN	1024	/* keys before the first sweep */
#define COMPLAIN	60	/* seconds between two lines in the log */

/* One credentials lookup that waits for the keeper. */
struct secret {
	uint64_t		 question;	/* its number */
	int			 asking;	/* it has no answer yet */
	int			 result;	/* 1, 0 or -1 */
	char			*buf;		/* the caller's */
	size_t			 size, len;
};

struct mirror {
	const struct conf	*conf;		/* about who sends, or NULL */
	struct keyset		*keys;		/* or NULL */
	struct senders		*senders;	/* or NULL */
	struct secret		 secret;
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

/* Begins with nothing. */
static int
clear_copy(struct mirror *m)
{
	struct keyset	*keys = NULL;
	struct senders	*senders = NULL;

	if (m->conf != NULL ? (senders = senders_new(m->conf)) == NULL :
	    (keys = keyset_new()) == NULL)
		return -1;
	keyset_free(m->keys);
	senders_free(m->senders);
	m->keys = keys;
	m->senders = senders;
	m->known = 0;
	return 0;
}

struct mirror *
mirror_new(const struct conf *conf)
{
	struct mirror	*m;

	if ((m = calloc(1, sizeof(*m))) == NULL)
		return NULL;
	m->conf = conf;
	if (clear_copy(m) == -1) {
		free(m);
		return NULL;
	}
	m->expire_at = EXPIRE_MIN;
	return m;
}

/* The database's state is unknown to a new keeper: it must tell all. */
static void
lose_keeper(struct mirror *m)
{
	ipc_free(m->ch);
	m->ch = NULL;
	m->asking = 0;
	m->known = 0;
	m->secret.asking = 0;
}

/* What is said now and then while every lookup fails. */
static void
complain(struct mirror *m, const char *what, size_t len)
{
	time_t	now = time(NULL);

	if (now - m->complained < COMPLAIN)
		return;
	m->complained = now;
	log_warnx("no answers: %.*s", (int)len, what);
}

static void
ask_keeper(struct mirror *m)
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
		lose_keeper(m);
	else
		m->asking = 1;
	ipc_pack_free(&p);
}

/* What to watch, before anything is read of what it watches over. */
static int
take_watch(struct mirror *m, struct ipc_msg *msg)
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
	ask_keeper(m);
	return 0;
}

/* Handles whose time is over are nobody's deletion: swept when it pays. */
static void
sweep_keys(struct mirror *m)
{
	if (m->keys == NULL || keyset_count(m->keys) < m->expire_at)
		return;
	keyset_expire(m->keys, time(NULL));
	m->expire_at = 2 * keyset_count(m->keys) + EXPIRE_MIN;
}

static int
take_done(struct mirror *m, const struct ipc_msg *msg)
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
	sweep_keys(m);
	return 0;
}

static int
take_fail(struct mirror *m, const struct ipc_msg *msg)
{
	m->asking = m->late = 0;
	m->failed = 1;
	complain(m, (const char *)msg->data, msg->len);
	return 0;
}

/* A credentials lookup's answer, which goes straight to who asked. */
static int
take_secret(struct mirror *m, const struct ipc_msg *msg)
{
	struct secret		*s = &m->secret;
	struct ipc_unpack	 u;
	const uint8_t		*user, *password;
	size_t			 userlen, len;

	m->late = 0;
	if (!s->asking || msg->id != s->question)
		return 0;
	s->asking = 0;
	s->result = msg->type == MIRROR_SECRET_NONE ? 0 : -1;
	if (msg->type == MIRROR_SECRET_FAIL)
		complain(m, (const char *)msg->data, msg->len);
	if (msg->type != MIRROR_SECRET_IS)
		return 0;
	ipc_unpack_init(&u, msg->data, msg->len);
	user = ipc_get_bytes(&u, s->size, &userlen);
	password = ipc_get_bytes(&u, s->size, &len);
	if (ipc_unpack_end(&u) == -1 || userlen + 1 + len > s->size)
		return -1;
	memcpy(s->buf, user, userlen);
	s->buf[userlen] = ':';
	memcpy(s->buf + userlen + 1, password, len);
	s->len = userlen + 1 + len;
	s->result = 1;
	return 0;
}

/* One frame of the answer to the last question: 0 or -1. */
static int
take_news(struct mirror *m, struct ipc_msg *msg)
{
	if (msg->type != MIRROR_FAIL && msg->type != MIRROR_DONE)
		m->whole = 0;
	switch (msg->type) {
	case MIRROR_WATCH:
		return take_watch(m, msg);
	case MIRROR_CLEAR:
		return clear_copy(m);
	case MIRROR_PUT:
	case MIRROR_DEL:
	case MIRROR_FORGET:
	case MIRROR_MAY:
		return batch_take(msg, m->keys, m->senders);
	case MIRROR_DONE:
		return take_done(m, msg);
	case MIRROR_FAIL:
		return take_fail(m, msg);
	default:
		return -1;
	}
}

static void
on_frame(struct ipc *ch, struct ipc_msg *msg, void *arg)
{
	static const char	 senseless[] = "the keeper's answer makes no "
				    "sense";
	struct mirror		*m = arg;
	int			 r;

	(void)ch;
	if (msg == NULL) {
		lose_keeper(m);
		return;
	}
	if (msg->type >= MIRROR_SECRET_IS && msg->type <= MIRROR_SECRET_FAIL)
		r = take_secret(m, msg);
	else if (!m->asking || msg->id != m->question)
		return;
	else
		r = take_news(m, msg);
	if (r == -1) {
		/* Or there was no memory for it.  All of it, next time. */
		m->asking = m->known = m->whole = 0;
		m->failed = 1;
		complain(m, senseless, sizeof(senseless) - 1);
	}
}

void
mirror_peer(struct mirror *m, int fd)
{
	lose_keeper(m);
	if ((m->ch = ipc_new(fd, IPC_MAX_DATA, 4096)) == NULL) {
		close(fd);
		return;
	}
	if (ipc_event(m->ch, on_frame, m) == -1) {
		lose_keeper(m);
		return;
	}
	if (m->conf != NULL)
		ipc_secret(m->ch);
	ask_keeper(m);
}

static int
is_current(const struct mirror *m)
{
	return m->whole && !m->reload && !store_watch_changed(&m->watch);
}

static void
on_alarm(int fd, short what, void *arg)
{
	struct mirror	*m = arg;

	(void)fd;
	(void)what;
	m->timedout = 1;
}

/* Looks at the channels until there is nothing more to wait for. */
static void
wait_while(struct mirror *m, int (*pending)(struct mirror *), int msec)
{
	struct event	ev;
	struct timeval	tv;

	if (m->late)
		msec = 0;
	m->timedout = 0;
	tv.tv_sec = msec / 1000;
	tv.tv_usec = msec % 1000 * 1000;
	evtimer_set(&ev, on_alarm, m);
	evtimer_add(&ev, &tv);
	do
		event_loop(EVLOOP_ONCE);
	while (pending(m) && !m->timedout);
	evtimer_del(&ev);
	if (pending(m) && !m->late) {
		complain(m, "the keeper is silent", 20);
		m->late = 1;
	}
}

static int
pending_news(struct mirror *m)
{
	if (is_current(m) || m->failed)
		return 0;
	ask_keeper(m);
	return 1;
}

int
mirror_fresh(struct mirror *m, int msec)
{
	if (is_current(m))
		return 1;
	ask_keeper(m);
	wait_while(m, pending_news, msec);
	return is_current(m);
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

const struct senders *
mirror_senders(const struct mirror *m)
{
	return m->senders;
}

static int
pending_secret(struct mirror *m)
{
	return m->secret.asking;
}

static int
pending_peer(struct mirror *m)
{
	return m->ch == NULL;
}

static int
ask_secret(struct mirror *m, const char *label, size_t len)
{
	struct secret	*s = &m->secret;
	struct ipc_pack	 p;

	ipc_pack_init(&p);
	ipc_put_bytes(&p, label, len);
	s->asking = m->ch != NULL && !p.failed && ipc_send(m->ch,
	    MIRROR_SECRET, ++s->question, p.buf, p.len, -1) == 0;
	ipc_pack_free(&p);
	return s->asking;
}

int
mirror_secret(struct mirror *m, const char *label, size_t labellen,
    char *buf, size_t size, size_t *len, int msec)
{
	struct secret	*s = &m->secret;

	if (labellen > MIRROR_LABEL_MAX)
		return 0;
	if (m->late) {
		/* Perhaps by now it has answered what nobody waits for. */
		if (!is_current(m))
			ask_keeper(m);
		event_loop(EVLOOP_NONBLOCK);
	}
	if (m->late)
		return -1;
	s->result = -1;
	s->buf = buf;
	s->size = size;
	if (!ask_secret(m, label, labellen)) {
		/* That may be how its death is noticed. */
		lose_keeper(m);
		wait_while(m, pending_peer, msec);
		ask_secret(m, label, labellen);
	}
	if (s->asking)
		wait_while(m, pending_secret, msec);
	s->asking = 0;
	s->buf = NULL;
	*len = s->len;
	return s->result;
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
