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

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/compat.h"
#include "base/log.h"
#include "bounce.h"
#include "compose.h"
#include "copies.h"
#include "reply.h"
#include "store/store_mail.h"

/* A reply and what the store knows of it. */
struct reply {
	struct run		*run;
	const struct store_reply *rec;
	struct store_worker	 worker;
	struct store_message	 message;
	int			 note;		/* to the team only */
	enum store_sent		 state;		/* for a participant */
	char			 rpath[STORE_ADDR_MAX + 1];
};

/* Addresses that the header of a team's message may hold. */
struct team {
	struct copies	*copies;
	char		*text[2 * COPIES_PEOPLE_MAX];	/* theirs, and names */
	size_t		 n;
};

static int
has_command(const char *list, const char *word)
{
	size_t	n = strlen(word);

	while (*list != '\0') {
		list += strspn(list, " ");
		if (strncmp(list, word, n) == 0 &&
		    (list[n] == ' ' || list[n] == '\0'))
			return 1;
		list += strcspn(list, " ");
	}
	return 0;
}

/* The worker's two runs of one message, or of its replay, take turns. */
static struct reply *
new_reply(struct run *r, const struct store_reply *rec)
{
	struct reply	*rp;
	char		 who[16];
	int		 n;

	if ((rp = calloc(1, sizeof(*rp))) == NULL) {
		log_warn("reply");
		return NULL;
	}
	rp->run = r;
	rp->rec = rec;
	rp->note = has_command(rec->commands, "note");
	if ((n = store_worker_byid(r->store, rec->worker,
	    &rp->worker)) != 1) {
		if (n == -1)
			run_store_failed(r, "worker");
		else
			log_warnx("%s: its worker is gone",
			    r->letter.header.smtpd_id);
		goto fail;
	}
	(void)snprintf(who, sizeof(who), "%" PRIu32, rec->worker);
	if (run_lock(r, who, rec->dkey) == -1)
		goto fail;
	return rp;
fail:
	free(rp);
	return NULL;
}

/*
 * The message: what was recorded for the same original, in this run's
 * likes or before a replay, or a new one.
 */
static int
record(struct reply *rp)
{
	const struct store_reply	*rec = rp->rec;
	struct store_message		*m = &rp->message;
	struct run			*r = rp->run;
	uint64_t			 conversation = rec->conversation;
	int				 n;

	n = store_message_byown(r->store, rec->mailbox, rec->worker,
	    rec->dkey, m);
	if (n != 0)
		return n == 1 ? 0 : -1;
	memset(m, 0, sizeof(*m));
	if (conversation == 0 && store_conversation_new(r->store,
	    rec->mailbox, r->letter.header.subject, r->now,
	    &conversation) == -1)
		return -1;
	m->conversation = conversation;
	m->kind = rec->nhandles > 0 && !rp->note ? STORE_MSG_OUT :
	    STORE_MSG_TEAM;
	m->worker = rec->worker;
	(void)strlcpy(m->author, rp->worker.name, sizeof(m->author));
	(void)strlcpy(m->smtpd, rec->smtpd, sizeof(m->smtpd));
	(void)strlcpy(m->outside, rec->outside, sizeof(m->outside));
	(void)strlcpy(m->own, rec->dkey, sizeof(m->own));
	return store_message_add(r->store, m, r->now) == -1 ? -1 : 0;
}

/* Carried out once, by whichever run comes first. */
static int
commands(struct reply *rp)
{
	const char	*list = rp->rec->commands;
	struct run	*r = rp->run;
	uint64_t	 id = rp->message.conversation;
	int		 n;

	if (list[0] == '\0')
		return 0;
	n = store_commands_once(r->store, rp->worker.id, rp->rec->dkey,
	    r->now);
	if (n != 1)
		return n;
	if (has_command(list, "close") &&
	    store_conversation_open(r->store, id, 0) == -1)
		return -1;
	if (has_command(list, "reopen") &&
	    store_conversation_open(r->store, id, 1) == -1)
		return -1;
	if (has_command(list, "take") && store_conversation_take(r->store,
	    id, rp->worker.id) == -1)
		return -1;
	run_event(r, "command", id, rp->worker.id, "%s", list);
	return 0;
}

