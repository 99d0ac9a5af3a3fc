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
#include <time.h>

#include "conf/conf.h"
#include "crypto/keys.h"
#include "ctl.h"
#include "ctl_account.h"
#include "ctl_secret.h"
#include "ctl_store.h"
#include "ctlcmd.h"
#include "store/accseal.h"
#include "store/accurl.h"

int
ctl_find_account(struct ctl *ctl, struct store *s, const char *name,
    struct store_account *acc)
{
	switch (store_account_get(s, name, acc)) {
	case 1:
		return CTL_OK;
	case 0:
		return ctl_fail(ctl, "there is no account %s (smtprelayctl "
		    "account list)", name);
	}
	return ctl_store_fail(ctl, s);
}

int
ctl_account_allowed(struct ctl *ctl, const struct store_account *acc)
{
	char	 server[ACCURL_MAX + 1];

	if (acc->transport == STORE_NULL ||
	    conf_host_allowed(ctl->conf, acc->host, acc->port))
		return CTL_OK;
	if (accurl_server(acc, server, sizeof(server)) == -1)
		server[0] = '\0';
	return ctl_fail(ctl, "%s: %s does not list this server under hosts",
	    server, ctl->path);
}

/* Takes name and URL, and checks what can be checked without a secret. */
static int
describe(struct ctl *ctl, struct store_account *acc)
{
	const char	*bad, *oauth = ctl->opt['o'];
	char		 why[256];

	memset(acc, 0, sizeof(*acc));
	if ((bad = store_account_misnamed(ctl->arg[0])) != NULL)
		return ctl_usage(ctl, "%s: %s", ctl->arg[0], bad);
	(void)strlcpy(acc->name, ctl->arg[0], sizeof(acc->name));
	/* The URL is not quoted: somebody may have put a password there. */
	if (accurl_parse(ctl->arg[1], acc, why, sizeof(why)) == -1)
		return ctl_usage(ctl, "the URL of account %s: %s", acc->name,
		    why);
	if (oauth != NULL && acc->auth == STORE_AUTH_NONE)
		return ctl_usage(ctl, "-o: %s logs in nowhere", ctl->arg[1]);
	if (oauth != NULL)
		acc->auth = STORE_AUTH_OAUTH;
	if (!ctl->conf->outbound.alternates)
		(void)fprintf(stderr, "smtprelayctl: warning: %s does not say "
		    "\"alternates allow\": no mail leaves through accounts\n",
		    ctl->path);
	return ctl_account_allowed(ctl, acc);
}

/* Asks for the secret and seals it: text to be freed, or NULL. */
static char *
seal(struct ctl *ctl, const struct store_account *acc)
{
	struct keys	*keys;
	char		*secret, *sealed = NULL, server[ACCURL_MAX + 1];
	char		 prompt[ACCURL_MAX + 400], err[512];

	/* Nobody shall type a password in vain. */
	if ((keys = keys_open(ctl->conf->key, err, sizeof(err))) == NULL) {
		(void)ctl_fail(ctl, "%s", err);
		return NULL;
	}
	if (accurl_server(acc, server, sizeof(server)) == -1)
		server[0] = '\0';
	(void)snprintf(prompt, sizeof(prompt), "Password of %s at %s: ",
	    acc->user, server);
	secret = acc->auth == STORE_AUTH_OAUTH ?
	    ctl_oauth(ctl, ctl->opt['o']) : ctl_password(ctl, prompt);
	if (secret != NULL &&
	    ((sealed = malloc(STORE_SECRET_MAX + 1)) == NULL ||
	    accseal_close(keys, acc, secret, sealed,
	    STORE_SECRET_MAX + 1) == -1)) {
		(void)ctl_fail(ctl, "the secret cannot be sealed");
		free(sealed);
		sealed = NULL;
	}
	accseal_wipe(secret);
	keys_free(keys);
	return sealed;
}

int
ctl_account_add(struct ctl *ctl)
{
	struct store_account	 acc;
	struct store		*s;
	char			*sealed = NULL;
	unsigned int		 n = 0;
	int			 made = 0, status;

	if ((status = describe(ctl, &acc)) != CTL_OK)
		return status;
	if (acc.auth != STORE_AUTH_NONE &&
	    (sealed = seal(ctl, &acc)) == NULL)
		return CTL_FAIL;
	if ((s = ctl_begin(ctl, 1)) == NULL) {
		free(sealed);
		return CTL_FAIL;
	}
	if ((made = store_account_put(s, &acc, sealed, time(NULL))) == -1 ||
	    store_account_byid(s, acc.id, &acc) != 1 ||
	    store_account_uses(s, acc.id, &n) == -1)
		status = ctl_store_fail(ctl, s);
	free(sealed);
	if ((status = ctl_end_shred(ctl, s, status)) != CTL_OK)
		return status;
	json_object(&ctl->js, NULL);
	ctl_json_account(ctl, "account", &acc, 1, n);
	json_bool(&ctl->js, "changed", !made);
	json_end(&ctl->js);
	ctl_say(ctl, "%s is %s", acc.name, made ? "an account now" :
	    "changed: what leaves through it from now on uses this server "
	    "and login");
	return CTL_OK;
}

int
ctl_account_del(struct ctl *ctl)
{
	struct store_account	 acc;
	struct store		*s;
	int			 status;

	if ((s = ctl_begin(ctl, 1)) == NULL)
		return CTL_FAIL;
	status = ctl_find_account(ctl, s, ctl->arg[0], &acc);
	if (status == CTL_OK && store_account_del(s, acc.id) == -1)
		status = ctl_store_fail(ctl, s);
	if ((status = ctl_end_shred(ctl, s, status)) != CTL_OK)
		return status;
	json_object(&ctl->js, NULL);
	json_string(&ctl->js, "account", acc.name);
	json_bool(&ctl->js, "changed", 1);
	json_end(&ctl->js);
	ctl_say(ctl, "%s is deleted", acc.name);
	return CTL_OK;
}
