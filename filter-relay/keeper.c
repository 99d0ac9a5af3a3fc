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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/compat.h"
#include "base/log.h"
#include "conf/listfile.h"
#include "keeper.h"
#include "pending.h"
#include "proc/sandbox.h"
#include "setup.h"
#include "store/store_watch.h"

/* Forgetting what has had its time, a little at once, beside the mail. */

#define EXPIRE_FIRST	60	/* seconds after the start */
#define EXPIRE_EVERY	3600
#define EXPIRE_SOON	2	/* when there is more, or somebody writes */
#define EXPIRE_ROWS	200	/* of each kind in one transaction */

static struct event	 expire_ev;

static void
expire_in(time_t seconds)
{
	struct timeval	 tv = { seconds, 0 };

	if (evtimer_add(&expire_ev, &tv) == -1)
		log_warn("expire: evtimer_add");
}

/* What a killed or hung run cannot have committed is asked for again. */
static int
open_store(struct keeper *k)
{
	struct store_err err;
	char text[512];

	k->now = time(NULL);
	/* What failed might work from a new start; or the file is a new one. */
	if (k->store != NULL && (k->reopen || store_replaced(k->store))) {
		/* What to watch of this one, if it still waits to be lent. */
		if (k->front != NULL)
			ipc_reclaim(k->front);
		store_close(k->store);
		k->store = NULL;
		k->reopen = k->told = 0;
	}
	if (k->store != NULL && k->keys != NULL) {
		store_timeout(k->store, k->now < k->busy ? 0 :
		    KEEPER_BUSY_MS);
		if (keys_reload(k->keys, text, sizeof(text)) == -1)
			lograte_info(k->rate, k->now, "keys", "%s", text);
		return 0;
	}
	if (k->opened == k->now)
		return -1;
	k->opened = k->now;
	if (k->store == NULL && (k->store = store_open(k->conf->database, 0,
	    KEEPER_BUSY_MS, &err)) == NULL)
		lograte_info(k->rate, k->now, "store", "%s", err.text);
	if (k->keys == NULL && (k->keys = keys_open(k->conf->key, text,
	    sizeof(text))) == NULL)
		lograte_info(k->rate, k->now, "keys", "%s", text);
	return k->store == NULL || k->keys == NULL ? -1 : 0;
}

/* The store is asked without waiting: mail goes before. */
static void
expire_some(int fd, short what, void *arg)
{
	struct keeper	*k = arg;
	int		 more = 0;

	(void)fd;
	(void)what;
	if (open_store(k) == -1) {
		expire_in(EXPIRE_FIRST);
		return;
	}
	store_timeout(k->store, 0);
	if (store_expire(k->store, k->now, k->conf->replies.retain,
	    EXPIRE_ROWS, &more) == -1) {
		if (store_error(k->store)->kind != STORE_BUSY) {
			lograte_info(k->rate, k->now, "expire", "expire: %s",
			    store_error(k->store)->text);
			expire_in(EXPIRE_EVERY);
			return;
		}
		more = 1;
	}
	expire_in(more ? EXPIRE_SOON : EXPIRE_EVERY);
}

/*
 * From now on forgets what has had its time: conversations
 * older than `retain', return paths, records.
 */
static void
start_expiry(struct keeper *k)
{
	evtimer_set(&expire_ev, expire_some, k);
	expire_in(EXPIRE_FIRST);
}

/* Gives the engine a list that it does not have. */
static void
lists_send(struct keeper *k, size_t i)
{
	const struct listfile *lf = k->conf->lists->v[i];
	struct ipc_pack p;

	ipc_pack_init(&p);
	ipc_put_u32(&p, (uint32_t)i);
	ipc_put_bytes(&p, lf->text, lf->len);
	if (ipc_send_pack(k->engine, MSG_LISTFILE, 0, &p) == 0)
		k->unsent[i] = 0;
}

/*
 * Looks whether files of lists have changed, and gives the
 * engine those that it does not have.  To be called before the keeper says
 * anything of a message, so that what it says comes after them.
 */
