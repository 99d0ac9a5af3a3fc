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
#include <sys/timex.h>
#include <sys/types.h>

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "ask.h"
#include "base/hostport.h"
#include "base/log.h"
#include "base/sbuf.h"
#include "ctlcmd.h"
#include "dkim/dkim.h"
#include "dmarc/dmarc.h"
#include "dns/dnslist.h"
#include "report.h"

/* check domain: what others find wrong with mail from here. */

#define CHECKDOM_ADDRS_MAX	16	/* of this host */
#define CHECKDOM_HOST_MAX	256

/* An address of this host, as the outside sees it. */
struct checkdom_addr {
	int		 family;
	unsigned char	 addr[16];
	char		 text[INET6_ADDRSTRLEN];
};

struct checkdom {
	struct ctl		*ctl;
	struct report		 report;
	struct ask		 ask;
	char			 host[CHECKDOM_HOST_MAX]; /* our greeting */
	struct checkdom_addr	 addrs[CHECKDOM_ADDRS_MAX];
	size_t			 naddrs;
	/* Of the domain being looked at: what leaves here passes by this. */
	int			 spf, dkim;
};

/* A domain's SPF record (RFC 7208), and what it says of this host. */

#define LOOKUPS_FEW	8	/* from here on little room is left */
#define TODO_MAX	1024

/* A line for a question that nobody answered; 1, or 0: it was answered. */
static int
say_unanswered(struct checkdom *c, const char *about, const char *check,
    const char *name, int status)
{
	if (!ask_later(status))
		return 0;
	report_line(&c->report, REPORT_FAIL, about, check,
	    "mend the name servers of that name, or ask again later",
	    "%s cannot be looked up: %s", name, dns_status(status));
	return 1;
}

/* A record that this host could have. */
static void
spf_suggest(const struct checkdom *c, const char *domain, char *buf,
    size_t size)
{
	struct sbuf	 b;
	size_t		 i;

	sbuf_init(&b, size - 1);
	sbuf_printf(&b, "publish a TXT record at %s: \"v=spf1 mx", domain);
	for (i = 0; i < c->naddrs; i++)
		sbuf_printf(&b, " ip%d:%s",
		    c->addrs[i].family == AF_INET ? 4 : 6, c->addrs[i].text);
	sbuf_addstr(&b, " -all\"");
	(void)strlcpy(buf, b.failed ? "publish an SPF record" : sbuf_str(&b),
	    size);
	sbuf_free(&b);
}

/* How the record ends: what it says of everybody else (5.1). */
static void
spf_end(struct checkdom *c, const char *domain, const struct spf_record *r)
{
	const struct spf_term	*t;
	size_t			 i;

	for (i = 0; i < r->n; i++) {
		t = &r->terms[i];
		if (t->kind == SPF_PTR)
			report_line(&c->report, REPORT_WARN, domain, "SPF",
			    "name the addresses instead",
			    "\"%s\" is slow, and ignored by many", t->text);
		if (t->kind != SPF_ALL)
			continue;
		if (t->qualifier == '+')
			report_line(&c->report, REPORT_FAIL, domain, "SPF",
			    "end the record by -all or ~all",
			    "\"%s\" lets everybody send", t->text);
		else if (t->qualifier == '?')
			report_line(&c->report, REPORT_WARN, domain, "SPF",
			    "end the record by -all or ~all",
			    "\"%s\" says nothing of others", t->text);
		return;
	}
	if (r->redirect == NULL)
		report_line(&c->report, REPORT_WARN, domain, "SPF",
		    "end the record by -all or ~all",
		    "the record says nothing of other hosts");
}

/* What the record costs whoever looks at it (4.6.4). */
static void
spf_cost(struct checkdom *c, const char *domain)
{
	static const unsigned char	 nobody[4];
	struct spf_request		 req;
	struct spf_result		 res;

	memset(&req, 0, sizeof(req));
	req.family = AF_INET;
	req.addr = nobody;
	req.sender = domain;
	req.helo = c->host;
	req.flags = SPF_WALK;
	ask_spf(&c->ask, &req, &res);
	if (res.result == SPF_PERMERROR || res.result == SPF_TEMPERROR)
		report_line(&c->report, REPORT_FAIL, domain, "SPF",
		    "mend what it names, or take it out", "%s", res.why);
	if (res.lookups > SPF_LOOKUPS_MAX)
		report_line(&c->report, REPORT_FAIL, domain, "SPF",
		    "replace a, mx and include by ip4 and ip6",
		    "%d terms ask the DNS, of at most %d", res.lookups,
		    SPF_LOOKUPS_MAX);
	else
		report_line(&c->report, res.lookups >= LOOKUPS_FEW ?
		    REPORT_WARN : REPORT_PASS, domain, "SPF",
		    res.lookups >= LOOKUPS_FEW ? "replace a, mx and include "
		    "by ip4 and ip6 before others add theirs" : NULL,
		    "%d terms ask the DNS, of at most %d", res.lookups,
		    SPF_LOOKUPS_MAX);
	if (res.voids > SPF_VOIDS_MAX)
		report_line(&c->report, REPORT_FAIL, domain, "SPF",
		    "take out names that do not exist",
		    "%d terms ask for what is not there, of at most %d",
		    res.voids, SPF_VOIDS_MAX);
}

