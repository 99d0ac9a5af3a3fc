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
 * Whole messages through the body rewriting.  With arguments it is a filter,
 * for tests that make their messages elsewhere:
 *	bodyrw_test scrub|refuse|pass|calendar [-c] [secret ...]
 * rewrites the message on standard input to standard output; a secret is an
 * address, +MAILBOX or =HANDLE.  Exit status 2: refused, the sentence is on
 * standard error; 3: failed.
 */

#include <stdlib.h>
#include <strings.h>

#include "base/sbuf.h"
#include "header/hdr.h"
#include "mime/bodyrw.h"
#include "scrub/bodycmd.h"
#include "scrub/secrets.h"
#include "test.h"

#define BOX	"support@company.example"
#define TOKEN	"abcdefghijklmnopqrstuvwxyz234567" "abcdefghijklmnopqrstu"

static struct sbuf	got;
static char		got_error[256];
static unsigned int	got_commands;
static size_t		got_leaks;

static int
collect(void *arg, const char *line, size_t len)
{
	(void)arg;
	return sbuf_add(&got, line, len) == -1 ||
	    sbuf_addch(&got, '\n') == -1 ? -1 : 0;
}

/* Hands the header over; other fields than Content-* go before the rest. */
static const char *
give_header(struct bodyrw *b, const char *p, const char *end)
{
	while (p < end && *p != '\n') {
		const char *q = p, *eol;

		do {
			eol = memchr(q, '\n', (size_t)(end - q));
			q = eol == NULL ? end : eol + 1;
		} while (q < end && (*q == ' ' || *q == '\t'));
		eol = q > p && q[-1] == '\n' ? q - 1 : q;
		if (strncasecmp(p, "Content-", 8) == 0) {
			if (bodyrw_field(b, p, (size_t)(eol - p)) == -1)
				return NULL;
		} else
			collect(NULL, p, (size_t)(eol - p));
		p = q;
	}
	return p < end ? p + 1 : p;
}

/* 0 passed, 2 refused, 3 failed; the new message is in got. */
static int
rewrite(struct bodyrw_plan *plan, const char *in, size_t len)
{
	struct bodyrw	*b;
	const char	*p, *end = in + len, *eol;
	int		 rc = 0;

	sbuf_reset(&got);
	got_error[0] = '\0';
	memcpy(plan->seed, "0123456789abcdef", 16);
	plan->mailbox = BOX;
	if ((b = bodyrw_new(plan, collect, NULL)) == NULL)
		return 3;
	if ((p = give_header(b, in, end)) == NULL || bodyrw_begin(b) == -1)
		rc = -1;
	else
		collect(NULL, "", 0);
	for (; rc == 0 && p < end; p = eol + 1) {
		if ((eol = memchr(p, '\n', (size_t)(end - p))) == NULL)
			eol = end;
		rc = bodyrw_line(b, p, (size_t)(eol - p));
	}
	if (rc == 0)
		rc = bodyrw_end(b);
	if (bodyrw_error(b) != NULL)
		snprintf(got_error, sizeof(got_error), "%s", bodyrw_error(b));
	got_commands = bodyrw_commands(b);
	got_leaks = bodyrw_leaks(b);
	if (rc == -1)
		rc = bodyrw_failed(b) ? 3 : 2;
	bodyrw_free(b);
	return rc;
}

