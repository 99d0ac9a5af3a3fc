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

#include <stdlib.h>
#include <string.h>

#include "base/compat.h"
#include "verdict.h"

int
strlist_add(struct strlist *l, const char *s)
{
	char **v;
	size_t n;

	if (l->n == VERDICT_LIST_MAX || strlen(s) > VERDICT_STR_MAX)
		return -1;
	if (l->n == l->size) {
		n = l->size ? l->size * 2 : 8;
		if ((v = reallocarray(l->v, n, sizeof(*v))) == NULL)
			return -1;
		l->v = v;
		l->size = n;
	}
	if ((l->v[l->n] = strdup(s)) == NULL)
		return -1;
	l->n++;
	return 0;
}

int
strlist_has(const struct strlist *l, const char *s)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (strcasecmp(l->v[i], s) == 0)
			return 1;
	return 0;
}

void
strlist_free(struct strlist *l)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		free(l->v[i]);
	free(l->v);
	memset(l, 0, sizeof(*l));
}

static int
verdict_addrs(struct strlist *l, const struct addrlist *al)
{
	size_t i;

	for (i = 0; i < al->n; i++)
		if (strlist_add(l, al->v[i].addr) == -1)
			return -1;
	return 0;
}

static int
verdict_ids(struct strlist *l, const struct msgids *ids)
{
	size_t i;

	for (i = 0; i < ids->n; i++)
		if (strlist_add(l, ids->v[i]) == -1)
			return -1;
	return 0;
}

/* A copy of at most VERDICT_STR_MAX bytes, or NULL without memory. */
static char *
verdict_dup(const char *s)
{
	size_t n = s == NULL ? 0 : strlen(s);
	char *copy;

	if (n > VERDICT_STR_MAX)
		n = VERDICT_STR_MAX;
	if ((copy = malloc(n + 1)) == NULL)
		return NULL;
	if (n > 0)
		memcpy(copy, s, n);
	copy[n] = '\0';
	return copy;
}

/* All From fields, one behind the other. */
static char *
verdict_from(const struct facts *f)
{
	const struct hdr_field *hf;
	struct sbuf b;
	size_t i;
	char *s;

	sbuf_init(&b, VERDICT_STR_MAX * 4);
	for (i = 0; (hf = hdr_get(&f->hdr, "From", i)) != NULL; i++)
		if (sbuf_addstr(&b, hf->value) == -1 ||
		    sbuf_addch(&b, '\n') == -1)
			break;
	/* What is too long is refused for another reason. */
	s = verdict_dup(b.failed ? "" : sbuf_str(&b));
	sbuf_free(&b);
	return s;
}

int
msgfacts_set(struct msgfacts *mf, const struct facts *f, int trust)
{
	const char *domain;

	memset(mf, 0, sizeof(*mf));
	mf->nfrom = (uint32_t)f->nfrom;
	mf->automatic = (uint32_t)f->automatic;
	mf->truncated = (uint32_t)f->truncated;
	mf->received = (uint32_t)f->received;
	mf->spam = f->spam != 0;
	if (trust && f->writer != NULL &&
	    (domain = addr_domain(f->writer)) != NULL)
		mf->authpass = authres_passes(&f->authres, domain) == 1;
	if ((mf->writer = verdict_dup(f->writer)) == NULL ||
	    (mf->why_not = verdict_dup(f->why_not)) == NULL ||
	    (mf->from_raw = verdict_from(f)) == NULL ||
	    (mf->message_id = verdict_dup(f->message_id)) == NULL ||
	    (mf->smtpd_id = verdict_dup(f->smtpd_id)) == NULL ||
	    (mf->subject = verdict_dup(f->subject)) == NULL ||
	    verdict_addrs(&mf->from, &f->from) == -1 ||
	    verdict_addrs(&mf->rcpts, &f->to) == -1 ||
	    verdict_addrs(&mf->rcpts, &f->cc) == -1 ||
	    verdict_ids(&mf->ids, &f->references) == -1 ||
	    verdict_ids(&mf->ids, &f->in_reply_to) == -1)
		return -1;
	return 0;
}

void
strlist_pack(struct ipc_pack *p, const struct strlist *l)
{
	size_t i;

	ipc_put_u32(p, (uint32_t)l->n);
	for (i = 0; i < l->n; i++)
		ipc_put_str(p, l->v[i]);
}

void
strlist_unpack(struct ipc_unpack *u, struct strlist *l)
{
	uint32_t i, n = ipc_get_u32(u);
	char *s;

	for (i = 0; i < n && !u->failed; i++) {
		if ((s = ipc_get_strdup(u, VERDICT_STR_MAX)) == NULL)
			break;
		if (strlist_add(l, s) == -1)
			u->failed = 1;
		free(s);
	}
}

static char *
verdict_str(struct ipc_unpack *u)
{
	return ipc_get_strdup(u, VERDICT_STR_MAX);
}

void
msgfacts_pack(struct ipc_pack *p, const struct msgfacts *mf)
{
	ipc_put_u32(p, mf->nfrom);
	ipc_put_u32(p, mf->automatic);
	ipc_put_u32(p, mf->truncated);
	ipc_put_u32(p, mf->received);
	ipc_put_u8(p, mf->spam);
	ipc_put_u8(p, mf->authpass);
	ipc_put_u8(p, mf->judged);
	ipc_put_u8(p, mf->unsure);
	ipc_put_str(p, mf->writer);
	ipc_put_str(p, mf->why_not);
	ipc_put_str(p, mf->from_raw);
	ipc_put_str(p, mf->message_id);
	ipc_put_str(p, mf->smtpd_id);
	ipc_put_str(p, mf->subject);
	strlist_pack(p, &mf->from);
	strlist_pack(p, &mf->rcpts);
	strlist_pack(p, &mf->ids);
}

