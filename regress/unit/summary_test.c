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

#include "header/summary.h"
#include "test.h"

#define RCVD	"Received: from mx.test (mx.test [192.0.2.7])\n" \
		"\tby mail.company.example (OpenSMTPD) with ESMTPS id " \
		"0123abcd (TLSv1.3:x:256:NO)\n" \
		"\tfor <support@company.example>;\n" \
		"\tThu, 19 Nov 2026 10:00:00 +0000 (UTC)\n"

/* Reads a header whose lines end in LF; what the last line gave. */
static int
read_header(struct header_summary *f, const char *s, const char *authserv_id)
{
	const char	*nl;
	int		 r = HDR_MORE;

	CHECK(summary_init(f, authserv_id) == 0);
	for (; (nl = strchr(s, '\n')) != NULL && r == HDR_MORE; s = nl + 1)
		r = summary_line(f, s, (size_t)(nl - s));
	CHECK(summary_finish(f) == 0);
	return r;
}

static void
ordinary(void)
{
	struct header_summary	 f;

	CHECK(read_header(&f, RCVD
	    "Received: from inner\n"
	    "From: =?utf-8?Q?Al=C3=AD?= <Alice@Private.test>\n"
	    "Sender: sec@private.test\n"
	    "To: \"Carol (via Support)\"\n"
	    "\t<support+abc@company.example>, Team: x@y.test;\n"
	    "To: second@y.test\n"
	    "CC: Bob <support+def@company.example>\n"
	    "Reply-To: other@private.test\n"
	    "Subject: =?utf-8?Q?Re=3A_caf=C3=A9?=\n"
	    "Date: Thu, 19 Nov 2026 12:00:00 +0200\n"
	    "Message-Id: <own@private.test>\n"
	    "In-Reply-To: <relay.t1@company.example>\n"
	    "References: <a@x> <relay.t1@company.example>\n"
	    " <b@x>\n"
	    "X-Relay-Reply: 0011\n"
	    "X-Mailer: mutt\n"
	    "Content-Type: text/plain;\n\tcharset=utf-8\n"
	    "Content-Transfer-Encoding: 8bit\n"
	    "\n", NULL) == HDR_END);
	CHECK(f.nfrom == 1 && f.why_not[0] == '\0' && f.truncated == 0);
	CHECK_STR(summary_writer(&f)->addr, "Alice@Private.test");
	CHECK_STR(summary_writer(&f)->folded, "alice@private.test");
	CHECK_STR(summary_writer(&f)->name, "=?utf-8?Q?Al=C3=AD?=");
	CHECK(f.to.n == 3 && f.cc.n == 1);
	CHECK_STR(f.to.v[2].addr, "second@y.test");
	CHECK_STR(f.cc.v[0].name, "Bob");
	CHECK_STR(f.reply_to.v[0].addr, "other@private.test");
	CHECK_STR(f.subject, "Re: caf\xc3\xa9");
	CHECK_STR(f.subject_raw, "=?utf-8?Q?Re=3A_caf=C3=A9?=");
	CHECK(f.has_date && f.date == 1795082400);
	CHECK_STR(f.message_id, "own@private.test");
	CHECK(f.in_reply_to.n == 1 && f.references.n == 3);
	CHECK(f.automatic == 0 && f.received == 2 && !f.spam);
	CHECK_STR(f.smtpd_id, "0123abcd");
	CHECK_STR(summary_single(&f, "X-Relay-Reply"), "0011");
	CHECK(summary_single(&f, "X-Relay-Conversation") == NULL);
	CHECK(summary_single(&f, "To") == NULL);
	CHECK_STR(f.content_type, "text/plain;\tcharset=utf-8");
	CHECK_STR(f.content_encoding, "8bit");
	CHECK(hdr_get(&f.hdr, "X-Mailer", 0) == NULL);
	summary_free(&f);
}

