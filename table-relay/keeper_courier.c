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

#include <sys/time.h>
#include <sys/types.h>

#include <event.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/compat.h"
#include "base/log.h"
#include "courier/courier_msg.h"
#include "crypto/keys.h"
#include "keeper_courier.h"
#include "store/account_seal.h"
#include "store/sender.h"
#include "store/store.h"
#include "store/store_account.h"
#include "table-relay.h"

#define KEEPER_REPORT_MAX	256	/* that wait to be stored */
#define KEEPER_REPORT_TIME	1	/* seconds that they do */

/*
 * How accounts fare, on its way into the database: what comes within a
 * second is one transaction, because each waits for the disk, and whoever
 * asks the keeper something waits with it.
 */
struct keeper_report {
	struct store		*(*store)(void *);
	void			*arg;
	struct lograte		*rate;
	struct event		 timer;
	int			 armed;
	size_t			 count;
	struct courier_report	 waiting[KEEPER_REPORT_MAX];
};

/*
 * Makes a queue.  store() and arg are as for keeper_courier_new(); rate, which
 * must outlive the queue, limits its lines of the log.  NULL without memory.
 */
static struct keeper_report *
new_queue(struct store *(*store)(void *), void *arg,
    struct lograte *rate)
{
	struct keeper_report	*kr;

	if ((kr = calloc(1, sizeof(*kr))) == NULL)
		return NULL;
	kr->store = store;
	kr->arg = arg;
	kr->rate = rate;
	return kr;
}

static int
report_store(struct store *s, const struct courier_report *r)
{
	if (r->works)
		return store_account_worked(s, r->account, r->generation,
		    time(NULL));
	return store_account_failed(s, r->account, r->generation, r->stage,
	    r->text, (time_t)r->retry, time(NULL));
}

/* Stores what waits.  What cannot be is forgotten: there will be more. */
static void
report_flush(struct keeper_report *kr)
{
	struct store	*s = kr->store(kr->arg);
	size_t		 i;

	if (s == NULL || store_begin(s) == -1)
		i = 0;
	else {
		for (i = 0; i < kr->count; i++)
			if (report_store(s, &kr->waiting[i]) == -1)
				break;
		if (i < kr->count || store_commit(s) == -1) {
			i = 0;
			lograte_info(kr->rate, time(NULL), "report",
			    "how accounts fare: %s", store_error(s)->text);
			store_rollback(s);
		}
	}
	if (i == 0)
		log_debug("%zu reports of accounts are lost", kr->count);
	kr->count = 0;
}

static void
report_timer(int fd, short what, void *arg)
{
	struct keeper_report	*kr = arg;

	(void)fd;
	(void)what;
	kr->armed = 0;
	report_flush(kr);
}

/* Takes one report; needs libevent's current base. */
static void
add_report(struct keeper_report *kr, const struct courier_report *r)
{
	struct timeval	 tv = { KEEPER_REPORT_TIME, 0 };
	size_t		 i;

	/* One account works as often as sessions with it begin. */
	for (i = kr->count; i > 0; i--)
		if (kr->waiting[i - 1].account == r->account)
			break;
	if (i > 0 && r->works && kr->waiting[i - 1].works &&
	    kr->waiting[i - 1].generation == r->generation)
		return;
	if (kr->count == KEEPER_REPORT_MAX)
		report_flush(kr);
	kr->waiting[kr->count++] = *r;
	if (kr->armed)
		return;
	evtimer_set(&kr->timer, report_timer, kr);
	if (evtimer_add(&kr->timer, &tv) == 0)
		kr->armed = 1;
}

struct keeper_courier {
	const struct conf	*conf;
	struct keys		*keys;		/* NULL: not read yet */
	struct lograte		*rate;
	struct keeper_report	*report;
	struct store		*(*store)(void *);
	void			*arg;
	struct ipc		*courier;	/* NULL: not there */
	struct ipc		*oauth;
};

/* Reads the key file, or what is new in it. */
static int
kc_keys(struct keeper_courier *kc)
{
	char	err[512];

	if (kc->keys != NULL)
		return keys_reload(kc->keys, err, sizeof(err));
	if ((kc->keys = keys_open(kc->conf->key, err, sizeof(err))) != NULL)
		return 1;
	lograte_info(kc->rate, time(NULL), "keys", "%s", err);
	return -1;
}