static int
filter(int argc, char **argv)
{
	struct bodyrw_plan	 plan;
	struct secrets		*l = secrets_new();
	struct sbuf		 in;
	char			 buf[65536];
	size_t			 n;
	int			 i, rc;

	memset(&plan, 0, sizeof(plan));
	plan.secrets = l;
	plan.mode = strcmp(argv[1], "scrub") == 0 ? BODYRW_SCRUB :
	    strcmp(argv[1], "refuse") == 0 ? BODYRW_REFUSE :
	    strcmp(argv[1], "pass") == 0 ? BODYRW_PASS : BODYRW_CALENDAR;
	for (i = 2; i < argc; i++) {
		if (strcmp(argv[i], "-c") == 0)
			plan.commands = 1;
		else if (argv[i][0] == '+')
			secrets_add_mailbox(l, argv[i] + 1);
		else if (argv[i][0] == '=')
			secrets_add_handle(l, argv[i] + 1);
		else
			secrets_add_address(l, argv[i]);
	}
	sbuf_init(&in, 1 << 30);
	while ((n = fread(buf, 1, sizeof(buf), stdin)) > 0)
		sbuf_add(&in, buf, n);
	rc = rewrite(&plan, sbuf_str(&in), in.len);
	if (rc == 0)
		fwrite(sbuf_str(&got), 1, got.len, stdout);
	if (got_error[0] != '\0')
		fprintf(stderr, "%s\n", got_error);
	if (got_commands != 0)
		fprintf(stderr, "commands: %u\n", got_commands);
	sbuf_free(&in);
	sbuf_free(&got);
	secrets_free(l);
	return rc;
}

