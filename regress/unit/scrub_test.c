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

/* Scrubbing of one text in each of its encodings. */

#include <stdlib.h>

#include "mime/cte.h"
#include "scrub/bodycmd.h"
#include "test.h"

#define BOX	"support@company.example"
#define HANDLE	"abcdefgh234567ij"
#define LIVE	"zyxwvuts765432ba"
#define TOKEN	"abcdefghijklmnopqrstuvwxyz234567" "abcdefghijklmnopqrstu"

static struct secrets	*list;
static struct sbuf	 got;

static int
collect(void *arg, const char *line, size_t len)
{
	(void)arg;
	return sbuf_add(&got, line, len) == -1 ||
	    sbuf_addch(&got, '\n') == -1 ? -1 : 0;
}

struct text {
	const char	*in;		/* lines, the last one without LF too */
	const char	*want;		/* NULL: unchanged */
	size_t		 leaks;
};

/* The lines of in, through the scrubber. */
static size_t
run(enum cte_encoding cte, const char *charset, int html, const char *in,
    struct bodycmd_found *found)
{
	static const unsigned char seed[16] = "0123456789abcde";
	struct edits	 edits;
	struct scrub	*s = calloc(1, sizeof(*s));
	struct cte	*r = calloc(1, sizeof(*r));
	struct bodycmd	 cmd;
	const char	*p, *eol;
	size_t		 leaks;

	memset(&edits, 0, sizeof(edits));
	sbuf_reset(&got);
	cte_init(r, &edits, BOX, collect, NULL);
	if (found != NULL)
		bodycmd_init(&cmd, html, found);
	scrub_init(s, list, seed, &edits, found != NULL ? &cmd : NULL);
	scrub_kind(s, textlex_charset(charset), html);
	cte_begin(r, cte, s, NULL);
	for (p = in; *p != '\0'; p = eol + (*eol == '\n')) {
		if ((eol = strchr(p, '\n')) == NULL)
			eol = p + strlen(p);
		CHECK(cte_line(r, p, (size_t)(eol - p)) == 0);
	}
	CHECK(cte_end(r) == 0);
	leaks = s->job.leaks;
	cte_free(r);
	edits_free(&edits);
	free(r);
	free(s);
	return leaks;
}

static void
table(enum cte_encoding cte, const char *charset, int html,
    const struct text *t)
{
	for (; t->in != NULL; t++) {
		size_t leaks = run(cte, charset, html, t->in, NULL);

		CHECK_STR(sbuf_str(&got), t->want == NULL ? t->in : t->want);
		if (leaks != t->leaks)
			fprintf(stderr, "in: %s\n", t->in);
		CHECK(leaks == t->leaks);
	}
}

