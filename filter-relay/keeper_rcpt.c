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

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "header/startaddr.h"
#include "header/verp.h"
#include "keeper.h"
#include "store/store_mail.h"

/* A gate's `return-path': what smtpd takes in the sender's place. */

static int
path_refuse(char *reply, const char *text)
{
	strlcpy(reply, text, KEEPER_REPLY_MAX + 1);
	return MSG_RCPT_REFUSE;
}

static int
path_set(struct ktx *tx, const char *address, char *reply)
{
	free(tx->path);
	if ((tx->path = strdup(address)) == NULL)
		return path_refuse(reply, KEEPER_TRY_LATER);
	return MSG_RCPT_PLAIN;
}

/* The address inside, if it is the sender's: not one a list writes to. */
static int
path_strip(struct ktx *tx, char *reply)
{
	struct verp v;

	if (verp_find(tx->env.sender, &v) != 1 || v.recipient)
		return MSG_RCPT_PLAIN;
	return path_set(tx, v.address, reply);
}

/* A return path of ours, unless the sender is of our domains anyway. */
static int
path_wrap(struct keeper *k, struct ktx *tx, const struct conf_gate *g,
    char *reply)
{
	struct store_rpath rp;
	int n;

	if (conf_is_our_address(k->conf, tx->env.sender))
		return MSG_RCPT_PLAIN;
	if (!verp_valid(tx->env.sender)) {
		lograte_info(k->rate, k->now, g->name, "%s: gate %s: the "
		    "sender stays, nothing could be sent back to it: %s",
		    tx->env.sid, g->name, tx->env.sender);
		return MSG_RCPT_PLAIN;
	}
	n = store_wrap(k->store, g->name, tx->env.sender,
	    conf_bounce_domain(k->conf, k->conf->domains.item[0]), k->now,
	    &rp);
	if (n == -1) {
		keeper_trouble(k, "return path");
		return path_refuse(reply, KEEPER_TRY_LATER);
	}
	if (n == 0) {
		lograte_info(k->rate, k->now, g->name, "gate %s: more than "
		    "%d senders within a day", g->name, STORE_WRAPS_DAY);
		return path_refuse(reply, "451 4.7.1 Too many senders, "
		    "please try again later");
	}
	return path_set(tx, rp.address, reply);
}

int
keeper_return_path(struct keeper *k, struct ktx *tx, char *reply)
{
	const struct conf_gate *g;

	if (tx->gate == 0 || tx->env.sender[0] == '\0')
		return MSG_RCPT_PLAIN;
	g = &k->conf->gate[tx->gate - 1];
	switch (g->return_path) {
	case CONF_RETURN_STRIP:
		return path_strip(tx, reply);
	case CONF_RETURN_WRAP:
		return path_wrap(k, tx, g, reply);
	default:
		return MSG_RCPT_PLAIN;
	}
}

/* Gates, as far as they can be judged without the message. */

/* Tells the log what is done with a message that lacks something. */
static void
gate_log(struct keeper *k, const struct ktx *tx, const char *done,
    const char *why)
{
	const struct conf_gate *g = &k->conf->gate[tx->gate - 1];

	lograte_info(k->rate, k->now, tx->env.source, "%s: gate %s: mail of "
	    "<%s> from %s is %s: %s", tx->env.sid, g->name, tx->env.sender,
	    tx->env.source, done, why);
}

/* What is done with it when it is not refused. */
static const char *
gate_done(const struct conf_gate *g)
{
	return g->otherwise == CONF_OTHERWISE_JUNK ? "marked as spam" :
	    "let through";
}

/*
 * What is known of the transaction at MAIL FROM, for gate.h.
 * Points into tx.
 */
static void
gate_facts_of(const struct ktx *tx, struct gate_facts *f)
{
	envelope_facts(f, &tx->env);
	f->known |= GATE_KNOWN_FILES;
	if (!tx->handed)
		f->known |= GATE_KNOWN_SOURCE;
}

