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

/* This host, as others see it: addresses, names, lists, clock. */

#include <sys/types.h>
#include <sys/socket.h>
#include <arpa/inet.h>
#include <net/if.h>

#include <ifaddrs.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#ifdef __linux__
#include <sys/timex.h>
#endif

#include "base/hostport.h"
#include "checkdom.h"
#include "dns/dnslist.h"

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

int
checkdom_addrs(struct checkdom *c)
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

int
checkdom_silent(struct checkdom *c, const char *about, const char *check,
    const char *name, int status)
{
	if (!ask_later(status))
		return 0;
	report_line(&c->report, REPORT_FAIL, about, check,
	    "mend the name servers of that name, or ask again later",
	    "%s cannot be looked up: %s", name, dns_status(status));
	return 1;
}

int
checkdom_has(struct checkdom *c, const char *name,
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
	    checkdom_silent(c, a->text, "PTR", name,
	    ask_dns(&c->ask, name, DNS_PTR, &ans)))
		return;
	for (i = 0; i < ans.n; i++)
		if (checkdom_has(c, ans.v[i].text, a) == 1)
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
		rv = checkdom_has(c, c->host, &c->addrs[i]);
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
	    sizeof(name)) == -1 || checkdom_silent(c, a->text, "list", name,
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
	known = ntp_adjtime(&tx) != -1;
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

void
checkdom_host(struct checkdom *c)
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
