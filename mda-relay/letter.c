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
#include "header/displayname.h"
#include "letter.h"

/* More than any list that fits into a frame. */
#define LETTER_LIST_MAX	1000

static int	person_set(struct person *, const char *, const char *);
static int	people_facts(struct people *, const struct addrlist *);
static void	people_pack(struct ipc_pack *, const struct people *);
static int	people_unpack(struct ipc_unpack *, struct people *);
static void	people_free(struct people *);
static int	ids_facts(struct msgids *, const struct msgids *);
static void	ids_pack(struct ipc_pack *, const struct msgids *);
static int	ids_unpack(struct ipc_unpack *, struct msgids *);
static int	failures_unpack(struct ipc_unpack *, struct letter *);

int
letter_facts(struct letter *l, const struct facts *f)
{
	const char	*s;

	if (f->writer != NULL) {
		l->has_writer = 1;
		if (person_set(&l->writer, f->writer, f->writer_name) == -1)
			return -1;
	} else
		l->flags |= LETTER_AMBIGUOUS;
	if (people_facts(&l->from, &f->from) == -1 ||
	    people_facts(&l->reply_to, &f->reply_to) == -1 ||
	    people_facts(&l->to, &f->to) == -1 ||
	    people_facts(&l->cc, &f->cc) == -1 ||
	    ids_facts(&l->in_reply_to, &f->in_reply_to) == -1 ||
	    ids_facts(&l->references, &f->references) == -1)
		return -1;
	s = f->subject != NULL ? f->subject : "";
	if ((l->subject = strndup(s, LETTER_SUBJECT_MAX)) == NULL)
		return -1;
	s = f->message_id != NULL ? f->message_id : "";
	if ((l->message_id = strdup(s)) == NULL)
		return -1;
	l->automatic = f->automatic;
	l->truncated = f->truncated;
	l->received = f->received > UINT32_MAX ? UINT32_MAX :
	    (uint32_t)f->received;
	(void)strlcpy(l->smtpd_id, f->smtpd_id, sizeof(l->smtpd_id));
	if (f->spam)
		l->flags |= LETTER_SPAM;
	if (f->content_encoding != NULL)
		l->flags |= LETTER_ENCODING;
	s = facts_single(f, "X-Relay-Unverified");
	if (s != NULL && strcasecmp(s, "yes") == 0)
		l->flags |= LETTER_UNVERIFIED;
	/* one that is too long is none of ours */
	s = facts_single(f, "X-Relay-Reply");
	if (s != NULL && strlen(s) <= LETTER_REPLYID_MAX)
		(void)strlcpy(l->reply_id, s, sizeof(l->reply_id));
	return 0;
}

static int
person_set(struct person *p, const char *addr, const char *name)
{
	char	folded[ADDR_MAX + 1], clean[DISPLAYNAME_SIZE];

	if (addr_fold(addr, folded, sizeof(folded)) == -1)
		return -1;
	if (displayname_clean(name, clean, sizeof(clean)) == -1)
		return -1;
	if ((p->addr = strdup(folded)) == NULL ||
	    (p->typed = strdup(addr)) == NULL)
		return -1;
	if ((p->name = strdup(clean)) == NULL)
		return -1;
	return 0;
}

static int
people_facts(struct people *p, const struct addrlist *l)
{
	size_t	i;

	if (l->n == 0)
		return 0;
	if ((p->v = calloc(l->n, sizeof(*p->v))) == NULL)
		return -1;
	for (i = 0; i < l->n; i++) {
		p->n++;
		if (person_set(&p->v[i], l->v[i].addr, l->v[i].name) == -1)
			return -1;
	}
	return 0;
}

static int
ids_facts(struct msgids *to, const struct msgids *from)
{
	size_t	i;

	if (from->n == 0)
		return 0;
	if ((to->v = calloc(from->n, sizeof(*to->v))) == NULL)
		return -1;
	for (i = 0; i < from->n; i++) {
		if ((to->v[i] = strdup(from->v[i])) == NULL)
			return -1;
		to->n++;
	}
	return 0;
}

int
people_has(const struct people *p, const char *addr)
{
	size_t	i;

	for (i = 0; i < p->n; i++)
		if (strcmp(p->v[i].addr, addr) == 0)
			return 1;
	return 0;
}

void
letter_pack(struct ipc_pack *p, const struct letter *l)
{
	size_t	i;

	ipc_put_u32(p, (uint32_t)l->flags);
	ipc_put_u32(p, (uint32_t)l->automatic);
	ipc_put_u32(p, (uint32_t)l->truncated);
	ipc_put_u32(p, l->received);
	ipc_put_u8(p, l->has_writer ? 1 : 0);
	ipc_put_str(p, l->has_writer ? l->writer.addr : "");
	ipc_put_str(p, l->has_writer ? l->writer.typed : "");
	ipc_put_str(p, l->has_writer ? l->writer.name : "");
	people_pack(p, &l->from);
	people_pack(p, &l->reply_to);
	people_pack(p, &l->to);
	people_pack(p, &l->cc);
	ipc_put_str(p, l->subject);
	ipc_put_str(p, l->message_id);
	ids_pack(p, &l->in_reply_to);
	ids_pack(p, &l->references);
	ipc_put_str(p, l->smtpd_id);
	ipc_put_str(p, l->reply_id);
	ipc_put_bytes(p, l->digest, sizeof(l->digest));
	ipc_put_u32(p, (uint32_t)l->nfailures);
	for (i = 0; i < l->nfailures; i++) {
		ipc_put_str(p, l->failure[i].recipient);
		ipc_put_str(p, l->failure[i].status);
		ipc_put_str(p, l->failure[i].text);
	}
}