/* May this address send?  1 or 0. */
static int
spf_host(struct checkdom *c, const char *domain,
    const struct checkdom_addr *a)
{
	struct spf_request	 req;
	struct spf_result	 res;
	char			 todo[TODO_MAX];

	memset(&req, 0, sizeof(req));
	req.family = a->family;
	req.addr = a->addr;
	req.sender = domain;
	req.helo = c->host;
	ask_spf(&c->ask, &req, &res);
	if (res.result == SPF_PASS) {
		report_line(&c->report, REPORT_PASS, domain, "SPF", NULL,
		    "%s may send, by \"%s\"", a->text, res.why);
		return 1;
	}
	(void)snprintf(todo, sizeof(todo), "if mail of %s leaves from there, "
	    "add ip%d:%s to the record", domain, a->family == AF_INET ? 4 : 6,
	    a->text);
	report_line(&c->report, REPORT_FAIL, domain, "SPF",
	    res.result == SPF_PERMERROR || res.result == SPF_TEMPERROR ?
	    "mend the record" : todo, "%s: %s%s%s", a->text,
	    spf_word(res.result), res.why[0] != '\0' ? ", by " : "", res.why);
	return 0;
}

/* The record's text; 1 there is one that can be read. */
static int
spf_text(struct checkdom *c, const char *domain)
{
	const struct dns_record	*found = NULL;
	struct dns_answer	 ans;
	struct spf_record	 r;
	char			 todo[TODO_MAX], why[SPF_WHY_MAX];
	size_t			 i, n = 0;
	int			 good = 0;

	if (say_unanswered(c, domain, "SPF", domain,
	    ask_dns(&c->ask, domain, DNS_TXT, &ans)))
		return 0;
	for (i = 0; i < ans.n; i++)
		if (spf_record_is(ans.v[i].text, ans.v[i].len)) {
			found = &ans.v[i];
			n++;
		}
	spf_suggest(c, domain, todo, sizeof(todo));
	if (n == 0)
		report_line(&c->report, REPORT_FAIL, domain, "SPF", todo,
		    "no record");
	else if (n > 1)
		report_line(&c->report, REPORT_FAIL, domain, "SPF",
		    "make one of them: none counts so", "%zu records", n);
	else if (spf_record_parse(&r, found->text, found->len, why) == -1)
		report_line(&c->report, REPORT_FAIL, domain, "SPF",
		    "correct the record: none counts so", "%s", why);
	else {
		good = 1;
		report_line(&c->report, REPORT_PASS, domain, "SPF", NULL,
		    "%s", found->text);
		spf_end(c, domain, &r);
		spf_record_free(&r);
	}
	ask_clear(&ans);
	return good;
}

/* Lines on a domain. */
static void
check_spf(struct checkdom *c, const char *domain)
{
	size_t	 i, passed = 0;

	if (!spf_text(c, domain))
		return;
	spf_cost(c, domain);
	for (i = 0; i < c->naddrs; i++)
		passed += spf_host(c, domain, &c->addrs[i]);
	c->spf = passed > 0 && passed == c->naddrs;
}

/* A domain's keys, its policy, and where its mail goes. */

