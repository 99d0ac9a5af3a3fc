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

#include <stdlib.h>
#include <strings.h>

#include "header/replyhdr.h"
#include "test.h"

#define RCVD	"Received: from mx.test (mx.test [192.0.2.7])\n" \
		"\tby mail.company.example (OpenSMTPD) with ESMTPS id " \
		"0123abcd;\n\tThu, 19 Nov 2026 10:00:00 +0000 (UTC)\n"

static const struct replyhdr_addr	 map[] = {
	{ "support+aaaaaaaaaaaaaaaa@company.example", "carol@customer.test",
	    "Carol" },
	{ "support+bbbbbbbbbbbbbbbb@company.example", "bob@customer.test",
	    "=?utf-8?Q?B=C3=B6b?=" },
	{ "support+cccccccccccccccc@company.example", "dan@customer.test",
	    NULL },
};
static const char *const	 private[] = { "alice@private.test",
					    "adam@private.test" };
static const struct replyhdr_id	 ids[] = {
	{ "relay.tok1@company.example", "one@customer.test" },
	{ "relay.tok2@company.example", "two@customer.test" },
};

/* Takes two secrets out, as the body's rewriter does. */
static int
scrub(void *arg, const char *text, size_t len, struct sbuf *b)
{
	static const char *const	 secret[] = {
		"alice@private.test", "aaaaaaaaaaaaaaaa"
	};
	size_t				 i, k;
	int				 n = 0;

	CHECK(strcmp(arg, "arg") == 0);
	for (i = 0; i < len; ) {
		for (k = 0; k < 2; k++)
			if (strncasecmp(text + i, secret[k],
			    strlen(secret[k])) == 0)
				break;
		if (k < 2) {
			n++;
			i += strlen(secret[k]);
			sbuf_addstr(b, "support@company.example");
		} else
			sbuf_addch(b, text[i++]);
	}
	return b->failed ? -1 : n;
}

static void
init_plan(struct replyhdr_plan *p)
{
	memset(p, 0, sizeof(*p));
	p->mailbox = "support@company.example";
	p->mailbox_name = "Company Support";
	p->map = map;
	p->nmap = 3;
	p->private = private;
	p->nprivate = 2;
	p->ids = ids;
	p->nids = 2;
	p->message_id = "new@company.example";
	p->now = 1795082400;
	p->scrub = scrub;
	p->arg = "arg";
}

/* Builds the reply to a header; what came out stays in b. */
static int
build(struct sbuf *b, const char *in, const struct replyhdr_plan *p,
    int *changed)
{
	struct header_summary	 f;
	const char	*nl;
	int		 r;

	CHECK(summary_init(&f, NULL) == 0);
	for (; (nl = strchr(in, '\n')) != NULL; in = nl + 1)
		CHECK(summary_line(&f, in, (size_t)(nl - in)) != -1);
	CHECK(summary_finish(&f) == 0);
	sbuf_reset(b);
	r = replyhdr_build(b, &f, p, changed);
	summary_free(&f);
	return r;
}

static void
whole(void)
{
	struct replyhdr_plan	 p;
	struct sbuf		 b;
	int			 changed = -1;

	init_plan(&p);
	p.reply_id = "00112233445566778899aabbccddeeff";
	sbuf_init(&b, REPLYHDR_MAX);
	CHECK(build(&b, RCVD
	    "Received: from laptop (laptop.private.test [10.0.0.1])\n"
	    "DKIM-Signature: v=1; d=private.test\n"
	    "From: Alice Private <alice@private.test>\n"
	    "Sender: alice@private.test\n"
	    "Reply-To: alice@private.test\n"
	    "To: \"Carol (via Company Support)\"\n"
	    " <SUPPORT+aaaaaaaaaaaaaaaa@company.example>,\n"
	    " Team: support+bbbbbbbbbbbbbbbb@company.example, eve@else.test;\n"
	    "Cc: support@company.example, support+cccccccccccccccc@"
	    "company.example\n"
	    "Bcc: secret@else.test\n"
	    "Subject: Re: help\n"
	    "Date: Thu, 19 Nov 2026 12:00:00 +0200\n"
	    "Message-ID: <own.1@laptop.private.test>\n"
	    "In-Reply-To: <relay.tok2@company.example>\n"
	    "References: <relay.tok1@company.example>\n"
	    "\t<unknown@private.test> <relay.tok2@company.example>\n"
	    "User-Agent: PrivateMail 1.0\n"
	    "X-Originating-IP: 10.0.0.1\n"
	    "X-Relay-Other: x\n"
	    "Importance: high\n"
	    "Thread-Topic: help\n"
	    "Thread-Index: AAAA\n"
	    "Content-Type: text/plain;\n\tcharset=utf-8\n"
	    "Content-Language: en\n"
	    "\n", &p, &changed) == 0);
	CHECK_STR(sbuf_str(&b),
	    "X-Relay-Reply: 00112233445566778899aabbccddeeff\n" RCVD
	    "Date: Thu, 19 Nov 2026 10:00:00 +0000\n"
	    "From: Company Support <support@company.example>\n"
	    "To: Carol <carol@customer.test>, =?utf-8?Q?B=C3=B6b?= "
	    "<bob@customer.test>,\n eve@else.test\n"
	    "Cc: support@company.example, dan@customer.test\n"
	    "Subject: Re: help\n"
	    "Message-ID: <new@company.example>\n"
	    "In-Reply-To: <two@customer.test>\n"
	    "References: <one@customer.test> <two@customer.test>\n"
	    "MIME-Version: 1.0\n"
	    "Content-Type: text/plain;\n\tcharset=utf-8\n"
	    "Content-Language: en\n"
	    "Content-Transfer-Encoding: 8bit\n"
	    "Importance: high\n"
	    "Thread-Topic: help\n");
	CHECK(changed == 0);
	sbuf_free(&b);
}