static void
people_pack(struct ipc_pack *p, const struct people *l)
{
	size_t	i;

	ipc_put_u32(p, (uint32_t)l->n);
	for (i = 0; i < l->n; i++) {
		ipc_put_str(p, l->v[i].addr);
		ipc_put_str(p, l->v[i].typed);
		ipc_put_str(p, l->v[i].name);
	}
}

static void
ids_pack(struct ipc_pack *p, const struct msgids *l)
{
	size_t	i;

	ipc_put_u32(p, (uint32_t)l->n);
	for (i = 0; i < l->n; i++)
		ipc_put_str(p, l->v[i]);
}

int
letter_unpack(const void *data, size_t len, struct letter *l)
{
	struct ipc_unpack	 u;
	const uint8_t		*digest;
	size_t			 n;

	memset(l, 0, sizeof(*l));
	ipc_unpack_init(&u, data, len);
	l->flags = (int)ipc_get_u32(&u);
	l->automatic = (int)ipc_get_u32(&u);
	l->truncated = (int)ipc_get_u32(&u);
	l->received = ipc_get_u32(&u);
	l->has_writer = ipc_get_u8(&u) != 0;
	l->writer.addr = ipc_get_strdup(&u, ADDR_MAX);
	l->writer.typed = ipc_get_strdup(&u, ADDR_MAX);
	l->writer.name = ipc_get_strdup(&u, LETTER_NAME_MAX);
	if (people_unpack(&u, &l->from) == -1 ||
	    people_unpack(&u, &l->reply_to) == -1 ||
	    people_unpack(&u, &l->to) == -1 ||
	    people_unpack(&u, &l->cc) == -1)
		goto bad;
	l->subject = ipc_get_strdup(&u, LETTER_SUBJECT_MAX);
	l->message_id = ipc_get_strdup(&u, MSGID_MAX);
	if (ids_unpack(&u, &l->in_reply_to) == -1 ||
	    ids_unpack(&u, &l->references) == -1)
		goto bad;
	(void)ipc_get_str(&u, l->smtpd_id, sizeof(l->smtpd_id));
	(void)ipc_get_str(&u, l->reply_id, sizeof(l->reply_id));
	digest = ipc_get_bytes(&u, sizeof(l->digest), &n);
	if (digest == NULL || n != sizeof(l->digest))
		goto bad;
	memcpy(l->digest, digest, n);
	if (failures_unpack(&u, l) == -1 || ipc_unpack_end(&u) == -1)
		goto bad;
	return 0;
bad:
	letter_free(l);
	return -1;
}

static int
people_unpack(struct ipc_unpack *u, struct people *l)
{
	uint32_t	i, n;

	if ((n = ipc_get_u32(u)) > LETTER_LIST_MAX)
		return -1;
	if (n == 0)
		return 0;
	if ((l->v = calloc(n, sizeof(*l->v))) == NULL)
		return -1;
	for (i = 0; i < n; i++) {
		l->n++;
		l->v[i].addr = ipc_get_strdup(u, ADDR_MAX);
		l->v[i].typed = ipc_get_strdup(u, ADDR_MAX);
		l->v[i].name = ipc_get_strdup(u, LETTER_NAME_MAX);
		if (l->v[i].addr == NULL || l->v[i].typed == NULL ||
		    l->v[i].name == NULL)
			return -1;
	}
	return 0;
}

static int
ids_unpack(struct ipc_unpack *u, struct msgids *l)
{
	uint32_t	i, n;

	if ((n = ipc_get_u32(u)) > LETTER_LIST_MAX)
		return -1;
	if (n == 0)
		return 0;
	if ((l->v = calloc(n, sizeof(*l->v))) == NULL)
		return -1;
	for (i = 0; i < n; i++) {
		if ((l->v[i] = ipc_get_strdup(u, MSGID_MAX)) == NULL)
			return -1;
		l->n++;
	}
	return 0;
}

static int
failures_unpack(struct ipc_unpack *u, struct letter *l)
{
	struct failure	*f;
	uint32_t	 i, n;

	if ((n = ipc_get_u32(u)) > LETTER_FAILURES_MAX)
		return -1;
	for (i = 0; i < n; i++) {
		f = &l->failure[i];
		if ((f->recipient = ipc_get_strdup(u, ADDR_MAX)) == NULL)
			return -1;
		l->nfailures++;
		(void)ipc_get_str(u, f->status, sizeof(f->status));
		(void)ipc_get_str(u, f->text, sizeof(f->text));
	}
	return 0;
}

static void
people_free(struct people *l)
{
	size_t	i;

	for (i = 0; i < l->n; i++) {
		free(l->v[i].addr);
		free(l->v[i].typed);
		free(l->v[i].name);
	}
	free(l->v);
}

void
letter_free(struct letter *l)
{
	size_t	i;

	free(l->writer.addr);
	free(l->writer.typed);
	free(l->writer.name);
	people_free(&l->from);
	people_free(&l->reply_to);
	people_free(&l->to);
	people_free(&l->cc);
	free(l->subject);
	free(l->message_id);
	msgids_free(&l->in_reply_to);
	msgids_free(&l->references);
	for (i = 0; i < l->nfailures; i++)
		free(l->failure[i].recipient);
	memset(l, 0, sizeof(*l));
}
