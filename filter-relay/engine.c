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

#include <event.h>
#include <stdlib.h>
#include <string.h>

#include "base/compat.h"
#include "base/log.h"
#include "conf/listfile.h"
#include "dns/dnsipc.h"
#include "engine.h"
#include "gate/gate.h"
#include "pending.h"
#include "proc/sandbox.h"
#include "setup.h"

static struct etx *
etx_find(struct engine *e, uint64_t id)
{
	struct etx *tx;

	TAILQ_FOREACH(tx, &e->txs, all)
		if (tx->id == id)
			break;
	return tx;
}

static void
etx_free(struct engine *e, struct etx *tx)
{
	TAILQ_REMOVE(&e->txs, tx, all);
	e->ntxs--;
	engine_mail_free(tx);
	free(tx);
}

void
engine_fail(struct engine *e, struct etx *tx)
{
	if (tx->failed)
		return;
	tx->failed = 1;
	if (e->front != NULL)
		ipc_send(e->front, MSG_FAIL, tx->id, NULL, 0, -1);
}

/* Sends what was gathered for smtpd. */
static int
engine_flush(struct engine *e, struct etx *tx)
{
	if (tx->out.len > 0 && (e->front == NULL || ipc_send(e->front,
	    MSG_OUT, tx->id, tx->out.data, tx->out.len, -1) == -1)) {
		engine_fail(e, tx);
		return -1;
	}
	sbuf_reset(&tx->out);
	return 0;
}

int
engine_out(struct engine *e, struct etx *tx, const char *p, size_t len)
{
	const char *end = p + len;
	size_t n;

	while (p < end) {
		/* Many short lines are cut into portions of whole lines. */
		n = end - p;
		if (n > ENGINE_OUT) {
			for (n = ENGINE_OUT; n > 0 && p[n - 1] != '\n'; n--)
				;
			if (n == 0)
				n = (const char *)memchr(p, '\n', end - p) +
				    1 - p;
		}
		if (sbuf_add(&tx->out, p, n) == -1) {
			engine_fail(e, tx);
			return -1;
		}
		if (tx->out.len >= ENGINE_OUT && engine_flush(e, tx) == -1)
			return -1;
		p += n;
	}
	return 0;
}

/* Lets the front send as much as was taken. */
static void
engine_credit(struct engine *e, struct etx *tx)
{
	struct ipc_pack p;

	if (tx->owed == 0 || tx->state == ETX_WAIT)
		return;
	ipc_pack_init(&p);
	ipc_put_u32(&p, tx->owed);
	tx->owed = 0;
	if (p.failed || ipc_send(e->front, MSG_CREDIT, tx->id, p.buf, p.len,
	    -1) == -1)
		engine_fail(e, tx);
	ipc_pack_free(&p);
}

/* The keeper is told first, so that it knows when the front asks. */
static void
engine_finish(struct engine *e, struct etx *tx)
{
	struct ipc_pack p;

	ipc_pack_init(&p);
	if (engine_gate_finish(tx) == -1)
		tx->finish.status = FINISH_FAIL;
	finish_pack(&p, &tx->finish);
	if (p.failed || e->keeper == NULL || ipc_send(e->keeper, MSG_FINISH,
	    tx->id, p.buf, p.len, -1) == -1 ||
	    ipc_send(e->front, MSG_DONE, tx->id, NULL, 0, -1) == -1)
		engine_fail(e, tx);
	ipc_pack_free(&p);
}

/* Where nothing more is to be done, the front needs us no longer. */
static void
engine_rest(struct engine *e, struct etx *tx)
{
	if (!tx->plan.rest || tx->state != ETX_PASS || tx->rested || tx->eom)
		return;
	tx->rested = 1;
	if (ipc_send(e->front, MSG_REST, tx->id, NULL, 0, -1) == -1)
		engine_fail(e, tx);
}

void
engine_after(struct engine *e, struct etx *tx, int rv)
{
	if (rv == -1)
		engine_fail(e, tx);
	if (tx->failed || engine_flush(e, tx) == -1)
		return;
	/* Messages are many, and most of them wait for their next lines. */
	sbuf_free(&tx->out);
	if (tx->body.len == 0)
		sbuf_free(&tx->body);
	engine_credit(e, tx);
	engine_rest(e, tx);
	if (tx->eom && tx->state != ETX_WAIT && tx->state != ETX_AUTH &&
	    !tx->replaying) {
		engine_finish(e, tx);
		if (!tx->failed)
			etx_free(e, tx);
	}
}

static void
engine_begin(struct engine *e, const struct ipc_msg *msg)
{
	struct ipc_unpack u;
	struct etx *tx;
	char *admd, *source, *login, *host, *sender, *listener;
	int tls, local;

	ipc_unpack_init(&u, msg->data, msg->len);
	admd = ipc_get_strdup(&u, ENGINE_STR_MAX);
	source = ipc_get_strdup(&u, ENGINE_STR_MAX);
	login = ipc_get_strdup(&u, ENGINE_STR_MAX);
	host = ipc_get_strdup(&u, ENGINE_STR_MAX);
	sender = ipc_get_strdup(&u, ENGINE_STR_MAX);
	listener = ipc_get_strdup(&u, ENGINE_STR_MAX);
	tls = ipc_get_u8(&u);
	local = ipc_get_u8(&u);
	if (ipc_unpack_end(&u) == -1 || e->ntxs >= ENGINE_TX_MAX ||
	    (tx = calloc(1, sizeof(*tx))) == NULL) {
		ipc_send(e->front, MSG_FAIL, msg->id, NULL, 0, -1);
		free(admd);
		free(source);
		free(login);
		free(host);
		free(sender);
		free(listener);
		return;
	}
	tx->id = msg->id;
	if (admd[0] == '\0') {
		free(admd);
		admd = NULL;
	}
	tx->admd = admd;
	tx->source = source;
	tx->login = login;
	tx->host = host;
	tx->sender = sender;
	TAILQ_INSERT_HEAD(&e->txs, tx, all);
	e->ntxs++;
	if (engine_gate_begin(e, tx, listener, tls, local) == -1 ||
	    engine_mail_init(e, tx, admd) == -1)
		engine_fail(e, tx);
}