static const struct {
	const char	*in;
	const char	*has;		/* in the result, or in the sentence */
	int		 rc;
} cases[] = {
	{ "Subject: x\n\nalice@private.example\n",
	  "Subject: x\nContent-Transfer-Encoding: 8bit\n\n" BOX "\n", 0 },
	/* An attachment comes through byte for byte. */
	{ "Content-Type: multipart/mixed; boundary=b\n\npreamble\n--b\n\n"
	  "text\n--b\nContent-Type: image/png; name=\"a.png\"\n"
	  "Content-Transfer-Encoding: base64\n\nYWxpY2VA\n cHJp\n\n--b--\n",
	  "Content-Type: image/png; name=\"a.png\"\n"
	  "Content-Transfer-Encoding: base64\n\nYWxpY2VA\n cHJp\n\n--=_", 0 },
	/* Names of attachments, RFC 2231 and encoded words. */
	{ "Content-Type: image/png; name*0*=utf-8''alice%40; "
	  "name*1=private.example\n\nx\n",
	  "image/png;\n\tname=\"" BOX "\"\n", 0 },
	{ "Content-Disposition: attachment; "
	  "filename=\"=?utf-8?q?alice=40private.example?=.png\"\n\nx\n",
	  "filename=\"" BOX ".png\"", 0 },
	{ "Content-Type: image/png; alice@private.example=x; y=z\n\nx\n",
	  "Content-Type: image/png;\n\ty=\"z\"\n", 0 },
	{ "Content-Type: " TOKEN "/png; y=z\n\nx\n",
	  "Content-Type: application/octet-stream;\n\ty=\"z\"\n", 0 },
	{ "Content-Type: image/png (alice@private.example)\n\nx\n",
	  "Content-Type: image/png\n", 0 },
	{ "Content-Description: =?utf-8?b?YWxpY2VAcHJpdmF0ZS5leGFtcGxl?=\n"
	  "\nx\n", "Content-Description: " BOX "\n", 0 },
	{ "Content-Description: =?shift_jis?B?g0FhbGljZUBwcml2YXRlLmV4YW1wbGU"
	  "=?=\n\nx\n", "support=40company", 0 },
	{ "Content-Disposition: attachment; filename=\"=?iso-2022-jp?B?"
	  "GyRCTyIbKEJhbGljZUBwcml2YXRlLmV4YW1wbGU=?=\"\n\nx\n",
	  "support%40company.example\n", 0 },
	{ "Content-Disposition: attachment; filename=\"\x83"
	  "Aalice@private.example\"; size=7\n\nx\n", "size=\"7\"", 0 },
	{ "Content-Disposition: attachment; filename=\"=?utf-8?b?"
	  "YWxpY2VAcHJp dmF0ZS5leGFtcGxl?=.png\"\n\nx\n",
	  "filename=\"" BOX ".png\"", 0 },
	{ "Content-Description: =?x y?q?bob zz=z?=\n"
	  " =?utf-8?q?=alice=40private.example?=\n\nx\n",
	  BOX "\n", 0 },
	{ "Content-Location: http://alice%40private.example/\n\nx\n",
	  "Content-Transfer-Encoding: 8bit\n\nx\n", 0 },
	/* Two answers to one question: the first goes out. */
	{ "Content-Type: text/plain\nContent-Type: text/html\n\nx\n",
	  "Content-Type: text/plain\nContent-Transfer-Encoding: 8bit\n\nx\n",
	  0 },
	{ "Content-Transfer-Encoding: (what) BASE64 ;\n\n"
	  "eCBhbGljZUBwcml2YXRlLmV4YW1wbGUgeQo=\n",
	  "Content-Transfer-Encoding: base64\n\n"
	  "eCBzdXBwb3J0QGNvbXBhbnkuZXhhbXBsZSB5Cg==\n", 0 },
	/* Embedded messages keep what a reader wants. */
	{ "Content-Type: message/rfc822\n\nReceived: from alice-pc\n"
	  "Message-Id: <x@alice-pc>\nFrom: \"Alice\" (at work) "
	  "<alice@private.example>\nSubject: =?utf-8?q?to_alice=40private"
	  ".example?=\nX-Mailer: y\nTo: bob@other.example\n\n"
	  "alice@private.example\n",
	  "\n\nFrom: Alice <" BOX ">\nSubject: to " BOX "\n"
	  "To: bob@other.example\n\n" BOX "\n", 0 },
	/* What is taken out, and what is left then. */
	{ "Content-Type: multipart/mixed; boundary=b\n\n--b\n"
	  "Content-Type: application/ms-tnef\n\nalice@private.example\n"
	  "--b--\n", "Content-Type: text/plain; charset=us-ascii\n\n\n--=_",
	  0 },
	{ "Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b\n"
	  "Content-Type: text/x-amp-html\n\nalice@private.example\n"
	  "--b\n\ntwo\n--b--\n--b\n\nthree\n", "\n\ntwo\n--=_", 0 },
	/* What is refused. */
	{ "Content-Type: multipart/signed; boundary=b\n\n", "signed", 2 },
	{ "Content-Type: multipart/encrypted; boundary=b\n\n", "encrypted",
	  2 },
	{ "Content-Type: Application/PKCS7-mime\n\n", "encrypted", 2 },
	{ "Content-Type: multipart/mixed; boundary=b\n\n--b\n"
	  "Content-Type: application/pgp-keys\n\nx\n--b--\n", "PGP", 2 },
	{ "Content-Type: multipart/report; boundary=b\n\n", "report", 2 },
	{ "Content-Type: text/calendar; method=REPLY\n\n", "calendar", 2 },
	{ "Content-Type: text/calendar\n\nBEGIN:VCALENDAR\nMET\n HOD:REPLY\n",
	  "calendar", 2 },
	{ "Content-Type: text/plain; charset=utf-7\n\nx\n", "UTF-8", 2 },
	{ "Content-Type: text/plain; charset=cp037\n\nx\n", "UTF-8", 2 },
	{ "Content-Type: application/ms-tnef\n\nx\n", "Outlook", 2 },
	{ "Content-Type: message/rfc822\n"
	  "Content-Transfer-Encoding: base64\n\nx\n", "forwarded", 2 },
	{ "Content-Transfer-Encoding: x-uuencode\n\nx\n", "encoding", 2 },
	{ "\n#frobnicate\nx\n", "\"#frobnicate\"", 2 },
};

