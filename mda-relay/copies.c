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
#include "copies.h"
#include "copyplan.h"
#include "crypto/token.h"

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
		flags |= EDITOR_ENCODING;
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
