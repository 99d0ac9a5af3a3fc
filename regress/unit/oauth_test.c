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

/* JSON that is right and wrong, and what token endpoints say in it. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonread.h"
#include "base/traces.h"
#include "oauth/oauthanswer.h"
#include "test.h"

static char told[1024];

static int
on_member(const char *name, enum jsonread_type type, const char *value,
    void *arg)
{
	size_t	 n = strlen(told);

	(void)arg;
	snprintf(told + n, sizeof(told) - n, "%s%s=%d:%s", n == 0 ? "" : ";",
	    name, type, value);
	return strcmp(name, "refuse") == 0 ? -1 : 0;
}

static int
read_text(const char *s, size_t len)
{
	told[0] = '\0';
	return jsonread_object(s, len, on_member, NULL);
}

static void
good(const char *s, const char *want)
{
	char	*copy = malloc(strlen(s));	/* without a NUL behind it */

	memcpy(copy, s, strlen(s));
	if (read_text(copy, strlen(s)) != 0)
		fprintf(stderr, "refused: %s\n", s);
	CHECK(read_text(copy, strlen(s)) == 0);
	CHECK_STR(told, want);
	free(copy);
}

static void
bad(const char *s)
{
	char	*copy = malloc(strlen(s) + 1);

	memcpy(copy, s, strlen(s));
	if (read_text(copy, strlen(s)) != -1)
		fprintf(stderr, "taken: %s\n", s);
	CHECK(read_text(copy, strlen(s)) == -1);
	free(copy);
}

static void
test_json(void)
{
	good("{}", "");
	good(" { \"a\" : \"b\" }\r\n", "a=0:b");
	good("{\"a\":1,\"b\":-0.5e+10,\"c\":true,\"d\":false,\"e\":null}",
	    "a=1:1;b=1:-0.5e+10;c=2:;d=3:;e=4:");
	good("{\"a\":{\"b\":[1,{\"c\":\"x\"},[]]},\"d\":[]}", "a=5:;d=5:");
	good("{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\u20ac"
	    "\\ud83d\\ude00\"}",
	    "a=0:\"\\/\b\f\n\r\t\303\251\342\202\254\360\237\230\200");
	good("{\"\\u0061\":\"\303\251\"}", "a=0:\303\251");
	good("{\"a\":0,\"a\":1}", "a=1:0;a=1:1");
	bad("");
	bad("[]");
	bad("\"a\"");
	bad("{");
	bad("{}}");
	bad("{} x");
	bad("{\"a\"}");
	bad("{\"a\":}");
	bad("{\"a\":1,}");
	bad("{,}");
	bad("{a:1}");
	bad("{'a':1}");
	bad("{\"a\":01}");
	bad("{\"a\":+1}");
	bad("{\"a\":1.}");
	bad("{\"a\":.5}");
	bad("{\"a\":1e}");
	bad("{\"a\":-}");
	bad("{\"a\":tru}");
	bad("{\"a\":nulls}");
	bad("{\"a\":\"\n\"}");
	bad("{\"a\":\"\\x\"}");
	bad("{\"a\":\"\\u12g4\"}");
	bad("{\"a\":\"\\u0000\"}");
	bad("{\"a\":\"\\ud83d\"}");
	bad("{\"a\":\"\\ude00\"}");
	bad("{\"a\":\"\\ud83d\\u0041\"}");
	bad("{\"a\":\"\377\"}");
	bad("{\"a\":\"\300\200\"}");
	bad("{\"a\":\"b");
	bad("{\"a\":\"b\\");
	bad("{\"a\":\"\\u00");
	bad("{\"a\":[1}");
	bad("{\"a\":[1,]}");
	bad("{\"a\":{1:2}}");
	bad("{\"refuse\":1}");
	CHECK(read_text("{\"a\":\"\0\"}", 9) == -1);
}

