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

#include "mda-relay/copyhdr.h"
#include "test.h"

static struct replyhdr_addr	 map[] = {
	{ "carol@customer.test", "support+aaaaaaaaaaaaaaaa@company.example",
	    NULL },
	{ "bob@customer.test", "support+bbbbbbbbbbbbbbbb@company.example",
	    NULL },
	{ "support+zzzzzzzzzzzzzzzz@company.example",
	    "support+cccccccccccccccc@company.example", "Carol" },
};
static const char		*ours[] = { "sales@company.example" };
static struct replyhdr_id	 ids[] = {
	{ "out.1@company.example", "relay.tok1@company.example" },
};

static void
init_plan(struct copyhdr_plan *p)
{
	memset(p, 0, sizeof(*p));
	p->kind = COPYHDR_CUSTOMER;
	p->mailbox = "support@company.example";
	p->mailbox_name = "Company Support";
	p->from = "support+aaaaaaaaaaaaaaaa@company.example";
	p->map = map;
	p->nmap = 3;
	p->ours = ours;
	p->nours = 1;
	p->ids = ids;
	p->nids = 1;
	p->message_id = "relay.new@company.example";
	p->conversation = "42";
	p->now = 1795082400;
}

static int
build(struct sbuf *b, const char *in, const struct copyhdr_plan *p)
{
	struct header_summary	 f;
	const char	*nl;
	int		 r;

	CHECK(summary_init(&f, NULL) == 0);
	for (; (nl = strchr(in, '\n')) != NULL; in = nl + 1)
		CHECK(summary_line(&f, in, (size_t)(nl - in)) != -1);
	CHECK(summary_finish(&f) == 0);
	sbuf_reset(b);
	r = copyhdr_build(b, &f, p);
	summary_free(&f);
	return r;
}

static void
customer(void)
{
	struct copyhdr_plan	 p;
	struct sbuf		 b;

	init_plan(&p);
	sbuf_init(&b, REPLYHDR_MAX);
	CHECK(build(&b,
	    "Return-Path: <carol@customer.test>\n"
	    "Delivered-To: support@company.example\n"
	    "Received: by mail.company.example id 0123abcd;\n"
	    "DKIM-Signature: v=1\n"
	    "From: =?utf-8?Q?Carol_D=C3=B6?= <Carol@customer.test>\n"
	    "Reply-To: Bob <bob@customer.test>\n"
	    "Sender: other@customer.test\n"
	    "To: support@company.example, Sales <sales@company.example>,\n"
	    "\t\"stranger\" <who@else.test>\n"
	    "Cc: bob@customer.test, \"x\" <worker@private.test>\n"
	    "Mail-Followup-To: carol@customer.test\n"
	    "Disposition-Notification-To: carol@customer.test\n"
	    "Resent-From: x@y\n"
	    "Subject: =?utf-8?Q?Hilf=C3=A9?= me\n"
	    "Date: Thu, 19 Nov 2026 12:00:00 +0200\n"
	    "Message-Id: <c.2@customer.test>\n"
	    "In-Reply-To: <out.1@company.example>\n"
	    "References: <c.1@customer.test> <out.1@company.example>\n"
	    "List-Id: <l.customer.test>\n"
	    "List-Unsubscribe: <mailto:x@y>\n"
	    "Auto-Submitted: no\n"
	    "Importance: high\n"
	    "Sensitivity: private\n"
	    "X-Relay-Reply: forged\n"
	    "MIME-Version: 1.0\n"
	    "Content-Type: text/html\n"
	    "Content-Transfer-Encoding: base64\n\n", &p) == 0);
	CHECK_STR(sbuf_str(&b),
	    "X-Relay-Conversation: 42\n"
	    "Date: Thu, 19 Nov 2026 12:00:00 +0200\n"
	    "From: =?utf-8?Q?Carol_D=C3=B6_=28via_Company_Support=29?=\n"
	    " <support+aaaaaaaaaaaaaaaa@company.example>\n"
	    "Reply-To: \"Bob (via Company Support)\"\n"
	    " <support+bbbbbbbbbbbbbbbb@company.example>\n"
	    "To: support@company.example, Sales <sales@company.example>\n"
	    "Cc: \"bob at customer.test (via Company Support)\"\n"
	    " <support+bbbbbbbbbbbbbbbb@company.example>\n"
	    "Subject: =?utf-8?Q?Hilf=C3=A9?= me\n"
	    "Message-ID: <relay.new@company.example>\n"
	    "In-Reply-To: <relay.tok1@company.example>\n"
	    "References: <c.1@customer.test> <relay.tok1@company.example>\n"
	    "MIME-Version: 1.0\n"
	    "Content-Type: text/html\n"
	    "Content-Transfer-Encoding: base64\n"
	    "Importance: high\n"
	    "Sensitivity: private\n"
	    "Auto-Submitted: no\n"
	    "List-Id: <l.customer.test>\n");
	sbuf_free(&b);
}

