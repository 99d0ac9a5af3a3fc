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

/* How accounts and identities are shown. */

#include <stdio.h>
#include <time.h>

#include "conf/conf.h"
#include "crypto/keys.h"
#include "ctl.h"
#include "ctl_account.h"
#include "ctlcmd.h"
#include "store/accseal.h"
#include "store/accurl.h"
#include "store/sender.h"

#define SHRED_MS	1000	/* to wait for those who read */

struct walk {
	struct ctl	*ctl;
	struct store	*s;
	struct keys	*keys;		/* NULL: not for this user */
	uint64_t	 account;	/* whose identities */
};

int
ctl_end_shred(struct ctl *ctl, struct store *s, int status)
{
	if (status == CTL_OK && store_commit(s) == -1)
		status = ctl_store_fail(ctl, s);
	if (status != CTL_OK)
		store_rollback(s);
	else {
		store_timeout(s, SHRED_MS);
		(void)store_shred(s);
	}
	store_close(s);
	return status;
}

static const char *
state(const struct store_account *acc, int opens)
{
	if (opens == 0)
		return "sealed";
	if (acc->failures > 0)
		return "failing";
	return acc->succeeded != 0 ? "works" : "untried";
}

static void
json_text(struct ctl *ctl, const char *name, const char *text)
{
	json_string(&ctl->js, name, text[0] != '\0' ? text : NULL);
}

void
ctl_json_account(struct ctl *ctl, const char *name,
    const struct store_account *acc, int opens, unsigned int identities)
{
	static const char *const	 auth[] = { NULL, "password", "oauth" };
	char				 url[ACCURL_MAX * 2];

	if (accurl_format(acc, url, sizeof(url)) == -1)
		url[0] = '\0';
	json_object(&ctl->js, name);
	json_int(&ctl->js, "id", (int64_t)acc->id);
	json_string(&ctl->js, "account", acc->name);
	json_text(ctl, "url", url);
	json_string(&ctl->js, "transport",
	    store_transport_name(acc->transport));
	json_text(ctl, "host", acc->host);
	json_int(&ctl->js, "port", acc->port);
	json_text(ctl, "user", acc->user);
	json_string(&ctl->js, "login", auth[acc->auth]);
	json_bool(&ctl->js, "allowed", acc->transport == STORE_NULL ||
	    conf_host_allowed(ctl->conf, acc->host, acc->port));
	json_int(&ctl->js, "identities", identities);
	ctl_json_time(ctl, "created", acc->created);
	ctl_json_time(ctl, "changed", acc->changed);
	json_string(&ctl->js, "state", state(acc, opens));
	json_int(&ctl->js, "failures", acc->failures);
	json_text(ctl, "stage", acc->stage);
	json_text(ctl, "reason", acc->reason);
	ctl_json_time(ctl, "failed", acc->failed);
	ctl_json_time(ctl, "retry", acc->retry);
	ctl_json_time(ctl, "succeeded", acc->succeeded);
	json_end(&ctl->js);
}

/* 1, 0 or -1 as ctl_json_account() wants it. */
static int
can_open(struct walk *w, const struct store_account *acc)
{
	char	*secret;
	int	 ret;

	if (acc->auth == STORE_AUTH_NONE)
		return 1;
	if (w->keys == NULL)
		return -1;
	ret = accseal_read(w->keys, w->s, acc, &secret);
	accseal_wipe(secret);
	return ret;
}

static void
say_state(struct ctl *ctl, const struct store_account *acc, int opens)
{
	char	 when[32], then[32];

	if (opens == 0)
		ctl_say(ctl, "\tSEALED under a key that is not in %s: add it "
		    "again", ctl->conf->key);
	if (acc->failures > 0)
		ctl_say(ctl, "\tFAILING at %s, %u %s, last at %s: %s",
		    acc->stage, acc->failures, acc->failures == 1 ? "time" :
		    "times", ctl_time(acc->failed, when,
		    sizeof(when)), acc->reason);
	if (acc->failures > 0 && acc->retry != 0)
		ctl_say(ctl, "\ttried again at %s", ctl_time(acc->retry, then,
		    sizeof(then)));
	if (acc->transport != STORE_NULL &&
	    !conf_host_allowed(ctl->conf, acc->host, acc->port))
		ctl_say(ctl, "\tNOT ALLOWED: %s does not list its server "
		    "under hosts", ctl->path);
}

static int
list_one(const struct store_account *acc, void *arg)
{
	struct walk	*w = arg;
	struct ctl	*ctl = w->ctl;
	char		 url[ACCURL_MAX * 2];
	unsigned int	 n;
	int		 opens = can_open(w, acc);

	if (store_account_uses(w->s, acc->id, &n) == -1)
		return -1;
	if (accurl_format(acc, url, sizeof(url)) == -1)
		url[0] = '\0';
	ctl_say(ctl, "%s\t%s\t%u identit%s\t%s%s", acc->name, url,
	    n, n == 1 ? "y" : "ies",
	    state(acc, opens), acc->auth == STORE_AUTH_OAUTH ? ", OAuth" : "");
	say_state(ctl, acc, opens);
	ctl_json_account(ctl, NULL, acc, opens, n);
	return 0;
}

