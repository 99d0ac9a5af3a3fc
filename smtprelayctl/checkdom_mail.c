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

/* A domain's keys, its policy, and where its mail goes. */

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "checkdom.h"
#include "dkim/dkim.h"
#include "dmarc/dmarc.h"

#define RSA_GOOD	2048	/* bits; RFC 8301 3.2 */
#define TODO_MAX	512
#define MX_LOOKED_AT	20

/* What is wrong with a key, or NULL, and a remedy. */
static const char *
key_fault(const struct dkim_record *r, int bits, const char **todo)
{
	*todo = "publish the public key that the signer has";
	if (r->alg == 0)
		return "its kind of key is unknown";
	if (r->revoked) {
		*todo = "stop signing with this selector, or publish a key";
		return "it is revoked: p= is empty";
	}
	if (bits == -1)
		return "the key cannot be read";
	if (!r->sha256)
		return "it does not allow SHA-256";
	if (!r->email)
		return "it is not for mail";
	if (r->alg == DKIM_RSA_SHA256 && bits < DKIM_RSA_MIN) {
		*todo = "make a key of 2048 bits";
		return "the key is too short, nobody believes it";
	}
	return NULL;
}

static void
key_record(struct checkdom *c, const char *name, const struct dns_record *d)
{
	struct dkim_record	 r;
	const char		*fault, *todo;
	int			 bits, weak;

	if (dkim_record_parse(&r, d->text, d->len) == -1) {
		report_line(&c->report, REPORT_FAIL, name, "DKIM",
		    "publish \"v=DKIM1; k=rsa; p=...\"",
		    "the record is no key");
		return;
	}
	bits = dkim_record_bits(&r);
	if ((fault = key_fault(&r, bits, &todo)) != NULL) {
		report_line(&c->report, REPORT_FAIL, name, "DKIM", todo,
		    "%s", fault);
		return;
	}
	if (r.testing) {
		report_line(&c->report, REPORT_WARN, name, "DKIM",
		    "take t=y out", "the key is for tests: receivers treat "
		    "what it signs as not signed");
		return;
	}
	c->dkim = 1;
	weak = r.alg == DKIM_RSA_SHA256 && bits < RSA_GOOD;
	report_line(&c->report, weak ? REPORT_WARN : REPORT_PASS, name,
	    "DKIM", weak ? "make a key of 2048 bits" : NULL, "%s key of %d "
	    "bits", r.alg == DKIM_RSA_SHA256 ? "RSA" : "Ed25519", bits);
}

static void
key_selector(struct checkdom *c, const char *selector, const char *domain)
{
	struct dns_answer	 ans;
	char			 name[DNS_NAME_MAX + 1];
	int			 n;

	n = snprintf(name, sizeof(name), "%s._domainkey.%s", selector,
	    domain);
	if (n < 0 || (size_t)n >= sizeof(name) || !dns_name_valid(name)) {
		report_line(&c->report, REPORT_FAIL, domain, "DKIM",
		    "take another selector", "%.100s makes no name",
		    selector);
		return;
	}
	if (checkdom_silent(c, name, "DKIM", name,
	    ask_dns(&c->ask, name, DNS_TXT, &ans)))
		return;
	if (ans.n == 0)
		report_line(&c->report, REPORT_FAIL, name, "DKIM",
		    "publish the public key there", "no key");
	else if (ans.n > 1)
		report_line(&c->report, REPORT_FAIL, name, "DKIM",
		    "leave the one that the signer has", "%zu records",
		    ans.n);
	else
		key_record(c, name, &ans.v[0]);
	ask_clear(&ans);
}

void
checkdom_dkim(struct checkdom *c, const char *domain)
{
	const char	*selector;
	int		 i;

	for (i = 0; (selector = ctl_value(c->ctl, 'k', i)) != NULL; i++)
		key_selector(c, selector, domain);
	if (i == 0)
		report_line(&c->report, REPORT_WARN, domain, "DKIM",
		    "say with -k which selectors sign",
		    "no key was looked at");
}

/* Does what leaves here as the domain pass DMARC (RFC 9989 4.4)? */
static void
dmarc_aligned(struct checkdom *c, const char *domain,
    const struct dmarc_record *r)
{
	if (c->spf && c->dkim)
		report_line(&c->report, REPORT_PASS, domain, "DMARC", NULL,
		    "mail from here passes by SPF and, signed, by DKIM%s",
		    r->adkim == 's' ? " where d= is this very domain" : "");
	else if (c->spf)
		report_line(&c->report, REPORT_WARN, domain, "DMARC",
		    "sign by DKIM: SPF alone fails where mail is forwarded",
		    "mail from here passes by SPF alone");
	else if (c->dkim)
		report_line(&c->report, REPORT_WARN, domain, "DMARC",
		    "let SPF name this host, too",
		    "mail from here passes by DKIM alone, when it is signed");
	else
		report_line(&c->report, REPORT_FAIL, domain, "DMARC",
		    "let SPF name this host, and sign by DKIM",
		    "mail from here passes neither by SPF nor by DKIM");
}

