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

#include "base/compat.h"
#include "base/log.h"
#include "bounce.h"
#include "compose.h"
#include "copies.h"
#include "copyhdr.h"
#include "crypto/token.h"

/* The plan of one member's copy: every string that its header needs. */

#define OURS_MAX	100		/* mailboxes left in a header */

static char	*number(uint64_t);
static int	add_map(struct run *, const struct copies *,
		    const struct store_worker *, struct copyhdr_plan *);
static int	handle_of(struct run *, const struct copies *,
		    const struct store_worker *, uint64_t,
		    struct store_handle *);
static int	add_ours(struct run *, struct copyhdr_plan *);
static int	ours_of(struct run *, struct copyhdr_plan *,
    const struct addrlist *);
static int	add_ids(struct run *, const struct copies *,
		    const struct store_worker *, struct copyhdr_plan *);
static int	ids_of(struct run *, const struct copies *,
		    const struct store_worker *, struct copyhdr_plan *,
		    const struct msgids *);
static int	inside(struct run *, const struct copies *,
		    const struct store_worker *, const char *, char *, size_t);

/*
 * Makes the plan of a worker's copy, which has its ids already, within the
 * caller's transaction: handles are issued where there are none.  *p is
 * zeroed by the caller and freed with ipc_free_record() in either case.
 * Returns 0, or -1 and has logged it.
 */
static int
plan_make(struct run *r, const struct copies *c,
    const struct store_worker *w, const struct store_copy *copy,
    struct copyhdr_plan *p)
{
	const struct store_mailbox	*mb = &r->rcpt.mailbox;

	p->kind = c->kind;
	p->unverified = c->unverified;
	p->original = c->kind == COPYHDR_CUSTOMER &&
	    r->conf->replies.copies == CONF_COPIES_ORIGINAL;
	p->now = r->now;
	if ((p->mailbox = strdup(mb->address)) == NULL ||
	    (mb->name[0] != '\0' &&
	    (p->mailbox_name = strdup(mb->name)) == NULL) ||
	    (c->author != NULL &&
	    (p->worker_name = strdup(c->author->display)) == NULL) ||
	    (p->conversation = number(c->conversation)) == NULL ||
	    (p->message_id = strdup(copy->msgid)) == NULL) {
		log_warn("plan");
		return -1;
	}
	if (add_map(r, c, w, p) == -1 || add_ours(r, p) == -1)
		return -1;
	return add_ids(r, c, w, p);
}

static char *
number(uint64_t n)
{
	char	*s;

	return asprintf(&s, "%" PRIu64, n) == -1 ? NULL : s;
}

/* Every participant in the header gets this worker's handle. */
static int
add_map(struct run *r, const struct copies *c,
    const struct store_worker *w, struct copyhdr_plan *p)
{
	struct replyhdr_addr	*m;
	struct store_handle	 h;
	size_t			 i;

	if (c->writer != 0) {
		if (handle_of(r, c, w, c->writer, &h) == -1)
			return -1;
		if ((p->from = strdup(h.address)) == NULL) {
			log_warn("plan");
			return -1;
		}
	}
	if ((p->map = calloc(c->npeople + 1, sizeof(*p->map))) == NULL) {
		log_warn("plan");
		return -1;
	}
	for (i = 0; i < c->npeople; i++) {
		if (handle_of(r, c, w, c->person[i].participant, &h) == -1)
			return -1;
		m = &p->map[p->nmap++];
		if ((m->from = strdup(c->person[i].addr)) == NULL ||
		    (m->to = strdup(h.address)) == NULL ||
		    (c->person[i].name != NULL &&
		    (m->name = strdup(c->person[i].name)) == NULL)) {
			log_warn("plan");
			return -1;
		}
	}
	return 0;
}

static int
handle_of(struct run *r, const struct copies *c,
    const struct store_worker *w, uint64_t participant,
    struct store_handle *h)
{
	if (store_handle_issue(r->store, w->id, c->conversation, participant,
	    r->now, (time_t)r->conf->replies.handle_lifetime, h) == -1) {
		run_store_failed(r, "handle");
		return -1;
	}
	return 0;
}