/* Who wrote it, or the doubt about that. */
static void
writers(void)
{
	static const struct {
		const char	*in, *writer, *why_not;
	} t[] = {
		{ "From: a@x\n\n", "a@x", NULL },
		{ "From: a@x\n", "a@x", NULL },
		{ "From:a@x\n\n", "a@x", NULL },
		{ "To: a@x\n\n", NULL, "the message has no From header" },
		{ "From: a@x\nFrom: a@x\n\n", NULL,
		    "the message has more than one From header" },
		{ "From: a@x\nfrom : b@y\n\n", NULL,
		    "the message has more than one From header" },
		{ "From : a@x\n\n", NULL, "the From header is malformed" },
		{ "From: a@x\r\n\n", NULL, "the From header is malformed" },
		{ "From: a@x, b@y\n\n", NULL,
		    "the From header names more than one address" },
		{ "From: <a@x><b@y>\n\n", NULL,
		    "the From header names more than one address" },
		{ "From: \"b@y\" <a@x>\n\n", NULL, "the From header has an "
		    "address hidden in a name or comment" },
		{ "From: T: a@x;\n\n", NULL, "the From header names a group" },
		{ "From:\n\n", NULL, "the From header names no address" },
		{ "From: a@x\nX: a\rFrom: b@y\n\n", NULL,
		    "the header holds control characters" },
		{ "From: a@x\njunk\nFrom: b@y\n\n", NULL,
		    "it is not clear where the header ends" },
		{ "From: a@x\n  \nTo: b@y\n\n", NULL,
		    "it is not clear where the header ends" },
		{ " From: b@y\nFrom: a@x\n\n", NULL,
		    "the message has no From header" },
	};
	struct header_summary	 f;
	const struct addr	*w;
	size_t			 i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		read_header(&f, t[i].in, NULL);
		w = summary_writer(&f);
		CHECK((w == NULL) == (t[i].writer == NULL));
		if (w != NULL)
			CHECK_STR(w->addr, t[i].writer);
		CHECK_STR(f.why_not, t[i].why_not == NULL ? "" :
		    t[i].why_not);
		summary_free(&f);
	}
}

static void
automatic(void)
{
	static const struct {
		const char	*in;
		uint32_t	 want;
	} t[] = {
		{ "Auto-Submitted: no\n", 0 },
		{ "Auto-Submitted: (c) No; x=y\n", 0 },
		{ "Auto-Submitted: auto-replied\n", SUMMARY_AUTO_SUBMITTED },
		{ "Auto-Submitted:\n", SUMMARY_AUTO_SUBMITTED },
		{ "Auto-Submitted: no\nAuto-Submitted: auto-generated\n",
		    SUMMARY_AUTO_SUBMITTED },
		{ "Precedence: BULK\n", SUMMARY_AUTO_PRECEDENCE },
		{ "Precedence: list\n", SUMMARY_AUTO_PRECEDENCE },
		{ "Precedence: first-class\n", 0 },
		{ "X-Autoreply: yes\n", SUMMARY_AUTO_XREPLY },
		{ "x-autorespond: x\n", SUMMARY_AUTO_XREPLY },
		{ "List-Id: <l.x>\n", SUMMARY_AUTO_LIST },
		{ "List-Unsubscribe: <mailto:x>\n", SUMMARY_AUTO_LIST },
		{ "X-Auto-Response-Suppress: All\n", SUMMARY_AUTO_SUPPRESS },
		{ "Subject: Auto-Submitted\n", 0 },
	};
	struct header_summary	 f;
	size_t		 i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		read_header(&f, t[i].in, NULL);
		CHECK(f.automatic == t[i].want);
		summary_free(&f);
	}
	read_header(&f, "X-Spam: Yes\n\n", NULL);
	CHECK(f.spam == 1);
	summary_free(&f);
	read_header(&f, "X-Spam: No\n\n", NULL);
	CHECK(f.spam == 0);
	summary_free(&f);
}