static void
dmarc_report(struct checkdom *c, const char *domain,
    const struct dmarc_record *r, const char *where)
{
	int	 policy = r->p;

	if (strcasecmp(where, domain) != 0 && r->sp >= DMARC_P_NONE)
		policy = r->sp;
	if (policy < DMARC_P_NONE)
		policy = DMARC_P_NONE;
	report_line(&c->report, policy == DMARC_P_NONE || r->test ?
	    REPORT_WARN : REPORT_PASS, domain, "DMARC",
	    policy == DMARC_P_NONE ? "when the reports show no surprise, ask "
	    "for p=quarantine or p=reject" : r->test ?
	    "when the reports show no surprise, take t=y out" : NULL,
	    "the policy is %s%s, at %s", dmarc_policy(policy),
	    r->test ? ", on trial" : "", where);
	if (!r->rua)
		report_line(&c->report, REPORT_WARN, domain, "DMARC",
		    "add rua=mailto:ADDRESS", "nobody gets reports");
	dmarc_aligned(c, domain, r);
}

void
checkdom_dmarc(struct checkdom *c, const char *domain)
{
	const struct dmarc_record	*r;
	struct dns_answer		 ans;
	struct dmarc_walk		 walk;
	const char			*where;
	char				 name[DNS_NAME_MAX + 1];
	char				 todo[TODO_MAX];

	if (dmarc_walk_start(&walk, domain) == -1)
		return;
	while (dmarc_walk_next(&walk, name, sizeof(name))) {
		(void)ask_dns(&c->ask, name, DNS_TXT, &ans);
		dmarc_walk_answer(&walk, &ans);
		if (checkdom_silent(c, domain, "DMARC", name, ans.status))
			walk.failed = 1;
		ask_clear(&ans);
	}
	if ((r = dmarc_walk_policy(&walk, &where)) != NULL) {
		dmarc_report(c, domain, r, where);
		return;
	}
	if (walk.failed)
		return;
	(void)snprintf(todo, sizeof(todo), "publish a TXT record at "
	    "_dmarc.%s: \"v=DMARC1; p=none; rua=mailto:postmaster@%s\"",
	    domain, domain);
	report_line(&c->report, REPORT_FAIL, domain, "DMARC", todo,
	    "no policy: large receivers refuse mail in bulk without");
}

/* A host that takes mail: a name with addresses, no alias (RFC 5321 5.1). */
static void
mx_host(struct checkdom *c, const char *domain, const char *host)
{
	struct dns_answer	 alias, v4, v6;
	size_t			 n;

	(void)ask_dns(&c->ask, host, DNS_CNAME, &alias);
	(void)ask_dns(&c->ask, host, DNS_A, &v4);
	(void)ask_dns(&c->ask, host, DNS_AAAA, &v6);
	n = v4.n + v6.n;
	if (n == 0 && (checkdom_silent(c, domain, "MX", host, v4.status) ||
	    checkdom_silent(c, domain, "MX", host, v6.status)))
		;
	else if (n == 0)
		report_line(&c->report, REPORT_FAIL, domain, "MX",
		    "give it an address, or take it out",
		    "%s has no address", host);
	else if (alias.n > 0)
		report_line(&c->report, REPORT_WARN, domain, "MX",
		    "name the host itself", "%s is an alias", host);
	else
		report_line(&c->report, REPORT_PASS, domain, "MX", NULL,
		    "%s", host);
	ask_clear(&alias);
	ask_clear(&v4);
	ask_clear(&v6);
}

void
checkdom_mx(struct checkdom *c, const char *domain)
{
	struct dns_answer	 ans;
	size_t			 i;

	if (checkdom_silent(c, domain, "MX", domain,
	    ask_dns(&c->ask, domain, DNS_MX, &ans)))
		return;
	if (ans.status == DNS_NXDOMAIN)
		report_line(&c->report, REPORT_FAIL, domain, "MX",
		    "register the domain, or mend its name",
		    "the domain does not exist");
	else if (ans.n == 0)
		report_line(&c->report, REPORT_WARN, domain, "MX",
		    "add an MX record: without, bounces and answers go to the "
		    "domain's own address, if it has one", "no record");
	else if (ans.n == 1 && ans.v[0].text[0] == '\0')
		report_line(&c->report, REPORT_WARN, domain, "MX",
		    "who does not take mail should not send any",
		    "the domain takes no mail (RFC 7505)");
	else
		for (i = 0; i < ans.n && i < MX_LOOKED_AT; i++)
			mx_host(c, domain, ans.v[i].text);
	ask_clear(&ans);
}