/* The mailboxes of ours that stand in the header and stay there. */
static int
add_ours(struct run *r, struct copyhdr_plan *p)
{
	if ((p->ours = calloc(OURS_MAX, sizeof(*p->ours))) == NULL) {
		log_warn("plan");
		return -1;
	}
	if (ours_of(r, p, &r->letter.header.to) == -1 ||
	    ours_of(r, p, &r->letter.header.cc) == -1 ||
	    ours_of(r, p, &r->letter.header.reply_to) == -1) {
		run_store_failed(r, "mailbox");
		return -1;
	}
	return 0;
}

static int
ours_of(struct run *r, struct copyhdr_plan *p, const struct addrlist *l)
{
	struct store_mailbox	mb;
	size_t			i;
	int			n;

	for (i = 0; i < l->n && p->nours < OURS_MAX; i++) {
		n = conf_is_our_address(r->conf, l->v[i].folded);
		if (n == 1)
			n = store_mailbox_get(r->store, l->v[i].folded, &mb);
		if (n == -1)
			return -1;
		if (n == 1 && (p->ours[p->nours++] =
		    strdup(l->v[i].folded)) == NULL)
			return -1;
	}
	return 0;
}

/* Ids of other messages, as this worker knows them. */
static int
add_ids(struct run *r, const struct copies *c,
    const struct store_worker *w, struct copyhdr_plan *p)
{
	if ((p->ids = calloc(COPIES_IDS_MAX, sizeof(*p->ids))) == NULL) {
		log_warn("plan");
		return -1;
	}
	if (ids_of(r, c, w, p, &r->letter.header.in_reply_to) == -1 ||
	    ids_of(r, c, w, p, &r->letter.header.references) == -1) {
		run_store_failed(r, "ids");
		return -1;
	}
	return 0;
}

/* The newest ids stand last. */
static int
ids_of(struct run *r, const struct copies *c, const struct store_worker *w,
    struct copyhdr_plan *p, const struct msgids *l)
{
	struct replyhdr_id	*id;
	char			 buf[STORE_MSGID_MAX + 1];
	size_t			 i, k;
	int			 n;

	for (i = l->n; i > 0 && p->nids < COPIES_IDS_MAX; i--) {
		for (k = 0; k < p->nids; k++)
			if (strcmp(p->ids[k].from, l->v[i - 1]) == 0)
				break;
		if (k < p->nids)
			continue;
		n = inside(r, c, w, l->v[i - 1], buf, sizeof(buf));
		if (n == -1)
			return -1;
		if (n == 0)
			continue;
		id = &p->ids[p->nids++];
		if ((id->from = strdup(l->v[i - 1])) == NULL ||
		    (id->to = strdup(buf)) == NULL)
			return -1;
	}
	return 0;
}

static int
inside(struct run *r, const struct copies *c, const struct store_worker *w,
    const char *id, char *buf, size_t size)
{
	int	n = 0;

	if (c->author != NULL)
		n = store_msgid_across(r->store, c->conversation,
		    c->author->id, id, w->id, buf, size);
	if (n == 0)
		n = store_msgid_inside(r->store, c->conversation, w->id, id,
		    buf, size);
	return n;
}

#define COPY_REFUSED	1		/* beside RUN_DONE and RUN_RETRY */

/* A copy whose address smtpd did not take. */
struct refused {
	const struct store_worker	*worker;
	uint64_t			 copy;
	char				 rpath[STORE_ADDR_MAX + 1];
	char				 reply[MAILER_REPLY_MAX];
};

static int	copy_one(struct run *, const struct copies *,
		    const struct store_worker *, struct refused *);
static int	copy_refused(struct run *, const struct copies *,
		    struct refused *, unsigned int);
static int	copy_begin(struct run *, const struct copies *,
		    const struct store_worker *, struct store_copy *,
		    struct copyhdr_plan *);
static int	copy_send(struct run *, const struct store_worker *,
		    struct store_copy *, struct copyhdr_plan *,
		    struct refused *);
