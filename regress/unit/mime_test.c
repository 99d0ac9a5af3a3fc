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
 * Messages that try to hide a secret from the rewriting, or to make it
 * expensive: each comes out without the secret or is refused.
 */

#include <sys/resource.h>

#include <stdlib.h>

#include "base/sbuf.h"
#include "mime/bodyrw.h"
#include "scrub/secrets.h"
#include "test.h"

#define GROWTH_MAX	4096	/* kB, whatever the message's size */

static struct sbuf	got;

static int
collect(void *arg, const char *line, size_t len)
{
	(void)arg;
	return sbuf_add(&got, line, len) == -1 ||
	    sbuf_addch(&got, '\n') == -1 ? -1 : 0;
}

static int
count(void *arg, const char *line, size_t len)
{
	(void)line;
	*(size_t *)arg += len + 1;
	return 0;
}

static struct bodyrw *
begin(const struct secrets *l, enum bodyrw_mode mode, bodyrw_out *out,
    void *arg, const char *type, const char *cte)
{
	struct bodyrw_plan	 plan;
	struct bodyrw		*b;

	memset(&plan, 0, sizeof(plan));
	plan.mode = mode;
	plan.secrets = l;
	plan.mailbox = "support@company.example";
	if ((b = bodyrw_new(&plan, out, arg)) == NULL)
		abort();
	CHECK(bodyrw_field(b, type, strlen(type)) == 0);
	if (cte != NULL)
		CHECK(bodyrw_field(b, cte, strlen(cte)) == 0);
	CHECK(bodyrw_begin(b) == 0);
	return b;
}

#define MIXED	"Content-Type: multipart/mixed; boundary=b"

static const struct {
	const char	*type, *body;
	int		 refused;
	const char	*has;
} cases[] = {
	/* Boundaries: which lines are delimiters is told by the new names. */
	{ MIXED, "--b\n\nx\n--b \t\nContent-Type: text/html\n\n"
	    "alice<b>@private.example\n--b--\n", 0, "<b>" },
	{ MIXED, "--bb\nContent-Type: image/png\n\n--b\n\n"
	    "alice@private.example\n--bb--\n", 0, "--bb--" },
	{ MIXED "; boundary=c", "--c\nContent-Type: image/png\n\n--b\n\n"
	    "alice@private.example\n--b--\n", 0, "support@" },
	{ "Content-Type: multipart/mixed; boundary=\"b \"",
	    "--b\n\nalice@private.example\n--b --\n", 0, "support@" },
	{ "Content-Type: multipart/mixed; boundary*0=a; boundary*1=b",
	    "--ab\nContent-Transfer-Encoding: base64\n\n"
	    "YWxpY2VAcHJpdmF0ZS5leGFtcGxl\n--ab--\n", 0, "c3VwcG9ydEB" },
	{ "Content-Type: multipart/mixed", "alice@private.example\n", 0,
	    "support@" },
	{ "Content-Type: multipart/mixed; boundary=\"\"",
	    "--\n\nalice@private.example\n----\n", 0, "support@" },
	/* The same boundary inside and outside. */
	{ MIXED, "--b\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\n"
	    "alice@private.example\n--b--\n--b--\n", 0, "support@" },
	/* A part behind the end. */
	{ MIXED, "--b\n\nx\n--b--\n--b\nContent-Type: text/plain\n\n"
	    "alice@private.example\n", 0, "support@" },
	/* Never closed; header without an empty line; nothing at all. */
	{ MIXED, "--b\n\nalice@private.example\n", 0, "support@" },
	{ MIXED, "--b\nContent-Description: alice@private.example\n--b--\n",
	    0, "support@" },
	{ MIXED, "", 0, "" },
	/* What no header line is ends the header, for all that read on. */
	{ MIXED, "--b\nalice@private.example\nContent-Type: image/png\n\n"
	    "x\n--b--\n", 0, "\n\nsupport@" },
	{ MIXED, "--b\n Content-Type: image/png\n\nalice@private.example\n"
	    "--b--\n", 0, "support@" },
	{ MIXED, "--b\nContent-Type : image/png\n\nx\n--b--\n", 0,
	    "Content-Type: image/png\n" },
	{ MIXED, "--b\nX: alice@private.example\nContent-Type: image/png\n"
	    "\nx\n--b--\n", 0, "image/png" },
	{ MIXED, "--b\nContent-Type: image/png\nContent-Type: text/plain\n\n"
	    "x\n--b--\n", 0, "png\n\nx" },
	{ MIXED, "--b\nContent-Type: text/plain;\n\t\n name=y\n\n"
	    "alice@private.example\n--b--\n", 0, "support@" },
	/* Encodings where none may be. */
	{ MIXED, "--b\nContent-Type: multipart/mixed; boundary=c\n"
	    "Content-Transfer-Encoding: base64\n\n--c\n\n"
	    "alice@private.example\n--c--\n--b--\n", 0, "support@" },
	{ MIXED, "--b\nContent-Type: message/rfc822\n"
	    "Content-Transfer-Encoding: quoted-printable\n\nx\n--b--\n", 1,
	    "forwarded" },
	{ MIXED, "--b\nContent-Transfer-Encoding: x-uue\n\nx\n--b--\n", 1,
	    "encoding" },
	{ MIXED, "--b\nContent-Type: message/partial\n\nx\n--b--\n", 1,
	    "pieces" },
	/* Messages in messages. */
	{ "Content-Type: message/rfc822", "From alice@private.example\n"
	    "From: x (alice@private.example) <bob@x.test>\n"
	    "X-Sender: alice@private.example\n\nx\n", 0,
	    "From: x <bob@x.test>\n" },
	{ "Content-Type: message/rfc822", "To: undisclosed:;,\n"
	    " alice@private.example (=?utf-8?q?bob?=), x\n\nx\n", 0,
	    "To: bob <support@company.example>\n" },
	{ "Content-Type: message/rfc822", "From: \"alice\"@private.example,\n"
	    " <@x.test:alice@private.example>\n\nx\n", 0, "support@" },
	{ "Content-Type: message/rfc822", "Subject: =?utf-8?b?"
	    "YWxpY2VAcHJpdmF0ZS5leGFtcGxl?= and more\n\nx\n", 0,
	    "Subject: support@company.example and more" },
	{ "Content-Type: message/news", "Content-Type: message/rfc822\n\n"
	    "Content-Transfer-Encoding: base64\n\n"
	    "YWxpY2VAcHJpdmF0ZS5leGFtcGxl\n", 0, "c3VwcG9ydEB" },
	{ "Content-Type: multipart/digest; boundary=b", "--b\n\n"
	    "Received: alice@private.example\n\nx\n--b--\n", 0, "\n\n\nx\n" },
	/* What a type says of itself. */
	{ "Content-Type: text", "alice@private.example\n", 0, "support@" },
	{ "Content-Type: TEXT/Html; charset=\"UTF-16\"",
	    "alice<i>@private.example\n", 0, "support@" },
	{ "Content-Type:", "alice@private.example\n", 0, "support@" },
	{ "Content-Type: text/vcard", "EMAIL:alice@priv\n ate.example\n", 0,
	    "EMAIL:support@" },
	{ "Content-Type: text/calendar", "X:1\nmethod;x=y:REPLY\n", 1,
	    "calendar" },
};