static void
look_at_lists(struct keeper *k)
{
	struct listfile *lf;
	char why[LISTFILE_WHY];
	time_t now = time(NULL);
	size_t i;

	for (i = 0; i < k->conf->lists->n; i++) {
		lf = k->conf->lists->v[i];
		switch (listfile_look(lf, now, why, sizeof(why))) {
		case 1:
			log_info("%s: has changed, %zu entries", lf->path,
			    lf->kind == LISTFILE_NETS ? lf->nets.n :
			    lf->words.n);
			k->changed[i] = k->unsent[i] = 1;
			break;
		case -1:
			log_warnx("%s: the list stays as it was", why);
			break;
		}
		if (k->unsent[i])
			lists_send(k, i);
	}
}

/* A new engine has the lists of the start. */
static void
tell_lists(struct keeper *k)
{
	memcpy(k->unsent, k->changed, sizeof(k->unsent));
	look_at_lists(k);
}

static int
ktx_cmp(const struct ktx *a, const struct ktx *b)
{
	return a->id < b->id ? -1 : a->id > b->id;
}

RB_PROTOTYPE(ktx_tree, ktx, node, ktx_cmp)
RB_GENERATE(ktx_tree, ktx, node, ktx_cmp)

static void
ktx_free(struct keeper *k, struct ktx *tx)
{
	RB_REMOVE(ktx_tree, &k->txs, tx);
	k->ntxs--;
	ipc_free_record(&envelope_record, &tx->env);
	free(tx->path);
	free(tx->user);
	free(tx->ownid);
	free(tx->outid);
	free(tx->rec);
	free(tx->subject);
	strlist_free(&tx->starts);
	free(tx);
}

static struct ktx *
ktx_find(struct keeper *k, uint64_t id)
{
	struct ktx key;

	key.id = id;
	return RB_FIND(ktx_tree, &k->txs, &key);
}

static struct ktx *
ktx_new(struct keeper *k, uint64_t id)
{
	struct ktx *tx;

	if (k->ntxs >= KEEPER_TX_MAX || (tx = calloc(1, sizeof(*tx))) == NULL)
		return NULL;
	tx->id = id;
	RB_INSERT(ktx_tree, &k->txs, tx);
	k->ntxs++;
	return tx;
}

static void
send_rcpt(struct keeper *k, uint64_t id, int what, const char *text)
{
	struct ipc_pack p;

	ipc_pack_init(&p);
	ipc_put_u8(&p, (uint8_t)what);
	ipc_put_str(&p, text);
	ipc_send_pack(k->front, MSG_RCPT_ANSWER, id, &p);
}

/* A sender: of a user of ours, or of mail that comes to a gate. */
static int
judge_mail(struct keeper *k, struct ktx *tx, int flags, char *reply)
{
	int gate, what = MSG_RCPT_PLAIN;

	if (flags & MSG_RCPT_SUBMIT)
		what = submit_mail(k, tx, reply);
	if (flags & MSG_RCPT_JUDGE && what != MSG_RCPT_REFUSE)
		what = MSG_RCPT_ENGAGE;
	if (!(flags & MSG_RCPT_GATE) || what == MSG_RCPT_REFUSE)
		return what;
	/* Who is to see it for another reason still is. */
	gate = keeper_gate_mail(k, tx, reply);
	if (gate != MSG_RCPT_REFUSE &&
	    keeper_return_path(k, tx, reply) == MSG_RCPT_REFUSE)
		return MSG_RCPT_REFUSE;
	return gate == MSG_RCPT_PLAIN || (gate == MSG_RCPT_COUNT &&
	    what == MSG_RCPT_ENGAGE) ? what : gate;
}