static int	archive_begin(struct run *, uint64_t, uint64_t,
		    struct store_copy *);

void
copies_add(struct copies *c, const char *addr, const char *name,
    uint64_t participant)
{
	size_t	i;

	for (i = 0; i < c->npeople; i++)
		if (strcmp(c->person[i].addr, addr) == 0)
			return;
	if (c->npeople == COPIES_PEOPLE_MAX)
		return;
	c->person[c->npeople].addr = addr;
	c->person[c->npeople].name = name;
	c->person[c->npeople++].participant = participant;
}

int
copies_send(struct run *r, const struct copies *c, unsigned int *sent)
{
	struct members	 m;
	struct refused	*refused;
	size_t		 i, n = 0;
	unsigned int	 done = 0;
	int		 ret = RUN_DONE;

	if (members_get(r, r->rcpt.mailbox.id, &m) == -1)
		return RUN_RETRY;
	if ((refused = calloc(m.n + 1, sizeof(*refused))) == NULL) {
		log_warn("copies");
		members_free(&m);
		return RUN_RETRY;
	}
	for (i = 0; i < m.n; i++) {
		if (!m.v[i].enabled ||
		    (c->only != 0 && m.v[i].id != c->only) ||
		    (c->author != NULL && m.v[i].id == c->author->id))
			continue;
		switch (copy_one(r, c, &m.v[i], &refused[n])) {
		case RUN_DONE:
			done++;
			break;
		case COPY_REFUSED:
			n++;
			break;
		default:
			ret = RUN_RETRY;
		}
	}
	if (c->archive && copies_archive(r, c->conversation, c->message,
	    c->archive_flags, done == 0, &done) == RUN_RETRY)
		ret = RUN_RETRY;
	for (i = 0; i < n; i++)
		if (copy_refused(r, c, &refused[i], done) == RUN_RETRY)
			ret = RUN_RETRY;
	free(refused);
	members_free(&m);
	if (sent != NULL)
		*sent = done;
	return ret;
}

/*
 * An address that smtpd does not take.  While nobody else has the message it
 * is not given up: the administrator may mend what is wrong, and else the
 * sender learns of it in the end.
 */
static int
copy_refused(struct run *r, const struct copies *c, struct refused *f,
    unsigned int others)
{
	if (others == 0) {
		log_warnx("%s: nobody has it: %s", r->letter.header.smtpd_id,
		    f->reply);
		return RUN_RETRY;
	}
	if (bounce_worker(r, c->conversation, f->worker, f->rpath,
	    f->reply) == RUN_RETRY)
		return RUN_RETRY;
	if (store_copy_queued(r->store, f->copy, r->now) == -1) {
		run_store_failed(r, "copy");
		return RUN_RETRY;
	}
	return RUN_DONE;
}

/* RUN_DONE, RUN_RETRY, or COPY_REFUSED with what is to be known of it. */
static int
copy_one(struct run *r, const struct copies *c, const struct store_worker *w,
    struct refused *f)
{
	struct store_copy	*copy;
	struct copyhdr_plan	 plan;
	int			 n = RUN_RETRY;

	memset(&plan, 0, sizeof(plan));
	if ((copy = calloc(1, sizeof(*copy))) == NULL) {
		log_warn("copy");
		goto out;
	}
	if (run_begin(r, 1) == -1)
		goto out;
	if (copy_begin(r, c, w, copy, &plan) == -1) {
		store_rollback(r->store);
		goto out;
	}
	if (run_commit(r) == -1)
		goto out;
	n = copy->queued ? RUN_DONE : copy_send(r, w, copy, &plan, f);
out:
	ipc_free_record(&copyhdr_plan_record, &plan);
	free(copy);
	return n;
}

/*
 * Within a transaction: the copy's own id, return path and handles, or those
 * that an earlier run gave it.
 */
static int
copy_begin(struct run *r, const struct copies *c,
    const struct store_worker *w, struct store_copy *copy,
    struct copyhdr_plan *plan)
{
	struct store_rpath	rp;

