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

/* Requests and answers of the text protocol, as smtpd 7.6 to 7.9 says them. */

#include "table-relay/tabletext.c"
#include "test.h"

#define HEAD	"table|0.1|1713795082.354255|mailboxes|"

static int
parse(const char *line, struct request *req)
{
	return tabletext_parse(line, strlen(line), "mailboxes", req);
}

/* What the answer to the line is; "" for none. */
static const char *
answer(const char *line, enum req_result result, const char *value)
{
	static char	buf[TABLETEXT_ANSWER_MAX + 1];
	struct request	req;
	ssize_t		n;

	if (parse(line, &req) != 1)
		return "";
	n = tabletext_answer(buf, sizeof(buf) - 1, &req, result, value,
	    value == NULL ? 0 : strlen(value));
	if (n == -1)
		return "refused";
	buf[n] = '\0';
	return buf;
}

static void
test_requests(void)
{
	struct request	req;

	CHECK(parse(HEAD "lookup|alias|b72508d|support@company.example",
	    &req) == 1);
	CHECK(req.op == REQ_LOOKUP && req.service == SERVICE_ALIAS);
	CHECK(req.keylen == 23 && req.idlen == 7);
	CHECK(memcmp(req.key, "support@company.example", 23) == 0);
	CHECK(parse(HEAD "check|mailaddr|1|a|b@c", &req) == 1);
	CHECK(req.op == REQ_CHECK && req.service == SERVICE_MAILADDR);
	CHECK(req.keylen == 5);
	CHECK(parse(HEAD "check|domain|1|", &req) == 1);
	CHECK(req.op == REQ_CHECK && req.keylen == 0);
	CHECK(parse(HEAD "check|userinfo|1|a", &req) == 1);
	CHECK(req.op == REQ_CHECK && req.service == SERVICE_OTHER);
	CHECK(parse(HEAD "fetch|source|189bd3ee", &req) == 1);
	CHECK(req.op == REQ_FETCH && req.idlen == 8);
	CHECK(parse(HEAD "update|478ff0d2", &req) == 1);
	CHECK(req.op == REQ_UPDATE && req.idlen == 8);
	CHECK(tabletext_parse("table|0.1|1|a|b|lookup|alias|7|k", 32, "a|b",
	    &req) == 1);
	CHECK(req.op == REQ_LOOKUP && req.idlen == 1 && req.keylen == 1);
}

static void
test_hostile(void)
{
	struct request	req;
	char		line[TABLETEXT_LINE_MAX];

	CHECK(parse("", &req) == 0);
	CHECK(parse("table", &req) == 0);
	CHECK(parse("config|ready", &req) == 0);
	CHECK(parse("table|0.1|1|mailboxes", &req) == 0);
	CHECK(parse(HEAD "lookup", &req) == 0);
	CHECK(parse(HEAD "lookup|", &req) == 0);
	CHECK(parse(HEAD "lookup|alias|", &req) == 0);
	CHECK(parse(HEAD "lookup|alias||key", &req) == 0);
	CHECK(parse(HEAD "|alias|1|key", &req) == 0);
	CHECK(parse(HEAD "lookup|alias|1", &req) == 1 && req.op == REQ_BAD);
	CHECK(parse(HEAD "lookup|77", &req) == 1 && req.op == REQ_BAD);
	CHECK(parse(HEAD "dump|alias|1|k", &req) == 1 && req.op == REQ_BAD);
	memset(line, 'k', sizeof(line));
	memcpy(line, HEAD "lookup|alias|1|", strlen(HEAD) + 15);
	CHECK(tabletext_parse(line, sizeof(line), "mailboxes", &req) == 1);
	CHECK(req.op == REQ_BAD && req.idlen == 1);
	memcpy(line, HEAD "lookup|alias|kk", strlen(HEAD) + 15);
	CHECK(tabletext_parse(line, sizeof(line), "mailboxes", &req) == 0);
}

static void
test_answers(void)
{
	static char	big[TABLETEXT_VALUE_MAX + 2];

	CHECK_STR(answer(HEAD "lookup|alias|1f|k", RESULT_FOUND, "_smtprelay"),
	    "lookup-result|1f|found|_smtprelay\n");
	CHECK_STR(answer(HEAD "lookup|alias|1f|k", RESULT_NOTFOUND, NULL),
	    "lookup-result|1f|not-found\n");
	CHECK_STR(answer(HEAD "check|alias|1f|k", RESULT_FOUND, NULL),
	    "check-result|1f|found\n");
	CHECK_STR(answer(HEAD "check|alias|1f|k", RESULT_ERROR, "why"),
	    "check-result|1f|error|why\n");
	CHECK_STR(answer(HEAD "fetch|source|1f", RESULT_NOTFOUND, NULL),
	    "fetch-result|1f|not-found\n");
	CHECK_STR(answer(HEAD "update|1f", RESULT_FOUND, NULL),
	    "update-result|1f|ok\n");
	CHECK_STR(answer(HEAD "update|1f", RESULT_ERROR, "no"),
	    "update-result|1f|error|no\n");
	/* An empty value or one with a newline would end smtpd. */
	CHECK_STR(answer(HEAD "lookup|alias|1f|k", RESULT_FOUND, ""),
	    "refused");
	CHECK_STR(answer(HEAD "lookup|alias|1f|k", RESULT_FOUND, "a\nb"),
	    "refused");
	CHECK_STR(answer(HEAD "lookup|alias|1f|k", RESULT_FOUND, "a\rb"),
	    "refused");
	CHECK_STR(answer(HEAD "check|alias|1f|k", RESULT_ERROR, NULL),
	    "refused");
	memset(big, 'v', sizeof(big));
	big[sizeof(big) - 1] = '\0';
	CHECK_STR(answer(HEAD "lookup|alias|1f|k", RESULT_FOUND, big),
	    "refused");
	big[sizeof(big) - 2] = '\0';
	CHECK(strlen(answer(HEAD "lookup|alias|1f|k", RESULT_FOUND, big)) >
	    TABLETEXT_VALUE_MAX);
}

int
main(void)
{
	test_requests();
	test_hostile();
	test_answers();
	return test_done();
}