static const struct text plain[] = {
	{ "nothing here\n\nreally\n", NULL, 0 },
	{ "mail alice@private.example now\n",
	  "mail " BOX " now\n", 1 },
	{ "ALICE@Private.Example\n", BOX "\n", 1 },
	{ "<mailto:alice@private.example>\n", "<mailto:" BOX ">\n", 1 },
	{ "alice@private.example", BOX "\n", 1 },
	{ "a,alice@private.example;b\n", "a," BOX ";b\n", 1 },
	/* Other people's addresses. */
	{ "malice@private.example\n", NULL, 0 },
	{ "x.alice@private.example\n", NULL, 0 },
	{ "x-alice@private.example\n", NULL, 0 },
	{ "alice@private.examples\n", NULL, 0 },
	{ "alice@private.example-a.test\n", NULL, 0 },
	{ "bob@private.example\n", NULL, 0 },
	{ "support@company.example\n", NULL, 0 },
	{ "alice at private.example\n", NULL, 0 },
	/* Marks around it. */
	{ "...alice@private.example...\n", "..." BOX "...\n", 1 },
	{ "_alice@private.example_\n", "_" BOX "_\n", 1 },
	{ "--alice@private.example--\n", "--" BOX "--\n", 1 },
	{ "Ask alice@private.example.Thanks\n", "Ask " BOX ".Thanks\n", 1 },
	{ "'alice@private.example'\n", "'" BOX "'\n", 1 },
	{ "\"alice\"@private.example\n", "\"" BOX "\n", 1 },
	{ "x+alice@private.example\n", "x+" BOX "\n", 1 },
	{ "bounce-1=alice=private.example@x.test\n",
	  "bounce-1=" BOX "@x.test\n", 1 },
	{ "\xe3\x83\xa1" "alice@private.example\xe3\x83\xa1\n",
	  "\xe3\x83\xa1" BOX "\xe3\x83\xa1\n", 1 },
	/* Escapes of ISO-2022-JP; second bytes of Shift_JIS and GB 18030. */
	{ "\x1b$B@h\x1b(Balice@private.example\x1b$B$G\x1b(B\n",
	  "\x1b$B@h\x1b(B" BOX "\x1b$B$G\x1b(B\n", 1 },
	{ "ali\x1b(Jce@private.example\n", BOX "\x1b(J\n", 1 },
	{ "x\x1b&alice@private.example\n", "x\x1b&" BOX "\n", 1 },
	{ "\x1b(B" LIVE "\x1b$B\n", "\x1b(B" BOX "\x1b$B\n", 1 },
	{ "\x83" "Aalice@private.example\x83" "A\n",
	  "\x83" "A" BOX "\x83" "A\n", 1 },
	{ "\xe9" "calice@private.example\n", "\xe9" "c" BOX "\n", 1 },
	{ "\x81" "0\x81" "0alice@private.example\n",
	  "\x81" "0\x81" "0" BOX "\n", 1 },
	/* Tags that the private mail server takes. */
	{ "adam+shop@private.example\n", BOX "\n", 1 },
	{ "Adam+a+b@private.example,\n", BOX ",\n", 1 },
	{ "madam+shop@private.example\n", NULL, 0 },
	{ "bob+adam.b@private.example\n", NULL, 0 },
	/* Longer local parts win; both are registered. */
	{ "alice+work@private.example\n", BOX "\n", 1 },
	{ "alice+lists@private.example\n", BOX "\n", 1 },
	{ "bob+alice+x@private.example\n", "bob+" BOX "\n", 1 },
	{ "alicea+x@private.example\n", NULL, 0 },
	{ "o'brien@private.example\n", BOX "\n", 1 },
	/* Across line ends, with quote marks, flowed with DelSp. */
	{ "alice@\nprivate.example\n", BOX "\n\n", 1 },
	{ "> ali\n> ce@private\n> .example x\n", "> " BOX "\n> \n>  x\n", 1 },
	{ "alice@private. \nexample x\n", BOX " \n x\n", 1 },
	{ "to\nalice@private.example\nfrom\n", "to\n" BOX "\nfrom\n", 1 },
	{ "alice@\n\nprivate.example\n", NULL, 0 },
	{ "alice@ private.example\n", NULL, 0 },
	/* Encoded. */
	{ "alice%40private.example\n", BOX "\n", 1 },
	{ "%61lice%40private%2Eexample\n", BOX "\n", 1 },
	{ "alice%2540private.example\n", BOX "\n", 1 },
	{ "alice%252540private.example\n", BOX "\n", 1 },
	{ "q=%20alice@private.example\n", "q=%20" BOX "\n", 1 },
	{ "%adam@private.example\n", "%" BOX "\n", 1 },
	{ "100%\nalice@private.example\n", "100%\n" BOX "\n", 1 },
	{ "alice&#64;private.example\n", BOX "\n", 1 },
	{ "alice&#x40;private.example\n", BOX "\n", 1 },
	{ "alice&#0000000000000000000000000000000000000000000064;private"
	  ".example\n", BOX "\n", 1 },
	{ "alice&#64private.example\n", BOX "\n", 1 },
	{ "alice&commat;private&period;example\n", BOX "\n", 1 },
	{ "&#97;&#x6C;ice&#37;40private.example\n", BOX "\n", 1 },
	{ "&alice@private.example\n", "&" BOX "\n", 1 },
	{ "&regalice@private.example\n", "&reg" BOX "\n", 1 },
	{ "&lt;alice@private.example&gt;\n", "&lt;" BOX "&gt;\n", 1 },
	{ "&nbsp;alice@private.example\n", "&nbsp;" BOX "\n", 1 },
	{ "ali\xe2\x80\x8b" "ce\xc2\xad@private.example\n",
	  BOX "\xe2\x80\x8b\xc2\xad\n", 1 },
	{ "ali&shy;ce&#8203;@private.example\n", BOX "&shy;&#8203;\n", 1 },
	{ "alice\xef\xbc\xa0private\xef\xbc\x8e" "example\n", BOX "\n", 1 },
	/* Handles. */
	{ "<support+" HANDLE "@company.example>\n", "<" BOX ">\n", 1 },
	{ "<SALES+ABCDEFGH234567IJ@company.test>\n", "<" BOX ">\n", 1 },
	{ "support%2B" HANDLE "%40company.example\n", BOX "\n", 1 },
	{ "support+" HANDLE "\n", BOX "\n", 1 },
	{ "x=support+" HANDLE "=company.example@y.test\n",
	  "x=" BOX "=company.example@y.test\n", 1 },
	{ "support+" HANDLE "a@company.example\n", NULL, 0 },
	{ "support+abcdefgh134567ij@company.example\n", NULL, 0 },
	{ "info+" HANDLE "@company.example\n", NULL, 0 },
	{ "support+" HANDLE "@other.example\n", NULL, 0 },
	{ "support+" LIVE "@other.example\n", BOX "@other.example\n", 1 },
	{ "the handle " LIVE ".\n", "the handle " BOX ".\n", 1 },
	{ "the handle x" LIVE ".\n", NULL, 0 },
	{ "responsibilities\n", NULL, 0 },
	{ "r-" "abcdefghijklmnopqrstuvwxyz" "@company.example\n", BOX "\n", 1 },
	/* Tokens. */
	{ "<relay." TOKEN "@company.example>\n", "<" BOX ">\n", 1 },
	{ "id relay." TOKEN "\n", "id " BOX "\n", 1 },
	{ "x relay." TOKEN "zz@company.example\n", "x " BOX "\n", 1 },
	{ "bare " TOKEN " x\n", "bare " BOX " x\n", 1 },
	{ "<relay.abcdefghijklmnopqrstuvwxyz\n234567abcdefghijklmnopqrstu"
	  "@company.example>\n", "<" BOX "\n>\n", 1 },
	{ "word\n" TOKEN "\nword\n", "word\n" BOX "\nword\n", 1 },
	{ TOKEN "0\n", NULL, 0 },
	/* Taking out must not put together. */
	{ "ali" "support+" HANDLE "ce@private.example\n", NULL, 0 },
	/* Content-Ids. */
	{ "x cid:5 y\n", NULL, 0 },
	{ NULL, NULL, 0 }
};