static void
engine_front(struct ipc *ch, struct ipc_msg *msg, void *arg)
{
	struct engine *e = arg;
	struct etx *tx;

	if (msg == NULL) {
		ipc_free(ch);
		if (ch != e->front)
			return;
		e->front = NULL;
		while ((tx = TAILQ_FIRST(&e->txs)) != NULL)
			etx_free(e, tx);
		return;
	}
	if (msg->type == MSG_BEGIN) {
		if (etx_find(e, msg->id) == NULL)
			engine_begin(e, msg);
		return;
	}
	if ((tx = etx_find(e, msg->id)) == NULL)
		return;
	if (msg->type == MSG_END)
		etx_free(e, tx);
	else if (tx->failed)
		return;
	else if (msg->type == MSG_DATA && msg->len > 0 && !tx->eom &&
	    msg->data[msg->len - 1] == '\n') {
		tx->owed += (uint32_t)msg->len;
		engine_after(e, tx, engine_mail_data(e, tx,
		    (const char *)msg->data, msg->len));
	} else if (msg->type == MSG_EOM && !tx->eom) {
		tx->eom = 1;
		engine_after(e, tx, engine_mail_eom(e, tx));
	} else
		engine_fail(e, tx);
}

/* A file of a list has changed. */
static void
engine_list(struct engine *e, const struct ipc_msg *msg)
{
	const struct listfiles *lists = e->conf->lists;
	struct ipc_unpack u;
	const uint8_t *text;
	char why[LISTFILE_WHY] = "the keeper's list makes no sense";
	uint32_t i;
	size_t len;

	ipc_unpack_init(&u, msg->data, msg->len);
	i = ipc_get_u32(&u);
	text = ipc_get_bytes(&u, LISTFILE_BYTES, &len);
	if (ipc_unpack_end(&u) == -1 || i >= lists->n ||
	    listfile_set(lists->v[i], (const char *)text, len, why,
	    sizeof(why)) == -1)
		log_warnx("%s", why);
}

static void
engine_keeper(struct ipc *ch, struct ipc_msg *msg, void *arg)
{
	struct engine *e = arg;
	struct etx *tx;
	int rv = -1;

	if (msg == NULL) {
		ipc_free(ch);
		if (ch != e->keeper)
			return;
		e->keeper = NULL;
		/* What a keeper has judged, no other one knows of. */
		TAILQ_FOREACH(tx, &e->txs, all)
			if (tx->state != ETX_HEADER)
				engine_fail(e, tx);
		return;
	}
	if (msg->type == MSG_LISTFILE) {
		engine_list(e, msg);
		return;
	}
	if ((tx = etx_find(e, msg->id)) == NULL || tx->failed)
		return;
	if (tx->state == ETX_WAIT && msg->type == MSG_PLAN &&
	    plan_unpack(&tx->plan, msg->data, msg->len) == 0)
		rv = engine_mail_plan(e, tx);
	engine_after(e, tx, rv);
}

static void
engine_peer(int role, int fd, void *arg)
{
	struct engine *e = arg;
	struct ipc *ch, **old;
	void (*cb)(struct ipc *, struct ipc_msg *, void *);

	if (role == ROLE_RESOLVER) {
		if (dnsipc_connect(e->dns, fd) == -1)
			fatal("channel");
		return;
	}
	old = role == ROLE_FRONT ? &e->front : &e->keeper;
	cb = role == ROLE_FRONT ? engine_front : engine_keeper;
	if (*old != NULL)
		cb(*old, NULL, e);
	ch = ipc_new(fd, role == ROLE_FRONT ? MSG_FRONT_MAX : MSG_KEEPER_MAX,
	    ENGINE_QUEUE);
	if (ch == NULL || ipc_event(ch, cb, e) == -1)
		fatal("channel");
	*old = ch;
}

int
engine_main(struct privsep_child *pc, void *arg)
{
	const struct setup *setup = arg;
	struct engine e;
	unsigned char md[EVP_MAX_MD_SIZE];

	memset(&e, 0, sizeof(e));
	e.conf = setup->conf;
	pending_unmap(setup->pending);
	TAILQ_INIT(&e.txs);
	/* The library reads its own files now or never. */
	if (EVP_Digest("", 0, md, NULL, EVP_sha256(), NULL) != 1 ||
	    event_init() == NULL)
		fatalx("engine");
	if ((e.dns = dnsipc_new()) == NULL ||
	    (e.gate_headers = gate_headers(setup->conf)) == NULL ||
	    (e.spool = spool_new(setup->spool, setup->conf->spool)) == NULL)
		fatal("resolver");
	if (sandbox_engine() == -1)
		fatalx("cannot confine the engine");
	if (privsep_child_event(pc, engine_peer, &e) == -1)
		fatalx("event_add");
	event_dispatch();
	return 1;
}