static int
begin_sent(struct reply *rp)
{
	struct run		*r = rp->run;
	struct store_participant p;
	struct store_rpath	 path;
	int			 n, pid = getpid();

	n = store_participant_get(r->store, r->rcpt.handle.participant, &p);
	if (n != 1)
		return -1;
	memset(&path, 0, sizeof(path));
	path.kind = STORE_RPATH_PARTICIPANT;
	path.conversation = rp->message.conversation;
	path.message = rp->message.id;
	path.worker = rp->worker.id;
	path.participant = p.id;
	(void)strlcpy(path.address_to, p.folded, sizeof(path.address_to));
	if (run_rpath(r, r->rcpt.mailbox.address, &path) == -1)
		return -1;
	(void)strlcpy(rp->rpath, path.address, sizeof(rp->rpath));
	if (store_sent_begin(r->store, rp->worker.id, rp->rec->dkey,
	    r->rcpt.handle.id, r->now, &pid, rp->rpath, sizeof(rp->rpath),
	    &rp->state) == -1)
		return -1;
	/* the lock is ours, so whoever began is no longer at it */
	if (rp->state == STORE_SENT_BUSY) {
		if (store_sent_failed(r->store, rp->worker.id,
		    rp->rec->dkey, r->rcpt.handle.id) == -1)
			return -1;
		pid = getpid();
		if (store_sent_begin(r->store, rp->worker.id, rp->rec->dkey,
		    r->rcpt.handle.id, r->now, &pid, rp->rpath,
		    sizeof(rp->rpath), &rp->state) == -1)
			return -1;
	}
	return 0;
}

/*
 * A part of a message that was here before, which the worker's server sends
 * to each recipient alone, has an id of its own, and answers name that.
 */
static int
outside(struct reply *rp)
{
	const struct store_reply	*rec = rp->rec;
	struct store_message		 m = rp->message;

	if ((rp->state != STORE_SENT_NEW && rp->state != STORE_SENT_AGAIN) ||
	    strcmp(m.outside, rec->outside) == 0)
		return 0;
	m.id = 0;
	m.kind = STORE_MSG_OUT;
	(void)strlcpy(m.smtpd, rec->smtpd, sizeof(m.smtpd));
	(void)strlcpy(m.outside, rec->outside, sizeof(m.outside));
	return store_message_add(rp->run->store, &m, rp->run->now) == -1 ?
	    -1 : 0;
}

/* One transaction for all that must be known before anything leaves. */
static int
begin(struct reply *rp)
{
	struct run	*r = rp->run;

	if (run_begin(r, 1) == -1)
		return -1;
	if (record(rp) == -1 || commands(rp) == -1 ||
	    (!rp->note && r->rcpt.kind == STORE_RCPT_HANDLE &&
	    (begin_sent(rp) == -1 || outside(rp) == -1))) {
		run_store_failed(r, "reply");
		store_rollback(r->store);
		return -1;
	}
	return run_commit(r);
}

static int
team_add(struct team *t, const char *addr, const char *name,
    uint64_t participant)
{
	if (t->n + 2 > sizeof(t->text) / sizeof(t->text[0]))
		return 0;
	if ((t->text[t->n] = strdup(addr)) == NULL)
		return -1;
	t->n++;
	if ((t->text[t->n] = strdup(name)) == NULL)
		return -1;
	t->n++;
	copies_add(t->copies, t->text[t->n - 2], t->text[t->n - 1],
	    participant);
	return 0;
}

static int
team_participant(const struct store_participant *p, void *arg)
{
	char	name[STORE_ADDR_MAX + 8];
	size_t	local;

	if (p->name[0] != '\0')
		return team_add(arg, p->folded, p->name, p->id);
	local = strcspn(p->folded, "@");
	(void)snprintf(name, sizeof(name), "%.*s at %s", (int)local,
	    p->folded, p->folded[local] != '\0' ? p->folded + local + 1 : "");
	return team_add(arg, p->folded, name, p->id);
}

/* The participant was added before, and so has a name. */
static int
team_handle(const struct store_handle *h, void *arg)
{
	const struct copies	*c = ((struct team *)arg)->copies;
	size_t			 i;

	for (i = 0; i < c->npeople; i++)
		if (c->person[i].participant == h->participant)
			return team_add(arg, h->address, c->person[i].name,
			    h->participant);
	return 0;
}