static const struct text html[] = {
	{ "<a href=\"mailto:alice@private.example\">Alice</a>\n",
	  "<a href=\"mailto:" BOX "\">Alice</a>\n", 1 },
	{ "<p>alice<b>@</b>private.example</p>\n",
	  "<p>" BOX "<b></b></p>\n", 1 },
	{ "alice<!-- a > b -->@<wbr>private.example\n",
	  BOX "<!-- a > b --><wbr>\n", 1 },
	{ "ali<b title='x>y'>ce@private.example\n",
	  BOX "<b title='x>y'>\n", 1 },
	{ "<!-- alice@private.example -->\n", "<!-- " BOX " -->\n", 1 },
	{ "if (a<5) alice@private.example\n", "if (a<5) " BOX "\n", 1 },
	{ "<a\nhref='?to=alice%40private.example&amp;x'>\n",
	  "<a\nhref='?to=" BOX "&amp;x'>\n", 1 },
	{ "x<y alice@private.example", "x<y " BOX "\n", 1 },
	{ "<td>bob</td><td>alice@private.example</td>\n",
	  "<td>bob</td><td>" BOX "</td>\n", 1 },
	{ NULL, NULL, 0 }
};

static const struct text qp[] = {
	{ "caf=C3=A9 is=\n fine =\n\n", NULL, 0 },
	{ "alice=40private.example\n", BOX "\n", 1 },
	{ "ali=\nce@priv=\nate.example x\n", BOX "=\n x\n", 1 },
	{ "ali=  \nce@private.example\n", BOX "=\n\n", 1 },
	{ "=61=6c=69=63=65@private.example\n", BOX "\n", 1 },
	{ "al=ice@private.example =zz\n", BOX "=3D =3Dzz\n", 1 },
	{ "x =alice@private.example\n", "x =3D" BOX "\n", 1 },
	{ "alice=2540private.example\n", BOX "\n", 1 },
	{ "0123456789012345678901234567890123456789012345678901 "
	  "alice@private.example 789=C3=A9\n",
	  "0123456789012345678901234567890123456789012345678901 "
	  "support@company.exampl=\ne 789=C3=A9\n", 1 },
	{ "broken = here == and =4\n", NULL, 0 },
	{ NULL, NULL, 0 }
};

