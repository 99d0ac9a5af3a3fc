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

/* What leaves of the header of somebody's other address. */

#include <stdlib.h>

#include "filter-relay/hidehdr.h"
#include "header/hdr.h"
#include "test.h"

#define TIME	1790000000	/* Mon, 21 Sep 2026 14:13:20 +0000 */

static const struct replyhdr_id	 ids[] = {
	{ "1@laptop", "x1@partner.example" },
	{ "2@laptop", "x2@partner.example" }
};

static char	*out;

static const char *
build(const char *in, const char *msgid)
{
	struct hidehdr_plan	 p;
	struct sbuf		 b;

	memset(&p, 0, sizeof(p));
	p.from = "user.name@partner.example";
	p.message_id = msgid;
	p.ids = ids;
	p.nids = 2;
	p.now = TIME;
	sbuf_init(&b, 100000);
	free(out);
	CHECK(hidehdr_build(&b, in, strlen(in), &p) == 0);
	out = sbuf_take(&b);
	if (out == NULL)
		out = strdup("");
	sbuf_free(&b);
	return out;
}

/* Both smtpds, logged in and named, hidden by mask-src, and others'. */
static void
received(void)
{
	static const char	 want[] =
	    "Received: by mx.company.example with ESMTPSA id 0123abcd;\n"
	    "\tSat, 21 Nov 2026 22:00:00 +0000\n";

	CHECK_STR(build("Received: from laptop (c.test [192.0.2.1])\n"
	    "\tby mx.company.example (OpenSMTPD) with ESMTPSA id 0123abcd "
	    "(TLSv1.3:TLS_AES_256_GCM_SHA384:256:NO) auth=yes user=alice\n"
	    "\tfor <bob@elsewhere.test>;\n"
	    "\tSat, 21 Nov 2026 23:00:00 +0100 (CET)\n", NULL), want);
	CHECK_STR(build("Received: \n"
	    "\tby mx.company.example (OpenSMTPD) with ESMTPSA id 0123abcd;\n"
	    "\tSat, 21 Nov 2026 22:00:00 +0000 (UTC)\n"
	    "Received: from [10.0.0.7] by laptop with HTTP; Sat, 21 Nov 2026 "
	    "22:00:00 +0000\n"
	    "Received: from laptop (laptop [10.0.0.7])\n"
	    "\tby relay.home (Postfix) with ESMTP id 77;\n"
	    "\tSat, 21 Nov 2026 22:00:00 +0000\n", NULL), want);
	/* A greeting is any text. */
	CHECK_STR(build("Received: from by evil.test with X id 1 (c [192.0"
	    ".2.1])\n"
	    "\tby mx.company.example (OpenSMTPD) with ESMTPSA id 0123abcd;\n"
	    "\tSat, 21 Nov 2026 22:00:00 +0000 (UTC)\n", NULL), want);
	/* What has been here before counts for a loop. */
	CHECK_STR(build("Received: from a\n\tby MX.company.example;\n"
	    "\tnever\n"
	    "Received: by mx.company.example with SMTP id 5;\n"
	    "\tSat, 21 Nov 2026 22:00:00 +0000\n"
	    "Received: from x\n\tby other.test; Sat, 21 Nov 2026 22:00:00 "
	    "+0000\n", NULL),
	    "Received: by MX.company.example;\n"
	    "\tMon, 21 Sep 2026 14:13:20 +0000\n"
	    "Received: by mx.company.example with SMTP id 5;\n"
	    "\tSat, 21 Nov 2026 22:00:00 +0000\n");
	/* Nothing to be read in it. */
	CHECK_STR(build("Received: from laptop\nReceived:\nReceived: x\n"
	    "\tby (((\n", NULL), "");
}

static void
dropped(void)
{
	CHECK_STR(build("Sender: alice@company.example\n"
	    "X-Originating-IP: [192.0.2.1]\n"
	    "X-MIMETrack: Serialize by Router on LAPTOP/Home\n"
	    "X-Squirrel-UserHash: AQMH\n"
	    "X-Webmail-UserID: alice@company.example\n"
	    "From: U <user.name@partner.example>\n"
	    "User-Agent: mutt\n (on a\n\tlaptop)\n"
	    "sENDER : alice\n"
	    "Subject: Received: Sender: x\n Bcc: y\n"
	    "x-mailer:z\n"
	    "Bcc: secret@elsewhere.test,\n other@elsewhere.test\n"
	    "Mime-Version: 1.0 (Apple Message framework v1)\n"
	    "X-Senders: stay\n"
	    "X-Spam: No\n"
	    "To: bob@elsewhere.test\n", NULL),
	    "From: U <user.name@partner.example>\n"
	    "Subject: Received: Sender: x\n Bcc: y\n"
	    "MIME-Version: 1.0\n"
	    "X-Senders: stay\n"
	    "X-Spam: No\n"
	    "To: bob@elsewhere.test\n");
	/* The body is nobody's business, nor is the blank line. */
	CHECK_STR(build("To: x\n\nSender: y\n", NULL), "To: x\n");
	CHECK_STR(build("\nSender: y\n", NULL), "");
	CHECK_STR(build("", NULL), "");
	CHECK_STR(build("To: x\nSender: y", NULL), "To: x\n");
	CHECK_STR(build("no colon\nSender: y\n", NULL), "no colon\n");
}

