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

#include "header/authres.h"
#include "test.h"

static const struct {
	const char	*in;
	int		 ours;
	const char	*passes;	/* "method:domain " of each */
} cases[] = {
	{ "mx.example; spf=pass smtp.mailfrom=a@x.example", 1, "2:x.example " },
	{ "MX.Example 1; spf=pass smtp.mailfrom=X.Example", 1,
	    "2:x.example " },
	{ "mx.example; none", 1, "" },
	{ "mx.example; dkim=pass header.d=x.example header.i=@m.x.example;"
	    " spf=fail smtp.mailfrom=y; dmarc=pass header.from=x.example", 1,
	    "1:x.example 3:x.example " },
	{ "mx.example; dkim=pass header.i=@m.x.example", 1,
	    "1:m.x.example " },
	{ "mx.example;\n\tdkim=pass (2048-bit; key) reason=\"good; ok\"\n"
	    "\theader.d=x.example header.b=\"a/b+\"", 1, "1:x.example " },
	{ "mx.example; dkim=pass header.b=ab/c= header.d=x.example", 1,
	    "1:x.example " },
	{ "mx.example; dkim/1=pass header.d=x.example", 1, "1:x.example " },
	{ "mx.example; dkim/2=pass header.d=x.example", 1, "" },
	{ "mx.example; spf=pass smtp.mailfrom=\"a b@evil.example\"@x.example",
	    1, "2:x.example " },
	{ "mx.example; spf=pass smtp.helo=x.example", 1, "" },
	{ "mx.example; spf=softfail smtp.mailfrom=x.example", 1, "" },
	{ "mx.example; dkim=PASS header.d=x.example.", 1, "1:x.example " },
	{ "mx.example; x-own=pass foo.bar=1; auth=pass smtp.auth=u", 1, "" },
	{ "\"mx.example\"; spf=pass smtp.mailfrom=x.example", 1,
	    "2:x.example " },
	{ "(c) mx.example (d) ; (e) none (f)", 1, "" },
	/* another's, or broken */
	{ "mx.example.evil; spf=pass smtp.mailfrom=x.example", 0, "" },
	{ "evil; spf=pass smtp.mailfrom=x.example", 0, "" },
	{ "mx.example 2; spf=pass smtp.mailfrom=x.example", 0, "" },
	{ "mx.example", 0, "" },
	{ "", 0, "" },
	{ "mx.example; spf", 0, "" },
	{ "mx.example; spf=pass smtp.mailfrom=x.example; dkim", 0, "" },
	{ "mx.example; spf=pass smtp.mailfrom", 0, "" },
	{ "mx.example; spf=pass (open smtp.mailfrom=x.example", 0, "" },
	{ "mx.example; spf=pass smtp.mailfrom=\"open", 0, "" },
	{ "mx.example; spf=pass smtp.mailfrom=caf\xc3\xa9.example", 0, "" },
	/* twice: which one passed? */
	{ "mx.example; dkim=pass header.d=x.example header.d=y.example", 1,
	    "" },
	{ "mx.example; spf=pass smtp.mailfrom=a@x<y", 1, "" },
	{ "mx.example; spf=pass smtp.mailfrom=a@", 1, "" },
};

/* First lines of fields: ours, or perhaps so? */
static const struct {
	const char	*line;
	int		 ours;
} lines[] = {
	{ "Authentication-Results: mx.example; spf=pass", 1 },
	{ "authentication-results:MX.Example;none", 1 },
	{ "Authentication-Results \t: mx.example 1; none", 1 },
	{ "Authentication-Results: (a) mx.example(b); none", 1 },
	{ "Authentication-Results: \"mx.example\"; none", 1 },
	{ "Authentication-Results: \"mx\".example; none", 1 },
	{ "Authentication-Results: \"m\\x.example\"; none", 1 },
	{ "Authentication-Results: mx.example.; none", 1 },
	{ "Authentication-Results: mx.example", 1 },
	{ "Authentication-Results:", 1 },
	{ "Authentication-Results: \t", 1 },
	{ "Authentication-Results: (mx", 1 },
	{ "Authentication-Results: \"mx", 1 },
	{ "Authentication-Results: ; none", 1 },
	{ "Authentication-Results: mx.example.net; none", 0 },
	{ "Authentication-Results: xmx.example; none", 0 },
	{ "Authentication-Results: spf=pass (mx.example) smtp.helo=x", 0 },
	{ "Authentication-Results-X: mx.example; none", 0 },
	{ "ARC-Authentication-Results: i=1; mx.example; none", 0 },
	{ "X-Authentication-Results: mx.example; none", 0 },
	{ "Authentication-Results", 0 },
	{ "", 0 },
};

static void
test_lines(void)
{
	size_t	 i;

	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		CHECK(authres_line("mx.example", lines[i].line,
		    strlen(lines[i].line)) == lines[i].ours);
		if (authres_line("mx.example", lines[i].line,
		    strlen(lines[i].line)) != lines[i].ours)
			fprintf(stderr, "line: %s\n", lines[i].line);
	}
}

int
main(void)
{
	struct authres	 r;
	char		 out[300];
	size_t		 i, k, n;

	memset(&r, 0, sizeof(r));
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CHECK(authres_parse(&r, "mx.example", cases[i].in,
		    strlen(cases[i].in)) == cases[i].ours);
		out[0] = '\0';
		for (k = n = 0; k < r.n; k++)
			n += (size_t)snprintf(out + n, sizeof(out) - n,
			    "%d:%s ", r.v[k].method, r.v[k].domain);
		CHECK_STR(out, cases[i].passes);
		authres_free(&r);
	}
	for (i = 0; i < 100; i++)
		CHECK(authres_parse(&r, "m", "m; spf=pass smtp.mailfrom=x.y",
		    29) == 1);
	CHECK(r.n == AUTHRES_MAX);
	CHECK(authres_passes(&r, "X.y") == 1);
	CHECK(authres_passes(&r, "a.x.y") == 1);
	CHECK(authres_passes(&r, "y") == 0);
	authres_free(&r);
	CHECK(authres_parse(&r, "m", "m; dmarc=pass header.from=x.y",
	    29) == 1);
	CHECK(authres_passes(&r, "x.y") == 1);
	CHECK(authres_passes(&r, "a.x.y") == 0);
	authres_free(&r);
	CHECK(authres_aligned("a.example", "A.EXAMPLE") == 1);
	CHECK(authres_aligned("m.a.example", "a.example") == 1);
	CHECK(authres_aligned("a.example", "m.a.example") == 1);
	CHECK(authres_aligned("ma.example", "a.example") == 0);
	CHECK(authres_aligned("a.example", "example") == 0);
	CHECK(authres_aligned("a.example", "b.example") == 0);
	CHECK(authres_aligned("a.example", "") == 0);
	test_lines();
	return test_done();
}
