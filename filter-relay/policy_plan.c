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

#include "crypto/token.h"
#include "header/addr.h"
#include "header/handle.h"
#include "header/msgid.h"
#include "header/startaddr.h"
#include "policy.h"

/* A worker writes to somebody who has not written before. */

/* Somebody of ours is written to directly: 1, 0 or -1. */
static int
start_is_ours(struct judge *j, const char *whom)
{
	if (conf_is_our_address(j->k->conf, whom))
		return 1;
	return store_is_ours(j->k->store, whom);
}

int
policy_start(struct judge *j, char *why, size_t size)
{
	const struct strlist *l = &j->tx->starts;
	size_t i;
	int n;

	if (j->tx->nhandles > 0 && !j->reply) {
		n = snprintf(why, size, "Not sent: it is to a reply address "
		    "of somebody else, too");
		return n < 0 || (size_t)n >= size ? -1 : 0;
	}
	for (i = 0; i < l->n; i++) {
		if ((n = start_is_ours(j, l->v[i])) == -1)
			return -1;
		if (n == 0)
			continue;
		n = snprintf(why, size, "Not sent: %s is one of our own, "
		    "write to that address itself", l->v[i]);
		return n < 0 || (size_t)n >= size ? -1 : 0;
	}
	return 1;
}

/*
 * An address in To or Cc that is nothing of ours: whom it
 * stands for, if it is one by which conversations begin.  0 or -1.
 */
static int
map_start(struct judge *j, const char *address)
{
	struct plan *p = j->plan;
	char box[ADDR_MAX + 1], whom[ADDR_MAX + 1];
	int n;

	if (!j->k->conf->replies.start_allow ||
	    startaddr_parse(address, box, whom) != 1 ||
	    strcmp(box, j->mb.address) != 0)
		return 0;
	if ((n = start_is_ours(j, whom)) == -1)
		return -1;
	/* It stands for the mailbox, as somebody else's handle does. */
	if (n == 1)
		return strlist_add(&p->private, address);
	return plan_map(p, address, whom, "");
}

/*
 * A message that was here before, or another part of it where the worker's
 * server sends one to each recipient, belongs to the same conversation and
 * leaves under the same id, which the answers name.
 */
static int
plan_start(struct judge *j, struct store_reply *r)
{
	char outside[STORE_MSGID_MAX + 1];
	uint64_t conversation;
	int n;

	j->tx->starter = j->w.id;
	if ((j->tx->subject = strdup(j->header->subject)) == NULL)
		return -1;
	if (r->conversation != 0 || r->dkey[0] == '\0')
		return 0;
	n = store_reply_before(j->k->store, r, j->k->now, &conversation,
	    outside, sizeof(outside));
	if (n == 1 && outside[0] != '\0')
		memcpy(r->outside, outside, sizeof(r->outside));
	return n == -1 ? -1 : 0;
}

/* A record of what was allowed, kept until the commit. */
static struct store_reply *
reply_record(struct judge *j)
{
	struct store_reply *r;

	if ((r = calloc(1, sizeof(*r))) == NULL)
		return NULL;
	store_reply_id(r->id);
	r->worker = j->w.id;
	r->mailbox = j->mb.id;
	if (strlcpy(r->smtpd, j->header->smtpd_id, sizeof(r->smtpd)) >=
	    sizeof(r->smtpd) ||
	    strlcpy(r->own, j->header->message_id, sizeof(r->own)) >=
	    sizeof(r->own) ||
	    strlcpy(r->dkey, j->header->message_id, sizeof(r->dkey)) >=
	    sizeof(r->dkey)) {
		free(r);
		return NULL;
	}
	return r;
}

static int
plan_private(const struct store_worker_addr *a, void *arg)
{
	return strlist_add(arg, a->address);
}

static int
plan_mailbox(const struct store_mailbox *mb, void *arg)
{
	return strlist_add(arg, mb->address);
}

