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
#include <sys/types.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "ask.h"
#include "base/hostport.h"
#include "base/log.h"
#include "conf/conf.h"
#include "crypto/keys.h"
#include "crypto/oauthtext.h"
#include "ctl.h"
#include "ctl_account.h"
#include "ctl_upstream.h"
#include "ctlcmd.h"
#include "oauth/oauthfetch.h"
#include "report.h"
#include "smtp/sasl.h"
#include "store/account_seal.h"
#include "store/account_url.h"

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
		account_seal_wipe(text);
		(void)wrong(run, "the OAuth data makes no sense");
		return -1;
	}
	oauthfetch_run(&o, NULL, NULL, &a);
	ok = a.state == OAUTHANSWER_GOOD;
	if (!ok)
		(void)wrong(run, a.text);
	else if (a.refresh != NULL &&
	    account_seal_renew(keys, s, acc, text, a.refresh) == -1) {
		(void)wrong(run, "the renewed refresh token cannot be kept");
		ok = 0;
	} else {
		*secret = a.token;
		a.token = NULL;
	}
	oauthanswer_free(&a);
	account_seal_wipe(text);
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
		if ((ret = account_seal_read(keys, s, acc, &secret)) != 1)
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
	account_seal_wipe(secret);
	return ret == 0 ? CTL_OK : CTL_FAIL;
}

/* account test: how far a session with the server comes. */

static void
json_text(struct ctl *ctl, const char *name, const char *text)
{
	json_string(&ctl->js, name, text[0] != '\0' ? text : NULL);
}

static void
show_tls(struct ctl *ctl, const struct upstreamrun *run)
{
	const struct tlsio_info	*t = &run->info;
	char			 from[32], to[32];

	if (!run->tls) {
		json_null(&ctl->js, "tls");
		return;
	}
	json_object(&ctl->js, "tls");
	json_string(&ctl->js, "version", t->version);
	json_string(&ctl->js, "cipher", t->cipher);
	json_text(ctl, "subject", t->subject);
	json_text(ctl, "issuer", t->issuer);
	json_text(ctl, "names", t->names);
	json_text(ctl, "sha256", t->sha256);
	ctl_json_time(ctl, "not_before", t->notbefore);
	ctl_json_time(ctl, "not_after", t->notafter);
	json_bool(&ctl->js, "verified", t->verified);
	json_text(ctl, "problem", t->problem);
	json_end(&ctl->js);
	ctl_say(ctl, "TLS\t%s, %s", t->version, t->cipher);
	ctl_say(ctl, "subject\t%s", t->subject);
	ctl_say(ctl, "issuer\t%s", t->issuer);
	ctl_say(ctl, "names\t%s", t->names);
	ctl_say(ctl, "valid\t%s to %s", ctl_time(t->notbefore, from,
	    sizeof(from)), ctl_time(t->notafter, to, sizeof(to)));
	ctl_say(ctl, "SHA-256\t%s", t->sha256);
	ctl_say(ctl, "trust\t%s%s", t->verified ? "certificate and name are "
	    "right" : "NOT VERIFIED: ", t->problem);
}

static void
show_run(struct ctl *ctl, const struct store_account *acc,
    const struct upstreamrun *run)
{
	char	 used[64] = "";

	sasl_names(run->caps.used, used, sizeof(used));
	json_object(&ctl->js, NULL);
	json_string(&ctl->js, "account", acc->name);
	json_bool(&ctl->js, "ready", run->ready);
	json_text(ctl, "server", run->peer);
	ctl_say(ctl, "server\t%s", run->peer[0] != '\0' ? run->peer : "-");
	show_tls(ctl, run);
	json_text(ctl, "mechanisms", run->caps.mechlist);
	json_text(ctl, "used", used);
	json_text(ctl, "answer", run->answer);
	ctl_say(ctl, "login\t%s%s%s", run->caps.mechlist[0] != '\0' ?
	    run->caps.mechlist : run->peer[0] != '\0' && (run->ready ||
	    run->end.stage == UPSTREAM_AUTH) ? "none offered" : "-",
	    used[0] != '\0' ? ", used " : "", used);
	if (run->answer[0] != '\0')
		ctl_say(ctl, "answer\t%s", run->answer);
	json_string(&ctl->js, "stage", run->ready ? NULL :
	    upstream_stagename(run->end.stage));
	json_string(&ctl->js, "reason", run->ready ? NULL : run->end.text);
	json_end(&ctl->js);
	if (run->ready)
		ctl_say(ctl, "%s works: its server would take mail",
		    acc->name);
}

