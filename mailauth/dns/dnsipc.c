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

#include <sys/time.h>
#include <sys/types.h>

#include <event.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/compat.h"
#include "base/log.h"
#include "dns/dns.h"
#include "dns/dns_resolver.h"
#include "dns/dnsipc.h"

/* A question under way; ids are given in the order of asking. */
struct ask {
	RB_ENTRY(ask)		 node;
	struct dns_query	*query;
	uint64_t		 id;
	time_t			 until;
	int			 sent;
};

RB_HEAD(dnsipc_asks, ask);

struct asker {
	struct dns		 dns;		/* first */
	struct ipc		*ch;		/* or NULL */
	struct dnsipc_asks	 asks;
	struct event		 deadline;
	uint64_t		 last;		/* id */
};

static int
ask_cmp(const struct ask *a, const struct ask *b)
{
	return a->id < b->id ? -1 : a->id > b->id;
}

RB_PROTOTYPE(dnsipc_asks, ask, node, ask_cmp)
RB_GENERATE(dnsipc_asks, ask, node, ask_cmp)

void
dnsipc_pack(struct ipc_pack *p, int type, const struct dns_answer *a)
{
	const struct dns_record *r;
	size_t i;

	ipc_put_u8(p, a->status);
	ipc_put_u32(p, a->ttl);
	ipc_put_u32(p, a->n);
	for (i = 0; i < a->n; i++) {
		r = &a->v[i];
		ipc_put_u32(p, r->preference);
		if (type == DNS_A)
			ipc_put_bytes(p, &r->in, sizeof(r->in));
		else if (type == DNS_AAAA)
			ipc_put_bytes(p, &r->in6, sizeof(r->in6));
		else
			ipc_put_bytes(p, r->text, r->len);
	}
}

/* One record; 0 or -1. */
static int
take_record(struct ipc_unpack *u, int type, struct dns_answer *a)
{
	static const struct dns_record none;
	struct dns_record r = none;
	const uint8_t *p;
	size_t len;

	r.preference = ipc_get_u32(u);
	p = ipc_get_bytes(u, DNS_TEXT_MAX, &len);
	if (p == NULL && u->failed)
		return -1;
	if (type != DNS_A && type != DNS_AAAA)
		return dns_answer_add(a, &r, p == NULL ? "" : (const char *)p,
		    len);
	if (len != (type == DNS_A ? sizeof(r.in) : sizeof(r.in6)))
		return -1;
	if (type == DNS_A)
		memcpy(&r.in, p, len);
	else
		memcpy(&r.in6, p, len);
	return dns_answer_add(a, &r, NULL, 0);
}

int
dnsipc_unpack(struct ipc_unpack *u, int type, struct dns_answer *a)
{
	uint32_t i, n;

	a->status = ipc_get_u8(u);
	a->ttl = ipc_get_u32(u);
	n = ipc_get_u32(u);
	if (a->status > DNS_TIMEOUT || n > DNS_RECORDS_MAX ||
	    (a->status == DNS_OK) != (n > 0))
		return -1;
	for (i = 0; i < n; i++)
		if (take_record(u, type, a) == -1)
			return -1;
	return ipc_unpack_end(u);
}

static void
asker_remove(struct asker *k, struct ask *ask)
{
	RB_REMOVE(dnsipc_asks, &k->asks, ask);
	free(ask);
}

/* Gives an answer without records. */
static void
asker_end(struct asker *k, struct ask *ask, int status)
{
	struct dns_query *q = ask->query;
	struct dns_answer a;

	asker_remove(k, ask);
	memset(&a, 0, sizeof(a));
	a.status = status;
	dns_done(q, &a);
}

/* The oldest question's time is up first. */
static void
asker_arm(struct asker *k)
{
	struct timeval tv = { 0, 0 };
	time_t now = clock_seconds();
	struct ask *ask;

	if ((ask = RB_MIN(dnsipc_asks, &k->asks)) == NULL) {
		evtimer_del(&k->deadline);
		return;
	}
	if (ask->until > now)
		tv.tv_sec = ask->until - now;
	evtimer_add(&k->deadline, &tv);
}