static int
plan_handle(const struct store_handle *h, void *arg)
{
	char mailbox[HANDLE_ADDR_MAX + 1], name[HANDLE_LEN + 1];

	if (handle_addr_parse(h->address, mailbox, sizeof(mailbox),
	    name) != 1)
		return -1;
	return strlist_add(arg, name);
}

/* What must not leave. */
static int
plan_secrets(struct judge *j)
{
	struct store *s = j->k->store;
	size_t i;

	if (store_worker_addrs(s, 0, plan_private, &j->plan->private) == -1 ||
	    store_mailbox_each(s, 0, plan_mailbox,
	    &j->plan->mailboxes) == -1)
		return -1;
	for (i = 0; i < j->tx->nhandles; i++)
		if ((i == 0 || j->tx->conversation[i] !=
		    j->tx->conversation[i - 1]) && store_handle_each(s,
		    j->w.id, j->tx->conversation[i], j->k->now, plan_handle,
		    &j->plan->handles) == -1)
			return -1;
	return 0;
}

/* The handle addresses in To and Cc, and whom they stand for. */
static int
map_recipients(struct judge *j)
{
	const struct addr *a;
	struct store_participant p;
	struct store_rcpt r;
	size_t i;
	int n;

	for (i = 0; (a = summary_recipient(j->header, i)) != NULL; i++) {
		if ((n = store_rcpt_get(j->k->store, a->addr, j->k->now,
		    &r)) == -1)
			return -1;
		if (n == 0 && map_start(j, a->addr) == -1)
			return -1;
		if (n == 0 || r.kind != STORE_RCPT_HANDLE)
			continue;
		if (r.handle.worker != j->w.id) {
			/* Somebody else's: it stands for the mailbox. */
			if (strlist_add(&j->plan->private, a->addr) == -1)
				return -1;
			continue;
		}
		if (store_participant_get(j->k->store, r.handle.participant,
		    &p) != 1 ||
		    plan_map(j->plan, a->addr, p.address, p.name) == -1)
			return -1;
	}
	return 0;
}

/* The ids that the customer knows. */
static int
plan_ids(struct judge *j, uint64_t conversation)
{
	char outside[STORE_MSGID_MAX + 1];
	const char *id;
	size_t i;
	int n;

	for (i = 0; (id = summary_id(j->header, i)) != NULL; i++) {
		if ((n = store_msgid_outside(j->k->store, conversation,
		    j->w.id, id, outside, sizeof(outside))) == -1)
			return -1;
		if (n == 1 && plan_id(j->plan, id, outside) == -1)
			return -1;
	}
	return 0;
}

static int
plan_strings(struct judge *j, const struct store_reply *r)
{
	struct plan *p = j->plan;

	p->mailbox = strdup(j->mb.address);
	p->mailbox_name = strdup(j->mb.name);
	p->worker_name = strdup(j->k->conf->replies.from ==
	    CONF_FROM_WORKER ? j->w.display : "");
	p->message_id = strdup(r->outside);
	p->reply_id = strdup(r->id);
	return p->mailbox == NULL || p->mailbox_name == NULL ||
	    p->worker_name == NULL || p->message_id == NULL ||
	    p->reply_id == NULL ? -1 : 0;
}

int
policy_plan_reply(struct judge *j)
{
	struct store_reply *r;
	size_t i;

	if ((r = reply_record(j)) == NULL)
		return -1;
	j->tx->rec = r;
	r->conversation = j->tx->conversation[0];	/* 0 without handles */
	for (i = 0; i < j->tx->nhandles; i++)
		r->handle[r->nhandles++] = j->tx->handle[i];
	if (msgid_make(addr_domain(j->mb.address), r->outside,
	    sizeof(r->outside)) == -1 ||
	    (j->start && plan_start(j, r) == -1) ||
	    plan_strings(j, r) == -1 || map_recipients(j) == -1 ||
	    plan_secrets(j) == -1 || plan_ids(j, r->conversation) == -1)
		return -1;
	j->plan->action = PLAN_REPLY;
	j->plan->leak = j->k->conf->replies.leak;
	j->plan->commands = j->k->conf->replies.commands_accept != 0;
	return 0;
}