static void
test_cases(const struct secrets *l)
{
	const char	*p, *eol, *where;
	struct bodyrw	*b;
	size_t		 i;
	int		 rc;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		sbuf_reset(&got);
		b = begin(l, BODYRW_SCRUB, collect, NULL, cases[i].type, NULL);
		rc = 0;
		for (p = cases[i].body; *p != '\0' && rc == 0; p = eol + 1) {
			eol = strchr(p, '\n');
			rc = bodyrw_line(b, p, (size_t)(eol - p));
		}
		if (rc == 0)
			rc = bodyrw_end(b);
		CHECK(!bodyrw_failed(b));
		CHECK((rc == -1) == cases[i].refused);
		where = rc == -1 ? bodyrw_error(b) : sbuf_str(&got);
		if (strstr(where, cases[i].has) == NULL ||
		    (rc == 0 && strstr(where, "private") != NULL))
			fprintf(stderr, "case %zu:\n%s--\n", i, where);
		CHECK(strstr(where, cases[i].has) != NULL);
		CHECK(rc == -1 || strstr(where, "private") == NULL);
		bodyrw_free(b);
	}
}

static long
memory(void)
{
	struct rusage	r;

	getrusage(RUSAGE_SELF, &r);
	return r.ru_maxrss;
}

/* 4 MB of each kind of line: nothing is lost, and nothing piles up. */
static void
test_sizes(const struct secrets *l)
{
	static const struct {
		const char	*type, *cte, *line;
	} kinds[] = {
		{ "text/plain", "8bit", "> some words of a quoted reply" },
		{ "text/plain", "8bit", "" },
		{ "text/plain", "8bit", "wordwithoutanend" },
		{ "text/html", "8bit", "<p title='never closed" },
		{ "text/html", "8bit", "<!-- alice" },
		{ "text/html", "quoted-printable", "=" },
		{ "text/html", "quoted-printable", "&#0000000000=" },
		{ "text/plain", "quoted-printable", "soft line breaks only =" },
		{ "text/plain", "base64", "YWxpY2UgYW5kIGJvYg" },
		{ "text/plain", "base64", "Y" },
		{ "text/plain", "base64", "!" },
		{ "text/calendar", "8bit", " M" },
		{ "image/png", "base64", "YWxpY2UgYW5kIGJvYg" },
		{ "message/rfc822", "8bit", "" },
	};
	char		 type[64], cte[64];
	struct bodyrw	*b;
	size_t		 i, n, size, len;
	long		 before = memory();

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		snprintf(type, sizeof(type), "Content-Type: %s",
		    kinds[i].type);
		snprintf(cte, sizeof(cte), "Content-Transfer-Encoding: %s",
		    kinds[i].cte);
		b = begin(l, BODYRW_SCRUB, count, &size, type, cte);
		size = 0;
		len = strlen(kinds[i].line);
		for (n = 0; n < 4000000; n += len + 1)
			if (bodyrw_line(b, kinds[i].line, len) == -1)
				break;
		if (bodyrw_error(b) == NULL) {
			CHECK(bodyrw_end(b) == 0);
			/* Foreign characters go when base64 is read. */
			CHECK(size > n / 2 - 100 || kinds[i].line[0] == '!');
		}
		CHECK(!bodyrw_failed(b));
		bodyrw_free(b);
	}
	CHECK(memory() - before < GROWTH_MAX);
}