static void
asker_deadline(int fd, short what, void *arg)
{
	struct asker *k = arg;
	struct ask *ask;
	time_t now = clock_seconds();

	(void)fd;
	(void)what;
	while ((ask = RB_MIN(dnsipc_asks, &k->asks)) != NULL &&
	    ask->until <= now)
		asker_end(k, ask, DNS_TIMEOUT);
	asker_arm(k);
}

/*
 * Sends a question; one that the channel does not take waits for its
 * deadline.
 */
static void
asker_send(struct asker *k, struct ask *ask)
{
	struct ipc_pack p;

	if (k->ch == NULL)
		return;
	ipc_pack_init(&p);
	ipc_put_u32(&p, ask->query->type);
	ipc_put_str(&p, ask->query->name);
	if (!p.failed && ipc_send(k->ch, DNSIPC_ASK, ask->id, p.buf, p.len,
	    -1) == 0)
		ask->sent = 1;
	ipc_pack_free(&p);
}

static int
asker_start(struct dns_query *q)
{
	struct asker *k = (struct asker *)q->dns;
	struct ask *ask;

	if ((ask = calloc(1, sizeof(*ask))) == NULL)
		return -1;
	ask->query = q;
	ask->id = ++k->last;
	ask->until = clock_seconds() + DNSIPC_DEADLINE;
	q->work = ask;
	RB_INSERT(dnsipc_asks, &k->asks, ask);
	if (RB_MIN(dnsipc_asks, &k->asks) == ask)
		asker_arm(k);
	asker_send(k, ask);
	return 0;
}

static void
asker_cancel(struct dns_query *q)
{
	asker_remove((struct asker *)q->dns, q->work);
}

static void
asker_free(struct dns *d)
{
	struct asker *k = (struct asker *)d;

	evtimer_del(&k->deadline);
	ipc_free(k->ch);
	free(k);
}

static const struct dns_ops asker_ops = {
	asker_start, asker_cancel, asker_free
};

/* The channel's end: what it was asked stays without an answer. */
static void
asker_disconnect(struct asker *k)
{
	struct ask *ask;

	ipc_free(k->ch);
	k->ch = NULL;
	RB_FOREACH(ask, dnsipc_asks, &k->asks)
		if (ask->sent)
			ask->until = 0;
	/* Callbacks ask and cancel others, so that each look is a new one. */
	do {
		RB_FOREACH(ask, dnsipc_asks, &k->asks)
			if (ask->until == 0)
				break;
		if (ask != NULL)
			asker_end(k, ask, DNS_SERVFAIL);
	} while (ask != NULL);
}

static void
asker_message(struct ipc *ch, struct ipc_msg *msg, void *arg)
{
	struct asker *k = arg;
	struct dns_answer a;
	struct ipc_unpack u;
	struct dns_query *q;
	struct ask *ask, key;

	(void)ch;
	if (msg == NULL) {
		asker_disconnect(k);
		return;
	}
	key.id = msg->id;
	/* It may have been given up. */
	if ((ask = RB_FIND(dnsipc_asks, &k->asks, &key)) == NULL)
		return;
	q = ask->query;
	memset(&a, 0, sizeof(a));
	ipc_unpack_init(&u, msg->data, msg->len);
	if (msg->type != DNSIPC_ANSWER ||
	    dnsipc_unpack(&u, q->type, &a) == -1) {
		dns_answer_clear(&a);
		a.status = DNS_SERVFAIL;
	}
	asker_remove(k, ask);
	dns_done(q, &a);
	dns_answer_clear(&a);
}

struct dns *
dnsipc_new(void)
{
	struct asker *k;

	if ((k = calloc(1, sizeof(*k))) == NULL)
		return NULL;
	dns_init(&k->dns, &asker_ops);
	RB_INIT(&k->asks);
	evtimer_set(&k->deadline, asker_deadline, k);
	return &k->dns;
}