/* Opens keys and database; members of the group may not be able to. */
static int
begin(struct ctl *ctl, struct walk *w)
{
	char	 err[512];

	memset(w, 0, sizeof(*w));
	w->ctl = ctl;
	w->keys = keys_open(ctl->conf->key, err, sizeof(err));
	if ((w->s = ctl_begin(ctl, 0)) != NULL)
		return CTL_OK;
	keys_free(w->keys);
	return CTL_FAIL;
}

int
ctl_account_list(struct ctl *ctl)
{
	struct walk	 w;
	int		 status = CTL_OK;

	if (begin(ctl, &w) != CTL_OK)
		return CTL_FAIL;
	json_object(&ctl->js, NULL);
	json_array(&ctl->js, "accounts");
	if (store_account_each(w.s, list_one, &w) == -1)
		status = ctl_store_fail(ctl, w.s);
	json_end(&ctl->js);
	json_end(&ctl->js);
	keys_free(w.keys);
	return ctl_end(ctl, w.s, status);
}

static int
show_identity(const struct store_identity *idt, void *arg)
{
	struct walk	*w = arg;

	if (idt->account != w->account)
		return 0;
	ctl_say_identity(w->ctl, idt);
	ctl_json_identity(w->ctl, NULL, idt);
	return 0;
}

static int
show(struct ctl *ctl, struct walk *w)
{
	struct store_account	 acc;
	char			 url[ACCURL_MAX * 2], when[32];
	unsigned int		 n;
	int			 opens, status;

	status = ctl_find_account(ctl, w->s, ctl->arg[0], &acc);
	if (status != CTL_OK)
		return status;
	if (store_account_uses(w->s, acc.id, &n) == -1)
		return ctl_store_fail(ctl, w->s);
	w->account = acc.id;
	opens = can_open(w, &acc);
	if (accurl_format(&acc, url, sizeof(url)) == -1)
		url[0] = '\0';
	ctl_say(ctl, "account\t%s", acc.name);
	ctl_say(ctl, "URL\t%s", url);
	ctl_say(ctl, "login\t%s", acc.auth == STORE_AUTH_NONE ? "none" :
	    acc.auth == STORE_AUTH_OAUTH ? "OAuth" : "password");
	ctl_say(ctl, "created\t%s", ctl_time(acc.created, when,
	    sizeof(when)));
	ctl_say(ctl, "changed\t%s", ctl_time(acc.changed, when,
	    sizeof(when)));
	ctl_say(ctl, "worked\t%s", ctl_time(acc.succeeded, when,
	    sizeof(when)));
	ctl_say(ctl, "state\t%s", state(&acc, opens));
	say_state(ctl, &acc, opens);
	json_object(&ctl->js, NULL);
	ctl_json_account(ctl, "account", &acc, opens, n);
	json_array(&ctl->js, "identities");
	if (store_identity_each(w->s, NULL, show_identity, w) == -1)
		return ctl_store_fail(ctl, w->s);
	json_end(&ctl->js);
	json_end(&ctl->js);
	return CTL_OK;
}

int
ctl_account_show(struct ctl *ctl)
{
	struct walk	 w;
	int		 status;

	if (begin(ctl, &w) != CTL_OK)
		return CTL_FAIL;
	status = show(ctl, &w);
	keys_free(w.keys);
	return ctl_end(ctl, w.s, status);
}

void
ctl_json_identity(struct ctl *ctl, const char *name,
    const struct store_identity *idt)
{
	json_object(&ctl->js, name);
	json_int(&ctl->js, "id", (int64_t)idt->id);
	json_string(&ctl->js, "user", idt->user);
	json_string(&ctl->js, "address", idt->address);
	json_text(ctl, "account", idt->account_name);
	ctl_json_time(ctl, "verified", idt->verified);
	ctl_json_time(ctl, "code_expires", idt->expires);
	json_int(&ctl->js, "wrong_codes", idt->tries);
	json_text(ctl, "bounced", idt->bounced);
	ctl_json_time(ctl, "created", idt->created);
	json_end(&ctl->js);
}

void
ctl_say_identity(struct ctl *ctl, const struct store_identity *idt)
{
	const char	*note = "";
	time_t		 now = time(NULL);

	if (sender_identity_void(ctl->conf, idt))
		note = "\tVOID: a domain of relay.conf is nobody's identity";
	else if (idt->verified == 0 && idt->expires == 0)
		note = "\tNOT VERIFIED: add it again for a code";
	else if (idt->verified == 0 && (idt->expires <= now ||
	    idt->tries >= STORE_CODE_TRIES))
		note = "\tNOT VERIFIED: its code is void, add it again";
	else if (idt->verified == 0)
		note = "\tNOT VERIFIED: it waits for its code";
	ctl_say(ctl, "%s\t%s\t%s%s", idt->user, idt->address,
	    idt->account != 0 ? idt->account_name : "-", note);
	if (idt->verified == 0 && idt->bounced[0] != '\0')
		ctl_say(ctl, "\tthe mail with its code came back: %s",
		    idt->bounced);
}