/* The header built for in has want. */
static void
has(const struct copyhdr_plan *p, const char *in, const char *want)
{
	struct sbuf	 b;

	sbuf_init(&b, REPLYHDR_MAX);
	CHECK(build(&b, in, p) == 0);
	if (strstr(sbuf_str(&b), want) == NULL)
		fprintf(stderr, "for %sgot %s", in, sbuf_str(&b));
	CHECK(strstr(sbuf_str(&b), want) != NULL);
	sbuf_free(&b);
}

static void
variants(void)
{
	struct copyhdr_plan	 p;

	init_plan(&p);
	has(&p, "From: carol@customer.test\n",
	    "From: \"carol at customer.test (via Company Support)\"\n"
	    " <support+aaaaaaaaaaaaaaaa@company.example>\n"
	    "Reply-To: \"carol at customer.test (via Company Support)\"\n"
	    " <support+aaaaaaaaaaaaaaaa@company.example>\n"
	    "To: Company Support <support@company.example>\n");
	has(&p, "From: x@y.test, z@y.test\nTo: carol@customer.test\n",
	    "To: \"carol at customer.test (via Company Support)\"\n"
	    " <support+aaaaaaaaaaaaaaaa@company.example>, Company Support\n"
	    " <support@company.example>\n");
	has(&p, "Date: nonsense\n",
	    "Date: Thu, 19 Nov 2026 10:00:00 +0000\n");
	has(&p, "Subject: a\rb\n", "Subject: a b\n");
	has(&p, "Reply-To: who@else.test\nFrom: Carol <carol@customer.test>\n",
	    "Reply-To: \"Carol (via Company Support)\"\n"
	    " <support+aaaaaaaaaaaaaaaa@company.example>\n");
	p.unverified = 1;
	has(&p, "From: Carol <carol@customer.test>\n",
	    "X-Relay-Unverified: yes\n");
	has(&p, "From: Carol <carol@customer.test>\n",
	    "From: \"Carol (unverified, via Company Support)\"\n");
	/* a member's address that nothing proves: no handle, no address */
	p.from = NULL;
	has(&p, "From: alice@private.test\n",
	    "From: \"someone (unverified, via Company Support)\" "
	    "<support@company.example>\n"
	    "Reply-To: \"someone (unverified, via Company Support)\"\n"
	    " <support@company.example>\n");
	init_plan(&p);
	p.original = 1;
	has(&p, "From: =?utf-8?Q?C?= <carol@customer.test>\n",
	    "From: =?utf-8?Q?C?= <carol@customer.test>\n"
	    "Reply-To: \"C (via Company Support)\"\n"
	    " <support+aaaaaaaaaaaaaaaa@company.example>\n");
	has(&p, "To: x@y.test\n", "From: \"someone (via Company Support)\"\n");
}

static void
team(void)
{
	struct copyhdr_plan	 p;
	struct sbuf		 b;

	init_plan(&p);
	p.kind = COPYHDR_TEAM;
	p.from = NULL;
	p.map = map + 2;
	p.nmap = 1;
	p.worker_name = "Alice";
	sbuf_init(&b, REPLYHDR_MAX);
	CHECK(build(&b,
	    "From: Alice Private <alice@private.test>\n"
	    "To: support@company.example, adam@private.test\n"
	    "Cc: \"Carol (via Company Support)\"\n"
	    " <support+zzzzzzzzzzzzzzzz@company.example>\n"
	    "Reply-To: alice@private.test\n"
	    "References: <alice.1@private.test> <out.1@company.example>\n"
	    "Subject: note\n", &p) == 0);
	CHECK_STR(sbuf_str(&b),
	    "X-Relay-Conversation: 42\n"
	    "Date: Thu, 19 Nov 2026 10:00:00 +0000\n"
	    "From: \"Alice (Company Support)\" <support@company.example>\n"
	    "To: support@company.example\n"
	    "Cc: \"Carol (via Company Support)\" "
	    "<support+cccccccccccccccc@company.example>\n"
	    "Subject: note\n"
	    "Message-ID: <relay.new@company.example>\n"
	    "References: <relay.tok1@company.example>\n"
	    "MIME-Version: 1.0\n"
	    "Content-Transfer-Encoding: 8bit\n");
	CHECK(strstr(sbuf_str(&b), "private") == NULL);
	/* who takes part stands there even when not written to */
	CHECK(build(&b, "To: support@company.example\n", &p) == 0);
	CHECK(strstr(sbuf_str(&b), "To: support@company.example\n"
	    "Cc: \"Carol (via Company Support)\" "
	    "<support+cccccccccccccccc@company.example>\n") != NULL);
	p.message_id = "";
	CHECK(build(&b, "", &p) == -1);
	init_plan(&p);
	p.conversation = "4\n2";
	CHECK(build(&b, "", &p) == -1);
	sbuf_free(&b);
}

int
main(void)
{
	customer();
	variants();
	team();
	return test_done();
}
