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

#include <sys/socket.h>

#include <stdlib.h>
#include <string.h>

#include "base/compat.h"
#include "dkim/dkimkeys.h"
#include "header/addr.h"
#include "judge/judge.h"

struct listed {
	struct judge		*j;
	const struct dnslist	*list;
	struct dns_query	*query;		/* NULL: answered */
};

struct judge {
	struct dns		*dns;
	judge_callback		*cb;
	void			*arg;
	struct spf		*spf;
	struct dkimkeys		*keys;
	struct dmarc_check	*dmarc;
	struct listed		 list[JUDGE_LISTS_MAX];
	size_t			 nlists;
	struct dkim_sig		*sigs;
	size_t			 nsigs;
	char			*author;	/* or NULL */
	char			*sender;	/* its domain, or NULL */
	int			 asking;	/* inside judge_ask() */
	int			 finished;	/* was then */
	int			 waiting;	/* answers under way */
	struct judge_result	 r;
};

/* Ends all questions. */
static void
stop_questions(struct judge *j)
{
	size_t	 i;

	spf_cancel(j->spf);
	dkimkeys_cancel(j->keys);
	dmarc_cancel(j->dmarc);
	for (i = 0; i < j->nlists; i++)
		dns_cancel(j->list[i].query);
}

static void
free_judge(struct judge *j)
{
	free(j->author);
	free(j->sender);
	free(j);
}

void
judge_cancel(struct judge *j)
{
	if (j == NULL)
		return;
	stop_questions(j);
	free_judge(j);
}

static void
finish_judge(struct judge *j)
{
	if (j->asking) {
		j->finished = 1;
		return;
	}
	j->cb(&j->r, j->arg);
	free_judge(j);
}

/* DMARC was not judged. */
static void
is_unsure(struct judge *j)
{
	memset(&j->r.dmarc, 0, sizeof(j->r.dmarc));
	j->r.dmarc.result = DMARC_TEMPERROR;
	j->r.dmarc.unsure = 1;
	if (j->author != NULL)
		(void)strlcpy(j->r.dmarc.author, j->author,
		    sizeof(j->r.dmarc.author));
}

static void
got_dmarc(const struct dmarc *d, void *arg)
{
	struct judge	*j = arg;

	j->dmarc = NULL;
	j->r.dmarc = *d;
	finish_judge(j);
}

/* SPF and DKIM are known: who is aligned with the writer? */
static void
align_writer(struct judge *j)
{
	struct dmarc_ident	 v[1 + DKIM_SIGS_MAX];
	const struct dkim_sig	*s;
	size_t			 i, n = 0;

	/* DMARC is about MAIL FROM alone (RFC 9989 4.4.2). */
	if (j->sender != NULL && (j->r.spf.result == SPF_PASS ||
	    j->r.spf.result == SPF_TEMPERROR)) {
		v[n].method = DMARC_SPF;
		v[n].temporary = j->r.spf.result == SPF_TEMPERROR;
		v[n++].domain = j->sender;
	}
	for (i = 0; i < j->nsigs && i < DKIM_SIGS_MAX; i++) {
		s = &j->sigs[i];
		if (!dkim_counts(s) && s->result != DKIM_TEMPERROR)
			continue;
		v[n].method = DMARC_DKIM;
		v[n].temporary = !dkim_counts(s);
		v[n++].domain = s->domain;
	}
	switch (dmarc_check(&j->dmarc, &j->r.dmarc, j->dns, j->author, v, n,
	    got_dmarc, j)) {
	case 0:
		return;
	case -1:
		is_unsure(j);
		break;
	}
	finish_judge(j);
}

static void
judge_one(struct judge *j)
{
	if (--j->waiting == 0)
		align_writer(j);
}

static void
got_keys(void *arg)
{
	struct judge	*j = arg;

	j->keys = NULL;
	judge_one(j);
}

static void
got_spf(const struct spf_result *r, void *arg)
{
	struct judge	*j = arg;

	j->spf = NULL;
	j->r.spf = *r;
	judge_one(j);
}