/* 1 when the header of the reply to in has want and not one secret. */
static void
hides(const char *in, const char *want, int want_changed)
{
	static const char *const	 secret[] = {
		"private.test", "aaaaaaaaaaaaaaaa", "dddddddddddddddd",
		"tok1", "Alice"
	};
	struct replyhdr_plan		 p;
	struct sbuf			 b;
	size_t				 i;
	int				 changed = -1;

	init_plan(&p);
	sbuf_init(&b, REPLYHDR_MAX);
	CHECK(build(&b, in, &p, &changed) == 0);
	if (strstr(sbuf_str(&b), want) == NULL)
		fprintf(stderr, "for %sgot %s", in, sbuf_str(&b));
	CHECK(strstr(sbuf_str(&b), want) != NULL);
	for (i = 0; i < sizeof(secret) / sizeof(secret[0]); i++)
		CHECK(strcasestr(sbuf_str(&b), secret[i]) == NULL);
	CHECK(changed == want_changed);
	sbuf_free(&b);
}

static void
leaks(void)
{
	hides("To: Alice <alice@private.test>, adam@private.test\n",
	    "To: Company Support <support@company.example>\n", 2);
	hides("To: support+dddddddddddddddd@company.example\n",
	    "To: Company Support <support@company.example>\n", 1);
	hides("To: \"alice@private.test\" <x@else.test>\n",
	    "To: x@else.test\n", 0);
	hides("To: \"see aaaaaaaaaaaaaaaa\" <x@else.test>\n",
	    "To: \"see support@company.example\" <x@else.test>\n", 1);
	hides("To: aaaaaaaaaaaaaaaa@else.test\n",
	    "To: Company Support <support@company.example>\n", 1);
	hides("Subject: from ALICE@private.test now\n",
	    "Subject: from support@company.example now\n", 1);
	hides("Subject: =?utf-8?Q?from_alice=40private=2Etest?=\n",
	    "Subject: from support@company.example\n", 1);
	hides("Subject: =?unknown?B?YWxpY2VAcHJpdmF0ZS50ZXN0?= x\n",
	    "Subject: support@company.example x\n", 1);
	hides("Subject: =?utf-16?B?AGEAbABpAGMAZQBAAHAAcgBpAHYAYQB0AGUALgB0"
	    "AGUAcwB0?=\n", "Subject: support@company.example\n", 1);
	hides("Thread-Topic: alice@private.test\n",
	    "Thread-Topic: support@company.example\n", 1);
	hides("In-Reply-To: <x@private.test>\nReferences: <y@private.test>\n",
	    "To: undisclosed-recipients:;\n", 0);
	hides("To: undisclosed-recipients:;\n",
	    "To: undisclosed-recipients:;\n", 0);
	hides("To: carol <carol@customer.test>,\n"
	    " support+aaaaaaaaaaaaaaaa@company.example\n"
	    "Cc: CAROL@customer.test\n",
	    "To: carol <carol@customer.test>\nMessage-ID:", 0);
	hides("Subject: =?gb2312?B?xOO6w0A=?=\n",
	    "Subject: =?gb2312?B?xOO6w0A=?=\n", 0);
	hides("Subject: caf\xe9\n", "Subject: =?utf-8?Q?caf=C3=A9?=\n", 0);
	hides("Subject: a\rBcc: b\n", "Subject: a Bcc: b\n", 0);
	hides("Date: nonsense\n", "Date: Thu, 19 Nov 2026 10:00:00 +0000\n",
	    0);
}

static void
plans(void)
{
	struct replyhdr_plan	 p;
	struct sbuf		 b;

	sbuf_init(&b, REPLYHDR_MAX);
	init_plan(&p);
	p.worker_name = "Alice";
	p.mime = "MIME-Version: 1.0\nContent-Type: text/x\n";
	CHECK(build(&b, "To: x@y.test\nContent-Type: text/plain\n", &p,
	    NULL) == 0);
	CHECK_STR(sbuf_str(&b), "Date: Thu, 19 Nov 2026 10:00:00 +0000\n"
	    "From: \"Alice (Company Support)\" <support@company.example>\n"
	    "To: x@y.test\n"
	    "Message-ID: <new@company.example>\n"
	    "MIME-Version: 1.0\nContent-Type: text/x\n");
	p.mailbox_name = NULL;
	CHECK(build(&b, "", &p, NULL) == 0);
	CHECK(strstr(sbuf_str(&b),
	    "From: Alice <support@company.example>\n") != NULL);
	p.worker_name = NULL;
	CHECK(build(&b, "", &p, NULL) == 0);
	CHECK(strstr(sbuf_str(&b), "From: support@company.example\n") != NULL);
	/* what no header can hold */
	p.message_id = "a b";
	CHECK(build(&b, "", &p, NULL) == -1);
	init_plan(&p);
	p.reply_id = "x\nBcc: y";
	CHECK(build(&b, "", &p, NULL) == -1);
	init_plan(&p);
	p.mailbox = "a\n@b";
	CHECK(build(&b, "", &p, NULL) == -1);
	sbuf_free(&b);
	sbuf_init(&b, 100);
	init_plan(&p);
	CHECK(build(&b, "To: x@y.test\n", &p, NULL) == -1);
	sbuf_free(&b);
}

int
main(void)
{
	whole();
	leaks();
	plans();
	return test_done();
}
