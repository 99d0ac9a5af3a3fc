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
#include <stdlib.h>
#include <string.h>

#include "base/compat.h"
#include "base/log.h"
#include "compose.h"
#include "copies.h"
#include "customer.h"

#define CUSTOMER_IDS_MAX	200	/* ids that may name a conversation */

/* People in the header who are not of ours. */
struct outsiders {
	const struct addr	*v[COPIES_PEOPLE_MAX];
	size_t			 n;
};

/*
 * What a filter before us called spam goes to the archive alone and leaves
 * no conversation behind.
 */
static int
spam(struct run *r)
{
	struct store_rpath	rp;
	enum mailer_result	result;
	char			reply[MAILER_REPLY_MAX];
	int			flags = COMPOSE_ARCHIVE;

	memset(&rp, 0, sizeof(rp));
	rp.kind = STORE_RPATH_WORKER;
	(void)strlcpy(rp.address_to, r->rcpt.mailbox.archive,
	    sizeof(rp.address_to));
	if (run_rpath(r, r->rcpt.mailbox.address, &rp) == -1)
		return RUN_RETRY;
	if (r->letter.flags & LETTER_LONGLINES)
		flags |= COMPOSE_ENCODING;
	if (editor_forward(r->engine, flags) == -1)
		return RUN_RETRY;
	/* nobody else has it, so a refusal is no end */
	result = run_send(r, rp.address, rp.address_to, "spam",
	    "the archive", reply);
	return result == MAILER_QUEUED ? RUN_DONE : RUN_RETRY;
}

/*
 * Who wrote: the one address of From, else the first, else the envelope
 * sender.  An address that is a member's, without the record of a member's
 * mail, is nobody's: then w->folded is NULL.
 */
static int
writer_is(struct run *r, struct copies *c, struct addr *w)
{
	const struct header_summary *h = &r->letter.header;
	static char	none[] = "", sender[ADDR_MAX + 1];
	int		n;

	if (h->from.n > 0)
		*w = h->from.v[0];
	else {
		w->name = none;
		w->addr = (char *)r->from;
		w->folded = addr_fold(r->from, sender, sizeof(sender)) == 0 ?
		    sender : none;
	}
	if (summary_writer(h) == NULL)
		c->unverified = 1;
	n = addr_valid_dotatom(w->folded) ?
	    run_is_inside(r, r->rcpt.mailbox.id, w->folded) : 1;
	if (n == 1) {
		w->folded = NULL;
		c->unverified = 1;
	}
	return n == -1 ? -1 : 0;
}

/* In-Reply-To names the nearest message, then References from its end. */
static int
find_byids(struct run *r, const char *addr, uint64_t *conversation)
{
	const char		*ids[CUSTOMER_IDS_MAX];
	const struct msgids	*l = &r->letter.header.in_reply_to;
	size_t			 i, n = 0;

	for (i = 0; i < l->n && n < CUSTOMER_IDS_MAX; i++)
		ids[n++] = l->v[i];
	l = &r->letter.header.references;
	for (i = l->n; i > 0 && n < CUSTOMER_IDS_MAX; i--)
		ids[n++] = l->v[i - 1];
	if (n == 0)
		return 0;
	return store_conversation_find(r->store, r->rcpt.mailbox.id, ids, n,
	    addr, conversation);
}

/*
 * The conversation: that of the same message in another run, that of the
 * handle, that of an id it answers; the last two only where the writer
 * takes part in it; else a new one.
 */
static int
find(struct run *r, struct copies *c, const char *addr)
{
	struct store_message		m;
	struct store_participant	p;
	int				n;

	n = store_message_find(r->store, r->rcpt.mailbox.id,
	    r->letter.header.smtpd_id, r->letter.header.message_id, r->now, &m);
	if (n == 1)
		c->conversation = m.conversation;
	if (n != 0)
		return n == 1 ? 0 : -1;
	if (addr != NULL && r->rcpt.kind == STORE_RCPT_HANDLE) {
		n = store_participant_byaddr(r->store,
		    r->rcpt.handle.conversation, addr, &p);
		if (n == 1)
			c->conversation = r->rcpt.handle.conversation;
		if (n != 0)
			return n == 1 ? 0 : -1;
	}
	if (addr != NULL) {
		n = find_byids(r, addr, &c->conversation);
		if (n != 0)
			return n == 1 ? 0 : -1;
	}
	return store_conversation_new(r->store, r->rcpt.mailbox.id,
	    r->letter.header.subject, r->now, &c->conversation);
}

/* Those on a list who are neither ours nor there already, nor the writer. */
static int
outsiders(struct run *r, struct outsiders *o, const char *writer,
    const struct addrlist *l)
{
	const struct addr	*p;
	size_t			 i, k;
	int			 n;

	for (i = 0; i < l->n && o->n < COPIES_PEOPLE_MAX; i++) {
		p = &l->v[i];
		if (!addr_valid_dotatom(p->folded) ||
		    (writer != NULL && strcmp(p->folded, writer) == 0))
			continue;
		for (k = 0; k < o->n; k++)
			if (strcmp(o->v[k]->folded, p->folded) == 0)
				break;
		if (k < o->n)
			continue;
		n = run_is_inside(r, r->rcpt.mailbox.id, p->folded);
		if (n == -1)
			return -1;
		if (n == 0)
			o->v[o->n++] = p;
	}
	return 0;
}

