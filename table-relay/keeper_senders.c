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

#include <sys/types.h>

#include <string.h>

#include "base/compat.h"
#include "base/log.h"
#include "keeper_senders.h"
#include "mirror.h"
#include "senders.h"
#include "store/account_seal.h"
#include "store/sender.h"
#include "store/store_admin.h"
#include "store/store_watch.h"

#define CHANGES_MAX	4096	/* more: everything is told anew */

/* What is told, and of what. */
struct tell {
	struct store		*s;
	const struct conf	*conf;
	struct address_feed	*f;
	struct keyset		*accounts;	/* 1 + whether it is allowed,
						 * by id; NULL: not read */
	struct keyset		*logins;	/* that were told of */
	size_t			 changes;
	const char		*login;	/* whose addresses are walked over */
};

static int
add_account(const struct store_account *a, void *arg)
{
	struct tell	*t = arg;

	return keyset_put(t->accounts, (const char *)&a->id, sizeof(a->id),
	    1 + sender_host_allowed(t->conf, a));
}

/* Whether policy lets mail leave through the account: 1, 0 or -1. */
static int
account_allowed(struct tell *t, uint64_t id)
{
	struct store_account	 acc;
	int			 ret;

	if (t->accounts != NULL)
		return keyset_number(t->accounts, (const char *)&id,
		    sizeof(id)) == 2;
	if ((ret = store_account_byid(t->s, id, &acc)) != 1)
		return ret;
	return sender_host_allowed(t->conf, &acc);
}

/* As sender_account() and sender_each() would judge it. */
static int
judge(struct tell *t, const struct store_identity *idt, int *routed, int *may)
{
	int	 allowed = 1;

	*routed = *may = 0;
	if (idt->verified == 0 || sender_identity_void(t->conf, idt))
		return 0;
	if (idt->account != 0 && t->conf->outbound.alternates &&
	    (allowed = account_allowed(t, idt->account)) == -1)
		return -1;
	*may = allowed;
	*routed = allowed && idt->account != 0 && t->conf->outbound.alternates;
	return 0;
}

static int
put_address(struct tell *t, const char *address, enum senders_state state)
{
	return address_feed_add(t->f, ADDRESS_PUT, address, state, NULL);
}

/* A login may send as an address. */
static int
may(struct tell *t, const char *login, const char *address)
{
	return address_feed_add(t->f, ADDRESS_ALSO, login, 0, address);
}

static int
put_identity(struct tell *t, const struct store_identity *idt)
{
	int	 routed, allowed;

	if (judge(t, idt, &routed, &allowed) == -1)
		return -1;
	return put_address(t, idt->folded, routed ? SENDERS_ROUTED :
	    SENDERS_PLAIN);
}

static int
may_identity(const struct store_identity *idt, void *arg)
{
	struct tell	*t = arg;
	char		 login[STORE_LOGIN_MAX + 1];
	int		 routed, allowed;

	if (judge(t, idt, &routed, &allowed) == -1 ||
	    store_fold(idt->user, login, sizeof(login)) == -1)
		return -1;
	return allowed ? may(t, login, idt->folded) : 0;
}

/* One walk for both: the rows are many. */
static int
tell_identity(const struct store_identity *idt, void *arg)
{
	return put_identity(arg, idt) == -1 ? -1 : may_identity(idt, arg);
}

static int
may_worker(const struct store_worker_addr *a, void *arg)
{
	struct tell	*t = arg;

	return may(t, t->login, a->folded);
}

/* The addresses of the worker whose login it is, in lower case. */
static int
tell_worker(struct tell *t, const char *login)
{
	struct store_worker	 w;
	int			 ret;

	if ((ret = store_worker_byuser(t->s, login, &w)) != 1)
		return ret;
	t->login = login;
	return store_worker_addrs(t->s, w.id, may_worker, t);
}

static int
each_worker(const struct store_worker *w, void *arg)
{
	struct tell		*t = arg;
	struct store_worker	 first;
	char			 login[STORE_LOGIN_MAX + 1];

	if (w->login[0] == '\0' ||
	    store_fold(w->login, login, sizeof(login)) == -1)
		return 0;
	/* Of logins that smtpd cannot tell apart, the one that is asked. */
	if (store_worker_byuser(t->s, login, &first) == 1 && first.id != w->id)
		return 0;
	return tell_worker(t, login);
}

static int
may_mailbox(const struct store_mailbox *mb, void *arg)
{
	return may(arg, "", mb->address);
}

static int
tell_mailbox(const struct store_mailbox *mb, void *arg)
{
	return put_address(arg, mb->address, SENDERS_MAILBOX) == -1 ? -1 :
	    may_mailbox(mb, arg);
}

static int
tell_all(struct tell *t)
{
	if (address_feed_add(t->f, ADDRESS_CLEAR, NULL, 0, NULL) == -1 ||
	    (t->accounts = keyset_new()) == NULL ||
	    store_account_each(t->s, add_account, t) == -1 ||
	    store_identity_each(t->s, NULL, tell_identity, t) == -1 ||
	    store_mailbox_each(t->s, 0, tell_mailbox, t) == -1)
		return -1;
	return store_worker_each(t->s, each_worker, t);
}

