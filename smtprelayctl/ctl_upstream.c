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
#include <unistd.h>

#include "base/hostport.h"
#include "conf/conf.h"
#include "crypto/oauthtext.h"
#include "ctl.h"
#include "ctl_upstream.h"
#include "oauth/oauthfetch.h"
#include "store/accoauth.h"
#include "store/accseal.h"

/* Our name in EHLO: that of the machine, if it is one. */
static void
own_name(char *buf, size_t size)
{
	if (gethostname(buf, size) == -1 ||
	    memchr(buf, '\0', size) == NULL || !hostport_is_domain(buf))
		(void)strlcpy(buf, "localhost", size);
}

static void
describe(const struct store_account *acc, char *helo, size_t size,
    struct upstream_conf *conf)
{
	static const enum upstream_kind	 kinds[] = {
		[STORE_SMTP_TLS] = UPSTREAM_SMTP_TLS,
		[STORE_SMTPS] = UPSTREAM_SMTPS,
		[STORE_LMTP] = UPSTREAM_LMTP
	};

	memset(conf, 0, sizeof(*conf));
	own_name(helo, size);
	conf->kind = kinds[acc->transport];
	conf->host = acc->host;
	conf->port = (int)acc->port;
	conf->helo = helo;
	conf->login = UPSTREAM_NOLOGIN;
}

int
ctl_upstream_probe(const struct store_account *acc, const char *servers,
    struct upstreamrun *run)
{
	struct upstream_conf	 conf;
	char			 helo[256];

	memset(run, 0, sizeof(*run));
	describe(acc, helo, sizeof(helo), &conf);
	return upstreamrun(&conf, NULL, servers, NULL, run) == 0;
}

const char *
ctl_upstream_why(const struct upstreamrun *run, char *buf, size_t size)
{
	const char	*stage = upstream_stagename(run->end.stage);
	const char	*text = run->end.text;

	if (strstr(text, stage) != NULL)
		(void)snprintf(buf, size, "%s", text);
	else
		(void)snprintf(buf, size, "%s: %s", stage, text);
	return buf;
}

int
ctl_upstream_look(const struct store_account *acc, struct tlsio_info *info)
{
	struct upstreamrun	*run;
	int			 tls;

	if ((run = calloc(1, sizeof(*run))) == NULL)
		return 0;
	(void)ctl_upstream_probe(acc, NULL, run);
	if ((tls = run->tls))
		*info = run->info;
	free(run);
	return tls;
}

static int
wrong(struct upstreamrun *run, const char *what)
{
	run->end.stage = UPSTREAM_AUTH;
	(void)strlcpy(run->end.text, what, sizeof(run->end.text));
	return CTL_FAIL;
}

/*
 * Has the account's OAuth data, in *secret, make place for an access token.
 * 0, or -1 with why in *run; *secret is NULL then.
 */
static int
token(struct store *s, const struct keys *keys,
    const struct store_account *acc, char **secret, struct upstreamrun *run)
{
	struct oauthanswer	 a = { 0 };
	struct oauthtext	 o;
	char			*text = *secret, err[256];
	int			 ok;

	*secret = NULL;
	if (oauthtext_parse(&o, text, err, sizeof(err)) == -1) {
		oauthtext_free(&o);
		accseal_wipe(text);
		(void)wrong(run, "the OAuth data makes no sense");
		return -1;
	}
	oauthfetch_run(&o, NULL, NULL, &a);
	ok = a.state == OAUTHANSWER_GOOD;
	if (!ok)
		(void)wrong(run, a.text);
	else if (a.refresh != NULL &&
	    accoauth_renew(keys, s, acc, text, a.refresh) == -1) {
		(void)wrong(run, "the renewed refresh token cannot be kept");
		ok = 0;
	} else {
		*secret = a.token;
		a.token = NULL;
	}
	oauthanswer_free(&a);
	accseal_wipe(text);
	return ok ? 0 : -1;
}

int
ctl_upstream(struct ctl *ctl, struct store *s, const struct keys *keys,
    const struct store_account *acc, const struct upstreamrun_mail *mail,
    struct upstreamrun *run)
{
	struct upstream_conf	 conf;
	char			 helo[256], *secret = NULL;
	int			 ret;

	memset(run, 0, sizeof(*run));
	describe(acc, helo, sizeof(helo), &conf);
	conf.verify = ctl->conf->outbound.tls == CONF_TLS_VERIFY;
	if (acc->auth != STORE_AUTH_NONE) {
		if ((ret = accseal_read(keys, s, acc, &secret)) != 1)
			return wrong(run, ret == 0 ? "the password is sealed "
			    "under a key that is not in the key file: add the "
			    "account again" : "the password cannot be read");
		if (acc->auth == STORE_AUTH_OAUTH &&
		    token(s, keys, acc, &secret, run) == -1)
			return CTL_FAIL;
		conf.login = acc->auth == STORE_AUTH_OAUTH ?
		    UPSTREAM_BEARER : UPSTREAM_PASSWORD;
		conf.user = acc->user;
		conf.secret = secret;
	}
	ret = upstreamrun(&conf, NULL, NULL, mail, run);
	accseal_wipe(secret);
	return ret == 0 ? CTL_OK : CTL_FAIL;
}
