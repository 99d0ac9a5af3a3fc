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

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "header/addr.h"
#include "store/sender.h"
#include "store/store_admin.h"

struct walk {
	struct store		*s;
	const struct conf	*conf;
	const char		*user;
	int			(*cb)(const struct sender_addr *, void *);
	void			*arg;
};

int
sender_host_allowed(const struct conf *conf, const struct store_account *acc)
{
	return acc->transport == STORE_NULL ||
	    conf_host_allowed(conf, acc->host, acc->port);
}

int
sender_identity_void(const struct conf *conf,
    const struct store_identity *idt)
{
	return idt->folded[0] == '@' &&
	    conf_is_our_domain(conf, idt->folded + 1);
}

/* Whether the server of an identity's account is listed: 1, 0 or -1. */
static int
is_listed(struct store *s, const struct conf *conf,
    const struct store_identity *idt)
{
	struct store_account	 acc;
	int			 ret;

	if (idt->account == 0 || !conf->outbound.alternates)
		return 1;
	if ((ret = store_account_byid(s, idt->account, &acc)) != 1)
		return ret;
	return sender_host_allowed(conf, &acc);
}

static size_t
count_own_domains(const struct conf *conf)
{
	/* The bounce domain alone is nobody's address. */
	return conf->domains.count - (conf->bounce_added ? 1 : 0);
}

/* The user's own address in one of our domains, or the login: 1 or 0. */
static int
get_own_address(const struct conf *conf, const char *user, size_t i, char *buf,
    size_t size)
{
	char	 whole[STORE_ADDR_MAX + 1];
	int	 r;

	if (strchr(user, '@') != NULL) {
		if (i > 0)
			return 0;
		r = snprintf(whole, sizeof(whole), "%s", user);
	} else {
		if (i >= count_own_domains(conf))
			return 0;
		r = snprintf(whole, sizeof(whole), "%s@%s", user,
		    conf->domains.item[i]);
	}
	/* A login that makes no address has none; so have they all. */
	if (r < 0 || (size_t)r >= sizeof(whole) || !addr_valid_dotatom(whole) ||
	    store_fold(whole, buf, size) == -1)
		return 0;
	return 1;
}

static int
is_own(const struct conf *conf, const char *user, const char *folded)
{
	char	 own[STORE_ADDR_MAX + 1];
	size_t	 i;

	for (i = 0; get_own_address(conf, user, i, own, sizeof(own)); i++)
		if (strcmp(own, folded) == 0)
			return 1;
	return 0;
}

/* What one form of the address is, for the user: 1 it is known, 0, -1. */
static int
judge(struct store *s, const struct conf *conf, const char *user,
    const char *folded, enum sender_verdict *verdict,
    struct sender_addr *who)
{
	struct store_mailbox	 mb;
	struct store_worker	 w;
	int			 ret;

	(void)strlcpy(who->address, folded, sizeof(who->address));
	if ((ret = store_identity_get(s, folded, &who->identity)) == -1)
		return -1;
	if (ret == 1 && sender_identity_void(conf, &who->identity))
		return 0;
	if (ret == 1) {
		who->kind = SENDER_IDENTITY;
		*verdict = SENDER_ALLOWED;
		if (strcasecmp(who->identity.user, user) != 0)
			*verdict = SENDER_OTHERS;
		else if (who->identity.verified == 0)
			*verdict = SENDER_UNVERIFIED;
		else if ((ret = is_listed(s, conf, &who->identity)) == 0)
			*verdict = SENDER_HOST;
		return ret == -1 ? -1 : 1;
	}
	if (folded[0] == '@')
		return 0;
	if ((ret = store_mailbox_get(s, folded, &mb)) != 0) {
		who->kind = SENDER_MAILBOX;
		*verdict = conf_is_helpdesk(conf, user) ? SENDER_ALLOWED :
		    SENDER_OTHERS;
		return ret;
	}
	if ((ret = store_worker_byaddr(s, folded, &w)) == -1)
		return -1;
	who->kind = SENDER_WORKER;
	*verdict = SENDER_ALLOWED;
	if (ret == 1 && w.login[0] != '\0' && strcasecmp(w.login, user) == 0)
		return 1;
	who->kind = SENDER_OWN;
	if (is_own(conf, user, folded))
		return 1;
	*verdict = SENDER_OTHERS;
	return ret;
}

