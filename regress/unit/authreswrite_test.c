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

/* What is written is read again by common/authres.h. */

#include "base/compat.h"
#include "header/authres.h"
#include "judge/authreswrite.h"
#include "test.h"

static struct sbuf		 b;
static struct authreswrite	 w;

static void
start(void)
{
	sbuf_free(&b);
	sbuf_init(&b, AUTHRESWRITE_MAX);
	authreswrite_begin(&w, &b, "mx.example");
}

/* Ends the field and reads it: the passes as "method:domain ". */
static const char *
passes(void)
{
	static char	 out[1024];
	struct authres	 r;
	const char	*colon;
	size_t		 i, n = 0;

	memset(&r, 0, sizeof(r));
	out[0] = '\0';
	CHECK(authreswrite_end(&w) == 0);
	colon = strchr(sbuf_str(&b), ':');
	CHECK(colon != NULL);
	CHECK(authres_line("mx.example", b.data, b.len) == 1);
	CHECK(authres_parse(&r, "mx.example", colon + 1,
	    strlen(colon + 1)) == 1);
	for (i = 0; i < r.n; i++)
		n += snprintf(out + n, sizeof(out) - n, "%d:%s ",
		    r.v[i].method, r.v[i].domain);
	authres_free(&r);
	return out;
}

static void
signature(struct dkim_sig *s, int result, int why)
{
	memset(s, 0, sizeof(*s));
	s->result = result;
	s->why = why;
	s->alg = DKIM_RSA_SHA256;
	strlcpy(s->domain, "m.example", sizeof(s->domain));
	strlcpy(s->selector, "x.y", sizeof(s->selector));
	strlcpy(s->ident, "joe@sub.m.example", sizeof(s->ident));
	strlcpy(s->begin, "ab/+cd==", sizeof(s->begin));
}

static void
test_all(void)
{
	struct dkim_sig	 s;
	struct dmarc	 d;

	start();
	CHECK_STR(passes(), "");
	CHECK_STR(sbuf_str(&b), "Authentication-Results: mx.example; none\n");
	start();
	authreswrite_spf(&w, "pass", "a@x.example", "mail.x.example");
	signature(&s, DKIM_PASS, DKIM_OK);
	authreswrite_dkim(&w, &s);
	signature(&s, DKIM_FAIL, DKIM_BAD);
	authreswrite_dkim(&w, &s);
	memset(&d, 0, sizeof(d));
	d.result = DMARC_PASS;
	d.policy = DMARC_P_REJECT;
	strlcpy(d.author, "m.example", sizeof(d.author));
	strlcpy(d.where, "example", sizeof(d.where));
	authreswrite_dmarc(&w, &d);
	CHECK_STR(passes(), "2:x.example 1:m.example 3:m.example ");
	CHECK_STR(sbuf_str(&b), "Authentication-Results: mx.example;\n"
	    "\tspf=pass smtp.mailfrom=a@x.example smtp.helo=mail.x.example;\n"
	    "\tdkim=pass header.d=m.example header.i=joe@sub.m.example "
	    "header.s=x.y\n\theader.a=rsa-sha256 header.b=\"ab/+cd==\";\n"
	    "\tdkim=fail reason=\"signature does not match\" "
	    "header.d=m.example\n"
	    "\theader.i=joe@sub.m.example header.s=x.y header.a=rsa-sha256\n"
	    "\theader.b=\"ab/+cd==\";\n"
	    "\tdmarc=pass header.from=m.example policy.dmarc=reject\n");
	start();
	authreswrite_nodkim(&w);
	memset(&d, 0, sizeof(d));
	d.result = DMARC_PERMERROR;
	authreswrite_dmarc(&w, &d);
	CHECK_STR(passes(), "");
	CHECK_STR(sbuf_str(&b), "Authentication-Results: mx.example;\n"
	    "\tdkim=none;\n\tdmarc=permerror\n");
}

/* Senders and greetings that want to be read as something else. */
static const struct {
	const char	*sender, *helo, *want;
} odd[] = {
	{ "", NULL, "" },
	{ NULL, "x; dkim=pass header.d=bank.example", "" },
	{ "\"a; dkim=pass header.d=bank.example\"@x.example", NULL,
	    "2:x.example " },
	{ "a@x.example; dkim=pass", NULL, "" },
	{ "a@x.example\n\tdkim=pass", "x\nDKIM: 1", "" },
	{ "a(b)@x.example", "[192.0.2.1]", "2:x.example " },
	{ "a@[192.0.2.1]", "[IPv6:2001:db8::1]", "" },
	{ "@x.example", "\"; dkim=pass header.d=bank.example; x=\"",
	    "2:x.example " },
	{ "a@", "\\", "" },
	{ "a\"b@x.example", "\303\244", "2:x.example " },
	{ "nobody", ".", "" },
};

static void
test_odd(void)
{
	struct dkim_sig	 s;
	struct sbuf	 small;
	char		 helo[300];
	size_t		 i;

	for (i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		start();
		authreswrite_spf(&w, "pass", odd[i].sender, odd[i].helo);
		CHECK_STR(passes(), odd[i].want);
	}
	start();
	memset(helo, '(', sizeof(helo));
	helo[sizeof(helo) - 1] = '\0';
	authreswrite_spf(&w, "pass", "a@x.example", helo);
	CHECK_STR(passes(), "2:x.example ");
	CHECK(strchr(b.data, '(') == NULL);
	start();
	signature(&s, DKIM_PASS, DKIM_OK);
	strlcpy(s.ident, "a;b@m.example", sizeof(s.ident));
	authreswrite_dkim(&w, &s);
	CHECK_STR(passes(), "1:m.example ");
	CHECK(strstr(b.data, "header.i=@m.example") != NULL);
	sbuf_init(&small, 40);
	authreswrite_begin(&w, &small, "mx.example");
	authreswrite_nodkim(&w);
	authreswrite_dkim(&w, &s);
	CHECK(authreswrite_end(&w) == -1);
	sbuf_free(&small);
	sbuf_init(&small, 400);
	authreswrite_begin(&w, &small, "mx example");
	CHECK(authreswrite_end(&w) == -1);
	sbuf_free(&small);
}

int
main(void)
{
	test_all();
	test_odd();
	sbuf_free(&b);
	return test_done();
}