/* A sender or a recipient.  The first one makes a transaction known. */
static void
on_rcpt(struct keeper *k, const struct ipc_msg *msg)
{
	struct envelope_question q;
	struct ktx *tx;
	char reply[KEEPER_REPLY_MAX + 1] = KEEPER_TRY_LATER;
	const char *text = reply;
	int what = MSG_RCPT_REFUSE;

	if (ipc_get_record(&envelope_question_record, &q, msg->data,
	    msg->len) == -1) {
		send_rcpt(k, msg->id, what, reply);
		return;
	}
	look_at_lists(k);
	if ((tx = ktx_find(k, msg->id)) == NULL &&
	    (tx = ktx_new(k, msg->id)) != NULL) {
		tx->env = q.envelope;
		memset(&q.envelope, 0, sizeof(q.envelope));
		tx->handed = q.flags & MSG_RCPT_JUDGE;
	}
	if (tx != NULL && !tx->judged && open_store(k) == 0)
		what = msg->type == MSG_MAIL ?
		    judge_mail(k, tx, q.flags, reply) :
		    keeper_rcpt(k, tx, q.flags, q.recipient, reply);
	if (what == MSG_RCPT_ENGAGE || what == MSG_RCPT_HANDLE)
		tx->engaged = 1;
	if (what != MSG_RCPT_REFUSE)
		text = msg->type == MSG_MAIL && tx->path != NULL ?
		    tx->path : "";
	send_rcpt(k, msg->id, what, text);
	ipc_free_record(&envelope_question_record, &q);
}

static void
send_verdict(struct keeper *k, struct ktx *tx)
{
	struct ipc_pack p;
	char reply[KEEPER_REPLY_MAX + 1];

	if (open_store(k) == -1)
		strlcpy(reply, KEEPER_TRY_LATER, sizeof(reply));
	else
		keeper_commit(k, tx, reply);
	ipc_pack_init(&p);
	ipc_put_str(&p, reply);
	ipc_send_pack(k->front, MSG_VERDICT, tx->id, &p);
	ktx_free(k, tx);
}

/* Answers the front's question for the mailboxes. */
static void
tell_mailboxes(struct keeper *k, struct ipc *ch, const struct ipc_msg *msg)
{
	struct address_feed f;
	int64_t seq;
	int fd;

	if (address_feed_begin(&f, ch, msg, 0, &seq) == -1) {
		log_warnx("the front's question makes no sense");
		return;
	}
	if (msg->type == ADDRESS_RELOAD)
		k->told = 0;
	if (open_store(k) == -1)
		address_feed_fail(&f, "the database cannot be read");
	else if (!k->told && (fd = store_watch_fd(k->store)) != -1)
		k->told = address_feed_watch(&f, fd) == 0;
	else if (!k->told || store_keys_tell(k->store, &f, STORE_FOREVER,
	    &seq) == -1 || address_feed_done(&f, seq) == -1)
		address_feed_fail(&f, "the mailboxes cannot be told");
}

static void
on_front(struct ipc *ch, struct ipc_msg *msg, void *arg)
{
	struct keeper *k = arg;
	struct ipc_unpack u;
	struct ktx *tx;

	if (msg == NULL) {
		ipc_free(ch);
		if (ch != k->front)
			return;
		k->front = NULL;
		while ((tx = RB_ROOT(&k->txs)) != NULL)
			ktx_free(k, tx);
		return;
	}
	if (msg->type == MSG_MAIL || msg->type == MSG_RCPT) {
		on_rcpt(k, msg);
		return;
	}
	if (msg->type >= ADDRESS_ASK) {
		tell_mailboxes(k, ch, msg);
		return;
	}
	if ((tx = ktx_find(k, msg->id)) == NULL)
		return;
	if (msg->type == MSG_END)
		ktx_free(k, tx);
	else if (msg->type == MSG_COMMIT) {
		ipc_unpack_init(&u, msg->data, msg->len);
		tx->taken = ipc_get_u32(&u);
		tx->committing = 1;
		if (tx->finished || !tx->engaged)
			send_verdict(k, tx);
	}
}

