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

/*
 * A case for each sentence of RFC 9989 on records (4.7, 4.8), the tree walk
 * (4.10), policy discovery (4.10.1) and alignment (4.4, 4.10.2), by the
 * order of the text.
 */

#include <stdlib.h>

#include "base/compat.h"
#include "dmarc/dmarc.h"
#include "lib/dnstable.h"
#include "test.h"

struct outcome {
	int		 called;
	struct dmarc	 d;
};

static void
got(const struct dmarc *d, void *arg)
{
	struct outcome	*o = arg;

	o->called++;
	o->d = *d;
}

/*
 * Reads "spf:DOMAIN dkim:DOMAIN dkim!:DOMAIN"; '!' is a temporary error.  buf
 * is what the identifiers point into.
 */
static size_t
read_idents(const char *s, char *buf, size_t bufsz, struct dmarc_ident *v)
{
	char	*p, *last, *colon;
	size_t	 n = 0;

	snprintf(buf, bufsz, "%s", s);
	for (p = strtok_r(buf, " ", &last); p != NULL;
	    p = strtok_r(NULL, " ", &last), n++) {
		colon = strchr(p, ':');
		v[n].method = *p == 's' ? DMARC_SPF : DMARC_DKIM;
		v[n].temporary = colon[-1] == '!';
		v[n].domain = colon + 1;
	}
	return n;
}

static size_t	 asked;

/*
 * "result policy where org" and what aligned: +spf, +dkim; "?" where an error
 * may be why nothing did, "t" where t=y lowered the policy.
 */
static const char *
judge(const char *zone, const char *author, const char *idents)
{
	static char		 out[1024];
	char			 buf[2048];
	struct dmarc_ident	 v[32];
	struct outcome		 o = { 0 };
	struct dmarc_check	*c;
	struct dns		*dns;
	size_t			 n, line;

	dns = dnstable_new(zone, strlen(zone), &line);
	CHECK(dns != NULL);
	if (dns == NULL)
		return "zone";
	n = read_idents(idents, buf, sizeof(buf), v);
	switch (dmarc_check(&c, &o.d, dns, author, v, n, got, &o)) {
	case 0:
		CHECK(o.called == 0);
		dnstable_run(dns);
		CHECK(o.called == 1);
		break;
	case 1:
		CHECK(c == NULL && o.called == 0);
		break;
	default:
		CHECK(0);
	}
	asked = dnstable_asked(dns);
	dns_free(dns);
	snprintf(out, sizeof(out), "%s %s%s %s %s%s%s%s",
	    dmarc_result(o.d.result), dmarc_policy(o.d.policy),
	    o.d.test ? "t" : "", o.d.where[0] ? o.d.where : "-",
	    o.d.org[0] ? o.d.org : "-", o.d.spf ? " +spf" : "",
	    o.d.dkim ? " +dkim" : "", o.d.unsure ? " ?" : "");
	return out;
}

/* "_dmarc.NAME TXT "v=DMARC1; TAGS"" */
#define REC(name, tags)	"_dmarc." name " TXT \"v=DMARC1; " tags "\"\n"

/* Names that exist, so that "np" is not theirs. */
#define HOST(name)	name " A 192.0.2.1\n"

