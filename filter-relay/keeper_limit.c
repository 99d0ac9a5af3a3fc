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

/* How much mail may come in or go out within a time. */

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "gate/gatelimit.h"
#include "keeper.h"
#include "store/store_limit.h"

#define LIMIT_HOUR	3600
#define LIMIT_DAY	86400
#define LIMIT_MAX	(KEEPER_MAILBOXES + 8)	/* of one message */

#define LIMIT_MESSAGES		"sender messages"
#define LIMIT_RECIPIENTS	"sender recipients"
#define LIMIT_MAILBOX		"mailbox"
#define LIMIT_START		"worker start"

/* The limits that hold for one message, with room for their names. */
struct limits {
	struct store_limit	 v[LIMIT_MAX];
	char			 number[LIMIT_MAX][24];
	char			 user[STORE_LIMIT_NAME_MAX + 1];
	struct gatelimit	 gate;		/* those of the gate, at */
	size_t			 gateat;	/* and behind this index */
	uint64_t		 mailbox[LIMIT_MAX];	/* or 0 */
	size_t			 n;
};

void
keeper_trouble(struct keeper *k, const char *what)
{
	const struct store_err *err = store_error(k->store);

	lograte_info(k->rate, k->now, "store", "%s: %s", what, err->text);
	if (err->kind == STORE_BUSY)
		k->busy = time(NULL) + 2;
	else
		k->reopen = 1;
}

static void
limit_add(struct limits *l, const char *kind, const char *name,
    unsigned int limit, int64_t window, unsigned int count)
{
	struct store_limit *sl = &l->v[l->n];

	sl->kind = kind;
	sl->name = name;
	sl->limit = limit;
	sl->window = (time_t)window;
	sl->count = count;
	l->mailbox[l->n++] = 0;
}

static void
limit_mailbox(struct keeper *k, struct limits *l, uint64_t mailbox)
{
	char *name = l->number[l->n];

	(void)snprintf(name, sizeof(l->number[0]), "%" PRIu64, mailbox);
	limit_add(l, LIMIT_MAILBOX, name, k->conf->replies.messages_per_hour,
	    LIMIT_HOUR, 1);
	l->mailbox[l->n - 1] = mailbox;
}

/* Whom a worker writes to who did not write before. */
static void
limit_start(const struct ktx *tx, struct limits *l)
{
	char *name = l->number[l->n];

	if (tx->nstarted == 0)
		return;
	(void)snprintf(name, sizeof(l->number[0]), "%" PRIu32, tx->starter);
	limit_add(l, LIMIT_START, name, KEEPER_STARTS, LIMIT_DAY,
	    tx->nstarted);
}

/* A user is counted by the login; who is not known, by the sender. */
static void
limit_user(struct keeper *k, const struct ktx *tx, struct limits *l)
{
	const struct conf_limit *c = &k->conf->limit_sender;
	const char *name;

	if (!tx->submitted)
		return;
	name = tx->user[0] != '\0' ? tx->user : tx->env.sender;
	/* What is cut is long enough to tell one from another. */
	if (name[0] == '\0')
		return;
	if (store_fold(name, l->user, sizeof(l->user)) == -1)
		strlcpy(l->user, name, sizeof(l->user));
	if (c->messages > 0)
		limit_add(l, LIMIT_MESSAGES, l->user, c->messages,
		    c->messages_span, 1);
	if (c->recipients > 0)
		limit_add(l, LIMIT_RECIPIENTS, l->user, c->recipients,
		    c->recipients_span, tx->taken);
}

static const struct conf_gate *
limit_gate_of(const struct keeper *k, const struct ktx *tx)
{
	return tx->gate == 0 ? NULL : &k->conf->gate[tx->gate - 1];
}

static void
limit_gate(struct keeper *k, const struct ktx *tx, struct limits *l)
{
	const struct conf_gate *g = limit_gate_of(k, tx);
	size_t i;

	l->gateat = l->n;
	l->gate.n = 0;
	if (g == NULL)
		return;
	gatelimit_set(&l->gate, g, tx->env.sender, tx->taken);
	for (i = 0; i < l->gate.n; i++) {
		l->v[l->n] = l->gate.v[i];
		l->mailbox[l->n++] = 0;
	}
}

/* The ith limit of a gate, which is over by itself later. */
static void
limit_over_gate(struct keeper *k, const struct ktx *tx,
    const struct gatelimit *gl, size_t i, char *reply)
{
	const struct conf_gate *g = limit_gate_of(k, tx);
	const struct store_limit *sl = &gl->v[i];
	int report = g->otherwise == CONF_OTHERWISE_REPORT;

	lograte_info(k->rate, k->now, sl->name, "%s: gate %s: mail of <%s> "
	    "from %s is %s: more than %u %s%s within %s", tx->env.sid, g->name,
	    tx->env.sender, tx->env.source, report ? "let through" : "refused",
	    sl->limit, gl->messages[i] ? "messages" : "recipients",
	    gl->each[i] ? " of one sender" : "", conf_span_words(sl->window));
	gatelimit_reply(gl, i, g, reply, KEEPER_REPLY_MAX + 1);
}

