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

struct copyplan {
	struct copyhdr_plan	 hdr;		/* points into the rest */
	struct replyhdr_addr	*map;
	struct replyhdr_id	*ids;
	const char		**ours;
	char			**owned;	/* strings to be freed */
	size_t			 nowned;
	char			 conversation[24];
	char			 from[STORE_ADDR_MAX + 1];
};

#define COPYPLAN_OURS_MAX	100		/* mailboxes left in a header */

static char	*keep(struct copyplan *, const char *);
static int	add_map(struct run *, const struct copies *,
		    const struct store_worker *, struct copyplan *);
static int	handle_of(struct run *, const struct copies *,
		    const struct store_worker *, uint64_t,
		    struct store_handle *);
static int	add_ours(struct run *, struct copyplan *);
static int	ours_of(struct run *, struct copyplan *, const struct people *);
static int	add_ids(struct run *, const struct copies *,
		    const struct store_worker *, struct copyplan *);
static int	ids_of(struct run *, const struct copies *,
		    const struct store_worker *, struct copyplan *,
		    const struct msgids *);
static int	inside(struct run *, const struct copies *,
		    const struct store_worker *, const char *, char *, size_t);

/*
 * Makes the plan of a worker's copy, which has its ids already, within the
 * caller's transaction: handles are issued where there are none.  *p is
 * zeroed by the caller and freed with copyplan_free() in either case.  Returns
 * 0, or -1 and has logged it.
 */
static int
copyplan_make(struct run *r, const struct copies *c,
    const struct store_worker *w, const struct store_copy *copy,
    struct copyplan *p)
{
	struct copyhdr_plan	*h = &p->hdr;

	h->kind = c->kind;
	h->mailbox = r->rcpt.mailbox.address;
	if (r->rcpt.mailbox.name[0] != '\0')
		h->mailbox_name = r->rcpt.mailbox.name;
	if (c->author != NULL)
		h->worker_name = c->author->display;
	h->unverified = c->unverified;
	h->original = c->kind == COPYHDR_CUSTOMER &&
	    r->conf->replies.copies == CONF_COPIES_ORIGINAL;
	h->now = r->now;
	(void)snprintf(p->conversation, sizeof(p->conversation), "%" PRIu64,
	    c->conversation);
	h->conversation = p->conversation;
	if ((h->message_id = keep(p, copy->msgid)) == NULL) {
		log_warn("plan");
		return -1;
	}
	if (add_map(r, c, w, p) == -1 || add_ours(r, p) == -1 ||
	    add_ids(r, c, w, p) == -1)
		return -1;
	h->map = p->map;
	h->ours = p->ours;
	h->ids = p->ids;
	return 0;
}

/* A copy of a string that lives as long as the plan. */
static char *
keep(struct copyplan *p, const char *s)
{
	char	**v;

	v = reallocarray(p->owned, p->nowned + 1, sizeof(*v));
	if (v == NULL)
		return NULL;
	p->owned = v;
	if ((v[p->nowned] = strdup(s)) == NULL)
		return NULL;
	return v[p->nowned++];
}

