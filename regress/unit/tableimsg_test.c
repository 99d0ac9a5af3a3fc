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

/* Requests and answers of the binary protocol, smtpd up to 7.5. */

#include "table-relay/tableimsg.c"
#include "test.h"

static unsigned char	data[IMSGWIRE_DATA_MAX];
static size_t		datalen;

static void
begin(void)
{
	datalen = 0;
}

static void
add(const void *p, size_t len)
{
	memcpy(data + datalen, p, len);
	datalen += len;
}

static enum req_op
parse(uint32_t type, struct request *req)
{
	struct imsgwire	m = { type, 0, 0, 0, data, datalen };

	tableimsg_parse(&m, req);
	return req->op;
}

/* A query as smtpd makes it; keylen counts the NUL. */
static void
query(uint32_t service, size_t params, const char *key, size_t keylen)
{
	begin();
	add(&service, sizeof(service));
	add(&params, sizeof(params));
	add(key, keylen);
}

static void
test_requests(void)
{
	struct request	req;
	uint32_t	version = 2;
	char		name[TABLEIMSG_NAME] = "mailboxes";

	begin();
	add(&version, sizeof(version));
	add(name, sizeof(name));
	CHECK(parse(TABLEIMSG_OPEN, &req) == REQ_OPEN);
	version = 3;
	memcpy(data, &version, sizeof(version));
	CHECK(parse(TABLEIMSG_OPEN, &req) == REQ_BAD);
	query(1, 0, "a@b", 4);
	CHECK(parse(TABLEIMSG_LOOKUP, &req) == REQ_LOOKUP);
	CHECK(req.service == SERVICE_ALIAS && req.keylen == 3);
	query(2, 0, "b", 2);
	CHECK(parse(TABLEIMSG_CHECK, &req) == REQ_CHECK);
	CHECK(req.service == SERVICE_DOMAIN && req.keylen == 1);
	query(0x40, 0, "", 1);
	CHECK(parse(TABLEIMSG_CHECK, &req) == REQ_CHECK);
	CHECK(req.service == SERVICE_MAILADDR && req.keylen == 0);
	query(0x10, 0, "b", 2);
	CHECK(parse(TABLEIMSG_CHECK, &req) == REQ_CHECK);
	CHECK(req.service == SERVICE_OTHER);
	query(0x20, 0, "", 0);
	CHECK(parse(TABLEIMSG_FETCH, &req) == REQ_FETCH);
	begin();
	CHECK(parse(TABLEIMSG_UPDATE, &req) == REQ_UPDATE);
	CHECK(parse(TABLEIMSG_CLOSE, &req) == REQ_CLOSE);
}

static void
test_hostile(void)
{
	struct request	req;
	char		big[REQUEST_KEY_MAX + 2];

	begin();
	CHECK(parse(TABLEIMSG_OPEN, &req) == REQ_BAD);
	CHECK(parse(TABLEIMSG_LOOKUP, &req) == REQ_BAD);
	CHECK(parse(99, &req) == REQ_BAD);
	CHECK(parse(TABLEIMSG_OK, &req) == REQ_BAD);
	query(1, 1, "a@b", 4);
	CHECK(parse(TABLEIMSG_LOOKUP, &req) == REQ_BAD);
	query(1, SIZE_MAX, "a@b", 4);
	CHECK(parse(TABLEIMSG_LOOKUP, &req) == REQ_BAD);
	query(1, 0, "a@b", 3);
	CHECK(parse(TABLEIMSG_LOOKUP, &req) == REQ_BAD);
	query(1, 0, "a\0b", 4);
	CHECK(parse(TABLEIMSG_LOOKUP, &req) == REQ_BAD);
	query(1, 0, "", 0);
	CHECK(parse(TABLEIMSG_LOOKUP, &req) == REQ_BAD);
	query(1, 0, "a", 2);
	CHECK(parse(TABLEIMSG_FETCH, &req) == REQ_BAD);
	memset(big, 'k', sizeof(big));
	big[sizeof(big) - 1] = '\0';
	query(1, 0, big, sizeof(big));
	CHECK(parse(TABLEIMSG_LOOKUP, &req) == REQ_BAD);
	query(1, 0, big + 1, sizeof(big) - 1);
	CHECK(parse(TABLEIMSG_LOOKUP, &req) == REQ_LOOKUP);
	CHECK(req.keylen == REQUEST_KEY_MAX);
}

static ssize_t
answer(enum req_op op, enum req_result result, const char *value, size_t len,
    struct imsgwire *m)
{
	static unsigned char	buf[2048];
	struct request		req = { .op = op };
	ssize_t			n;
	size_t			used;

	n = tableimsg_answer(buf, sizeof(buf), &req, result, value, len);
	if (n > 0 && (imsgwire_get(buf, n, m, &used) != 1 ||
	    used != (size_t)n))
		return -2;
	return n;
}

static int32_t
code_of(const struct imsgwire *m)
{
	int32_t	r;

	memcpy(&r, m->data, sizeof(r));
	return r;
}

static void
test_answers(void)
{
	struct imsgwire	m;

	CHECK(answer(REQ_OPEN, RESULT_FOUND, NULL, 0, &m) == 16);
	CHECK(m.type == TABLEIMSG_OK);
	CHECK(answer(REQ_OPEN, RESULT_ERROR, NULL, 0, &m) == 16);
	CHECK(m.type == TABLEIMSG_FAIL);
	CHECK(answer(REQ_CLOSE, RESULT_FOUND, NULL, 0, &m) == 0);
	CHECK(answer(REQ_CHECK, RESULT_FOUND, "x", 1, &m) == 20);
	CHECK(m.type == TABLEIMSG_OK && code_of(&m) == 1);
	CHECK(answer(REQ_CHECK, RESULT_NOTFOUND, NULL, 0, &m) == 20);
	CHECK(code_of(&m) == 0);
	CHECK(answer(REQ_BAD, RESULT_ERROR, NULL, 0, &m) == 20);
	CHECK(m.type == TABLEIMSG_OK && code_of(&m) == -1);
	CHECK(answer(REQ_UPDATE, RESULT_FOUND, NULL, 0, &m) == 20);
	CHECK(code_of(&m) == 1);
	CHECK(answer(REQ_UPDATE, RESULT_ERROR, NULL, 0, &m) == 20);
	CHECK(code_of(&m) == 0);
	CHECK(answer(REQ_LOOKUP, RESULT_FOUND, "user", 4, &m) == 25);
	CHECK(code_of(&m) == 1 && memcmp(m.data + 4, "user", 5) == 0);
	CHECK(answer(REQ_LOOKUP, RESULT_ERROR, "user", 4, &m) == 20);
	CHECK(code_of(&m) == -1);
	CHECK(answer(REQ_LOOKUP, RESULT_FOUND, "", 0, &m) == -1);
	CHECK(answer(REQ_LOOKUP, RESULT_FOUND, "a\0b", 3, &m) == -1);
	CHECK(answer(REQ_LOOKUP, RESULT_FOUND, "a", 2000, &m) == -1);
}

int
main(void)
{
	test_requests();
	test_hostile();
	test_answers();
	return test_done();
}