static const struct text b64[] = {
	/* "hello world, nothing to see\n" */
	{ "aGVsbG8gd29ybGQsIG5vdGhpbmcg\ndG8gc2VlCg==\n", NULL, 0 },
	{ "aGVsbG8gd29ybGQsIG5vd\nGhpbmcgdG8gc2VlCg\n", NULL, 0 },
	/* "x alice@private.example y\n" */
	{ "eCBhbGljZUBwcml2YXRlLmV4YW1wbGUgeQo=\n",
	  "eCBzdXBwb3J0QGNvbXBhbnkuZXhhbXBsZSB5Cg==\n", 1 },
	{ "eCBhbGljZ\nUBwcml2YX\n\nRlLmV4YW1wbGUgeQo\n",
	  "eCBzdXBwb3J0QGNvbXBhbnkuZXhhbXBsZSB5Cg==\n", 1 },
	{ "eCBhbGlj!ZUBwcml2\n-YXRlLmV4YW1wbGUgeQo=\n",
	  "eCBzdXBwb3J0QGNvbXBhbnkuZXhhbXBsZSB5Cg==\n", 1 },
	/* Two that were padded, one behind the other. */
	{ "eA==\neCBhbGljZUBwcml2YXRlLmV4YW1wbGUgeQo=\n",
	  "eA==\neCBzdXBwb3J0QGNvbXBhbnkuZXhhbXBsZSB5Cg==\n", 1 },
	{ "eHh4\neHg!x\n", "eHh4\neHgx\n", 0 },
	{ NULL, NULL, 0 }
};

static void
test_wide(void)
{
	/* "alice@private.example." in UTF-16LE with its mark. */
	run(CTE_BASE64, "utf-16", 0,
	    "//5hAGwAaQBjAGUAQABwAHIAaQB2AGEAdABlAC4AZQB4AGEAbQBwAGwAZQAu"
	    "AA==\n", NULL);
	CHECK_STR(sbuf_str(&got),
	    "//5zAHUAcABwAG8AcgB0AEAAYwBvAG0AcABhAG4AeQAuAGUAeABhAG0AcABs"
	    "AGUALgA=\n");
}