static void
trust(void)
{
	struct header_summary	 f;

	read_header(&f,
	    "Authentication-Results: mx.example; "
	    "spf=pass smtp.mailfrom=a@x.example\n" RCVD
	    "Authentication-Results: mx.example; "
	    "dkim=pass header.d=y.example\n\n", "mx.example");
	CHECK(authres_passes(&f.authres, "x.example") == 1);
	CHECK(authres_passes(&f.authres, "y.example") == 0);
	summary_free(&f);
	read_header(&f,
	    "Authentication-Results: mx.example; "
	    "spf=pass smtp.mailfrom=a@x.example\n" RCVD "\n", NULL);
	CHECK(f.authres.n == 0);
	summary_free(&f);
	read_header(&f, RCVD RCVD "\n", "mx.example");
	CHECK(hdr_count(&f.hdr, "Received") == 1 && f.received == 2);
	summary_free(&f);
}

static void
smtpd_ids(void)
{
	static const struct {
		const char	*in, *want;
	} t[] = {
		{ "Received: by h (OpenSMTPD) with ESMTP id 89abcdef;\n",
		    "89abcdef" },
		{ "Received: from h (h [x])\n\tby x (y) with SMTP id 89abcdef"
		    "\n\tfor <\" id 00000000 \"@x>;\n", "89abcdef" },
		/* the client said EHLO with an id of its choice */
		{ "Received: from a by h id 00000000 (h [x])\n\tby x (y) with "
		    "SMTP id 89abcdef (TLSv1.3:x)\n", "89abcdef" },
		{ "Received: from a by h id 00000000 (h [x])\n", "" },
		{ "Received: from a\n\tby x\n\tfor <\" id 00000000 \"@x>\n",
		    "" },
		{ "Received: by h id 89abcde;\n", "" },
		{ "Received: by h id 89abcdef0;\n", "" },
		{ "Received: by h id 89ABCDEF;\n", "" },
		{ "Received: by h id 89abcdef@x;\n", "" },
		{ "Received: by h\n", "" },
		{ "Received: id\n", "" },
		{ "To: x id 89abcdef\n", "" },
	};
	struct header_summary	 f;
	size_t		 i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		read_header(&f, t[i].in, NULL);
		CHECK_STR(f.smtpd_id, t[i].want);
		summary_free(&f);
	}
}

static void
limits(void)
{
	struct header_summary	 f;
	struct sbuf	 b;
	int		 i;

	sbuf_init(&b, 1000000);
	sbuf_addstr(&b, "Cc: u@x");
	for (i = 0; i < 1000; i++)
		sbuf_printf(&b, ",\n u%d@x.example", i);
	sbuf_addstr(&b, "\nReferences:");
	for (i = 0; i < 1000; i++)
		sbuf_printf(&b, "\n <%d@x.example>", i);
	sbuf_addstr(&b, "\nSubject: ");
	for (i = 0; i < 5000; i++)
		sbuf_addstr(&b, "x");
	sbuf_addstr(&b, "\nFrom: a@x\n\n");
	read_header(&f, sbuf_str(&b), NULL);
	CHECK(f.cc.n == SUMMARY_ADDRS_MAX);
	CHECK(f.references.n == SUMMARY_IDS_MAX);
	CHECK(strlen(f.subject) == SUMMARY_SUBJECT_MAX);
	CHECK(f.truncated == (SUMMARY_TRUNC_ADDRS | SUMMARY_TRUNC_IDS |
	    SUMMARY_TRUNC_SUBJECT));
	CHECK_STR(summary_writer(&f)->addr, "a@x");
	summary_free(&f);
	/* a From that did not fit is no writer */
	sbuf_reset(&b);
	for (i = 0; i < 20000; i++)
		sbuf_printf(&b, "To: u%d@x.example\n", i);
	sbuf_addstr(&b, "From: a@x\n\n");
	read_header(&f, sbuf_str(&b), NULL);
	CHECK(summary_writer(&f) == NULL);
	CHECK_STR(f.why_not, "the From header is too long");
	CHECK(f.truncated & SUMMARY_TRUNC_HDR);
	summary_free(&f);
	sbuf_free(&b);
}

int
main(void)
{
	ordinary();
	writers();
	automatic();
	trust();
	smtpd_ids();
	limits();
	return test_done();
}