/* The header of a message that the front has announced, once. */
static void
on_header(struct keeper *k, struct ktx *tx, const struct ipc_msg *msg)
{
	struct header_summary header;
	struct plan plan;

	memset(&plan, 0, sizeof(plan));
	look_at_lists(k);
	if (ipc_get_record(&summary_record, &header, msg->data,
	    msg->len) == -1 || open_store(k) == -1 ||
	    policy_judge(k, tx, &header, &plan) == -1) {
		ipc_send(k->engine, MSG_FAIL, msg->id, NULL, 0, -1);
		strlcpy(tx->reply, KEEPER_TRY_LATER, sizeof(tx->reply));
		tx->judged = 1;
	} else {
		/* The engine comes once more, with what it then knows. */
		tx->judged = plan.action != PLAN_AUTH;
		if (ipc_send_record(k->engine, MSG_PLAN, msg->id,
		    &plan_record, &plan) == -1)
			ipc_send(k->engine, MSG_FAIL, msg->id, NULL, 0, -1);
	}
	ipc_free_record(&plan_record, &plan);
	summary_free(&header);
}

static void
on_finish(struct keeper *k, struct ktx *tx, const struct ipc_msg *msg)
{
	struct finish fi;

	if (ipc_get_record(&finish_record, &fi, msg->data, msg->len) == -1 ||
	    fi.status == FINISH_FAIL)
		strlcpy(tx->reply, KEEPER_TRY_LATER, sizeof(tx->reply));
	else
		keeper_finish(k, tx, &fi);
	ipc_free_record(&finish_record, &fi);
	tx->finished = 1;
	if (tx->committing)
		send_verdict(k, tx);
}

static void
on_engine(struct ipc *ch, struct ipc_msg *msg, void *arg)
{
	struct keeper *k = arg;
	struct ktx *tx;

	if (msg == NULL) {
		ipc_free(ch);
		if (ch == k->engine)
			k->engine = NULL;
		return;
	}
	if (ch != k->engine)
		return;
	if ((tx = ktx_find(k, msg->id)) == NULL ||
	    (msg->type == MSG_HEADER && tx->judged) ||
	    (msg->type == MSG_FINISH && (!tx->judged || tx->finished)))
		ipc_send(ch, MSG_FAIL, msg->id, NULL, 0, -1);
	else if (msg->type == MSG_HEADER)
		on_header(k, tx, msg);
	else if (msg->type == MSG_FINISH)
		on_finish(k, tx, msg);
}

static void
on_peer(int role, int fd, void *arg)
{
	struct keeper *k = arg;
	struct ipc *ch, **old;
	void (*cb)(struct ipc *, struct ipc_msg *, void *);

	old = role == ROLE_FRONT ? &k->front : &k->engine;
	cb = role == ROLE_FRONT ? on_front : on_engine;
	if (*old != NULL)
		cb(*old, NULL, k);
	ch = ipc_new(fd, role == ROLE_FRONT ? MSG_FRONT_MAX : MSG_KEEPER_MAX,
	    KEEPER_QUEUE);
	if (ch == NULL || ipc_event(ch, cb, k) == -1)
		fatal("channel");
	*old = ch;
	if (role == ROLE_ENGINE)
		tell_lists(k);
	else
		k->told = 0;
}

int
keeper_main(struct privsep_child *pc, void *arg)
{
	const struct setup *setup = arg;
	const struct conf *conf = setup->conf;
	const char *files[SANDBOX_FILES_MAX + 1];
	struct sandbox_paths paths = { conf->database, conf->key, NULL,
	    files };
	struct keeper k;

	listfile_paths(conf->lists, files, SANDBOX_FILES_MAX);
	memset(&k, 0, sizeof(k));
	k.conf = conf;
	pending_unmap(setup->pending);
	if (setup->spool != -1)
		close(setup->spool);
	RB_INIT(&k.txs);
	if ((k.rate = lograte_new()) == NULL || event_init() == NULL)
		fatal("keeper");
	open_store(&k);
	if (sandbox_keeper(&paths) == -1)
		fatalx("cannot confine the keeper");
	if (privsep_child_event(pc, on_peer, &k) == -1)
		fatalx("event_add");
	start_expiry(&k);
	event_dispatch();
	return 1;
}