/* null: no server, no session. */
static int
discards(struct ctl *ctl, const struct store_account *acc)
{
	json_object(&ctl->js, NULL);
	json_string(&ctl->js, "account", acc->name);
	json_bool(&ctl->js, "ready", 1);
	json_null(&ctl->js, "server");
	json_end(&ctl->js);
	ctl_say(ctl, "%s is null: what is sent through it is discarded",
	    acc->name);
	return CTL_OK;
}

static int
test(struct ctl *ctl, struct store *s, const struct keys *keys)
{
	struct store_account	 acc;
	struct upstreamrun	*run;
	char			 why[CTL_UPSTREAM_WHY];
	int			 status;

	status = ctl_find_account(ctl, s, ctl->arg[0], &acc);
	if (status == CTL_OK)
		status = ctl_account_allowed(ctl, &acc);
	if (status != CTL_OK)
		return status;
	if (acc.transport == STORE_NULL)
		return discards(ctl, &acc);
	if ((run = calloc(1, sizeof(*run))) == NULL)
		return ctl_fail(ctl, "out of memory");
	status = ctl_upstream(ctl, s, keys, &acc, NULL, run);
	/* Which certificate it was that was refused. */
	if (status != CTL_OK && run->end.stage == UPSTREAM_TLS && !run->tls)
		run->tls = ctl_upstream_look(&acc, &run->info);
	/* What was found on the way says more than where it ended. */
	ctl->show_anyway = 1;
	show_run(ctl, &acc, run);
	if (status != CTL_OK)
		status = ctl_fail(ctl, "%s: %s", acc.name,
		    ctl_upstream_why(run, why, sizeof(why)));
	else if (store_account_worked(s, acc.id, acc.generation,
	    time(NULL)) == -1)
		status = ctl_store_fail(ctl, s);
	free(run);
	return status;
}

int
ctl_account_test(struct ctl *ctl)
{
	struct store	*s;
	struct keys	*keys;
	char		 err[512];
	int		 status;

	if ((keys = keys_open(ctl->conf->key, err, sizeof(err))) == NULL)
		return ctl_fail(ctl, "%s", err);
	/* Nobody waits for the database while a server thinks. */
	if ((s = ctl_open(ctl)) == NULL)
		status = CTL_FAIL;
	else
		status = test(ctl, s, keys);
	store_close(s);
	keys_free(keys);
	return status;
}

/* check account: what its server is worth, and whether mail through it will
 * be believed. */

#define DOMAINS_MAX	50	/* identities' domains that are looked at */
#define ADDRS_MAX	8	/* the server's, of a family */
#define SOON		(21 * 86400)	/* seconds before a certificate ends */

struct checkacc {
	struct ctl		*ctl;
	struct report		 report;
	struct ask		 ask;
	struct store_account	 acc;
	char			 server[ACCOUNT_URL_MAX + 1];
	struct conf_list	 domains;	/* in lower case */
};

/* Keeps the domain of an identity that uses the account. */
static int
identity(const struct store_identity *idt, void *arg)
{
	struct checkacc	*c = arg;
	const char	*domain;
	size_t		 i;

	if (idt->account != c->acc.id ||
	    (domain = strrchr(idt->folded, '@')) == NULL)
		return 0;
	for (i = 0; i < c->domains.count; i++)
		if (strcmp(c->domains.item[i], domain + 1) == 0)
			return 0;
	if (c->domains.count < DOMAINS_MAX)
		return conf_list_add(&c->domains, domain + 1);
	return 0;
}