int
dnsipc_connect(struct dns *d, int fd)
{
	struct asker *k = (struct asker *)d;
	struct ask *ask;

	if (k->ch != NULL)
		asker_disconnect(k);
	if ((k->ch = ipc_new(fd, DNSIPC_MAX, DNSIPC_QUEUE)) == NULL) {
		close(fd);
		return -1;
	}
	if (ipc_event(k->ch, asker_message, k) == -1) {
		ipc_free(k->ch);
		k->ch = NULL;
		return -1;
	}
	RB_FOREACH(ask, dnsipc_asks, &k->asks)
		asker_send(k, ask);
	return 0;
}

/* A peer's question that is under way. */
struct served {
	LIST_ENTRY(served)	 entry;
	struct dnsipc_server	*server;
	struct dns_query	*query;
	uint64_t		 id;
	int			 type;
};

struct dnsipc_server {
	struct dns		*dns;
	struct ipc		*ch;		/* NULL: the peer has gone */
	LIST_HEAD(, served)	 questions;
};

static void
served_reply(struct dnsipc_server *s, uint64_t id, int type,
    const struct dns_answer *a)
{
	struct ipc_pack p;

	ipc_pack_init(&p);
	dnsipc_pack(&p, type, a);
	/* What cannot be sent, the peer takes for silence. */
	if (p.failed || ipc_send(s->ch, DNSIPC_ANSWER, id, p.buf, p.len,
	    -1) == -1)
		log_warnx("an answer was lost");
	ipc_pack_free(&p);
}

static void
served_answer(const struct dns_answer *a, void *arg)
{
	struct served *q = arg;

	LIST_REMOVE(q, entry);
	served_reply(q->server, q->id, q->type, a);
	free(q);
}

/* The peer has gone, or speaks nonsense. */
static void
served_end(struct dnsipc_server *s)
{
	struct served *q;

	while ((q = LIST_FIRST(&s->questions)) != NULL) {
		LIST_REMOVE(q, entry);
		dns_cancel(q->query);
		free(q);
	}
	ipc_free(s->ch);
	s->ch = NULL;
}

static void
served_message(struct ipc *ch, struct ipc_msg *msg, void *arg)
{
	struct dnsipc_server *s = arg;
	struct dns_answer failed;
	struct ipc_unpack u;
	struct served *q;
	char name[DNS_NAME_MAX + 1];
	int type;

	(void)ch;
	if (msg == NULL) {
		served_end(s);
		return;
	}
	ipc_unpack_init(&u, msg->data, msg->len);
	type = ipc_get_u32(&u);
	ipc_get_str(&u, name, sizeof(name));
	if (msg->type != DNSIPC_ASK || ipc_unpack_end(&u) == -1 ||
	    strcmp(dns_type(type), "?") == 0) {
		log_warnx("a malformed question");
		served_end(s);
		return;
	}
	if ((q = calloc(1, sizeof(*q))) != NULL) {
		q->server = s;
		q->id = msg->id;
		q->type = type;
		if ((q->query = dns_query(s->dns, name, type, served_answer,
		    q)) != NULL) {
			LIST_INSERT_HEAD(&s->questions, q, entry);
			return;
		}
		free(q);
	}
	memset(&failed, 0, sizeof(failed));
	failed.status = DNS_SERVFAIL;
	served_reply(s, msg->id, type, &failed);
}

struct dnsipc_server *
dnsipc_server_new(struct dns *d, int fd)
{
	struct dnsipc_server *s;

	if ((s = calloc(1, sizeof(*s))) == NULL) {
		close(fd);
		return NULL;
	}
	s->dns = d;
	LIST_INIT(&s->questions);
	if ((s->ch = ipc_new(fd, DNSIPC_MAX, DNSIPC_QUEUE)) == NULL ||
	    ipc_event(s->ch, served_message, s) == -1) {
		if (s->ch == NULL)
			close(fd);
		dnsipc_server_free(s);
		return NULL;
	}
	return s;
}

void
dnsipc_server_free(struct dnsipc_server *s)
{
	if (s == NULL)
		return;
	served_end(s);
	free(s);
}
