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
#include "mirror.h"

#define COMPLAIN	60	/* seconds between two lines in the log */

static const char	 senseless[] = "the keeper's answer makes no sense";

/* One credentials lookup that waits for the keeper. */
struct secret {
	uint64_t		 question;	/* its number */
	int			 asking;	/* it has no answer yet */
	int			 result;	/* 1, 0 or -1 */
	char			*buf;		/* the caller's */
	size_t			 size, len;
};

struct mirror {
	int			 secrets;	/* they may pass */
	struct address_cache	*cache;
	struct secret		 secret;
	struct ipc		*ch;		/* NULL: no keeper */
	int			 failed;	/* the answer was no */
	int			 late;		/* nobody waits for it */
	int			 timedout;
	time_t			 complained;	/* about the keeper */
};

struct mirror *
mirror_new(address_also *also)
{
	struct mirror	*m;

	if ((m = calloc(1, sizeof(*m))) == NULL)
		return NULL;
	if ((m->cache = address_cache_new(also)) == NULL) {
		free(m);
		return NULL;
	}
	m->secrets = also != NULL;
	return m;
}

static void
lose_keeper(struct mirror *m)
{
	ipc_free(m->ch);
	m->ch = NULL;
	address_cache_lost(m->cache);
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
	if (m->ch == NULL || address_cache_asking(m->cache))
		return;
	m->failed = 0;
	if (address_cache_refresh(m->cache, m->ch) == -1)
		lose_keeper(m);
}

/* A credentials lookup's answer, which goes straight to who asked. */
static void
take_secret(struct mirror *m, const struct ipc_msg *msg)
{
	struct secret		*s = &m->secret;
	struct ipc_unpack	 u;
	const uint8_t		*user, *password;
	size_t			 userlen, len;

	m->late = 0;
	if (!s->asking || msg->id != s->question)
		return;
	s->asking = 0;
	s->result = msg->type == MIRROR_SECRET_NONE ? 0 : -1;
	if (msg->type == MIRROR_SECRET_FAIL)
		complain(m, (const char *)msg->data, msg->len);
	if (msg->type != MIRROR_SECRET_IS)
		return;
	ipc_unpack_init(&u, msg->data, msg->len);
	user = ipc_get_bytes(&u, s->size, &userlen);
	password = ipc_get_bytes(&u, s->size, &len);
	if (ipc_unpack_end(&u) == -1 || userlen + 1 + len > s->size) {
		complain(m, senseless, sizeof(senseless) - 1);
		return;
	}
	memcpy(s->buf, user, userlen);
	s->buf[userlen] = ':';
	memcpy(s->buf + userlen + 1, password, len);
	s->len = userlen + 1 + len;
	s->result = 1;
}

/* A frame of the answer to the last question. */
static void
take_news(struct mirror *m, struct ipc_msg *msg)
{
	int	asked = address_cache_asking(m->cache);

	switch (address_cache_take(m->cache, m->ch, msg)) {
	case -1:
		/* Or there was no memory for it. */
		m->failed = 1;
		complain(m, senseless, sizeof(senseless) - 1);
		break;
	case 1:
		m->late = 0;
		m->complained = 0;
		break;
	default:
		if (!asked || address_cache_asking(m->cache))
			break;
		m->late = 0;
		m->failed = 1;
		complain(m, (const char *)msg->data, msg->len);
	}
}

static void
on_frame(struct ipc *ch, struct ipc_msg *msg, void *arg)
{
	struct mirror	*m = arg;

	(void)ch;
	if (msg == NULL)
		lose_keeper(m);
	else if (msg->type >= MIRROR_SECRET_IS &&
	    msg->type <= MIRROR_SECRET_FAIL)
		take_secret(m, msg);
	else
		take_news(m, msg);
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
	if (m->secrets)
		ipc_secret(m->ch);
	ask_keeper(m);
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
	if (address_cache_current(m->cache) || m->failed)
		return 0;
	ask_keeper(m);
	return 1;
}

int
mirror_fresh(struct mirror *m, int msec)
{
	if (address_cache_current(m->cache))
		return 1;
	ask_keeper(m);
	wait_while(m, pending_news, msec);
	return address_cache_current(m->cache);
}

int
mirror_reload(struct mirror *m, int msec)
{
	address_cache_reload(m->cache, 1);
	if (mirror_fresh(m, msec))
		return 1;
	address_cache_reload(m->cache, 0);
	return 0;
}

const struct address_sets *
mirror_sets(const struct mirror *m)
{
	return address_cache_sets(m->cache);
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
		if (!address_cache_current(m->cache))
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
mirror_quiet(const struct mirror *m)
{
	return m->ch != NULL && !address_cache_asking(m->cache);
}