int
policy_plan_team(struct judge *j)
{
	struct store_reply *r;
	char top[64 + STORE_REPLY_ID];
	int n;

	if ((r = reply_record(j)) == NULL)
		return -1;
	j->tx->rec = r;
	r->conversation = j->conversation;
	if ((j->tx->subject = strdup(j->header->subject)) == NULL)
		return -1;
	n = snprintf(top, sizeof(top), "X-Relay-Reply: %s\n", r->id);
	if (n < 0 || (size_t)n >= sizeof(top) ||
	    (j->plan->top = strdup(top)) == NULL)
		return -1;
	return 0;
}

/* The conversation that a helpdesk's copy belongs to; else a new one. */
static int
sign_conversation(struct judge *j, uint64_t *id)
{
	struct token t;
	size_t i;

	for (i = j->header->references.n + j->header->in_reply_to.n; i > 0; i--)
		if (token_msgid_parse(summary_id(j->header, i - 1), &t) == 1 &&
		    token_verify(j->k->keys, &t, j->mb.address, j->k->now,
		    0, 0) == TOKEN_VALID) {
			*id = t.conversation;
			return 0;
		}
	return store_conversation_new(j->k->store, j->mb.id,
	    j->header->subject, j->k->now, id);
}

/* Signs, and remembers the original id: in one transaction. */
static int
sign_copy(struct judge *j, char *msgid, size_t size)
{
	struct store *s = j->k->store;
	struct store_message m;
	struct store_copy c;
	char token[TOKEN_LEN + 1];

	memset(&m, 0, sizeof(m));
	memset(&c, 0, sizeof(c));
	m.kind = STORE_MSG_IN;
	m.mailbox = j->mb.id;
	if (sign_conversation(j, &m.conversation) == -1 ||
	    token_make(j->k->keys, j->w.id, m.conversation,
	    token_time(j->k->now, j->w.revoked), j->mb.address, token,
	    sizeof(token)) == -1 ||
	    token_msgid(token, addr_domain(j->mb.address), msgid, size) == -1)
		return -1;
	if (strlcpy(m.author, j->mb.address, sizeof(m.author)) >=
	    sizeof(m.author) ||
	    strlcpy(m.smtpd, j->header->smtpd_id, sizeof(m.smtpd)) >=
	    sizeof(m.smtpd) ||
	    strlcpy(m.outside, j->header->message_id, sizeof(m.outside)) >=
	    sizeof(m.outside) ||
	    strlcpy(c.msgid, msgid, sizeof(c.msgid)) >= sizeof(c.msgid))
		return -1;
	if (store_message_add(s, &m, j->k->now) == -1 ||
	    store_copy_begin(s, m.id, j->w.id, j->k->now, &c) == -1 ||
	    strlcpy(msgid, c.msgid, size) >= size ||
	    store_copy_queued(s, c.id, j->k->now) == -1)
		return -1;
	return 0;
}

int
policy_plan_sign(struct judge *j)
{
	struct store *s = j->k->store;
	char msgid[STORE_MSGID_MAX + 1];
	int n;

	/* The first mailbox in From, of which the recipient is a member. */
	if (j->writer == NULL)
		return 0;
	if ((n = store_mailbox_get(s, j->writer->addr, &j->mb)) == 1 &&
	    (n = store_is_member(s, j->mb.id, j->tx->toworker)) == 1)
		n = store_worker_byid(s, j->tx->toworker, &j->w);
	if (n != 1)
		return n;
	if (store_begin(s) == -1)
		return -1;
	if (sign_copy(j, msgid, sizeof(msgid)) == -1 ||
	    store_commit(s) == -1) {
		store_rollback(s);
		return -1;
	}
	if ((j->plan->message_id = strdup(msgid)) == NULL)
		return -1;
	j->plan->action = PLAN_SIGN;
	return 0;
}