int
sender_check(struct store *s, const struct conf *conf, const char *user,
    const char *address, enum sender_verdict *verdict,
    struct sender_addr *who)
{
	struct sender_addr	 scratch;
	char			 folded[STORE_ADDR_MAX + 1];
	char			 bare[STORE_ADDR_MAX + 1];
	const char		*at, *form[3];
	size_t			 i;
	int			 ret;

	if (who == NULL)
		who = &scratch;
	memset(who, 0, sizeof(*who));
	*verdict = SENDER_FOREIGN;
	if (store_fold(address, folded, sizeof(folded)) == -1 ||
	    (at = strrchr(folded, '@')) == NULL || at == folded)
		return 0;
	(void)strlcpy(bare, folded, sizeof(bare));
	i = 1 + strcspn(bare + 1, "+");
	if (i < (size_t)(at - folded))
		(void)strlcpy(bare + i, at, sizeof(bare) - i);
	form[0] = folded;
	form[1] = bare;
	form[2] = at;
	for (i = 0; i < sizeof(form) / sizeof(form[0]); i++)
		if ((ret = judge(s, conf, user, form[i], verdict, who)) != 0)
			return ret == -1 ? -1 : 0;
	*verdict = SENDER_FOREIGN;
	memset(who, 0, sizeof(*who));
	return 0;
}

/* Tells of one address unless somebody else has it. */
static int
tell(struct walk *w, const char *folded, enum sender_kind kind)
{
	struct sender_addr	 who;
	enum sender_verdict	 verdict = SENDER_FOREIGN;
	int			 ret;

	memset(&who, 0, sizeof(who));
	ret = judge(w->s, w->conf, w->user, folded, &verdict, &who);
	if (ret != 1 || verdict != SENDER_ALLOWED || who.kind != kind)
		return ret == -1 ? -1 : 0;
	return w->cb(&who, w->arg);
}

static int
tell_mailbox(const struct store_mailbox *mb, void *arg)
{
	return tell(arg, mb->address, SENDER_MAILBOX);
}

static int
tell_worker(const struct store_worker_addr *a, void *arg)
{
	return tell(arg, a->folded, SENDER_WORKER);
}

static int
tell_identity(const struct store_identity *idt, void *arg)
{
	return tell(arg, idt->folded, SENDER_IDENTITY);
}

int
sender_each(struct store *s, const struct conf *conf, const char *user,
    int (*cb)(const struct sender_addr *, void *), void *arg)
{
	struct walk		 w = { s, conf, user, cb, arg };
	struct store_worker	 worker;
	char			 own[STORE_ADDR_MAX + 1];
	size_t			 i;
	int			 ret;

	for (i = 0; get_own_address(conf, user, i, own, sizeof(own)); i++)
		if (tell(&w, own, SENDER_OWN) != 0)
			return -1;
	if ((ret = store_worker_byuser(s, user, &worker)) == -1 ||
	    (ret == 1 && store_worker_addrs(s, worker.id, tell_worker,
	    &w) == -1))
		return -1;
	if (conf_is_helpdesk(conf, user) &&
	    store_mailbox_each(s, 0, tell_mailbox, &w) == -1)
		return -1;
	return store_identity_each(s, user, tell_identity, &w);
}

int
sender_account(struct store *s, const struct conf *conf, const char *sender,
    struct store_identity *idt, struct store_account *acc)
{
	int	 ret;

	if (!conf->outbound.alternates)
		return 0;
	if ((ret = store_identity_find(s, sender, idt)) != 1)
		return ret;
	if (idt->verified == 0 || idt->account == 0 ||
	    sender_identity_void(conf, idt))
		return 0;
	if ((ret = store_account_byid(s, idt->account, acc)) != 1)
		return ret;
	return sender_host_allowed(conf, acc);
}