struct keeper_courier *
keeper_courier_new(const struct conf *conf, struct store *(*store)(void *),
    void *arg)
{
	struct keeper_courier	*kc;

	if ((kc = calloc(1, sizeof(*kc))) == NULL)
		return NULL;
	kc->conf = conf;
	kc->store = store;
	kc->arg = arg;
	if ((kc->rate = lograte_new()) == NULL ||
	    (kc->report = new_queue(store, arg, kc->rate)) == NULL) {
		lograte_free(kc->rate);
		free(kc);
		return NULL;
	}
	(void)kc_keys(kc);
	return kc;
}

/*
 * The secret of an account, to be given to account_seal_wipe(); the key file is
 * looked at again when it does not open, for a key may be new.
 */
static int
kc_secret(struct keeper_courier *kc, struct store *s,
    const struct store_account *acc, char **secret)
{
	int	rv = 0;

	*secret = NULL;
	if (kc->keys != NULL)
		rv = account_seal_read(kc->keys, s, acc, secret);
	if (rv == 0 && kc_keys(kc) == 1)
		rv = account_seal_read(kc->keys, s, acc, secret);
	if (rv == 0)
		lograte_info(kc->rate, time(NULL), acc->name, "account %s: "
		    "its secret does not open with the key file", acc->name);
	return rv;
}

static int
kc_transport(enum store_transport t)
{
	switch (t) {
	case STORE_SMTP_TLS:
		return COURIER_STARTTLS;
	case STORE_SMTPS:
		return COURIER_SMTPS;
	case STORE_LMTP:
		return COURIER_LMTP;
	case STORE_NULL:
		return COURIER_NULL;
	}
	return -1;
}

/* What the courier has to know.  0, or -1 when it does not fit. */
static int
kc_target(const struct keeper_courier *kc, const struct store_account *acc,
    const char *secret, struct courier_target *t)
{
	int	transport = kc_transport(acc->transport);

	memset(t, 0, sizeof(*t));
	t->account = acc->id;
	t->generation = acc->generation;
	t->transport = transport;
	t->port = (uint16_t)acc->port;
	t->verify = kc->conf->outbound.tls == CONF_TLS_VERIFY;
	t->oauth = acc->auth == STORE_AUTH_OAUTH;
	if (transport == -1 || acc->port > UINT16_MAX ||
	    strlcpy(t->name, acc->name, sizeof(t->name)) >=
	    sizeof(t->name) ||
	    strlcpy(t->host, acc->host, sizeof(t->host)) >= sizeof(t->host) ||
	    strlcpy(t->user, acc->user, sizeof(t->user)) >= sizeof(t->user) ||
	    (secret != NULL && strlcpy(t->secret, secret,
	    sizeof(t->secret)) >= sizeof(t->secret)))
		return -1;
	return 0;
}

static void
kc_tell(struct keeper_courier *kc, uint64_t id, struct store *s,
    const struct store_account *acc)
{
	struct courier_target	 t;
	char			*secret = NULL;

	if (acc->auth == STORE_AUTH_NONE && acc->user[0] != '\0')
		courier_send_refused(kc->courier, id, COURIER_LATER,
		    "The account has no password yet");
	else if (acc->auth == STORE_AUTH_PASSWORD &&
	    kc_secret(kc, s, acc, &secret) != 1)
		courier_send_refused(kc->courier, id, COURIER_LATER,
		    "The account's password cannot be read now");
	else if (kc_target(kc, acc, secret, &t) == -1)
		courier_send_refused(kc->courier, id, COURIER_LATER,
		    "The account makes no sense");
	else
		courier_send_target(kc->courier, id, &t);
	explicit_bzero(&t, sizeof(t));
	account_seal_wipe(secret);
}

/* Why there is no account for a sender. */
static void
kc_why(struct keeper_courier *kc, uint64_t id, struct store *s,
    const char *sender)
{
	struct store_identity	 idt;
	int			 why = COURIER_POLICY, rv;
	const char		*text;

	rv = store_identity_find(s, sender, &idt);
	if (rv == -1) {
		why = COURIER_LATER;
		text = "The database cannot be read now";
	} else if (rv == 0 || idt.account == 0) {
		why = COURIER_UNKNOWN;
		text = "The sender has no account to leave through";
	} else if (!kc->conf->outbound.alternates)
		text = "Mail does not leave through accounts here";
	else if (idt.verified == 0)
		text = "The sender's address is not verified yet";
	else
		text = "The server of the sender's account is not allowed";
	courier_send_refused(kc->courier, id, why, text);
}