#define RSA_GOOD	2048	/* bits; RFC 8301 3.2 */
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
	if (say_unanswered(c, name, "DKIM", name,
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

static void
check_dkim(struct checkdom *c, const char *domain)
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

static void
check_dmarc(struct checkdom *c, const char *domain)
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
		if (say_unanswered(c, domain, "DMARC", name, ans.status))
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
	if (n == 0 && (say_unanswered(c, domain, "MX", host, v4.status) ||
	    say_unanswered(c, domain, "MX", host, v6.status)))
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

static void
check_mx(struct checkdom *c, const char *domain)
{
	struct dns_answer	 ans;
	size_t			 i;

	if (say_unanswered(c, domain, "MX", domain,
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

/* This host, as others see it: addresses, names, lists, clock. */

#ifdef __linux__
#endif

#define MAILNAME	"/etc/mailname"
#define RELEASED	1767225600	/* 2026: no clock is right before it */

/* Lists that many receivers ask. */
static const char *const checkdom_lists[] = {
	"zen.spamhaus.org", "bl.spamcop.net", "b.barracudacentral.org"
};

static int
addr_add(struct checkdom *c, int family, const void *addr)
{
	struct checkdom_addr	*a;

	if (c->naddrs == CHECKDOM_ADDRS_MAX)
		return -1;
	a = &c->addrs[c->naddrs];
	a->family = family;
	memcpy(a->addr, addr, family == AF_INET ? 4 : 16);
	if (inet_ntop(family, addr, a->text, sizeof(a->text)) == NULL)
		return -1;
	c->naddrs++;
	return 0;
}

/* Addresses of nobody else's mail: loopback, of a link (RFC 4291, 3927). */
static int
addr_local(int family, const unsigned char *a)
{
	if (family == AF_INET)
		return a[0] == 127 || a[0] == 0 ||
		    (a[0] == 169 && a[1] == 254);
	return IN6_IS_ADDR_LINKLOCAL((const struct in6_addr *)a) ||
	    IN6_IS_ADDR_LOOPBACK((const struct in6_addr *)a);
}

/* Those of networks behind a translator (RFC 1918, 6598, 4193). */
static int
addr_private(int family, const unsigned char *a)
{
	if (family == AF_INET6)
		return (a[0] & 0xfe) == 0xfc;
	return a[0] == 10 || (a[0] == 172 && (a[1] & 0xf0) == 16) ||
	    (a[0] == 192 && a[1] == 168) || (a[0] == 100 &&
	    (a[1] & 0xc0) == 64);
}

static void
addrs_find(struct checkdom *c)
{
	struct ifaddrs	*all, *i;
	const void	*p;
	int		 family;

	if (getifaddrs(&all) == -1)
		return;
	for (i = all; i != NULL; i = i->ifa_next) {
		if (i->ifa_addr == NULL || !(i->ifa_flags & IFF_UP))
			continue;
		family = i->ifa_addr->sa_family;
		if (family == AF_INET)
			p = &((struct sockaddr_in *)i->ifa_addr)->sin_addr;
		else if (family == AF_INET6)
			p = &((struct sockaddr_in6 *)i->ifa_addr)->sin6_addr;
		else
			continue;
		if (!addr_local(family, p) && !addr_private(family, p))
			(void)addr_add(c, family, p);
	}
	freeifaddrs(all);
}

/* The full name that the system gives for a short one, as smtpd asks it. */
static void
host_full(struct checkdom *c)
{
	struct addrinfo	 hints, *ai;

	memset(&hints, 0, sizeof(hints));
	hints.ai_flags = AI_CANONNAME;
	hints.ai_socktype = SOCK_STREAM;
	if (getaddrinfo(c->host, NULL, &hints, &ai) != 0)
		return;
	if (ai->ai_canonname != NULL && hostport_is_domain(ai->ai_canonname))
		(void)strlcpy(c->host, ai->ai_canonname, sizeof(c->host));
	freeaddrinfo(ai);
}

/* The name by which smtpd greets: mailname(5), else the host's. */
static void
host_name(struct checkdom *c)
{
	FILE	*fp;

	if ((fp = fopen("/etc/mail/mailname", "r")) != NULL ||
	    (fp = fopen(MAILNAME, "r")) != NULL) {
		if (fgets(c->host, sizeof(c->host), fp) == NULL)
			c->host[0] = '\0';
		c->host[strcspn(c->host, " \t\r\n")] = '\0';
		(void)fclose(fp);
	}
	if (!hostport_is_domain(c->host) &&
	    (gethostname(c->host, sizeof(c->host) - 1) == -1 ||
	    !hostport_is_domain(c->host)))
		c->host[0] = '\0';
	else if (strchr(c->host, '.') == NULL)
		host_full(c);
}

/*
 * Takes the addresses of -a, or else those of this host's interfaces, the
 * public ones if it has any, and the name that we greet by.  CTL_OK, or
 * CTL_USAGE after saying why.
 */
static int
find_addresses(struct checkdom *c)
{
	unsigned char	 addr[16];
	const char	*text;
	int		 i, rv;

	host_name(c);
	for (i = 0; (text = ctl_value(c->ctl, 'a', i)) != NULL; i++) {
		rv = -1;
		if (inet_pton(AF_INET, text, addr) == 1)
			rv = addr_add(c, AF_INET, addr);
		else if (inet_pton(AF_INET6, text, addr) == 1)
			rv = addr_add(c, AF_INET6, addr);
		if (rv == -1)
			return ctl_usage(c->ctl, "-a %s: expected an IPv4 or "
			    "IPv6 address, at most %d", text,
			    CHECKDOM_ADDRS_MAX);
	}
	if (i == 0)
		addrs_find(c);
	return CTL_OK;
}

/*
 * Looks name's addresses up: 1 when one of them is a's, else 0, -1 when
 * nobody answered.
 */
static int
has_address(struct checkdom *c, const char *name,
    const struct checkdom_addr *a)
{
	struct dns_answer	 ans;
	size_t			 i;
	int			 found = 0, v4 = a->family == AF_INET;

	if (ask_later(ask_dns(&c->ask, name, v4 ? DNS_A : DNS_AAAA, &ans)))
		found = -1;
	for (i = 0; i < ans.n; i++)
		if (v4 ? memcmp(&ans.v[i].in, a->addr, 4) == 0 :
		    memcmp(&ans.v[i].in6, a->addr, 16) == 0)
			found = 1;
	ask_clear(&ans);
	return found;
}

/* The names of an address; one must have it (RFC 1912 2.1). */
static void
host_ptr(struct checkdom *c, const struct checkdom_addr *a)
{
	struct dns_answer	 ans;
	char			 name[80];
	size_t			 i;

	if (dns_reverse(a->family, a->addr, name, sizeof(name)) == -1 ||
	    say_unanswered(c, a->text, "PTR", name,
	    ask_dns(&c->ask, name, DNS_PTR, &ans)))
		return;
	for (i = 0; i < ans.n; i++)
		if (has_address(c, ans.v[i].text, a) == 1)
			break;
	if (ans.n == 0)
		report_line(&c->report, REPORT_FAIL, a->text, "PTR",
		    "have whoever gave you the address set its PTR record to "
		    "the name by which this host greets",
		    "the address has no name");
	else if (i == ans.n)
		report_line(&c->report, REPORT_FAIL, a->text, "PTR",
		    "add the address to that name's A or AAAA records",
		    "its name %s does not have this address", ans.v[0].text);
	else
		report_line(&c->report, REPORT_PASS, a->text, "PTR", NULL,
		    "%s, which has this address", ans.v[i].text);
	ask_clear(&ans);
}

/* The name in a greeting should be a host's: RFC 5321 4.1.4. */
static void
host_greeting(struct checkdom *c)
{
	size_t	 i;
	int	 rv = 0;

	if (c->host[0] == '\0' || strchr(c->host, '.') == NULL) {
		report_line(&c->report, REPORT_FAIL, "this host", "name",
		    "give it a full name, in /etc/mailname or by hostname",
		    "it has no full name to greet by");
		return;
	}
	for (i = 0; i < c->naddrs && rv == 0; i++)
		rv = has_address(c, c->host, &c->addrs[i]);
	if (rv == 1)
		report_line(&c->report, REPORT_PASS, "this host", "name",
		    NULL, "%s is its name in the DNS, too", c->host);
	else if (c->naddrs > 0)
		report_line(&c->report, REPORT_WARN, "this host", "name",
		    "let the name it greets by have its address in the DNS",
		    "%s has none of its addresses", c->host);
}

/* 1 when a list answers as RFC 5782 5 wants; else a line, and 0. */
static int
list_works(struct checkdom *c, const char *text, struct dnslist *list)
{
	static const unsigned char	 test[4] = { 127, 0, 0, 2 };
	struct dns_answer		 ans;
	struct dnslist			 any;
	char				 name[DNS_NAME_MAX + 1];
	int				 rv;

	if (dnslist_parse(list, text) == -1 ||
	    dnslist_name(list, AF_INET, test, name, sizeof(name)) == -1) {
		report_line(&c->report, REPORT_WARN, text, "list",
		    "see smtprelayctl(8)", "this names no list");
		return 0;
	}
	/* Whatever codes count here, it has one for this address. */
	any = *list;
	any.n = 0;
	(void)ask_dns(&c->ask, name, DNS_A, &ans);
	if ((rv = dnslist_answer(&any, &ans, NULL)) != DNSLIST_LISTED)
		report_line(&c->report, REPORT_WARN, list->name, "list",
		    "ask by a name server of your own", rv ==
		    DNSLIST_REFUSED ? "it does not answer this name server" :
		    "it does not answer as lists do");
	ask_clear(&ans);
	return rv == DNSLIST_LISTED;
}

static void
list_one(struct checkdom *c, const struct dnslist *list,
    const struct checkdom_addr *a)
{
	struct dns_answer	 ans;
	char			 name[DNS_NAME_MAX + 1];

	if (dnslist_name(list, a->family, a->addr, name,
	    sizeof(name)) == -1 || say_unanswered(c, a->text, "list", name,
	    ask_dns(&c->ask, name, DNS_A, &ans)))
		return;
	if (dnslist_answer(list, &ans, NULL) != DNSLIST_LISTED)
		report_line(&c->report, REPORT_PASS, a->text, "list", NULL,
		    "%s does not have it", list->name);
	else {
		ask_clear(&ans);
		(void)ask_dns(&c->ask, name, DNS_TXT, &ans);
		report_line(&c->report, REPORT_FAIL, a->text, "list",
		    "find out what it sends, then ask the list to take it "
		    "off", "%s has it: %.200s", list->name,
		    ans.n > 0 ? ans.v[0].text : "no reason given");
	}
	ask_clear(&ans);
}

static void
host_list(struct checkdom *c, const char *text)
{
	struct dnslist	 list;
	size_t		 i;

	if (c->naddrs == 0 || !list_works(c, text, &list))
		return;
	for (i = 0; i < c->naddrs; i++)
		list_one(c, &list, &c->addrs[i]);
}

/* A wrong clock makes Date wrong, signatures void, and tokens too. */
static void
host_clock(struct checkdom *c)
{
	time_t	 now = time(NULL);
	int	 known = 0, good = 0;
#ifdef __linux__
	struct timex	 tx;

	memset(&tx, 0, sizeof(tx));
	known = adjtimex(&tx) != -1;
	good = known && !(tx.status & STA_UNSYNC);
#endif
	if (now < RELEASED)
		report_line(&c->report, REPORT_FAIL, "this host", "clock",
		    "set it, and run ntpd or its like",
		    "it is years behind");
	else if (!known)
		report_line(&c->report, REPORT_PASS, "this host", "clock",
		    NULL, "plausible; the system does not say more");
	else if (!good)
		report_line(&c->report, REPORT_WARN, "this host", "clock",
		    "run ntpd or its like",
		    "nothing keeps it right, says the system");
	else
		report_line(&c->report, REPORT_PASS, "this host", "clock",
		    NULL, "it is kept right, says the system");
}

/* Lines on the host: its names, lists of senders of spam, its clock. */
static void
check_host(struct checkdom *c)
{
	const char	*list;
	size_t		 i;
	int		 n;

	if (c->naddrs == 0)
		report_line(&c->report, REPORT_WARN, "this host", "addresses",
		    "say with -a by which addresses its mail leaves",
		    "it has no public address of its own");
	for (i = 0; i < c->naddrs; i++)
		host_ptr(c, &c->addrs[i]);
	host_greeting(c);
	for (n = 0; (list = ctl_value(c->ctl, 'b', n)) != NULL; n++)
		if (strcasecmp(list, "none") != 0)
			host_list(c, list);
	for (i = 0; n == 0 && i < sizeof(checkdom_lists) /
	    sizeof(checkdom_lists[0]); i++)
		host_list(c, checkdom_lists[i]);
	host_clock(c);
}

int
ctl_check_domain(struct ctl *ctl)
{
	struct checkdom	 c;
	const char	*domain;
	int		 i, rv;

	memset(&c, 0, sizeof(c));
	c.ctl = ctl;
	log_init("smtprelayctl", 1);
	for (i = 0; i < ctl->argc; i++)
		if (!hostport_is_domain(ctl->arg[i]) ||
		    strchr(ctl->arg[i], '.') == NULL)
			return ctl_usage(ctl, "%s: expected a domain",
			    ctl->arg[i]);
	if ((rv = find_addresses(&c)) != CTL_OK ||
	    (rv = ask_open(&c.ask, ctl, 's')) != CTL_OK)
		return rv;
	report_begin(&c.report, ctl);
	check_host(&c);
	for (i = 0; i < ctl->argc; i++) {
		domain = ctl->arg[i];
		c.spf = c.dkim = 0;
		check_mx(&c, domain);
		check_spf(&c, domain);
		check_dkim(&c, domain);
		check_dmarc(&c, domain);
	}
	ask_close(&c.ask);
	return report_end(&c.report);
}