	memset(&rp, 0, sizeof(rp));
	rp.kind = STORE_RPATH_WORKER;
	rp.conversation = c->conversation;
	rp.message = c->message;
	rp.worker = w->id;
	(void)strlcpy(rp.address_to, w->address, sizeof(rp.address_to));
	if (run_token(r, w, c->conversation, r->rcpt.mailbox.address,
	    copy->msgid, sizeof(copy->msgid)) == -1 ||
	    run_rpath(r, r->rcpt.mailbox.address, &rp) == -1)
		return -1;
	(void)strlcpy(copy->rpath, rp.address, sizeof(copy->rpath));
	if (store_copy_begin(r->store, c->message, w->id, r->now,
	    copy) == -1) {
		run_store_failed(r, "copy");
		return -1;
	}
	if (copy->queued)
		return 0;
	return plan_make(r, c, w, copy, plan);
}

static int
copy_send(struct run *r, const struct store_worker *w,
    struct store_copy *copy, struct copyhdr_plan *plan, struct refused *f)
{
	if (editor_copy(r->engine, plan) == -1)
		return RUN_RETRY;
	switch (run_send(r, copy->rpath, w->address, "copy", w->name,
	    f->reply)) {
	case MAILER_QUEUED:
		break;
	case MAILER_REFUSED:
		f->worker = w;
		f->copy = copy->id;
		(void)strlcpy(f->rpath, copy->rpath, sizeof(f->rpath));
		return COPY_REFUSED;
	default:
		return RUN_RETRY;
	}
	if (store_copy_queued(r->store, copy->id, r->now) == -1) {
		run_store_failed(r, "copy");
		return RUN_RETRY;
	}
	return RUN_DONE;
}

int
copies_archive(struct run *r, uint64_t conversation, uint64_t message,
    int flags, int alone, unsigned int *sent)
{
	struct store_copy	 copy;
	enum mailer_result	 result;
	char			 reply[MAILER_REPLY_MAX];
	const char		*to = r->rcpt.mailbox.archive;

	if (to[0] == '\0')
		return RUN_DONE;
	memset(&copy, 0, sizeof(copy));
	if (run_begin(r, 1) == -1)
		return RUN_RETRY;
	if (archive_begin(r, conversation, message, &copy) == -1) {
		run_store_failed(r, "archive");
		store_rollback(r->store);
		return RUN_RETRY;
	}
	if (run_commit(r) == -1)
		return RUN_RETRY;
	if (sent != NULL && copy.queued)
		(*sent)++;
	if (copy.queued)
		return RUN_DONE;
	if (r->letter.flags & LETTER_LONGLINES)
		flags |= COMPOSE_ENCODING;
	if (editor_forward(r->engine, flags) == -1)
		return RUN_RETRY;
	result = run_send(r, copy.rpath, to, "copy", "the archive", reply);
	if (result == MAILER_RETRY || (result == MAILER_REFUSED && alone))
		return RUN_RETRY;
	if (result == MAILER_REFUSED)
		run_event(r, "bounce", conversation, 0,
		    "the archive %s refused: %s", to, reply);
	else if (sent != NULL)
		(*sent)++;
	if (store_copy_queued(r->store, copy.id, r->now) == -1) {
		run_store_failed(r, "archive");
		return RUN_RETRY;
	}
	return RUN_DONE;
}

static int
archive_begin(struct run *r, uint64_t conversation, uint64_t message,
    struct store_copy *copy)
{
	struct store_rpath	rp;

	memset(&rp, 0, sizeof(rp));
	rp.kind = STORE_RPATH_WORKER;
	rp.conversation = conversation;
	rp.message = message;
	(void)strlcpy(rp.address_to, r->rcpt.mailbox.archive,
	    sizeof(rp.address_to));
	if (run_rpath(r, r->rcpt.mailbox.address, &rp) == -1)
		return -1;
	(void)strlcpy(copy->rpath, rp.address, sizeof(copy->rpath));
	return store_copy_begin(r->store, message, 0, r->now, copy);
}