static void
certificate(struct checkacc *c, const struct tlsio_info *t)
{
	int	 must = c->ctl->conf->outbound.tls == CONF_TLS_VERIFY;
	time_t	 now = time(NULL);
	char	 until[32];

	(void)ctl_time(t->notafter, until, sizeof(until));
	if (!t->verified)
		report_line(&c->report, must ? REPORT_FAIL : REPORT_WARN,
		    c->server, "certificate", "have the server's owner get a "
		    "right one; \"tls require\" would take any", "%s",
		    t->problem);
	else if (t->notafter - now < SOON)
		report_line(&c->report, REPORT_WARN, c->server, "certificate",
		    "have the server's owner renew it", "it ends %s", until);
	else
		report_line(&c->report, REPORT_PASS, c->server, "certificate",
		    NULL, "right, until %s", until);
}

/* Is there a way to log in that we know? */
static void
mechanisms(struct checkacc *c, const struct ehlo *caps)
{
	unsigned int	 can = 0;

	if (c->acc.auth == STORE_AUTH_PASSWORD)
		can = SASL_PLAIN | SASL_LOGIN;
	else if (c->acc.auth == STORE_AUTH_OAUTH)
		can = SASL_XOAUTH2 | SASL_OAUTHBEARER;
	else
		return;
	if (caps->mechs & can)
		report_line(&c->report, REPORT_PASS, c->server, "login", NULL,
		    "offered: %s (account test tries it)", caps->mechlist);
	else
		report_line(&c->report, REPORT_FAIL, c->server, "login",
		    c->acc.auth == STORE_AUTH_OAUTH ?
		    "add the account again with a password" :
		    "add the account again with -o, if the server's owner "
		    "offers OAuth 2", "offered: %s", caps->mechlist[0] != '\0' ?
		    caps->mechlist : "nothing");
}

static void
session(struct checkacc *c)
{
	const char		*name;
	struct upstreamrun	*run;
	char			 why[CTL_UPSTREAM_WHY];
	int			 ready;

	if ((run = calloc(1, sizeof(*run))) == NULL)
		return;
	ready = ctl_upstream_probe(&c->acc,
	    c->ask.server[0] != '\0' ? c->ask.server : NULL, run);
	name = c->acc.transport == STORE_SMTP_TLS ? "STARTTLS" : "TLS";
	if (ready)
		report_line(&c->report, REPORT_PASS, c->server, "session",
		    NULL, "%s answers", run->peer);
	else
		report_line(&c->report, REPORT_FAIL, c->server, "session",
		    "see that the account's URL is right and a firewall lets "
		    "this host through", "%s",
		    ctl_upstream_why(run, why, sizeof(why)));
	if (c->acc.transport == STORE_LMTP)
		report_line(&c->report, REPORT_WARN, c->server, name,
		    "use it inside one machine or network only",
		    "LMTP goes in the clear");
	else if (run->tls) {
		report_line(&c->report, REPORT_PASS, c->server, name, NULL,
		    "%s, %s", run->info.version, run->info.cipher);
		certificate(c, &run->info);
	}
	if (ready)
		mechanisms(c, &run->caps);
	free(run);
}