int
msgfacts_unpack(struct msgfacts *mf, const void *data, size_t len)
{
	struct ipc_unpack u;

	memset(mf, 0, sizeof(*mf));
	ipc_unpack_init(&u, data, len);
	mf->nfrom = ipc_get_u32(&u);
	mf->automatic = ipc_get_u32(&u);
	mf->truncated = ipc_get_u32(&u);
	mf->received = ipc_get_u32(&u);
	mf->spam = ipc_get_u8(&u);
	mf->authpass = ipc_get_u8(&u);
	mf->judged = ipc_get_u8(&u);
	mf->unsure = ipc_get_u8(&u);
	mf->writer = verdict_str(&u);
	mf->why_not = verdict_str(&u);
	mf->from_raw = verdict_str(&u);
	mf->message_id = verdict_str(&u);
	mf->smtpd_id = verdict_str(&u);
	mf->subject = verdict_str(&u);
	strlist_unpack(&u, &mf->from);
	strlist_unpack(&u, &mf->rcpts);
	strlist_unpack(&u, &mf->ids);
	return ipc_unpack_end(&u);
}

void
msgfacts_free(struct msgfacts *mf)
{
	free(mf->writer);
	free(mf->why_not);
	free(mf->from_raw);
	free(mf->message_id);
	free(mf->smtpd_id);
	free(mf->subject);
	strlist_free(&mf->from);
	strlist_free(&mf->rcpts);
	strlist_free(&mf->ids);
	memset(mf, 0, sizeof(*mf));
}

void
plan_pack(struct ipc_pack *p, const struct plan *pl)
{
	ipc_put_u8(p, pl->action);
	ipc_put_u8(p, pl->leak);
	ipc_put_u8(p, pl->commands);
	ipc_put_u8(p, pl->rest);
	ipc_put_str(p, pl->top);
	ipc_put_str(p, pl->mailbox);
	ipc_put_str(p, pl->mailbox_name);
	ipc_put_str(p, pl->worker_name);
	ipc_put_str(p, pl->message_id);
	ipc_put_str(p, pl->reply_id);
	strlist_pack(p, &pl->map);
	strlist_pack(p, &pl->ids);
	strlist_pack(p, &pl->private);
	strlist_pack(p, &pl->mailboxes);
	strlist_pack(p, &pl->handles);
}

int
plan_unpack(struct plan *pl, const void *data, size_t len)
{
	struct ipc_unpack u;

	memset(pl, 0, sizeof(*pl));
	ipc_unpack_init(&u, data, len);
	pl->action = ipc_get_u8(&u);
	pl->leak = ipc_get_u8(&u);
	pl->commands = ipc_get_u8(&u);
	pl->rest = ipc_get_u8(&u);
	pl->top = verdict_str(&u);
	pl->mailbox = verdict_str(&u);
	pl->mailbox_name = verdict_str(&u);
	pl->worker_name = verdict_str(&u);
	pl->message_id = verdict_str(&u);
	pl->reply_id = verdict_str(&u);
	strlist_unpack(&u, &pl->map);
	strlist_unpack(&u, &pl->ids);
	strlist_unpack(&u, &pl->private);
	strlist_unpack(&u, &pl->mailboxes);
	strlist_unpack(&u, &pl->handles);
	if (pl->map.n % 3 != 0 || pl->ids.n % 2 != 0 ||
	    pl->action > PLAN_AUTH)
		return -1;
	return ipc_unpack_end(&u);
}

void
plan_free(struct plan *pl)
{
	free(pl->top);
	free(pl->mailbox);
	free(pl->mailbox_name);
	free(pl->worker_name);
	free(pl->message_id);
	free(pl->reply_id);
	strlist_free(&pl->map);
	strlist_free(&pl->ids);
	strlist_free(&pl->private);
	strlist_free(&pl->mailboxes);
	strlist_free(&pl->handles);
	memset(pl, 0, sizeof(*pl));
}

void
finish_pack(struct ipc_pack *p, const struct finish *fi)
{
	ipc_put_u8(p, fi->status);
	ipc_put_u32(p, fi->commands);
	ipc_put_str(p, fi->reply);
	ipc_put_u32(p, fi->gate);
	ipc_put_str(p, fi->gatereply);
	ipc_put_str(p, fi->gatewhy);
	ipc_put_bytes(p, fi->hash, sizeof(fi->hash));
}

int
finish_unpack(struct finish *fi, const void *data, size_t len)
{
	struct ipc_unpack u;
	const uint8_t *hash;
	size_t n;

	memset(fi, 0, sizeof(*fi));
	ipc_unpack_init(&u, data, len);
	fi->status = ipc_get_u8(&u);
	fi->commands = ipc_get_u32(&u);
	fi->reply = verdict_str(&u);
	fi->gate = ipc_get_u32(&u);
	fi->gatereply = verdict_str(&u);
	fi->gatewhy = verdict_str(&u);
	hash = ipc_get_bytes(&u, sizeof(fi->hash), &n);
	if (ipc_unpack_end(&u) == -1 || n != sizeof(fi->hash))
		return -1;
	memcpy(fi->hash, hash, n);
	return 0;
}

void
finish_free(struct finish *fi)
{
	free(fi->reply);
	free(fi->gatereply);
	free(fi->gatewhy);
	memset(fi, 0, sizeof(*fi));
}