/* What has become of one address. */
static int
tell_address(struct tell *t, const char *address)
{
	struct store_identity	 idt;
	struct store_mailbox	 mb;
	int			 ret;

	if ((ret = store_identity_get(t->s, address, &idt)) == 1)
		return put_identity(t, &idt);
	if (ret == 0 && address[0] != '@' &&
	    (ret = store_mailbox_get(t->s, address, &mb)) == 1)
		return put_address(t, address, SENDERS_MAILBOX);
	return ret == -1 ? -1 :
	    address_feed_add(t->f, ADDRESS_DEL, address, 0, NULL);
}

/* What a login may send as now. */
static int
tell_login(struct tell *t, const char *login)
{
	if (address_feed_add(t->f, ADDRESS_FORGET, login, 0, NULL) == -1)
		return -1;
	if (login[0] == '\0')
		return store_mailbox_each(t->s, 0, may_mailbox, t);
	if (tell_worker(t, login) == -1)
		return -1;
	return store_identity_each(t->s, login, may_identity, t);
}

static int
tell_change(const struct store_change *c, void *arg)
{
	struct tell	*t = arg;
	size_t		 len = strlen(c->user);

	if (t->changes++ >= CHANGES_MAX)
		return 0;
	if (c->address[0] != '\0' && tell_address(t, c->address) == -1)
		return -1;
	if (keyset_number(t->logins, c->user, len) != 0)
		return 0;
	return keyset_put(t->logins, c->user, len, 1) == -1 ? -1 :
	    tell_login(t, c->user);
}

int
keeper_senders_tell(struct store *s, const struct conf *conf,
    struct address_feed *f, int64_t *seq)
{
	struct tell	 t = { .s = s, .conf = conf, .f = f };
	int		 ret = 0;

	if ((t.logins = keyset_new()) == NULL || store_begin_read(s) == -1) {
		keyset_free(t.logins);
		return -1;
	}
	if (*seq >= 0)
		ret = store_changes_since(s, STORE_SENDERS, seq, tell_change,
		    &t);
	if (ret == 0 || (ret == 1 && t.changes > CHANGES_MAX)) {
		if ((ret = store_changes_newest(s, STORE_SENDERS, seq)) != -1)
			ret = tell_all(&t);
	}
	store_rollback(s);
	keyset_free(t.accounts);
	keyset_free(t.logins);
	return ret;
}

static void
fail(struct ipc *ch, uint64_t id, const char *why)
{
	ipc_send(ch, MIRROR_SECRET_FAIL, id, why, strlen(why), -1);
}

/*
 * The account of a label: 1; 0 when there is none, or nothing of it that
 * smtpd could use: it knows no other than a password, and splits user and
 * password at the first colon.
 */
static int
find_account(struct store *s, const struct conf *conf, const char *label,
    struct store_account *acc)
{
	int	 ret;

	if (!conf->outbound.alternates)
		return 0;
	if ((ret = store_account_get(s, label, acc)) != 1)
		return ret;
	return acc->auth == STORE_AUTH_PASSWORD &&
	    sender_host_allowed(conf, acc) && acc->user[0] != '\0' &&
	    strchr(acc->user, ':') == NULL;
}

void
keeper_senders_secret(struct ipc *ch, const struct ipc_msg *msg,
    struct store *s, const struct conf *conf, struct keys *keys)
{
	struct store_account	 acc;
	struct ipc_unpack	 u;
	struct ipc_pack		 p;
	char			 label[MIRROR_LABEL_MAX + 1], *secret = NULL;
	char			 err[256];
	int			 r;

	ipc_unpack_init(&u, msg->data, msg->len);
	(void)ipc_get_str(&u, label, sizeof(label));
	if (ipc_unpack_end(&u) == -1) {
		ipc_send(ch, MIRROR_SECRET_NONE, msg->id, NULL, 0, -1);
		return;
	}
	if (s == NULL || keys == NULL) {
		fail(ch, msg->id, s == NULL ? "the database cannot be read" :
		    "the key file cannot be read");
		return;
	}
	/* What is sealed under a new key opens with that. */
	if (keys_reload(keys, err, sizeof(err)) == -1)
		log_warnx("%s", err);
	if ((r = find_account(s, conf, label, &acc)) == 1)
		r = account_seal_read(keys, s, &acc, &secret);
	if (r == -1)
		fail(ch, msg->id, store_error(s)->text);
	else if (r == 0)
		ipc_send(ch, MIRROR_SECRET_NONE, msg->id, NULL, 0, -1);
	else {
		ipc_pack_init(&p);
		ipc_put_str(&p, acc.user);
		ipc_put_str(&p, secret);
		if (p.failed || ipc_send(ch, MIRROR_SECRET_IS, msg->id, p.buf,
		    p.len, -1) == -1)
			log_warnx("credentials could not be told");
		ipc_pack_free(&p);
		account_seal_wipe(secret);
	}
}