/* Every participant in the header gets this worker's handle. */
static int
add_map(struct run *r, const struct copies *c,
    const struct store_worker *w, struct copyplan *p)
{
	struct store_handle	h;
	size_t			i;

	if (c->writer != 0) {
		if (handle_of(r, c, w, c->writer, &h) == -1)
			return -1;
		(void)strlcpy(p->from, h.address, sizeof(p->from));
		p->hdr.from = p->from;
	}
	if ((p->map = calloc(c->npeople + 1, sizeof(*p->map))) == NULL) {
		log_warn("plan");
		return -1;
	}
	for (i = 0; i < c->npeople; i++) {
		if (handle_of(r, c, w, c->person[i].participant, &h) == -1)
			return -1;
		p->map[i].from = c->person[i].addr;
		p->map[i].name = c->person[i].name;
		if ((p->map[i].to = keep(p, h.address)) == NULL) {
			log_warn("plan");
			return -1;
		}
		p->hdr.nmap++;
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
add_ours(struct run *r, struct copyplan *p)
{
	if ((p->ours = calloc(COPYPLAN_OURS_MAX, sizeof(*p->ours))) == NULL) {
		log_warn("plan");
		return -1;
	}
	if (ours_of(r, p, &r->letter.to) == -1 ||
	    ours_of(r, p, &r->letter.cc) == -1 ||
	    ours_of(r, p, &r->letter.reply_to) == -1) {
		run_store_failed(r, "mailbox");
		return -1;
	}
	return 0;
}

static int
ours_of(struct run *r, struct copyplan *p, const struct people *l)
{
	struct store_mailbox	mb;
	size_t			i;
	int			n;

	for (i = 0; i < l->n && p->hdr.nours < COPYPLAN_OURS_MAX; i++) {
		n = conf_is_our_address(r->conf, l->v[i].addr);
		if (n == 1)
			n = store_mailbox_get(r->store, l->v[i].addr, &mb);
		if (n == -1)
			return -1;
		if (n == 1)
			p->ours[p->hdr.nours++] = l->v[i].addr;
	}
	return 0;
}

/* Ids of other messages, as this worker knows them. */
static int
add_ids(struct run *r, const struct copies *c,
    const struct store_worker *w, struct copyplan *p)
{
	if ((p->ids = calloc(COPIES_IDS_MAX, sizeof(*p->ids))) == NULL) {
		log_warn("plan");
		return -1;
	}
	if (ids_of(r, c, w, p, &r->letter.in_reply_to) == -1 ||
	    ids_of(r, c, w, p, &r->letter.references) == -1) {
		run_store_failed(r, "ids");
		return -1;
	}
	return 0;
}

/* The newest ids stand last. */
static int
ids_of(struct run *r, const struct copies *c, const struct store_worker *w,
    struct copyplan *p, const struct msgids *l)
{
	char	buf[STORE_MSGID_MAX + 1];
	size_t	i, k;
	int	n;

	for (i = l->n; i > 0 && p->hdr.nids < COPIES_IDS_MAX; i--) {
		for (k = 0; k < p->hdr.nids; k++)
			if (strcmp(p->ids[k].from, l->v[i - 1]) == 0)
				break;
		if (k < p->hdr.nids)
			continue;
		n = inside(r, c, w, l->v[i - 1], buf, sizeof(buf));
		if (n == -1)
			return -1;
		if (n == 0)
			continue;
		p->ids[p->hdr.nids].from = l->v[i - 1];
		p->ids[p->hdr.nids].to = keep(p, buf);
		if (p->ids[p->hdr.nids].to == NULL)
			return -1;
		p->hdr.nids++;
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

/* Frees the plan; NULL is allowed. */
static void
copyplan_free(struct copyplan *p)
{
	size_t	i;

	if (p == NULL)
		return;
	for (i = 0; i < p->nowned; i++)
		free(p->owned[i]);
	free(p->owned);
	free(p->map);
	free(p->ids);
	free(p->ours);
	free(p);
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
		    struct copyplan *);
static int	copy_send(struct run *, const struct store_worker *,
		    struct store_copy *, struct copyplan *, struct refused *);
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
		log_warnx("%s: nobody has it: %s", r->letter.smtpd_id,
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
	struct copyplan		*plan;
	int			 n = RUN_RETRY;

	copy = calloc(1, sizeof(*copy));
	plan = calloc(1, sizeof(*plan));
	if (copy == NULL || plan == NULL) {
		log_warn("copy");
		goto out;
	}
	if (run_begin(r, 1) == -1)
		goto out;
	if (copy_begin(r, c, w, copy, plan) == -1) {
		store_rollback(r->store);
		goto out;
	}
	if (run_commit(r) == -1)
		goto out;
	n = copy->queued ? RUN_DONE : copy_send(r, w, copy, plan, f);
out:
	copyplan_free(plan);
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
    struct copyplan *plan)
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
	return copyplan_make(r, c, w, copy, plan);
}

static int
copy_send(struct run *r, const struct store_worker *w,
    struct store_copy *copy, struct copyplan *plan, struct refused *f)
{
	if (editor_copy(r->engine, &plan->hdr) == -1)
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
