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

/* A domain's SPF record (RFC 7208), and what it says of this host. */

#include <sys/types.h>
#include <sys/socket.h>

#include <stdio.h>
#include <string.h>

#include "base/sbuf.h"
#include "checkdom.h"

#define LOOKUPS_FEW	8	/* from here on little room is left */
#define TODO_MAX	1024

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

	if (checkdom_silent(c, domain, "SPF", domain,
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

void
checkdom_spf(struct checkdom *c, const char *domain)
{
	size_t	 i, passed = 0;

	if (!spf_text(c, domain))
		return;
	spf_cost(c, domain);
	for (i = 0; i < c->naddrs; i++)
		passed += spf_host(c, domain, &c->addrs[i]);
	c->spf = passed > 0 && passed == c->naddrs;
}