static void
message_ids(void)
{
	CHECK_STR(build("Message-Id: <1@laptop>\nTo: x\n", NULL),
	    "Message-Id: <1@laptop>\nTo: x\n");
	CHECK_STR(build("Message-Id: <1@laptop>\nTo: x\nmessage-ID: <2@l>\n",
	    "x1@partner.example"), "To: x\nMessage-ID: <x1@partner.example>\n");
	CHECK_STR(build("To: x\n", "x1@partner.example"),
	    "To: x\nMessage-ID: <x1@partner.example>\n");
	CHECK_STR(build("References: <a@b> <1@laptop>\n\t<c@d> <2@laptop>\n"
	    "In-Reply-To: <2@laptop> (Alice's message)\n", NULL),
	    "References: <a@b> <x1@partner.example> <c@d> "
	    "<x2@partner.example>\n"
	    "In-Reply-To: <x2@partner.example>\n");
	CHECK_STR(build("references:  <a@b>\n\t <c@d>\n", NULL),
	    "references:  <a@b>\n\t <c@d>\n");
}

static void
receipts(void)
{
	CHECK_STR(build("Disposition-Notification-To: U <User.Name@partner."
	    "example>\nTo: x\n", NULL), "Disposition-Notification-To: U "
	    "<User.Name@partner.example>\nTo: x\n");
	CHECK_STR(build("Disposition-Notification-To: "
	    "<alice@company.example>\nReturn-Receipt-To: user.name@partner."
	    "example, alice@company.example\nX-Confirm-Reading-To:\nTo: x\n",
	    NULL), "To: x\n");
}

static void
refused(void)
{
	struct hidehdr_plan	 p;
	struct sbuf		 b;

	memset(&p, 0, sizeof(p));
	sbuf_init(&b, 10);
	CHECK(hidehdr_build(&b, "Subject: much too long\n", 23, &p) == -1);
	sbuf_free(&b);
	sbuf_init(&b, 1000);
	p.message_id = "no\nid";
	CHECK(hidehdr_build(&b, "To: x\n", 6, &p) == -1);
	sbuf_free(&b);
}

/* Every name in the table stands in the manual, and no rule hides another. */
static void
table(const char *manual)
{
	const struct hidehdr_rule	*v;
	char				*text;
	FILE				*fp;
	size_t				 i, n, len;

	v = hidehdr_rules(&n);
	CHECK(n > 50);
	for (i = 0; i < n; i++) {
		len = strlen(v[i].name);
		if (v[i].name[len - 1] == '*')
			len--;
		CHECK(hidehdr_rule(v[i].name, len) == &v[i]);
		CHECK(v[i].why[0] != '\0');
	}
	CHECK(hidehdr_rule("Subject", 7) == NULL);
	CHECK(hidehdr_rule("From", 4) == NULL);
	CHECK(hidehdr_rule("", 0) == NULL);
	if ((fp = fopen(manual, "r")) == NULL ||
	    (text = calloc(1, 200000)) == NULL) {
		perror(manual);
		exit(1);
	}
	CHECK(fread(text, 1, 199999, fp) > 0);
	fclose(fp);
	for (i = 0; i < n; i++) {
		if (strstr(text, v[i].name) == NULL)
			fprintf(stderr, "%s is not in %s\n", v[i].name,
			    manual);
		CHECK(strstr(text, v[i].name) != NULL);
	}
	free(text);
}

int
main(void)
{
	char	 path[512], here[] = __FILE__;

	received();
	dropped();
	message_ids();
	receipts();
	refused();
	*strrchr(here, '/') = '\0';
	(void)snprintf(path, sizeof(path),
	    "%s/../../filter-relay/filter-relay.8", here);
	table(path);
	free(out);
	return test_done();
}