int
keeper_gate_mail(struct keeper *k, struct ktx *tx, char *reply)
{
	const struct conf_gate *g;
	struct gate_decision d;
	struct gate_facts f;
	char why[sizeof(d.what) + sizeof(d.why) + 16];
	int i, n;

	gate_facts_of(tx, &f);
	if ((i = gate_find(k->conf, &f)) == GATE_NONE)
		return MSG_RCPT_PLAIN;
	if (i == GATE_UNSURE)
		return MSG_RCPT_ENGAGE;
	g = &k->conf->gate[i];
	tx->gate = (uint32_t)i + 1;
	gate_judge(k->conf, g, &f, &d);
	(void)snprintf(why, sizeof(why), "it requires %s: %s", d.what, d.why);
	if (gate_reply(g, &d, reply, KEEPER_REPLY_MAX + 1) == 1) {
		gate_log(k, tx, "refused", why);
		return MSG_RCPT_REFUSE;
	}
	if ((n = keeper_limit_gate(k, tx, reply)) == -1) {
		keeper_trouble(k, "gate");
		strlcpy(reply, KEEPER_TRY_LATER, KEEPER_REPLY_MAX + 1);
	}
	if (n != 1)
		return MSG_RCPT_REFUSE;
	if (d.verdict == GATE_PASS)
		return MSG_RCPT_COUNT;
	if (d.verdict == GATE_FAIL && g->otherwise == CONF_OTHERWISE_REPORT) {
		gate_log(k, tx, gate_done(g), why);
		return MSG_RCPT_COUNT;
	}
	return MSG_RCPT_ENGAGE;
}

void
keeper_gate_finish(struct keeper *k, struct ktx *tx, const struct finish *fi)
{
	const struct conf_gate *g;

	/* The engine says so, and it may be wrong in any way. */
	if (fi->gate == 0 || fi->gate > k->conf->ngates)
		return;
	tx->gate = fi->gate;
	g = &k->conf->gate[tx->gate - 1];
	if (fi->gatewhy[0] == '\0' || tx->reply[0] != '\0')
		return;
	if (fi->gatereply[0] == '\0')
		gate_log(k, tx, gate_done(g), fi->gatewhy);
	else if (strlcpy(tx->reply, fi->gatereply, sizeof(tx->reply)) >=
	    sizeof(tx->reply))
		strlcpy(tx->reply, "550 5.7.1 The gate does not let this "
		    "pass", sizeof(tx->reply));
	if (tx->reply[0] != '\0')
		gate_log(k, tx, "refused", fi->gatewhy);
}

static int
rcpt_refuse(char *reply, const char *text)
{
	strlcpy(reply, text, KEEPER_REPLY_MAX + 1);
	return MSG_RCPT_REFUSE;
}

static int
rcpt_trouble(struct keeper *k, char *reply)
{
	keeper_trouble(k, "recipient");
	return rcpt_refuse(reply, KEEPER_TRY_LATER);
}

/* Is there nobody to read what the mailbox gets? */
static int
rcpt_nobody(struct keeper *k, const struct store_mailbox *mb, char *reply)
{
	if (mb->able > 0 || mb->archive[0] != '\0')
		return 0;
	lograte_info(k->rate, k->now, mb->address, "%s: nobody can receive "
	    "mail: no member is enabled, and it has no archive", mb->address);
	rcpt_refuse(reply, "451 4.3.0 Nobody can receive mail for this "
	    "address now, please try again later");
	return 1;
}

/* The mailbox itself. */
static int
rcpt_mailbox(struct keeper *k, struct ktx *tx, const struct store_mailbox *mb,
    char *reply)
{
	size_t i;
	int n;

	for (i = 0; i < tx->nmailboxes; i++)
		if (tx->mailbox[i] == mb->id)
			return MSG_RCPT_ENGAGE;
	if (rcpt_nobody(k, mb, reply))
		return MSG_RCPT_REFUSE;
	if (tx->nmailboxes == KEEPER_MAILBOXES)
		return rcpt_refuse(reply, "452 4.5.3 Too many mailboxes in "
		    "one message, send it separately");
	/* It is counted when the message is accepted. */
	if ((n = keeper_limit_room(k, tx, mb->id, reply)) == -1)
		return rcpt_trouble(k, reply);
	if (n == 0)
		return MSG_RCPT_REFUSE;
	tx->mailbox[tx->nmailboxes++] = mb->id;
	return MSG_RCPT_ENGAGE;
}

/*
 * A handle that is dead: smtpd refuses it like any unknown address, but the
 * worker to whom it was issued is told where to write.
 */
static int
rcpt_dead(struct keeper *k, struct ktx *tx, const struct store_rcpt *r,
    char *reply)
{
	struct store_worker w;
	int n;

	if (tx->env.sender[0] == '\0')
		return MSG_RCPT_PLAIN;
	if ((n = store_worker_byaddr(k->store, tx->env.sender, &w)) == -1)
		return rcpt_trouble(k, reply);
	if (n == 0 || w.id != r->handle.worker)
		return MSG_RCPT_PLAIN;
	snprintf(reply, KEEPER_REPLY_MAX + 1, "550 5.7.1 This reply address "
	    "has expired or was withdrawn, write to %s",
	    r->mailbox.address);
	return MSG_RCPT_REFUSE;
}

