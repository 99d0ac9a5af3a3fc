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

#include "mda-relay/dsn.c"
#include "mda-relay/letter.c"
#include "test.h"

static struct letter	letter;

/* Reads a body, lines ended by LF, with that Content-Type. */
static int
read_body(const char *type, const char *body)
{
	struct dsn	 d;
	const char	*nl;
	int		 n;

	letter_free(&letter);
	if (dsn_init(&d, &letter, type) == -1)
		return -1;
	for (; (nl = strchr(body, '\n')) != NULL; body = nl + 1)
		if (dsn_line(&d, body, (size_t)(nl - body)) == -1)
			return -1;
	n = *body == '\0' ? 0 : dsn_line(&d, body, strlen(body));
	return dsn_end(&d) == -1 ? -1 : n;
}

#define REPORT								\
	"Reporting-MTA: dns; mx.test\n\n"				\
	"Final-Recipient: rfc822; Carol@Customer.Test\n"		\
	"Action: failed\nStatus: 5.1.1\n"				\
	"Diagnostic-Code: smtp; 550 5.1.1\n  no such\tuser\n\n"		\
	"Original-Recipient: rfc822;dave@customer.test\n"		\
	"Action: FAILED (permanent)\nStatus: 5.7.1 (policy)\n\n"	\
	"Final-Recipient: rfc822; e@f.test\nAction: delayed\n"		\
	"Status: 4.0.0\n"

static void
two_failures(void)
{
	CHECK(letter.flags & LETTER_REPORT);
	CHECK(letter.nfailures == 2);
	if (letter.nfailures != 2)
		return;
	CHECK_STR(letter.failure[0].recipient, "carol@customer.test");
	CHECK_STR(letter.failure[0].status, "5.1.1");
	CHECK_STR(letter.failure[0].text, "550 5.1.1  no such user");
	CHECK_STR(letter.failure[1].recipient, "dave@customer.test");
	CHECK_STR(letter.failure[1].status, "5.7.1");
	CHECK_STR(letter.failure[1].text, "");
}

static void
where_it_stands(void)
{
	/* the whole message is one */
	CHECK(read_body("message/delivery-status", REPORT) == 0);
	two_failures();
	/* as RFC 3464 has it, and as smtpd does it */
	CHECK(read_body("multipart/report; boundary=\"b\"",
	    "--b\n\nprose\n--b\nContent-Type: message/delivery-status\n\n"
	    REPORT "--b--\n") == 0);
	two_failures();
	CHECK(read_body("multipart/mixed;boundary=b",
	    "--b\nContent-Type: message/delivery-status\n\n" REPORT) == 0);
	two_failures();
	/* below another multipart, which is not closed */
	CHECK(read_body("multipart/mixed; boundary=b",
	    "--b\nContent-Type: multipart/mixed; boundary=c\n\n"
	    "--c\nContent-Type: message/delivery-status\n\n" REPORT
	    "--b\nContent-Type: text/plain\n\nAction: failed\n\n") == 0);
	two_failures();
}

/* smtpd's own report: its reply stands in the text, and only there. */
static void
replies(void)
{
	static const char	type[] = "multipart/mixed;boundary=\"   1/mx\"";
	static const char	text[] = "This is MIME\n\n--   1/mx\n"
	    "Content-Description: Notification\n"
	    "Content-Type: text/plain; charset=us-ascii\n\n    Hi!\n\n"
	    "%s\n    Below is a copy of the original message:\n\n--   1/mx\n"
	    "Content-Type: message/delivery-status\n\n"
	    "Reporting-MTA: dns; mx\n\n"
	    "Final-Recipient: rfc822; Carol@customer.test\n"
	    "Action: failed\nStatus: 5.0.0\n\n"
	    "--   1/mx\nContent-Type: text/rfc822-headers\n\nA: b\n\n"
	    "--   1/mx--\n";
	static const char *const wrong[] = { "dave@customer.test: 550 no\n",
	    "carol@customer.test: moved\n", "carol@customer.test:550 x\n",
	    "carol@customer.test\n", ": 550 x\n", "carol@customer.test: 5" };
	char			 buf[2000];
	size_t			 i;

	snprintf(buf, sizeof(buf), text, "x@y.test: 550 5.7.1 not x\n"
	    "carol@customer.test: 550 5.1.1 moved\033 away\n");
	CHECK(read_body(type, buf) == 0);
	CHECK(letter.nfailures == 1);
	CHECK_STR(letter.failure[0].text, "550 5.1.1 moved? away");
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		snprintf(buf, sizeof(buf), text, wrong[i]);
		CHECK(read_body(type, buf) == 0);
		CHECK(letter.nfailures == 1);
		CHECK_STR(letter.failure[0].text, "");
	}
}

