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

#include <ctype.h>
#include <event.h>
#include <stdlib.h>
#include <string.h>

/* Releases since 1.31 call what all releases have deprecated. */
#define CARES_NO_DEPRECATED
#include <ares.h>

#include "base/compat.h"
#include "base/log.h"
#include "smtp/aresev.h"
#include "smtp/dnsmsg.h"

#define ARESEV_TIMEOUT	2000	/* ms */
#define ARESEV_TRIES	3
#define ARESEV_EDNS	1232	/* bytes: fits into one packet anywhere */

/* A socket of the channel's. */
struct aresev_fd {
	LIST_ENTRY(aresev_fd)	 entry;
	struct aresev		*aev;
	struct event		 ev;
	int			 fd;
};

struct aresev {
	struct event_base	*base;
	ares_channel		 channel;
	struct event		 timer;		/* what c-ares waits for */
	struct event		 deliver;	/* answers wait in `done' */
	size_t			 nqueries;
	LIST_HEAD(, aresev_fd)	 fds;
	TAILQ_HEAD(, aresev_query) done;
};

struct aresev_query {
	TAILQ_ENTRY(aresev_query) entry;	/* in `done' */
	struct aresev		*aev;
	aresev_cb		*cb;		/* NULL: cancelled */
	void			*arg;
	int			 type;
	char			 name[DNS_NAME_MAX + 1];
					/* lower case, no last dot */
	struct dns_answer	 answer;
};

static void
rearm(struct aresev *aev)
{
	struct timeval	 tv;

	if (ares_timeout(aev->channel, NULL, &tv) != NULL)
		evtimer_add(&aev->timer, &tv);
	else
		evtimer_del(&aev->timer);
}