/* What a domain says of one address of the server (RFC 7208). */
static void
spf_one(struct checkacc *c, const char *domain, int family, const void *addr)
{
	struct spf_request	 req;
	struct spf_result	 res;
	char			 text[INET6_ADDRSTRLEN];

	memset(&req, 0, sizeof(req));
	req.family = family;
	req.addr = addr;
	req.sender = domain;
	req.helo = c->acc.host;
	ask_spf(&c->ask, &req, &res);
	if (inet_ntop(family, addr, text, sizeof(text)) == NULL)
		return;
	if (res.result == SPF_PASS)
		report_line(&c->report, REPORT_PASS, domain, "SPF", NULL,
		    "%s may send, by \"%s\"", text, res.why);
	else if (res.result == SPF_PERMERROR || res.result == SPF_TEMPERROR)
		report_line(&c->report, REPORT_FAIL, domain, "SPF",
		    "have the domain's owner mend the record", "%s: %s",
		    spf_word(res.result), res.why);
	else
		report_line(&c->report, REPORT_WARN, domain, "SPF",
		    "if the server delivers by itself, and not by others, the "
		    "domain's record must name it", "%s: %s", text,
		    spf_word(res.result));
}

static void
spf_family(struct checkacc *c, const char *domain, int type)
{
	struct dns_answer	 ans;
	struct in6_addr		 literal;
	size_t			 i;
	int			 v4 = type == DNS_A;

	/* An address in place of a name has nothing to look up. */
	if (inet_pton(v4 ? AF_INET : AF_INET6, c->acc.host, &literal) == 1) {
		spf_one(c, domain, v4 ? AF_INET : AF_INET6, &literal);
		return;
	}
	if (ask_later(ask_dns(&c->ask, c->acc.host, type, &ans)))
		report_line(&c->report, REPORT_FAIL, domain, "SPF",
		    "ask again later", "%s cannot be looked up: %s",
		    c->acc.host, dns_status(ans.status));
	for (i = 0; i < ans.n && i < ADDRS_MAX; i++)
		spf_one(c, domain, v4 ? AF_INET : AF_INET6, v4 ?
		    (const void *)&ans.v[i].in : (const void *)&ans.v[i].in6);
	ask_clear(&ans);
}

static int
check(struct checkacc *c)
{
	size_t	 i;

	report_begin(&c->report, c->ctl);
	if (c->acc.transport == STORE_NULL)
		report_line(&c->report, REPORT_WARN, c->acc.name, "server",
		    "it is for tests", "what is sent through it is discarded");
	else {
		if (!conf_host_allowed(c->ctl->conf, c->acc.host,
		    c->acc.port))
			report_line(&c->report, REPORT_FAIL, c->server,
			    "server", "add it to hosts in relay.conf, or "
			    "delete the account", "not under hosts");
		session(c);
	}
	if (c->domains.count == 0)
		report_line(&c->report, REPORT_WARN, c->acc.name, "identities",
		    "smtprelayctl identity add", "nobody sends through it");
	for (i = 0; i < c->domains.count &&
	    c->acc.transport != STORE_NULL; i++) {
		spf_family(c, c->domains.item[i], DNS_A);
		spf_family(c, c->domains.item[i], DNS_AAAA);
	}
	return report_end(&c->report);
}

int
ctl_check_account(struct ctl *ctl)
{
	struct checkacc	 c;
	struct store	*s;
	int		 status;

	memset(&c, 0, sizeof(c));
	c.ctl = ctl;
	log_init("smtprelayctl", 1);
	/* Before the store's user takes over resolv.conf is read. */
	if ((status = ask_open(&c.ask, ctl, 's')) != CTL_OK)
		return status;
	if ((s = ctl_open(ctl)) == NULL)
		status = CTL_FAIL;
	else if ((status = ctl_find_account(ctl, s, ctl->arg[0],
	    &c.acc)) == CTL_OK && store_identity_each(s, NULL, identity,
	    &c) == -1)
		status = ctl_store_fail(ctl, s);
	/* Nobody waits for the database while servers think. */
	store_close(s);
	if (status == CTL_OK && account_url_server(&c.acc, c.server,
	    sizeof(c.server)) == -1)
		c.server[0] = '\0';
	if (status == CTL_OK)
		status = check(&c);
	conf_list_free(&c.domains);
	ask_close(&c.ask);
	return status;
}
