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

#include <event.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/compat.h"
#include "base/log.h"
#include "crypto/keys.h"
#include "keeper_courier.h"
#include "keeper_senders.h"
#include "mirror.h"
#include "proc/ipc.h"
#include "proc/sandbox.h"
#include "store/store_watch.h"
#include "table-relay.h"

#define KEEPER_BUSY	1000	/* ms to wait for a locked database */
#define KEEPER_SEND	10000	/* ms for the front to take a frame */

struct keeper {
	const struct conf	*conf;
	int			 senders;	/* it is about who sends */
	struct keys		*keys;		/* NULL: not read (yet) */
	struct store		*store;		/* NULL: not open */
	struct ipc		*front;		/* NULL: not there */
	struct keeper_courier	*courier;	/* NULL: none in this table */
	int			 told;		/* it knows what to watch */
	struct store_err	 err;		/* why the store is not open */
	time_t			 tried;
};

/* Opens the database, at most once a second. */
static int
keeper_open(struct keeper *k)
{
	time_t	now = time(NULL);

	if (k->store != NULL)
		return 0;
	if (now == k->tried)
		return -1;
	k->tried = now;
	k->told = 0;
	k->store = store_open(k->conf->database, 0, KEEPER_BUSY, &k->err);
	return k->store == NULL ? -1 : 0;
}

static void
keeper_close(struct keeper *k)
{
	/* A front that did not take what to watch must not get another file. */
	if (k->front != NULL)
		ipc_reclaim(k->front);
	store_close(k->store);
	k->store = NULL;
	k->told = 0;
	k->tried = 0;
}

static void
keeper_fail(struct keeper *k, struct address_feed *f)
{
	const struct store_err	*e;

	e = k->store == NULL ? &k->err : store_error(k->store);
	address_feed_fail(f, e->text);
	/* What is not going to pass by itself might with a new beginning. */
	if (k->store != NULL && e->kind != STORE_BUSY) {
		k->err = *e;
		keeper_close(k);
		k->tried = time(NULL);
	}
}

/* Everything (seq is -1), or what is new since seq, and where that leads. */
static void
keeper_tell(struct keeper *k, struct address_feed *f, int64_t seq)
{
	int	r;

	if (k->senders)
		r = keeper_senders_tell(k->store, k->conf, f, &seq);
	else
		r = store_keys_tell(k->store, f, time(NULL), &seq);
	if (r == -1 && !f->failed)
		keeper_fail(k, f);
	else if (address_feed_done(f, seq) == -1)
		log_debug("the front has gone");
}

/* A question for addresses. */
static void
keeper_answer(struct keeper *k, struct ipc *ch, const struct ipc_msg *msg)
{
	struct address_feed	f;
	int64_t			seq;
	int			fd;

	if (address_feed_begin(&f, ch, msg, KEEPER_SEND, &seq) == -1) {
		log_warnx("the front's question makes no sense");
		return;
	}
	if (msg->type == ADDRESS_RELOAD)
		keeper_close(k);
	if (keeper_open(k) == -1)
		keeper_fail(k, &f);
	else if (k->told)
		keeper_tell(k, &f, seq);
	else if ((fd = store_watch_fd(k->store)) == -1)
		keeper_fail(k, &f);
	else if (address_feed_watch(&f, fd) == 0)
		k->told = 1;
}

/* A question for credentials. */
static void
keeper_secret(struct keeper *k, const struct ipc_msg *msg)
{
	char	err[512];

	if (k->keys == NULL &&
	    (k->keys = keys_open(k->conf->key, err, sizeof(err))) == NULL)
		log_warnx("%s", err);
	keeper_senders_secret(k->front, msg, keeper_open(k) == -1 ? NULL :
	    k->store, k->conf, k->keys);
}

static void
keeper_frame(struct ipc *ch, struct ipc_msg *msg, void *arg)
{
	struct keeper	*k = arg;

	if (msg == NULL) {
		ipc_free(ch);
		k->front = NULL;
	} else if (k->senders && msg->type == MIRROR_SECRET)
		keeper_secret(k, msg);
	else
		keeper_answer(k, ch, msg);
}

static void
keeper_peer(int role, int fd, void *arg)
{
	struct keeper	*k = arg;

	if (role == ROLE_COURIER || role == ROLE_OAUTH) {
		keeper_courier_peer(k->courier, role, fd);
		return;
	}
	ipc_free(k->front);
	k->told = 0;
	if ((k->front = ipc_new(fd, IPC_MAX_DATA, IPC_MAX_DATA)) == NULL) {
		close(fd);
		return;
	}
	if (k->senders)
		ipc_secret(k->front);
	if (ipc_event(k->front, keeper_frame, k) == -1) {
		ipc_free(k->front);
		k->front = NULL;
	}
}

/* For the courier's questions. */
static struct store *
keeper_store(void *arg)
{
	struct keeper	*k = arg;

	return keeper_open(k) == -1 ? NULL : k->store;
}

int
keeper_main(struct privsep_child *pc, void *arg)
{
	struct table		*t = arg;
	struct sandbox_paths	 paths = { t->conf->database, NULL, NULL,
	    NULL };
	struct keeper		 k = { .conf = t->conf, .senders = t->senders };

	table_forget(t);
	if (keeper_open(&k) == -1)
		log_warnx("%s", k.err.text);
	if (t->senders) {
		paths.key = t->conf->key;
		if ((k.courier = keeper_courier_new(t->conf, keeper_store,
		    &k)) == NULL)
			return 1;
	}
	event_init();
	if (sandbox_keeper(&paths) == -1)
		return 1;
	if (privsep_child_event(pc, keeper_peer, &k) == -1)
		return 1;
	event_dispatch();
	return 1;
}