static void
limit_over_mailbox(struct keeper *k, const struct ktx *tx,
    const struct limits *l, size_t which, char *reply)
{
	struct store_mailbox mb;

	if (store_mailbox_byid(k->store, l->mailbox[which], &mb) != 1)
		mb.address[0] = '\0';
	lograte_info(k->rate, k->now, l->number[which],
	    "%s: more than %u messages within an hour, from %s", mb.address,
	    l->v[which].limit, tx->env.source);
	strlcpy(reply, "451 4.7.1 Too much mail for this address, please try "
	    "again later", KEEPER_REPLY_MAX + 1);
}

/* Says in the log and to the client what is too much. */
static void
limit_over(struct keeper *k, const struct ktx *tx, const struct limits *l,
    size_t which, char *reply)
{
	const struct store_limit *sl = &l->v[which];
	const char *what, *span = conf_span_words(sl->window);

	if (l->mailbox[which] != 0) {
		limit_over_mailbox(k, tx, l, which, reply);
		return;
	}
	if (which >= l->gateat && which < l->gateat + l->gate.n) {
		limit_over_gate(k, tx, &l->gate, which - l->gateat, reply);
		return;
	}
	what = strcmp(sl->kind, LIMIT_START) == 0 ? "new people" :
	    strcmp(sl->kind, LIMIT_MESSAGES) == 0 ? "messages" : "recipients";
	lograte_info(k->rate, k->now, sl->name, "%s: %s %s: more than %u %s "
	    "within %s", tx->env.sid, sl->kind, sl->name, sl->limit, what,
	    span);
	if (sl->count > sl->limit)
		(void)snprintf(reply, KEEPER_REPLY_MAX + 1, "550 5.7.1 You "
		    "may write to %u recipients within %s, and this is to "
		    "more", sl->limit, span);
	else
		(void)snprintf(reply, KEEPER_REPLY_MAX + 1, "451 4.7.1 Your "
		    "limit of %u %s within %s is reached, please try again "
		    "later", sl->limit, what, span);
}

static int
limit_room(struct keeper *k, const struct ktx *tx, const struct limits *l,
    char *reply)
{
	size_t which;
	int n;

	if (l->n == 0)
		return 1;
	if ((n = store_limit_room(k->store, l->v, l->n, k->now, &which)) == 0)
		limit_over(k, tx, l, which, reply);
	return n;
}

int
keeper_limit_room(struct keeper *k, const struct ktx *tx, uint64_t mailbox,
    char *reply)
{
	struct limits l;

	l.n = l.gateat = l.gate.n = 0;
	limit_mailbox(k, &l, mailbox);
	return limit_room(k, tx, &l, reply);
}

int
keeper_limit_user(struct keeper *k, const struct ktx *tx, char *reply)
{
	struct limits l;
	size_t i;

	l.n = l.gateat = l.gate.n = 0;
	limit_user(k, tx, &l);
	/* It has one recipient at least. */
	for (i = 0; i < l.n; i++)
		if (l.v[i].count == 0)
			l.v[i].count = 1;
	return limit_room(k, tx, &l, reply);
}

/* Where a gate only reports, its limits stop nothing, but count. */
static int
limit_report(struct keeper *k, const struct ktx *tx, struct limits *l,
    size_t from)
{
	const struct conf_gate *g = limit_gate_of(k, tx);
	char reply[KEEPER_REPLY_MAX + 1];
	size_t i, which;
	int n;

	if (g == NULL || g->otherwise != CONF_OTHERWISE_REPORT || from == l->n)
		return 0;
	if ((n = store_limit_room(k->store, l->v + from, l->n - from, k->now,
	    &which)) == 0)
		limit_over_gate(k, tx, &l->gate, which, reply);
	for (i = from; i < l->n; i++)
		l->v[i].limit = UINT_MAX;
	return n == -1 ? -1 : 0;
}

int
keeper_limit_gate(struct keeper *k, const struct ktx *tx, char *reply)
{
	struct limits l;
	size_t i;

	l.n = l.gateat = l.gate.n = 0;
	limit_gate(k, tx, &l);
	if (l.n == 0 ||
	    limit_gate_of(k, tx)->otherwise == CONF_OTHERWISE_REPORT)
		return 1;
	/* It has one recipient at least. */
	for (i = 0; i < l.n; i++)
		if (l.v[i].count == 0)
			l.v[i].count = 1;
	return limit_room(k, tx, &l, reply);
}

int
keeper_limit_take(struct keeper *k, const struct ktx *tx, char *reply)
{
	struct limits l;
	size_t i, gate, which;
	int n;

	l.n = l.gateat = l.gate.n = 0;
	for (i = 0; i < tx->nmailboxes; i++)
		limit_mailbox(k, &l, tx->mailbox[i]);
	if (tx->counthandle) {
		for (i = 0; i < l.n && l.mailbox[i] != tx->handlebox; i++)
			;
		if (i == l.n)
			limit_mailbox(k, &l, tx->handlebox);
	}
	limit_user(k, tx, &l);
	limit_start(tx, &l);
	gate = l.n;
	limit_gate(k, tx, &l);
	if (l.n == 0)
		return 1;
	if (limit_report(k, tx, &l, gate) == -1)
		return -1;
	if ((n = store_limit_take(k->store, l.v, l.n, k->now, &which)) == 0)
		limit_over(k, tx, &l, which, reply);
	return n;
}