/* One who takes part, unless the conversation is full. */
static int
other(struct run *r, struct copies *c, const struct addr *p)
{
	uint64_t	id;
	int		n;

	n = store_participant_add(r->store, c->conversation, p->addr,
	    p->name, 1, r->conf->replies.participants, r->now, &id);
	if (n == 1)
		copies_add(c, p->folded, NULL, id);
	return n == -1 ? -1 : 0;
}

/*
 * Records who takes part.  Of lists and bulk, and where more are named than
 * may take part, only the writer does.
 */
static int
people(struct run *r, struct copies *c, const struct addr *w)
{
	struct outsiders	*o;
	const char		*addr = w->folded;
	uint64_t		 id;
	size_t			 i;
	int			 n = -1;

	if (addr != NULL) {
		if (store_participant_add(r->store, c->conversation,
		    w->addr, w->name, c->unverified, 0, r->now, &id) != 1)
			return -1;
		c->writer = id;
		copies_add(c, addr, NULL, id);
	}
	if (r->letter.header.automatic & SUMMARY_AUTO_BULK)
		return 0;
	if ((o = calloc(1, sizeof(*o))) == NULL)
		return -1;
	if (outsiders(r, o, addr, &r->letter.header.from) == 0 &&
	    outsiders(r, o, addr, &r->letter.header.reply_to) == 0 &&
	    outsiders(r, o, addr, &r->letter.header.to) == 0 &&
	    outsiders(r, o, addr, &r->letter.header.cc) == 0)
		n = 0;
	if (o->n + (addr != NULL) > r->conf->replies.participants)
		o->n = 0;
	for (i = 0; n == 0 && i < o->n; i++)
		n = other(r, c, o->v[i]);
	free(o);
	return n;
}

static int
message(struct run *r, struct copies *c, const char *addr)
{
	struct store_message	*m;
	int			 n;

	if ((m = calloc(1, sizeof(*m))) == NULL)
		return -1;
	m->conversation = c->conversation;
	m->kind = STORE_MSG_IN;
	m->participant = c->writer;
	if (addr != NULL)
		(void)strlcpy(m->author, addr, sizeof(m->author));
	(void)strlcpy(m->smtpd, r->letter.header.smtpd_id, sizeof(m->smtpd));
	(void)strlcpy(m->outside, r->letter.header.message_id,
	    sizeof(m->outside));
	n = store_message_add(r->store, m, r->now);
	c->message = m->id;
	free(m);
	return n == -1 ? -1 : 0;
}

/* Within a transaction: what the store has to know before a copy leaves. */
static int
record(struct run *r, struct copies *c)
{
	struct addr	writer;

	if (writer_is(r, c, &writer) == -1 ||
	    find(r, c, writer.folded) == -1 || people(r, c, &writer) == -1)
		return -1;
	return message(r, c, writer.folded);
}

static int
deliver(struct run *r, struct copies *c)
{
	unsigned int	sent;

	if (copies_send(r, c, &sent) == RUN_RETRY)
		return RUN_RETRY;
	if (sent == 0) {
		log_warnx("%s: %s has neither a member who can receive nor "
		    "an archive", r->letter.header.smtpd_id,
		    r->rcpt.mailbox.address);
		return RUN_RETRY;
	}
	return RUN_DONE;
}

int
customer_run(struct run *r)
{
	struct copies	*c;
	int		 n = RUN_RETRY;

	if (r->letter.header.spam &&
	    r->conf->replies.spam == CONF_SPAM_ARCHIVE &&
	    r->rcpt.mailbox.archive[0] != '\0')
		return spam(r);
	if ((c = calloc(1, sizeof(*c))) == NULL) {
		log_warn("copies");
		return RUN_RETRY;
	}
	c->kind = COPYHDR_CUSTOMER;
	c->archive = 1;
	c->archive_flags = COMPOSE_ARCHIVE;
	c->unverified = (r->letter.flags & LETTER_UNVERIFIED) != 0;
	if (run_lock(r, r->letter.header.smtpd_id,
	    r->letter.header.message_id) == -1)
		goto out;
	if (run_begin(r, 0) == -1)
		goto out;
	if (record(r, c) == -1) {
		run_store_failed(r, "message");
		store_rollback(r->store);
		goto out;
	}
	if (run_commit(r) == 0)
		n = deliver(r, c);
out:
	free(c);
	return n;
}

int
customer_answer(struct run *r, const struct store_rpath *rp)
{
	struct store_participant p;
	struct members		 m;
	struct copies		*c;
	const char		*addr = NULL;
	int			 n = RUN_RETRY;

	if (store_participant_get(r->store, rp->participant, &p) != 1 ||
	    members_get(r, rp->mailbox, &m) == -1)
		return RUN_RETRY;
	if ((c = calloc(1, sizeof(*c))) == NULL)
		goto out;
	c->kind = COPYHDR_CUSTOMER;
	c->conversation = rp->conversation;
	c->archive = 1;
	c->archive_flags = COMPOSE_ARCHIVE;
	c->writer = rp->participant;
	c->unverified = (r->letter.flags & LETTER_UNVERIFIED) != 0;
	/* whoever wrote may be gone by now */
	if (members_able(&m, rp->worker))
		c->only = rp->worker;
	if (r->letter.header.from.n > 0)
		addr = r->letter.header.from.v[0].folded;
	if (addr != NULL)
		copies_add(c, addr, NULL, rp->participant);
	if (run_lock(r, r->letter.header.smtpd_id,
	    r->letter.header.message_id) == 0 &&
	    message(r, c, p.folded) == 0)
		n = copies_send(r, c, NULL);
out:
	members_free(&m);
	free(c);
	return n;
}