/* Depth, length of a string, length of all. */
static void
test_limits(void)
{
	static char	 big[40000], huge[JSONREAD_MAX + 1];
	int		 i;

	for (i = 0; i < JSONREAD_DEPTH_MAX; i++)
		big[5 + i] = '[';
	memcpy(big, "{\"a\":", 5);
	memset(big + 5 + JSONREAD_DEPTH_MAX, ']', JSONREAD_DEPTH_MAX);
	big[5 + 2 * JSONREAD_DEPTH_MAX] = '}';
	CHECK(read_text(big, 6 + 2 * JSONREAD_DEPTH_MAX) == -1);
	big[4 + JSONREAD_DEPTH_MAX] = ' ';
	big[5 + JSONREAD_DEPTH_MAX] = ' ';
	CHECK(read_text(big, 6 + 2 * JSONREAD_DEPTH_MAX) == 0);
	memset(big, 'x', sizeof(big));
	memcpy(big, "{\"a\":\"", 6);
	memcpy(big + JSONREAD_STRING_MAX + 10, "\"}", 2);
	CHECK(read_text(big, JSONREAD_STRING_MAX + 12) == -1);
	memcpy(big + JSONREAD_STRING_MAX, "\"}", 2);
	CHECK(read_text(big, JSONREAD_STRING_MAX + 2) == 0);
	/* What is too long is not even looked at. */
	memset(huge, ' ', sizeof(huge));
	memcpy(huge, "{}", 2);
	CHECK(read_text(huge, JSONREAD_MAX) == 0);
	CHECK(read_text(huge, JSONREAD_MAX + 1) == -1);
}

static struct oauthtext o;

/* An answer, and how it is judged. */
static void
judge(int basic, long status, const char *body, enum oauthanswer_state state,
    const char *want)
{
	struct oauthanswer	 a;

	oauthanswer_parse(&a, &o, basic, status, body, strlen(body));
	if (a.state != state)
		fprintf(stderr, "%s: %d (%s)\n", body, a.state, a.text);
	CHECK(a.state == state);
	if (state == OAUTHANSWER_GOOD) {
		CHECK_STR(a.token, want);
		CHECK_STR(a.text, "");
	} else {
		CHECK_STR(a.text, want);
		CHECK(a.token == NULL && a.refresh == NULL);
	}
	oauthanswer_free(&a);
}

#define GOOD	"\"access_token\":\"tok\",\"token_type\":\"Bearer\""
#define NONE	"the token server's answer has no access token"