static void
test_cid(void)
{
	char	a[64];
	size_t	n;

	run(CTE_PLAIN, NULL, 1, "<img src=\"cid:Part1@alice-pc\">\n",
	    NULL);
	CHECK(strncmp(sbuf_str(&got), "<img src=\"cid:", 14) == 0);
	CHECK(strstr(sbuf_str(&got), "alice-pc") == NULL);
	n = strcspn(sbuf_str(&got) + 14, "\"");
	CHECK(n < sizeof(a) && n > 16);
	snprintf(a, sizeof(a), "cid:%.*s", (int)n, sbuf_str(&got) + 14);
	run(CTE_QP, "utf-8", 0, "[cid:part1%40alice-=\npc]\n", NULL);
	CHECK(strstr(sbuf_str(&got), a) != NULL);
}

static const struct {
	int		 html;
	const char	*in, *want, *unknown;
	unsigned int	 mask;
} commands[] = {
	{ 0, "#note\nHello\n", "Hello\n", "", 1 },
	{ 0, "\n#Close  \n#take\nHello\n#note\n", "\nHello\n#note\n", "", 10 },
	{ 0, "#close Thanks\n#take\n", "Thanks\n#take\n", "", 2 },
	{ 0, "#reopen", "", "", 4 },
	{ 0, "# Heading\n#note\n", NULL, "", 0 },
	{ 0, "#123\n#note\n", NULL, "", 0 },
	{ 0, "#foo-bar\n", NULL, "", 0 },
	{ 0, "Hello\n#note\n", NULL, "", 0 },
	{ 0, "> #note\n", NULL, "", 0 },
	{ 0, "#frobnicate now\n", NULL, "frobnicate", 0 },
	{ 0, "#note\n#hello\n", "#hello\n", "hello", 1 },
	{ 0, "%23note\n", NULL, "", 0 },
	{ 1, "<html><head><style>#note { }</style></head><body>\n"
	  "<div>#close</div><div>#take&nbsp;</div><p>Hello #note</p>\n",
	  "<html><head><style>#note { }</style></head><body>\n"
	  "<div></div><div></div><p>Hello #note</p>\n", "", 10 },
	{ 1, "<p><b>#no</b>te<br>\n#close<br>text\n",
	  "<p><b></b><br>\n<br>text\n", "", 3 },
	{ 1, "<blockquote>#note</blockquote>\n", NULL, "", 0 },
	{ 1, "<p>#what is this</p>\n", NULL, "what", 0 },
};

static void
test_commands(void)
{
	size_t	i;

	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		struct bodycmd_found f;

		memset(&f, 0, sizeof(f));
		run(CTE_PLAIN, NULL, commands[i].html, commands[i].in, &f);
		CHECK_STR(sbuf_str(&got), commands[i].want == NULL ?
		    commands[i].in : commands[i].want);
		CHECK_STR(f.unknown, commands[i].unknown);
		CHECK(f.mask == commands[i].mask);
	}
}

int
main(void)
{
	sbuf_init(&got, 1 << 20);
	list = secrets_new();
	CHECK(secrets_add_address(list, "Alice@private.example") == 0);
	CHECK(secrets_add_address(list, "adam@private.example") == 0);
	CHECK(secrets_add_address(list, "o'brien@private.example") == 0);
	CHECK(secrets_add_address(list, "alice+work@private.example") == 0);
	CHECK(secrets_add_mailbox(list, BOX) == 0);
	CHECK(secrets_add_mailbox(list, "sales@company.test") == 0);
	CHECK(secrets_add_handle(list, LIVE) == 0);
	CHECK(secrets_add_handle(list, "short") == -1);
	CHECK(secrets_add_address(list, "nobody") == -1);
	table(CTE_PLAIN, NULL, 0, plain);
	table(CTE_PLAIN, "utf-8", 1, html);
	table(CTE_QP, "iso-8859-1", 0, qp);
	table(CTE_BASE64, "utf-8", 0, b64);
	test_wide();
	test_cid();
	test_commands();
	secrets_free(list);
	sbuf_free(&got);
	return test_done();
}