static void
test_cases(struct bodyrw_plan *plan)
{
	size_t	i;
	int	rc;

	plan->commands = 1;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		rc = rewrite(plan, cases[i].in, strlen(cases[i].in));
		if (rc != cases[i].rc || strstr(rc == 2 ? got_error :
		    sbuf_str(&got), cases[i].has) == NULL)
			fprintf(stderr, "case %zu: %d \"%s\"\n%s--\n", i, rc,
			    got_error, sbuf_str(&got));
		CHECK(rc == cases[i].rc);
		CHECK(strstr(rc == 2 ? got_error : sbuf_str(&got),
		    cases[i].has) != NULL);
		CHECK(strlen(got_error) <= 200);
		if (rc == 0)
			CHECK(strstr(sbuf_str(&got), "private") == NULL);
	}
}

/* Where boundaries and Content-Ids go, the references follow. */
static void
test_renaming(struct bodyrw_plan *plan)
{
	static const char in[] =
	    "Content-Type: multipart/related; boundary=\"alice-pc b\"; "
	    "start=\"<root@alice-pc>\"\n\n--alice-pc b\n"
	    "Content-Type: text/html\nContent-ID: <root@alice-pc>\n\n"
	    "<img src=cid:Pic%31@alice-pc>\n--alice-pc b  \n"
	    "Content-Type: image/gif\nContent-Id: <Pic1@alice-pc>\n"
	    "Content-MD5: x\nX-Secret: y\n\nGIF\n--alice-pc b--\nepilogue\n"
	    "--alice-pc b\n";
	char		 id[80];
	const char	*p;

	CHECK(rewrite(plan, in, sizeof(in) - 1) == 0);
	CHECK(strstr(sbuf_str(&got), "alice-pc") == NULL);
	CHECK(strstr(sbuf_str(&got), "X-Secret") == NULL);
	CHECK(strstr(sbuf_str(&got), "MD5") == NULL);
	p = strstr(sbuf_str(&got), "src=cid:");
	CHECK(p != NULL);
	if (p == NULL)
		return;
	snprintf(id, sizeof(id), "Content-ID: <%.*s>",
	    (int)strcspn(p + 8, ">"), p + 8);
	CHECK(strstr(sbuf_str(&got), id) != NULL);
	p = strstr(sbuf_str(&got), "start=\"<");
	CHECK(p != NULL);
	if (p == NULL)
		return;
	snprintf(id, sizeof(id), "Content-ID: <%.*s>",
	    (int)strcspn(p + 8, ">"), p + 8);
	CHECK(strstr(sbuf_str(&got), id) != NULL);
}

static void
test_depth(struct bodyrw_plan *plan, size_t depth, int want)
{
	struct sbuf	in;
	size_t		i;

	sbuf_init(&in, 1 << 24);
	sbuf_addstr(&in, "Content-Type: multipart/mixed; boundary=b0\n\n");
	for (i = 1; i < depth; i++)
		sbuf_printf(&in, "--b%zu\nContent-Type: multipart/mixed; "
		    "boundary=b%zu\n\n", i - 1, i);
	sbuf_printf(&in, "--b%zu\n\nalice@private.example\n", depth - 1);
	CHECK(rewrite(plan, sbuf_str(&in), in.len) == want);
	if (want == 2)
		CHECK(strstr(got_error, "deep") != NULL);
	sbuf_free(&in);
}