static const struct {
	const char	*why, *zone, *author, *idents, *want;
} cases[] = {
	/* 4.10, the walk */
	{ "no record anywhere: the domain is its own organisation",
	    "", "mail.example.com", "dkim:mail.example.com",
	    "none none - mail.example.com +dkim" },
	{ "... and only itself aligns",
	    "", "mail.example.com", "dkim:example.com spf:a.mail.example.com",
	    "none none - mail.example.com" },
	{ "records that do not begin with the version are discarded",
	    "_dmarc.example.com TXT \"p=reject; v=DMARC1\"\n"
	    "_dmarc.example.com TXT \"v=DMARC2; p=reject\"\n"
	    "_dmarc.example.com TXT \"v=dmarc1; p=reject\"\n"
	    "_dmarc.example.com TXT \" v=DMARC1; p=reject\"\n"
	    "_dmarc.example.com TXT \"v=DMARC10; p=reject\"\n"
	    "_dmarc.example.com TXT \"v=spf1 -all\"\n",
	    "example.com", "", "none none - example.com" },
	{ "... and do not void the one that does",
	    "_dmarc.example.com TXT \"v=spf1 -all\"\n"
	    REC("example.com", "p=reject"), "example.com", "",
	    "fail reject example.com example.com" },
	{ "several records for a target are all discarded",
	    REC("example.com", "p=reject") REC("example.com", "p=none"),
	    "example.com", "", "none none - example.com" },
	{ "... and the walk goes on above them",
	    REC("a.example.com", "p=none") REC("a.example.com", "p=none")
	    REC("example.com", "p=reject; sp=quarantine"), "a.example.com", "",
	    "fail quarantine example.com example.com" },
	{ "psd=n ends the walk",
	    REC("a.example.com", "p=quarantine; psd=n")
	    REC("example.com", "p=reject"), "b.a.example.com", "",
	    "fail quarantine a.example.com a.example.com" },
	{ "psd=y ends the walk",
	    REC("bank.example", "p=reject; psd=y; sp=quarantine")
	    REC("example", "p=none"), "x.giant.bank.example", "",
	    "fail quarantine bank.example giant.bank.example" },
	{ "an unknown psd is psd=u, and the walk goes on",
	    REC("a.example.com", "p=none; psd=x")
	    REC("example.com", "p=reject"), "a.example.com", "",
	    "fail none a.example.com example.com" },
	{ "strings of a record are joined",
	    "_dmarc.example.com TXT \"v=DMA\" \"RC1; p=re\" \"ject\"\n",
	    "example.com", "", "fail reject example.com example.com" },
	/* 4.10.1, which record applies */
	{ "that of the author domain first, though it is no organisation",
	    REC("a.example.com", "p=quarantine; sp=none")
	    REC("example.com", "p=reject"), "a.example.com", "",
	    "fail quarantine a.example.com example.com" },
	{ "else that of the organisation, and none in between",
	    REC("b.example.com", "p=none")
	    REC("example.com", "p=reject; sp=quarantine")
	    HOST("a.b.example.com"),
	    "a.b.example.com", "",
	    "fail quarantine example.com example.com" },
	{ "else that of the public suffix",
	    REC("com", "psd=y; p=reject"), "example.com", "",
	    "fail reject com example.com" },
	{ "the public suffix's is not used where the organisation has one",
	    REC("com", "psd=y; p=reject") REC("example.com", "p=none"),
	    "a.example.com", "", "fail none example.com example.com" },
	{ "nor is one between the organisation and the author",
	    REC("com", "psd=y; p=reject; sp=quarantine")
	    REC("b.example.com", "p=none") HOST("a.b.example.com"),
	    "a.b.example.com", "", "fail quarantine com example.com" },
	{ "the author domain's own policy is p",
	    REC("example.com", "p=reject; sp=none; np=none"), "example.com",
	    "", "fail reject example.com example.com" },
	{ "a subdomain's that exists is sp",
	    REC("example.com", "p=reject; sp=quarantine; np=none")
	    HOST("a.example.com"), "a.example.com", "",
	    "fail quarantine example.com example.com" },
	{ "... also when only names below it exist",
	    REC("example.com", "p=reject; sp=quarantine; np=none")
	    HOST("x.a.example.com"), "a.example.com", "",
	    "fail quarantine example.com example.com" },
	{ "one's that does not exist is np",
	    REC("example.com", "p=none; sp=quarantine; np=reject"),
	    "a.example.com", "", "fail reject example.com example.com" },
	{ "... without np, sp",
	    REC("example.com", "p=none; sp=quarantine"),
	    "a.example.com", "", "fail quarantine example.com example.com" },
	{ "... without either, p",
	    REC("example.com", "p=reject"),
	    "a.example.com", "", "fail reject example.com example.com" },
	{ "np without sp says nothing of one that exists",
	    REC("example.com", "p=reject; np=none") HOST("a.example.com"),
	    "a.example.com", "", "fail reject example.com example.com" },
	{ "whether it exists is not known: it is taken to",
	    REC("example.com", "p=none; sp=quarantine; np=reject")
	    "a.example.com SERVFAIL\n", "a.example.com", "",
	    "fail quarantine example.com example.com" },
	{ "without a valid p and with rua, as if p=none",
	    REC("example.com", "rua=mailto:a@example.com; sp=reject"),
	    "a.example.com", "", "fail none example.com example.com" },
	{ "... with one good address among bad ones",
	    REC("example.com", "p=yes; rua=x, mailto:a@example.com!10m"),
	    "example.com", "", "fail none example.com example.com" },
	{ "... an invalid sp the same",
	    REC("example.com", "p=reject; sp=x; rua=mailto:a@example.com"),
	    "example.com", "", "fail none example.com example.com" },
	{ "... an invalid np the same",
	    REC("example.com", "p=reject; np=x; rua=mailto:a@example.com"),
	    "example.com", "", "fail none example.com example.com" },
	{ "without p and rua there is no DMARC",
	    REC("example.com", "sp=reject"), "example.com", "",
	    "none none - example.com" },
	{ "... nor with an invalid p",
	    REC("example.com", "p=x; rua=nobody"), "example.com", "",
	    "none none - example.com" },
	{ "no record, and no error: no DMARC",
	    "", "example.com", "spf:example.com",
	    "none none - example.com +spf" },
	{ "an error at the author domain hides the policy",
	    "_dmarc.example.com SERVFAIL\n", "example.com", "",
	    "temperror none - -" },
	{ "... not that a domain aligns with itself",
	    "_dmarc.example.com TIMEOUT\n", "example.com",
	    "dkim:example.com", "temperror none - - +dkim" },
	{ "an error above does not hide the author domain's own",
	    REC("a.example.com", "p=reject") "_dmarc.example.com SERVFAIL\n",
	    "a.example.com", "", "fail reject a.example.com -" },
	{ "... but which organisation it is of",
	    REC("a.example.com", "p=reject") "_dmarc.example.com SERVFAIL\n",
	    "a.example.com", "spf:example.com",
	    "temperror reject a.example.com - ?" },
	{ "... and strict alignment needs none",
	    REC("a.example.com", "p=reject; aspf=s")
	    "_dmarc.example.com SERVFAIL\n",
	    "a.example.com", "spf:example.com",
	    "fail reject a.example.com -" },
	/* 4.7, 4.8: tags */
	{ "t=y: quarantine instead of reject",
	    REC("example.com", "p=reject; t=y"), "example.com", "",
	    "fail quarantinet example.com example.com" },
	{ "t=y: none instead of quarantine",
	    REC("example.com", "p=quarantine; t=y"), "example.com", "",
	    "fail nonet example.com example.com" },
	{ "t=y has no effect on none",
	    REC("example.com", "p=none; t=y"), "example.com", "",
	    "fail nonet example.com example.com" },
	{ "t=y is for sp and np, too",
	    REC("example.com", "p=none; np=reject; t=y"), "a.example.com", "",
	    "fail quarantinet example.com example.com" },
	{ "t=n, and any other, is the default",
	    REC("example.com", "p=reject; t=x"), "example.com", "",
	    "fail reject example.com example.com" },
	{ "pct is gone: an unknown tag is ignored",
	    REC("example.com", "p=reject; pct=0; foo=bar"), "example.com", "",
	    "fail reject example.com example.com" },
	{ "what is malformed is passed over",
	    REC("example.com", "junk; =; p = Reject ; adkim=x"),
	    "example.com", "dkim:a.example.com",
	    "pass reject example.com example.com +dkim" },
	{ "p need not come second",
	    REC("example.com", "adkim=s; p=reject"), "example.com", "",
	    "fail reject example.com example.com" },
	{ "white space around the version's sign",
	    "_dmarc.example.com TXT \"v = DMARC1 ;p=reject\"\n",
	    "example.com", "", "fail reject example.com example.com" },
	{ "an alias to the record",
	    "_dmarc.example.com CNAME d.example.net\n"
	    "d.example.net TXT \"v=DMARC1; p=reject\"\n",
	    "example.com", "", "fail reject example.com example.com" },
	/* 4.4, alignment */
	{ "relaxed: siblings of one organisation",
	    REC("example.com", "p=reject"), "news.example.com",
	    "dkim:foo.example.com",
	    "pass reject example.com example.com +dkim" },
	{ "the same for SPF",
	    REC("example.com", "p=reject"), "news.example.com",
	    "spf:foo.example.com",
	    "pass reject example.com example.com +spf" },
	{ "another organisation's does not",
	    REC("example.com", "p=reject") REC("example.net", "p=reject"),
	    "news.example.com", "dkim:foo.example.net spf:example.net",
	    "fail reject example.com example.com" },
	{ "a name that only ends alike does not",
	    REC("example.com", "p=reject"), "example.com",
	    "dkim:notexample.com spf:com", "fail reject example.com "
	    "example.com" },
	{ "names are compared in any case",
	    REC("example.com", "p=reject; adkim=s"), "Example.COM",
	    "dkim:eXample.com", "pass reject example.com example.com +dkim" },
	{ "... and without a last dot",
	    REC("example.com", "p=reject; adkim=s"), "example.com.",
	    "dkim:example.com.", "pass reject example.com example.com +dkim" },
	{ "adkim=s: a subdomain does not align",
	    REC("example.com", "p=reject; adkim=s"), "example.com",
	    "dkim:a.example.com", "fail reject example.com example.com" },
	{ "... and is nothing to SPF",
	    REC("example.com", "p=reject; adkim=s"), "example.com",
	    "spf:a.example.com", "pass reject example.com example.com +spf" },
	{ "aspf=s: a subdomain does not align",
	    REC("example.com", "p=reject; aspf=s"), "example.com",
	    "spf:a.example.com", "fail reject example.com example.com" },
	{ "... and is nothing to DKIM",
	    REC("example.com", "p=reject; aspf=s"), "example.com",
	    "dkim:a.example.com", "pass reject example.com example.com +dkim" },
	{ "any of several signatures is enough",
	    REC("example.com", "p=reject"), "example.com",
	    "dkim:list.example dkim:x.example dkim:example.com",
	    "pass reject example.com example.com +dkim" },
	{ "both methods are told",
	    REC("example.com", "p=reject"), "example.com",
	    "dkim:example.com spf:b.example.com",
	    "pass reject example.com example.com +spf +dkim" },
	/* 4.10.2, organisational domains */
	{ "psd=n below: its subdomains are an organisation of their own",
	    REC("example.com", "p=reject")
	    REC("shop.example.com", "p=none; psd=n"), "example.com",
	    "dkim:shop.example.com", "fail reject example.com example.com" },
	{ "... among themselves",
	    REC("example.com", "p=reject")
	    REC("shop.example.com", "p=none; psd=n"), "a.shop.example.com",
	    "dkim:b.shop.example.com",
	    "pass none shop.example.com shop.example.com +dkim" },
	{ "... and not with the domain above",
	    REC("example.com", "p=reject")
	    REC("shop.example.com", "p=none; psd=n"), "shop.example.com",
	    "dkim:example.com", "fail none shop.example.com "
	    "shop.example.com" },
	{ "psd=y: the organisation is one label below (B.4.3)",
	    REC("bank.example", "p=reject; psd=y")
	    REC("giant.bank.example", "p=quarantine"), "giant.bank.example",
	    "spf:mail.giant.bank.example dkim:mail.mega.bank.example",
	    "pass quarantine giant.bank.example giant.bank.example +spf" },
	{ "... other registrants there do not align",
	    REC("bank.example", "p=reject; psd=y"), "giant.bank.example",
	    "dkim:mega.bank.example dkim:bank.example",
	    "fail reject bank.example giant.bank.example" },
	{ "psd=y where the walk began is the organisation itself",
	    REC("bank.example", "p=reject; psd=y"), "bank.example",
	    "spf:bank.example", "pass reject bank.example bank.example +spf" },
	{ "... which those below are not of",
	    REC("bank.example", "p=reject; psd=y"), "bank.example",
	    "dkim:giant.bank.example",
	    "fail reject bank.example bank.example" },
	{ "else the record with the fewest labels (B.4.1)",
	    REC("example.com", "p=reject") REC("signing.example.com", "p=none"),
	    "example.com", "spf:example.com dkim:signing.example.com",
	    "pass reject example.com example.com +spf +dkim" },
	{ "a record at the top without psd makes one organisation of all",
	    REC("com", "p=none"), "example.com", "dkim:example.net",
	    "fail none com com" },
	{ "a deep name: labels are skipped (B.4.2)",
	    REC("example.com", "p=reject") REC("signing.example.com", "p=none"),
	    "a.b.c.d.e.f.g.h.i.j.k.example.com",
	    "spf:example.com dkim:signing.example.com",
	    "pass reject example.com example.com +spf +dkim" },
	{ "... with what was skipped",
	    REC("f.g.h.i.j.k.example.com", "p=none; psd=n")
	    REC("example.com", "p=reject"),
	    "a.b.c.d.e.f.g.h.i.j.k.example.com", "dkim:example.com",
	    "pass reject example.com example.com +dkim" },
	{ "... but not the name of seven labels",
	    REC("g.h.i.j.k.example.com", "p=none; psd=n")
	    REC("example.com", "p=reject"),
	    "a.b.c.d.e.f.g.h.i.j.k.example.com", "dkim:example.com",
	    "fail none g.h.i.j.k.example.com g.h.i.j.k.example.com" },
	/* Errors of SPF and DKIM, and of the DNS while they are aligned. */
	{ "a temporary error that could have aligned",
	    REC("example.com", "p=reject"), "example.com",
	    "dkim!:mail.example.com", "temperror reject example.com "
	    "example.com ?" },
	{ "... and one that could not",
	    REC("example.com", "p=reject"), "example.com",
	    "dkim!:example.net", "fail reject example.com example.com" },
	{ "... is no matter when another passed",
	    REC("example.com", "p=reject"), "example.com",
	    "spf!:example.com dkim:example.com",
	    "pass reject example.com example.com +dkim" },
	{ "an error in an identifier's walk",
	    REC("example.com", "p=reject")
	    "_dmarc.a.example.com SERVFAIL\n", "example.com",
	    "dkim:a.example.com", "temperror reject example.com "
	    "example.com ?" },
	{ "... without a policy",
	    "", "example.com", "dkim!:example.com",
	    "temperror none - example.com ?" },
	/* 5.3.1, the author domain */
	{ "not exactly one", "", NULL, "spf:example.com",
	    "permerror none - -" },
	{ "no name", "", "[192.0.2.1\\]", "", "permerror none - -" },
	{ "no name either", "", "a..b", "", "permerror none - -" },
	{ "an identifier that is no name", REC("example.com", "p=reject"),
	    "example.com", "dkim:a..example.com spf:.",
	    "fail reject example.com example.com" },
};