static void
got_list(const struct dns_answer *a, void *arg)
{
	struct listed	*l = arg;
	struct judge	*j = l->j;
	size_t		 i = l - j->list;

	l->query = NULL;
	j->r.list[i].answer = dnslist_answer(l->list, a,
	    &j->r.list[i].code);
	judge_one(j);
}

/* Asks for the sender's policy, where it is known who sends. */
static int
ask_spf(struct judge *j, const struct judge_request *req)
{
	struct spf_request	 sr;
	const char		*sender;

	j->r.spf.result = SPF_NONE;
	sender = req->sender == NULL ? "" : req->sender;
	if (req->family == 0 || (sender[0] == '\0' && req->helo == NULL))
		return 0;
	memset(&sr, 0, sizeof(sr));
	sr.family = req->family;
	sr.addr = req->addr;
	sr.sender = sender;
	sr.helo = req->helo == NULL ? "unknown" : req->helo;
	sr.receiver = req->receiver;
	if ((j->spf = spf_check(j->dns, &sr, got_spf, j)) == NULL)
		return -1;
	j->r.spf_asked = 1;
	j->waiting++;
	return 0;
}

static int
ask_lists(struct judge *j, const struct judge_request *req)
{
	struct listed	*l;
	char		 name[DNS_NAME_MAX + 1];
	size_t		 i;

	for (i = 0; i < req->nlists; i++) {
		l = &j->list[i];
		l->j = j;
		l->list = req->lists[i];
		j->nlists++;
		j->r.list[i].answer = DNSLIST_NOT;
		if (req->family == 0)
			continue;
		j->r.list[i].answer = DNSLIST_REFUSED;
		if (dnslist_name(l->list, req->family, req->addr, name,
		    sizeof(name)) == -1)
			continue;
		j->r.list[i].answer = DNSLIST_LATER;
		if ((l->query = dns_query(j->dns, name, DNS_A, got_list,
		    l)) == NULL)
			return -1;
		j->waiting++;
	}
	return 0;
}

/* Asks everything: 0 or -1. */
static int
ask_all(struct judge *j, const struct judge_request *req)
{
	const char	*domain;

	domain = req->sender == NULL ? NULL : addr_domain(req->sender);
	if ((domain != NULL && (j->sender = strdup(domain)) == NULL) ||
	    (req->author != NULL && (j->author = strdup(req->author)) == NULL))
		return -1;
	switch (dkimkeys_ask(&j->keys, j->dns, j->sigs, j->nsigs, got_keys,
	    j)) {
	case 0:
		j->waiting++;
		break;
	case -1:
		return -1;
	}
	return ask_spf(j, req) == -1 || ask_lists(j, req) == -1 ? -1 : 0;
}

int
judge_ask(struct judge **out, struct judge_result *now, struct dns *d,
    const struct judge_request *req, judge_callback *cb, void *arg)
{
	struct judge	*j;

	*out = NULL;
	if (req->nlists > JUDGE_LISTS_MAX ||
	    (j = calloc(1, sizeof(*j))) == NULL)
		return -1;
	j->dns = d;
	j->cb = cb;
	j->arg = arg;
	j->sigs = req->sigs;
	j->nsigs = req->nsigs;
	j->asking = j->waiting = 1;
	if (ask_all(j, req) == -1) {
		judge_cancel(j);
		return -1;
	}
	judge_one(j);
	j->asking = 0;
	if (j->finished) {
		*now = j->r;
		free_judge(j);
		return 1;
	}
	*out = j;
	return 0;
}

void
judge_late(struct judge *j)
{
	size_t	 i;

	if (j->spf != NULL)
		j->r.spf.result = SPF_TEMPERROR;
	stop_questions(j);
	for (i = 0; i < j->nsigs; i++)
		if (j->sigs[i].result == DKIM_WAITS)
			dkim_key_none(&j->sigs[i], 1);
	is_unsure(j);
	j->r.late = 1;
	finish_judge(j);
}
