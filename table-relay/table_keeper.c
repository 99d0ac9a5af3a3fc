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
#include "batch.h"
#include "crypto/keys.h"
#include "keeper_courier.h"
#include "keeper_senders.h"
#include "mirror.h"
#include "proc/ipc.h"
#include "proc/sandbox.h"
#include "store/store_watch.h"
#include "table-relay.h"

#define KEEPER_BUSY	1000	/* ms to wait for a locked database */

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

static int
tell_key(const struct store_key *k, void *arg)
{
	return k->expires == 0 ? batch_del(arg, k->key) :
	    batch_put(arg, k->key, (uint64_t)k->expires);
}

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
keeper_fail(struct keeper *k, uint64_t id)
{
	const struct store_err	*e;

	e = k->store == NULL ? &k->err : store_error(k->store);
	ipc_send(k->front, MIRROR_FAIL, id, e->text, strlen(e->text), -1);
	/* What is not going to pass by itself might with a new beginning. */
	if (k->store != NULL && e->kind != STORE_BUSY) {
		k->err = *e;
		keeper_close(k);
		k->tried = time(NULL);
	}
}

/* The same about who receives. */
static int
keeper_keys(struct keeper *k, struct batch *b, int64_t *seq)
{
	int	r = 0;

	if (*seq >= 0)
		r = store_keys_since(k->store, seq, tell_key, b);
	if (r != 0)
		return r == 1 ? 0 : -1;
	if (batch_clear(b) == -1)
		return -1;
	return store_keys_all(k->store, time(NULL), seq, tell_key, b);
}

/* Everything (seq is -1), or what is new since seq, and where that leads. */
static void
keeper_tell(struct keeper *k, uint64_t id, int64_t seq)
{
	struct batch	b;
	struct ipc_pack	p;
	int		r;

	batch_start(&b, k->front, id);
	if (k->senders)
		r = keeper_senders_tell(k->store, k->conf, &b, &seq);
	else
		r = keeper_keys(k, &b, &seq);
	if (batch_end(&b) == -1) {
		log_debug("the front has gone");
		return;
	}
	if (r == -1) {
		keeper_fail(k, id);
		return;
	}
	ipc_pack_init(&p);
	ipc_put_u64(&p, (uint64_t)seq);
	ipc_send(k->front, MIRROR_DONE, id, p.buf, p.len, -1);
	ipc_pack_free(&p);
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
	struct keeper		*k = arg;
	struct ipc_unpack	 u;
	uint64_t		 seq;
	int			 known, fd;

	if (msg == NULL) {
		ipc_free(ch);
		k->front = NULL;
		return;
	}
	if (k->senders && msg->type == MIRROR_SECRET) {
		keeper_secret(k, msg);
		return;
	}
	ipc_unpack_init(&u, msg->data, msg->len);
	known = ipc_get_u8(&u);
	seq = ipc_get_u64(&u);
	if (ipc_unpack_end(&u) == -1 || seq > INT64_MAX ||
	    (msg->type != MIRROR_ASK && msg->type != MIRROR_RELOAD)) {
		log_warnx("the front's question makes no sense");
		return;
	}
	if (msg->type == MIRROR_RELOAD)
		keeper_close(k);
	if (keeper_open(k) == -1)
		keeper_fail(k, msg->id);
	else if (k->told)
		keeper_tell(k, msg->id, known ? (int64_t)seq : -1);
	else if ((fd = store_watch_fd(k->store)) == -1)
		keeper_fail(k, msg->id);
	else if (ipc_send_lend(ch, MIRROR_WATCH, msg->id, NULL, 0, fd) == 0)
		k->told = 1;
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