static void
test_answers(void)
{
	judge(0, 200, "{" GOOD "}", OAUTHANSWER_GOOD, "tok");
	judge(0, 200, "{" GOOD ",\"token_type\":null,\"x\":[]}",
	    OAUTHANSWER_GOOD, "tok");
	judge(0, 200, "{\"access_token\":\"tok\"}", OAUTHANSWER_LATER,
	    "the token server gives no token of type Bearer");
	judge(0, 200, "{\"access_token\":\"tok\",\"token_type\":\"mac\"}",
	    OAUTHANSWER_LATER,
	    "the token server gives no token of type Bearer");
	judge(0, 200, "{\"access_token\":\"t k\",\"token_type\":\"Bearer\"}",
	    OAUTHANSWER_LATER, NONE);
	judge(0, 200, "{\"access_token\":\"\",\"token_type\":\"Bearer\"}",
	    OAUTHANSWER_LATER, NONE);
	judge(0, 200, "{\"access_token\":\"a\\u0001b\"}", OAUTHANSWER_LATER,
	    NONE);
	judge(0, 200, "{\"access_token\":1}", OAUTHANSWER_LATER,
	    "the token server's answer, with status 200, makes no sense");
	judge(0, 200, "{" GOOD ",\"access_token\":\"x\"}", OAUTHANSWER_LATER,
	    "the token server's answer, with status 200, makes no sense");
	judge(0, 502, "<html>", OAUTHANSWER_LATER,
	    "the token server's answer, with status 502, makes no sense");
	judge(0, 500, "{" GOOD "}", OAUTHANSWER_LATER,
	    "the token server answers with status 500");
	judge(0, 400, "{\"error\":\"invalid_grant\",\"error_description\":"
	    "\"Token has been expired or revoked.\"}", OAUTHANSWER_REFUSED,
	    "the token server says invalid_grant: Token has been expired or "
	    "revoked.");
	judge(0, 200, "{\"error\":\"invalid_grant\"}", OAUTHANSWER_REFUSED,
	    "the token server says invalid_grant");
	judge(0, 503, "{\"error\":\"temporarily_unavailable\"}",
	    OAUTHANSWER_LATER, "the token server says "
	    "temporarily_unavailable");
	judge(0, 401, "{\"error\":\"invalid_client\"}", OAUTHANSWER_BASIC,
	    "the token server says invalid_client");
	judge(1, 401, "{\"error\":\"invalid_client\"}", OAUTHANSWER_REFUSED,
	    "the token server says invalid_client");
	judge(0, 400, "{\"error\":\"a\\r\\nb\303\251\"}", OAUTHANSWER_LATER,
	    "the token server says a??b??");
	/* Servers that repeat what they were told. */
	judge(0, 400, "{\"error\":\"invalid_grant\",\"error_description\":"
	    "\"bad refresh-token-1\"}", OAUTHANSWER_REFUSED,
	    "(the token server repeats the secret)");
	judge(0, 400, "{\"error\":\"x\",\"error_description\":"
	    "\"..secret-of-the-c..\"}", OAUTHANSWER_LATER,
	    "(the token server repeats the secret)");
}

/* For how long, and the next refresh token. */
static void
test_life(void)
{
	struct oauthanswer	 a;

	oauthanswer_parse(&a, &o, 0, 200, "{" GOOD ",\"expires_in\":\"120\","
	    "\"refresh_token\":\"next\"}", strlen("{" GOOD
	    ",\"expires_in\":\"120\",\"refresh_token\":\"next\"}"));
	CHECK(a.life == 120);
	CHECK_STR(a.refresh, "next");
	oauthanswer_free(&a);
#define LIFE(text, want) do {						\
	static const char	 body_[] = "{" GOOD ",\"expires_in\":"	\
	    text ",\"refresh_token\":\"refresh-token-1\"}";		\
	oauthanswer_parse(&a, &o, 0, 200, body_, sizeof(body_) - 1);	\
	CHECK(a.life == (want) && a.refresh == NULL);			\
	oauthanswer_free(&a);						\
} while (0)
	LIFE("3599", 3599);
	LIFE("3599.7", 3599);
	LIFE("null", OAUTHANSWER_LIFE);
	LIFE("-5", OAUTHANSWER_LIFE);
	LIFE("\"soon\"", OAUTHANSWER_LIFE);
	LIFE("99999999999999999999999", OAUTHANSWER_LIFE_MAX);
	LIFE("0", 0);
}

static void
test_traces(void)
{
	CHECK(traces_of("s3cret", "no s3cret here") == 1);
	CHECK(traces_of("s3cret", "no s3cre here") == 0);
	CHECK(traces_of("abc", "abc") == 0);
	CHECK(traces_of(NULL, "abc") == 0);
	CHECK(traces_of("0123456789abcdefghij", "x56789abcdefgx") == 1);
	CHECK(traces_of("0123456789abcdefghij", "x56789abcdefx") == 0);
}

int
main(void)
{
	char	 endpoint[] = "https://login.example/token", id[] = "client";
	char	 secret[] = "secret-of-the-client", rt[] = "refresh-token-1";

	o.endpoint = endpoint;
	o.client_id = id;
	o.client_secret = secret;
	o.refresh_token = rt;
	test_json();
	test_limits();
	test_answers();
	test_life();
	test_traces();
	return test_done();
}