static void
on_timer(int fd, short what, void *arg)
{
	struct aresev	*aev = arg;

	(void)fd;
	(void)what;
	ares_process_fd(aev->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	rearm(aev);
}

static void
on_fd(int fd, short what, void *arg)
{
	struct aresev_fd	*afd = arg;
	struct aresev		*aev = afd->aev;

	/* afd may be gone after this. */
	ares_process_fd(aev->channel, what & EV_READ ? fd : ARES_SOCKET_BAD,
	    what & EV_WRITE ? fd : ARES_SOCKET_BAD);
	rearm(aev);
}

/* c-ares says what it wants to know of a socket. */
static void
on_state(void *arg, ares_socket_t fd, int readable, int writable)
{
	struct aresev		*aev = arg;
	struct aresev_fd	*afd;
	short			 what = EV_PERSIST;

	LIST_FOREACH(afd, &aev->fds, entry)
		if (afd->fd == fd)
			break;
	if (afd != NULL)
		event_del(&afd->ev);
	if (!readable && !writable) {
		if (afd != NULL) {
			LIST_REMOVE(afd, entry);
			free(afd);
		}
		return;
	}
	if (afd == NULL) {
		/* Without memory the query's time runs out. */
		if ((afd = calloc(1, sizeof(*afd))) == NULL)
			return;
		afd->aev = aev;
		afd->fd = fd;
		LIST_INSERT_HEAD(&aev->fds, afd, entry);
	}
	what |= (readable ? EV_READ : 0) | (writable ? EV_WRITE : 0);
	event_set(&afd->ev, fd, what, on_fd, afd);
	if (aev->base != NULL)
		event_base_set(aev->base, &afd->ev);
	event_add(&afd->ev, NULL);
}

/* Runs the callbacks, outside of c-ares: they may end the channel. */
static void
on_deliver(int fd, short what, void *arg)
{
	struct timeval		 now = { 0, 0 };
	struct aresev		*aev = arg;
	struct aresev_query	*q;
	aresev_cb		*cb;

	(void)fd;
	(void)what;
	if ((q = TAILQ_FIRST(&aev->done)) == NULL)
		return;
	TAILQ_REMOVE(&aev->done, q, entry);
	if (!TAILQ_EMPTY(&aev->done))
		evtimer_add(&aev->deliver, &now);
	aev->nqueries--;
	if ((cb = q->cb) != NULL)
		cb(&q->answer, q->arg);
	dns_answer_clear(&q->answer);
	free(q);
}

static void
on_answer(void *arg, int status, int timeouts, unsigned char *msg,
    int len)
{
	struct timeval		 now = { 0, 0 };
	struct aresev_query	*q = arg;
	struct aresev		*aev = q->aev;

	(void)timeouts;
	if (status == ARES_EDESTRUCTION || q->cb == NULL) {
		aev->nqueries--;
		free(q);
		return;
	}
	/* ECONNREFUSED stands for SERVFAIL, too. */
	if (status == ARES_EBADNAME)
		q->answer.status = DNS_NXDOMAIN;
	else if (status == ARES_ETIMEOUT)
		q->answer.status = DNS_TIMEOUT;
	else if (msg == NULL || len <= 0 || dnsmsg_answer(msg, (size_t)len,
	    q->name, q->type, &q->answer) == -1)
		q->answer.status = DNS_SERVFAIL;
	TAILQ_INSERT_TAIL(&aev->done, q, entry);
	evtimer_add(&aev->deliver, &now);
}

static int
open_channel(struct aresev *aev, const struct aresev_conf *conf)
{
	struct ares_options	 opt;
	char			 lookups[] = "b";
	int			 mask, rv;

	memset(&opt, 0, sizeof(opt));
	opt.flags = ARES_FLAG_NOALIASES | ARES_FLAG_NOSEARCH | ARES_FLAG_EDNS;
	opt.ednspsz = ARESEV_EDNS;
	opt.timeout = ARESEV_TIMEOUT;
	opt.tries = ARESEV_TRIES;
	opt.lookups = lookups;		/* hosts(5) is not its business */
	opt.sock_state_cb = on_state;
	opt.sock_state_cb_data = aev;
	if (conf != NULL && conf->timeout > 0)
		opt.timeout = conf->timeout;
	if (conf != NULL && conf->tries > 0)
		opt.tries = conf->tries;
	mask = ARES_OPT_FLAGS | ARES_OPT_EDNSPSZ | ARES_OPT_TIMEOUTMS |
	    ARES_OPT_TRIES | ARES_OPT_LOOKUPS | ARES_OPT_SOCK_STATE_CB;
	if ((rv = ares_init_options(&aev->channel, &opt, mask)) !=
	    ARES_SUCCESS) {
		log_warnx("resolver: %s", ares_strerror(rv));
		return -1;
	}
	if (conf == NULL || conf->servers == NULL)
		return 0;
	rv = ares_set_servers_ports_csv(aev->channel, conf->servers);
	if (rv != ARES_SUCCESS) {
		log_warnx("resolver: name servers \"%s\": %s", conf->servers,
		    ares_strerror(rv));
		ares_destroy(aev->channel);
		return -1;
	}
	return 0;
}

struct aresev *
aresev_new(struct event_base *base, const struct aresev_conf *conf)
{
	static int	 ready;
	struct aresev	*aev;

	if (!ready && ares_library_init(ARES_LIB_INIT_ALL) != ARES_SUCCESS) {
		log_warnx("resolver: cannot be made ready");
		return NULL;
	}
	ready = 1;
	if ((aev = calloc(1, sizeof(*aev))) == NULL) {
		log_warn("resolver");
		return NULL;
	}
	aev->base = base;
	LIST_INIT(&aev->fds);
	TAILQ_INIT(&aev->done);
	evtimer_set(&aev->timer, on_timer, aev);
	evtimer_set(&aev->deliver, on_deliver, aev);
	if (base != NULL) {
		event_base_set(base, &aev->timer);
		event_base_set(base, &aev->deliver);
	}
	if (open_channel(aev, conf) == -1) {
		free(aev);
		return NULL;
	}
	return aev;
}

void
aresev_free(struct aresev *aev)
{
	struct aresev_query	*q;
	struct aresev_fd	*afd;

	if (aev == NULL)
		return;
	/* Frees the queries that wait, and closes the sockets. */
	ares_destroy(aev->channel);
	while ((q = TAILQ_FIRST(&aev->done)) != NULL) {
		TAILQ_REMOVE(&aev->done, q, entry);
		dns_answer_clear(&q->answer);
		free(q);
	}
	while ((afd = LIST_FIRST(&aev->fds)) != NULL) {
		LIST_REMOVE(afd, entry);
		event_del(&afd->ev);
		free(afd);
	}
	evtimer_del(&aev->timer);
	evtimer_del(&aev->deliver);
	free(aev);
}

struct aresev_query *
aresev_query(struct aresev *aev, const char *name, int type, aresev_cb *cb,
    void *arg)
{
	struct aresev_query	*q;
	size_t			 i, len = strlen(name);

	if (aev->nqueries >= ARESEV_QUERIES_MAX ||
	    (q = calloc(1, sizeof(*q))) == NULL)
		return NULL;
	q->aev = aev;
	q->cb = cb;
	q->arg = arg;
	q->type = type;
	aev->nqueries++;
	/* An answer at once waits in `done', as any other. */
	if (!dns_name_valid(name)) {
		on_answer(q, ARES_EBADNAME, 0, NULL, 0);
		return q;
	}
	for (i = 0; i < len && i < DNS_NAME_MAX; i++)
		q->name[i] = tolower((unsigned char)name[i]);
	if (q->name[i - 1] == '.')
		q->name[i - 1] = '\0';
	ares_query(aev->channel, q->name, 1, type, on_answer, q);
	rearm(aev);
	return q;
}

void
aresev_cancel(struct aresev_query *q)
{
	q->cb = NULL;
}