/*
 * Does it go together with what there is?  Handles and new people are of one
 * mailbox, handles of one worker, and none of them with anyone outside.
 */
static int
rcpt_joins(const struct ktx *tx, uint64_t mailbox, uint32_t worker,
    char *reply)
{
	const char *why;

	if (tx->handlebox != 0 && (tx->handlebox != mailbox ||
	    (worker != 0 && tx->worker != 0 && tx->worker != worker)))
		why = "452 4.5.3 This address belongs to another mailbox or "
		    "person, send it separately";
	else if (tx->outside)
		why = "452 4.5.3 Send this in a message of its own, without "
		    "recipients elsewhere";
	else if (tx->nhandles + tx->starts.n >= KEEPER_HANDLES)
		why = "452 4.5.3 Too many recipients, send it separately";
	else
		return 1;
	rcpt_refuse(reply, why);
	return 0;
}

/* A handle: of one mailbox and one worker with the others. */
static int
rcpt_handle(struct keeper *k, struct ktx *tx, const struct store_rcpt *r,
    char *reply)
{
	const struct store_handle *h = &r->handle;
	size_t i;

	if (!h->live)
		return rcpt_dead(k, tx, r, reply);
	for (i = 0; i < tx->nhandles; i++)
		if (tx->handle[i] == h->id)
			return MSG_RCPT_HANDLE;
	if (!rcpt_joins(tx, h->mailbox, h->worker, reply))
		return MSG_RCPT_REFUSE;
	tx->worker = h->worker;
	tx->handlebox = h->mailbox;
	tx->conversation[tx->nhandles] = h->conversation;
	tx->handle[tx->nhandles++] = h->id;
	return MSG_RCPT_HANDLE;
}

/*
 * Somebody with whom to begin a conversation.  Whether the sender may, and
 * with that one, is not told before it is known who sends.
 */
static int
rcpt_start(struct keeper *k, struct ktx *tx, const char *box,
    const char *whom, char *reply)
{
	struct store_mailbox mb;
	int n;

	if ((n = store_mailbox_get(k->store, box, &mb)) == -1)
		return rcpt_trouble(k, reply);
	if (n == 0)
		return MSG_RCPT_PLAIN;
	if (tx->handlebox == mb.id && strlist_has(&tx->starts, whom))
		return MSG_RCPT_HANDLE;
	if (rcpt_nobody(k, &mb, reply) ||
	    !rcpt_joins(tx, mb.id, 0, reply))
		return MSG_RCPT_REFUSE;
	if (strlist_add(&tx->starts, whom) == -1)
		return rcpt_refuse(reply, KEEPER_TRY_LATER);
	tx->handlebox = mb.id;
	return MSG_RCPT_HANDLE;
}

/* Helpdesk programs send their copies to a worker's own address. */
static int
rcpt_worker(struct keeper *k, struct ktx *tx, const char *rcpt, char *reply)
{
	struct store_worker w;
	int n;

	if (!conf_is_helpdesk(k->conf, tx->env.login))
		return MSG_RCPT_PLAIN;
	if ((n = store_worker_byaddr(k->store, rcpt, &w)) == -1)
		return rcpt_trouble(k, reply);
	if (n == 0 || tx->nrcpts > 1)
		return MSG_RCPT_PLAIN;
	tx->toworker = w.id;
	return MSG_RCPT_ENGAGE;
}

int
keeper_rcpt(struct keeper *k, struct ktx *tx, int flags, const char *rcpt,
    char *reply)
{
	struct store_rcpt r;
	char box[ADDR_MAX + 1], whom[ADDR_MAX + 1];
	int n = 0;

	tx->nrcpts++;
	if (flags & MSG_RCPT_OUTSIDE)
		tx->outside = 1;
	if (!(flags & MSG_RCPT_FOREIGN) &&
	    (n = store_rcpt_get(k->store, rcpt, k->now, &r)) == -1)
		return rcpt_trouble(k, reply);
	if (n == 0 && !(flags & MSG_RCPT_FOREIGN) &&
	    k->conf->replies.start_allow &&
	    startaddr_parse(rcpt, box, whom) == 1)
		return rcpt_start(k, tx, box, whom, reply);
	if (n == 0)
		return rcpt_worker(k, tx, rcpt, reply);
	switch (r.kind) {
	case STORE_RCPT_MAILBOX:
		return rcpt_mailbox(k, tx, &r.mailbox, reply);
	case STORE_RCPT_HANDLE:
		return rcpt_handle(k, tx, &r, reply);
	default:
		return MSG_RCPT_PLAIN;
	}
}