static void
where_it_does_not(void)
{
	/* in prose, in an attached message, without its type */
	CHECK(read_body("text/plain", REPORT) == 0);
	CHECK(letter.flags == 0 && letter.nfailures == 0);
	CHECK(read_body(NULL, REPORT) == 0);
	CHECK(letter.flags == 0 && letter.nfailures == 0);
	CHECK(read_body("multipart/mixed; boundary=b",
	    "--b\nContent-Type: message/rfc822\n\n"
	    "Content-Type: message/delivery-status\n\n" REPORT) == 0);
	CHECK(letter.flags == 0 && letter.nfailures == 0);
	/* a boundary that only begins like ours */
	CHECK(read_body("multipart/mixed; boundary=b",
	    "--bb\nContent-Type: message/delivery-status\n\n" REPORT) == 0);
	CHECK(letter.flags == 0);
	/* what is no failure */
	CHECK(read_body("message/delivery-status",
	    "Action: failedx\nStatus: 5.0.0\n\nAction: relayed\n\n"
	    "Status: 5.0.0\n\n") == 0);
	CHECK((letter.flags & LETTER_REPORT) && letter.nfailures == 0);
}

static void
hostile(void)
{
	char	buf[400];
	int	i;

	/* many recipients, and what cannot be quoted */
	letter_free(&letter);
	{
		struct dsn	d;

		CHECK(dsn_init(&d, &letter, "message/delivery-status") == 0);
		for (i = 0; i < 100; i++) {
			CHECK(dsn_line(&d, "Action: failed", 14) == 0);
			CHECK(dsn_line(&d, "", 0) == 0);
		}
		CHECK(dsn_end(&d) == 0);
		CHECK(letter.nfailures == LETTER_FAILURES_MAX);
	}
	CHECK(read_body("message/delivery-status", "Action: failed\n"
	    "Status: 5.1.1.1.1.1.1.1.1.1.1\n"
	    "Final-Recipient: rfc822; not an address\n"
	    "Diagnostic-Code: \033[1m\377x\n\n") == 0);
	CHECK(letter.nfailures == 1);
	CHECK_STR(letter.failure[0].status, "");
	CHECK_STR(letter.failure[0].recipient, "");
	CHECK_STR(letter.failure[0].text, "?[1m?x");
	/* nested deeper than is followed */
	letter_free(&letter);
	{
		struct dsn	d;

		CHECK(dsn_init(&d, &letter, "multipart/mixed; boundary=b0")
		    == 0);
		for (i = 0; i < 100; i++) {
			snprintf(buf, sizeof(buf), "--b%d", i);
			CHECK(dsn_line(&d, buf, strlen(buf)) == 0);
			snprintf(buf, sizeof(buf), "Content-Type: "
			    "multipart/mixed; boundary=b%d", i + 1);
			CHECK(dsn_line(&d, buf, strlen(buf)) == 0);
			CHECK(dsn_line(&d, "", 0) == 0);
		}
		CHECK(d.depth <= DSN_DEPTH);
		CHECK(dsn_end(&d) == 0);
	}
}

/* A letter that came through a channel is the one that was sent. */
static void
sent(void)
{
	const char	*from = "From: W <W@X.test>", *to = "To: T@x.test";
	struct ipc_pack	 p;
	struct letter	 got;
	size_t		 len;

	CHECK(read_body("message/delivery-status", REPORT) == 0);
	CHECK(summary_init(&letter.header, NULL) == 0);
	CHECK(summary_line(&letter.header, from, strlen(from)) == HDR_MORE);
	CHECK(summary_line(&letter.header, to, strlen(to)) == HDR_MORE);
	CHECK(summary_line(&letter.header, "Subject: s", 10) == HDR_MORE);
	CHECK(summary_line(&letter.header, "", 0) == HDR_END);
	ipc_pack_init(&p);
	ipc_put_record(&p, &letter_record, &letter);
	CHECK(!p.failed);
	CHECK(ipc_get_record(&letter_record, &got, p.buf, p.len) == 0);
	CHECK_STR(summary_writer(&got.header)->addr, "W@X.test");
	CHECK_STR(summary_writer(&got.header)->folded, "w@x.test");
	CHECK_STR(summary_writer(&got.header)->name, "W");
	CHECK_STR(got.header.to.v[0].addr, "T@x.test");
	CHECK(got.header.to.v[0].name == NULL);
	CHECK_STR(got.header.subject, "s");
	CHECK_STR(got.header.message_id, "");
	CHECK(got.header.hdr.n == 0 && got.header.authserv_id == NULL);
	CHECK(got.nfailures == 2);
	CHECK_STR(got.failure[1].status, "5.7.1");
	letter_free(&got);
	/* cut anywhere it is refused, and nothing leaks or breaks */
	for (len = 0; len < p.len; len++)
		CHECK(ipc_get_record(&letter_record, &got, p.buf, len) == -1);
	ipc_pack_free(&p);
	letter_free(&letter);
}

int
main(void)
{
	where_it_stands();
	where_it_does_not();
	replies();
	hostile();
	sent();
	return test_done();
}
