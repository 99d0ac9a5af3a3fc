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
#include "copyplan.h"

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

int
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

void
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