static void
kc_find(struct keeper_courier *kc, const struct ipc_msg *msg)
{
	struct store_identity	 idt;
	struct store_account	 acc;
	struct store		*s = kc->store(kc->arg);
	char			 sender[COURIER_SENDER_MAX + 1];
	int			 rv = -1;

	if (courier_get_find(msg, sender) == -1) {
		log_warnx("the courier's question makes no sense");
		return;
	}
	if (s != NULL)
		rv = sender_account(s, kc->conf, sender, &idt, &acc);
	if (rv == -1)
		courier_send_refused(kc->courier, msg->id, COURIER_LATER,
		    "The database cannot be read now");
	else if (rv == 1)
		kc_tell(kc, msg->id, s, &acc);
	else
		kc_why(kc, msg->id, s, sender);
}

static void
kc_report(struct keeper_courier *kc, const struct ipc_msg *msg)
{
	struct courier_report	 r;

	if (courier_get_report(msg, &r) == -1)
		log_warnx("the courier's report makes no sense");
	else
		add_report(kc->report, &r);
}

static void
kc_courier_frame(struct ipc *ch, struct ipc_msg *msg, void *arg)
{
	struct keeper_courier	*kc = arg;

	if (msg == NULL) {
		ipc_free(ch);
		kc->courier = NULL;
	} else if (msg->type == COURIER_FIND)
		kc_find(kc, msg);
	else if (msg->type == COURIER_REPORT)
		kc_report(kc, msg);
	else
		log_warnx("the courier's message makes no sense");
}

/* Finds the OAuth data of an account in that generation: 1, 0 gone, or -1. */
static int
kc_oauth(struct keeper_courier *kc, uint64_t account, uint64_t generation,
    struct store **s, struct store_account *acc, char **text)
{
	int	 ret;

	if ((*s = kc->store(kc->arg)) == NULL)
		return -1;
	if ((ret = store_account_byid(*s, account, acc)) != 1)
		return ret;
	if (acc->generation != generation || acc->auth != STORE_AUTH_OAUTH)
		return 0;
	return kc_secret(kc, *s, acc, text) == 1 ? 1 : -1;
}

static void
kc_oauth_find(struct keeper_courier *kc, const struct ipc_msg *msg)
{
	struct oauth_secrets	 o;
	struct store_account	 acc;
	struct store		*s;
	char			*text = NULL;
	int			 ret;

	memset(&o, 0, sizeof(o));
	if (courier_get_account(msg, &o.account, &o.generation) == -1) {
		log_warnx("the token process's question makes no sense");
		return;
	}
	ret = kc_oauth(kc, o.account, o.generation, &s, &acc, &text);
	if (ret == 1 &&
	    strlcpy(o.text, text, sizeof(o.text)) < sizeof(o.text))
		courier_send_secrets(kc->oauth, OAUTH_IS, msg->id, &o);
	else
		courier_send_account(kc->oauth, ret == 0 ? OAUTH_GONE :
		    OAUTH_NONE, msg->id, o.account, o.generation);
	explicit_bzero(&o, sizeof(o));
	account_seal_wipe(text);
}

static void
kc_oauth_rotated(struct keeper_courier *kc, const struct ipc_msg *msg)
{
	struct store_account	 acc;
	struct store		*s;
	struct oauth_secrets	 o;
	char			*text = NULL;

	if (courier_get_secrets(msg, &o) == -1)
		log_warnx("the token process's message makes no sense");
	else if (kc_oauth(kc, o.account, o.generation, &s, &acc, &text) == 1 &&
	    account_seal_renew(kc->keys, s, &acc, text, o.text) == -1)
		log_warnx("account %s: its new refresh token is lost",
		    acc.name);
	explicit_bzero(&o, sizeof(o));
	account_seal_wipe(text);
}

static void
kc_oauth_frame(struct ipc *ch, struct ipc_msg *msg, void *arg)
{
	struct keeper_courier	*kc = arg;

	if (msg == NULL) {
		ipc_free(ch);
		kc->oauth = NULL;
	} else if (msg->type == OAUTH_FIND)
		kc_oauth_find(kc, msg);
	else if (msg->type == OAUTH_ROTATED)
		kc_oauth_rotated(kc, msg);
	else
		log_warnx("the token process's message makes no sense");
}

void
keeper_courier_peer(struct keeper_courier *kc, int role, int fd)
{
	struct ipc	**ch;

	ch = role == ROLE_COURIER ? &kc->courier : &kc->oauth;
	ipc_free(*ch);
	*ch = ipc_new(fd, COURIER_FRAME_MAX, COURIER_QUEUE_MAX);
	if (*ch == NULL) {
		close(fd);
		return;
	}
	ipc_secret(*ch);
	if (ipc_event(*ch, role == ROLE_COURIER ? kc_courier_frame :
	    kc_oauth_frame, kc) == -1) {
		ipc_free(*ch);
		*ch = NULL;
	}
}