/* What costs questions. */
static void
test_asked(void)
{
	char	 name[300] = "", idents[1000] = "";
	int	 i;

	judge("", "a.b.c.d.e.f.g.h.i.j.mail.example.com", "");
	CHECK(asked == DMARC_WALK_MAX);
	judge("", "a.b.c.d.e.f.g.h", "");
	CHECK(asked == 8);
	judge("", "a.b.c.d.e.f.g", "");
	CHECK(asked == 7);
	judge(REC("b.c", "psd=n; p=none"), "a.b.c", "");
	CHECK(asked == 2);
	/* Who cannot align is not asked for. */
	judge(REC("example.com", "p=none"), "example.com",
	    "dkim:a.b.c.d.example.net spf:x.y.z.example.org");
	CHECK(asked == 2);
	for (i = 0; i < 120; i++)
		strlcat(name, "a.", sizeof(name));
	strlcat(name, "example.com", sizeof(name));
	judge("", name, "");
	CHECK(asked <= DMARC_WALK_MAX);
	for (i = 0; i < 30; i++)
		snprintf(idents + strlen(idents), sizeof(idents) -
		    strlen(idents), "dkim:s%d.mail.example.com ", i);
	CHECK_STR(judge(REC("example.com", "p=none")
	    REC("mail.example.com", "psd=n; p=none"), "example.com", idents),
	    "fail none example.com example.com");
	CHECK(asked == 2 + DMARC_IDENTS_MAX * 2);
}

/* A judgement that is given up asks and calls no more. */
static void
test_cancel(void)
{
	struct dmarc_ident	 v = { DMARC_SPF, 0, "a.example.com" };
	struct outcome		 o = { 0 };
	struct dmarc_check	*c;
	struct dns		*dns = dnstable_new("", 0, NULL);

	CHECK(dmarc_check(&c, &o.d, dns, "example.com", &v, 1, got, &o) == 0);
	dmarc_cancel(c);
	CHECK(dnstable_run(dns) == 0 && o.called == 0);
	dmarc_cancel(NULL);
	dns_free(dns);
}

int
main(void)
{
	size_t	 i;
	int	 before;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		before = test_failures;
		CHECK_STR(judge(cases[i].zone, cases[i].author,
		    cases[i].idents), cases[i].want);
		if (test_failures > before)
			fprintf(stderr, "case: %s\n", cases[i].why);
	}
	test_asked();
	test_cancel();
	return test_done();
}