static void
test_modes(struct bodyrw_plan *plan)
{
	static const char leak[] = "\nx alice@private.example\n";
	static const char ics[] = "X-A: b\n"
	    "Content-Type: text/calendar; method=REQUEST; charset=utf-8\n\n"
	    "BEGIN:VCALENDAR\nMETHOD:REQUEST\nATTENDEE;CN=x\n ;y:mailto:z\n"
	    "SUMMARY:METHOD\nORGANIZER:\n z\nEND:VCALENDAR\n";
	static const char mixed[] =
	    "Content-Type: multipart/mixed; boundary=b\n"
	    "Content-Transfer-Encoding: 7bit\n\npre alice@private.example\n"
	    "--b \nX-Y: z\nContent-Id: <a@b>\n\n#note\nx\n--b--  \nepi\n";

	plan->mode = BODYRW_REFUSE;
	CHECK(rewrite(plan, leak, sizeof(leak) - 1) == 2);
	CHECK(strstr(got_error, "private address") != NULL);
	CHECK(strlen(got_error) <= 200);
	plan->mode = BODYRW_CALENDAR;
	CHECK(rewrite(plan, ics, sizeof(ics) - 1) == 0);
	CHECK_STR(sbuf_str(&got), "X-A: b\n"
	    "Content-Type: text/calendar; charset=utf-8\n"
	    "Content-Transfer-Encoding: 8bit\n\n"
	    "BEGIN:VCALENDAR\nSUMMARY:METHOD\nEND:VCALENDAR\n");
	CHECK(rewrite(plan, mixed, sizeof(mixed) - 1) == 0);
	CHECK_STR(sbuf_str(&got), mixed);
	plan->mode = BODYRW_PASS;
	plan->commands = 0;
	CHECK(rewrite(plan, mixed, sizeof(mixed) - 1) == 0);
	CHECK_STR(sbuf_str(&got), mixed);
	plan->commands = 1;
	CHECK(rewrite(plan, mixed, sizeof(mixed) - 1) == 0);
	CHECK(got_commands == BODYCMD_NOTE);
	CHECK(strstr(sbuf_str(&got), "#note") == NULL);
	CHECK(got.len == sizeof(mixed) - 1 - 6);
	plan->mode = BODYRW_SCRUB;
	CHECK(rewrite(plan, leak, sizeof(leak) - 1) == 0);
	CHECK(got_leaks == 1);
}

/* Commands in each alternative, and not in what is attached. */
static void
test_alternatives(struct bodyrw_plan *plan)
{
	static const char in[] =
	    "Content-Type: multipart/mixed; boundary=m\n\n--m\n"
	    "Content-Type: multipart/alternative; boundary=a\n\n--a\n"
	    "Content-Type: text/plain\n\n#close\nBye\n--a\n"
	    "Content-Type: text/html\nContent-Transfer-Encoding: "
	    "quoted-printable\n\n<p>=23close</p>\n<p>Bye</p>\n--a--\n--m\n"
	    "Content-Type: text/plain\n\n#take\n--m--\n";

	CHECK(rewrite(plan, in, sizeof(in) - 1) == 0);
	CHECK(got_commands == BODYCMD_CLOSE);
	CHECK(strstr(sbuf_str(&got), "#close") == NULL);
	CHECK(strstr(sbuf_str(&got), "=23") == NULL);
	CHECK(strstr(sbuf_str(&got), "<p></p>") != NULL);
	CHECK(strstr(sbuf_str(&got), "#take") != NULL);
}

static void
test_text(const struct bodyrw_plan *plan)
{
	char	out[64];

	CHECK(bodyrw_text(plan, "to alice@private.example", out,
	    sizeof(out)) == 1);
	CHECK_STR(out, "to " BOX);
	CHECK(bodyrw_text(plan, "to bob", out, sizeof(out)) == 0);
	CHECK_STR(out, "to bob");
	CHECK(bodyrw_text(plan, "to bob", out, 6) == -1);
}

int
main(int argc, char **argv)
{
	struct bodyrw_plan	 plan;
	struct secrets		*l;

	sbuf_init(&got, 1 << 30);
	if (argc > 1)
		return filter(argc, argv);
	l = secrets_new();
	secrets_add_address(l, "alice@private.example");
	secrets_add_mailbox(l, BOX);
	memset(&plan, 0, sizeof(plan));
	plan.mode = BODYRW_SCRUB;
	plan.secrets = l;
	test_cases(&plan);
	test_renaming(&plan);
	test_depth(&plan, 64, 0);
	test_depth(&plan, 65, 2);
	test_depth(&plan, 10000, 2);
	test_modes(&plan);
	test_alternatives(&plan);
	test_text(&plan);
	secrets_free(l);
	sbuf_free(&got);
	return test_done();
}
