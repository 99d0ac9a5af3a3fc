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

/* What the courier knows of accounts. */

#include <sys/types.h>

#include <stdio.h>

#include "base/log.h"
#include "courier_int.h"

RB_GENERATE(account_tree, account, entry, account_cmp)

int
account_cmp(struct account *a, struct account *b)
{
	return a->id < b->id ? -1 : a->id > b->id;
}

int
account_secret(struct account *a, const char *secret)
{
	if (a->secret != NULL)
		freezero(a->secret, strlen(a->secret));
	a->secret = NULL;
	if (secret == NULL)
		return 0;
	return (a->secret = strdup(secret)) == NULL ? -1 : 0;
}

/* Forgets what the keeper says anew. */
static void
account_clear(struct account *a)
{
	account_secret(a, NULL);
	free(a->name);
	free(a->host);
	free(a->user);
	free(a->reply);
	a->name = a->host = a->user = a->reply = NULL;
	a->expires = 0;
	a->asked = a->refused = a->proven = 0;
	a->full = 0;
	a->failures = 0;
	a->retry = 0;
}

void
account_free(struct courier *c, struct account *a)
{
	RB_REMOVE(account_tree, &c->accounts, a);
	account_clear(a);
	free(a);
}

/* Takes over what the keeper says, or nothing of it. */
static int
account_fill(struct account *a, const struct courier_target *t)
{
	char	*name = strdup(t->name), *host = strdup(t->host);
	char	*user = strdup(t->user), *secret = NULL;

	if (!t->oauth)
		secret = strdup(t->secret);
	if (name == NULL || host == NULL || user == NULL ||
	    (!t->oauth && secret == NULL)) {
		free(name);
		free(host);
		free(user);
		if (secret != NULL)
			freezero(secret, strlen(secret));
		return -1;
	}
	account_clear(a);
	a->name = name;
	a->host = host;
	a->user = user;
	a->secret = secret;
	a->generation = t->generation;
	a->transport = t->transport;
	a->verify = t->verify;
	a->oauth = t->oauth;
	a->port = t->port;
	return 0;
}

struct account *
account_get(struct courier *c, const struct courier_target *t)
{
	struct account	 find = { .id = t->account }, *a;
	struct link	*l, *next;
	int		 new = 0;

	if ((a = RB_FIND(account_tree, &c->accounts, &find)) == NULL) {
		if ((a = calloc(1, sizeof(*a))) == NULL)
			return NULL;
		a->id = t->account;
		TAILQ_INIT(&a->links);
		TAILQ_INIT(&a->waiters);
		RB_INSERT(account_tree, &c->accounts, a);
		new = 1;
	} else if (a->generation == t->generation)
		return a;
	/* Who waits for it goes on with what it was when memory is short. */
	if (account_fill(a, t) == -1) {
		if (new)
			account_free(c, a);
		return NULL;
	}
	for (l = TAILQ_FIRST(&a->links); l != NULL; l = next) {
		next = TAILQ_NEXT(l, entry);
		link_retire(l);
	}
	return a;
}

int
account_count(const struct account *a, enum link_state state)
{
	const struct link	*l;
	int			 n = 0;

	TAILQ_FOREACH(l, &a->links, entry)
		if (l->state == state && !l->old)
			n++;
	return n;
}

int
account_live(const struct account *a)
{
	return account_count(a, LINK_IDLE) + account_count(a, LINK_BUSY) +
	    account_count(a, LINK_RESET);
}

int
account_stuck(const struct account *a)
{
	const struct link	*l;
	time_t			 now = courier_now();

	TAILQ_FOREACH(l, &a->links, entry)
		if (l->state != LINK_CONNECTING && !l->old && l->owes &&
		    now - l->since >= POOL_STUCK_TIME)
			return 1;
	return 0;
}