/*
 * Participants stand in the header by their own addresses, or by the handles
 * that the author has for them.
 */
static int
team_people(struct reply *rp, struct team *t)
{
	struct store	*s = rp->run->store;
	uint64_t	 id = rp->message.conversation;

	if (store_conversation_people(s, id, team_participant, t) == -1)
		return -1;
	return store_handle_each(s, rp->worker.id, id, rp->run->now,
	    team_handle, t);
}

/* The other members' copies, with participants as their own handles. */
static int
send_team(struct reply *rp)
{
	struct run	*r = rp->run;
	struct team	 t;
	int		 n = RUN_RETRY;

	memset(&t, 0, sizeof(t));
	if ((t.copies = calloc(1, sizeof(*t.copies))) == NULL) {
		log_warn("copies");
		return RUN_RETRY;
	}
	t.copies->kind = COPYHDR_TEAM;
	t.copies->conversation = rp->message.conversation;
	t.copies->message = rp->message.id;
	t.copies->author = &rp->worker;
	t.copies->archive = 1;
	t.copies->archive_flags = rp->rec->nhandles > 0 ? COMPOSE_REPLY :
	    COMPOSE_ARCHIVE;
	if (team_people(rp, &t) == 0)
		n = copies_send(r, t.copies, NULL);
	else
		run_store_failed(r, "participants");
	while (t.n > 0)
		free(t.text[--t.n]);
	free(t.copies);
	return n;
}

static int
send_to(struct reply *rp, const struct store_participant *p)
{
	const struct store_reply	*rec = rp->rec;
	struct run			*r = rp->run;
	enum mailer_result		 result = MAILER_RETRY;
	char				 reply[MAILER_REPLY_MAX];
	int				 flags = COMPOSE_REPLY;

	if (r->letter.flags & LETTER_LONGLINES)
		flags |= COMPOSE_ENCODING;
	if (editor_forward(r->engine, flags) == 0)
		result = run_send(r, rp->rpath, p->address, "reply",
		    p->address, reply);
	if (result == MAILER_REFUSED && bounce_participant(r,
	    &rp->message, &rp->worker, p, rp->rpath, reply) == RUN_RETRY)
		result = MAILER_RETRY;
	if (result == MAILER_RETRY) {
		if (store_sent_failed(r->store, rec->worker, rec->dkey,
		    r->rcpt.handle.id) == -1)
			run_store_failed(r, "reply");
		return RUN_RETRY;
	}
	if (store_sent_queued(r->store, rec->worker, rec->dkey,
	    r->rcpt.handle.id, r->now) == -1) {
		run_store_failed(r, "reply");
		return RUN_RETRY;
	}
	return RUN_DONE;
}

/*
 * The archive comes first: a run that finds the participant's mail queued
 * does nothing more.
 */
static int
send_out(struct reply *rp)
{
	struct store_participant p;
	struct run		*r = rp->run;

	switch (rp->state) {
	case STORE_SENT_DONE:
		log_info("%s: reply by %s: sent before",
		    r->letter.header.smtpd_id,
		    rp->worker.name);
		return RUN_DONE;
	case STORE_SENT_NEW:
	case STORE_SENT_AGAIN:
		break;
	default:
		return RUN_RETRY;
	}
	if (copies_archive(r, rp->message.conversation, rp->message.id,
	    COMPOSE_REPLY, 0, NULL) == RUN_RETRY)
		return RUN_RETRY;
	if (store_participant_get(r->store, r->rcpt.handle.participant,
	    &p) != 1) {
		run_store_failed(r, "participant");
		return RUN_RETRY;
	}
	return send_to(rp, &p);
}

int
reply_participant(struct run *r, const struct store_reply *rec)
{
	struct reply	*rp;
	int		 n = RUN_RETRY;

	if ((rp = new_reply(r, rec)) == NULL)
		return RUN_RETRY;
	if (begin(rp) == 0)
		n = rp->note ? send_team(rp) : send_out(rp);
	free(rp);
	return n;
}

int
reply_team(struct run *r, const struct store_reply *rec)
{
	struct reply	*rp;
	int		 n = RUN_RETRY;

	if ((rp = new_reply(r, rec)) == NULL)
		return RUN_RETRY;
	if (begin(rp) == 0)
		n = send_team(rp);
	free(rp);
	return n;
}
