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

/* check account: what its server is worth, and whether mail through it will
 * be believed. */

#include <sys/types.h>
#include <sys/socket.h>
#include <arpa/inet.h>

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "ask.h"
#include "base/log.h"
#include "ctl.h"
#include "ctl_account.h"
#include "ctl_upstream.h"
#include "ctlcmd.h"
#include "report.h"
#include "store/accurl.h"

#define DOMAINS_MAX	50	/* identities' domains that are looked at */
#define ADDRS_MAX	8	/* the server's, of a family */
#define SOON		(21 * 86400)	/* seconds before a certificate ends */

struct checkacc {
	struct ctl		*ctl;
	struct report		 report;
	struct ask		 ask;
	struct store_account	 acc;
	char			 server[ACCURL_MAX + 1];
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
mechanisms(struct checkacc *c, const struct upstream_caps *caps)
{
	unsigned int	 can = 0;

	if (c->acc.auth == STORE_AUTH_PASSWORD)
		can = UPSTREAM_PLAIN | UPSTREAM_LOGIN;
	else if (c->acc.auth == STORE_AUTH_OAUTH)
		can = UPSTREAM_XOAUTH2 | UPSTREAM_OAUTHBEARER;
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
	if (status == CTL_OK && accurl_server(&c.acc, c.server,
	    sizeof(c.server)) == -1)
		c.server[0] = '\0';
	if (status == CTL_OK)
		status = check(&c);
	conf_list_free(&c.domains);
	ask_close(&c.ask);
	return status;
}