static void
test_lines(const struct secrets *l)
{
	struct bodyrw	*b;
	size_t		 size = 0;
	char		*line = malloc(1 << 20);

	memset(line, 'x', 1 << 20);
	memcpy(line + 60000, " alice@private.example ", 23);
	sbuf_reset(&got);
	b = begin(l, BODYRW_SCRUB, collect, NULL, "Content-Type: text/plain",
	    NULL);
	CHECK(bodyrw_line(b, line, 65535) == 0);
	CHECK(bodyrw_end(b) == 0);
	CHECK(strstr(sbuf_str(&got), "x support@company.example x") != NULL);
	CHECK(bodyrw_leaks(b) == 1);
	bodyrw_free(b);
	b = begin(l, BODYRW_SCRUB, count, &size, "Content-Type: text/plain",
	    NULL);
	CHECK(bodyrw_line(b, line, 1 << 20) == -1);
	CHECK(bodyrw_error(b) != NULL);
	CHECK(bodyrw_line(b, "x", 1) == -1);
	CHECK(bodyrw_end(b) == -1);
	bodyrw_free(b);
	free(line);
}

/* A header of 20,000 fields, and one of 1 MB. */
static void
test_headers(const struct secrets *l)
{
	struct bodyrw	*b;
	size_t		 i, size = 0;
	int		 rc = 0;

	b = begin(l, BODYRW_SCRUB, count, &size, MIXED, NULL);
	bodyrw_line(b, "--b", 3);
	for (i = 0; i < 20000 && rc == 0; i++)
		rc = bodyrw_line(b, "X-Something: else", 17);
	CHECK(rc == 0 && bodyrw_end(b) == 0);
	bodyrw_free(b);
	b = begin(l, BODYRW_SCRUB, count, &size, MIXED, NULL);
	bodyrw_line(b, "--b", 3);
	bodyrw_line(b, "Content-Type: text/plain;", 25);
	for (i = 0, rc = 0; i < 50000 && rc == 0; i++)
		rc = bodyrw_line(b, " charset=alice; x=y", 19);
	if (rc == 0)
		rc = bodyrw_end(b);
	CHECK(rc == -1 && bodyrw_error(b) != NULL && !bodyrw_failed(b));
	bodyrw_free(b);
	b = begin(l, BODYRW_CALENDAR, count, &size, MIXED, NULL);
	bodyrw_line(b, "--b", 3);
	size = 0;
	for (i = 0; i < 50000; i++)
		CHECK(bodyrw_line(b, "X-Something: else", 17) == 0);
	CHECK(bodyrw_end(b) == 0);
	CHECK(size >= 50000 * 18);
	bodyrw_free(b);
}

int
main(void)
{
	struct secrets	*l = secrets_new();

	sbuf_init(&got, 1 << 24);
	secrets_add_address(l, "alice@private.example");
	secrets_add_mailbox(l, "support@company.example");
	test_cases(l);
	test_sizes(l);
	test_lines(l);
	test_headers(l);
	secrets_free(l);
	sbuf_free(&got);
	return test_done();
}
