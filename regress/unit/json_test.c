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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compat.h"
#include "smtprelayctl/json.h"
#include "test.h"

static char	*text;
static size_t	 len;
static FILE	*fp;

static void
begin(struct json *js)
{
	if ((fp = open_memstream(&text, &len)) == NULL)
		abort();
	json_init(js, fp);
}

static const char *
end(void)
{
	static char	 copy[4096];

	fclose(fp);
	if (strlcpy(copy, text, sizeof(copy)) >= sizeof(copy))
		abort();
	free(text);
	return copy;
}

static void
test_values(void)
{
	struct json	 js;

	begin(&js);
	json_object(&js, NULL);
	json_string(&js, "a", "x\"y\\z\n\t\001\177");
	json_string(&js, "null", NULL);
	json_int(&js, "min", INT64_MIN);
	json_int(&js, "max", INT64_MAX);
	json_array(&js, "list");
	json_bool(&js, NULL, 1);
	json_bool(&js, NULL, 0);
	json_null(&js, NULL);
	json_array(&js, NULL);
	json_end(&js);
	json_object(&js, NULL);
	json_end(&js);
	json_end(&js);
	json_end(&js);
	CHECK(json_finish(&js) == 0);
	CHECK_STR(end(), "{\"a\":\"x\\\"y\\\\z\\u000a\\u0009\\u0001\\u007f\","
	    "\"null\":null,\"min\":-9223372036854775808,"
	    "\"max\":9223372036854775807,"
	    "\"list\":[true,false,null,[],{}]}\n");
}

/* What is no UTF-8 (RFC 3629) is replaced byte by byte, the rest kept. */
static void
test_utf8(void)
{
	static const struct {
		const char	*in, *out;
	} all[] = {
		{ "\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80",
		    "\"\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80\"\n" },
		{ "a\xff" "b", "\"a\\ufffdb\"\n" },
		{ "\xc3", "\"\\ufffd\"\n" },
		{ "\xc0\xaf", "\"\\ufffd\\ufffd\"\n" },
		{ "\xe0\x80\xaf", "\"\\ufffd\\ufffd\\ufffd\"\n" },
		{ "\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\"\n" },
		{ "\xf4\x90\x80\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\"\n" },
		{ "\xf0\x9f\x98", "\"\\ufffd\\ufffd\\ufffd\"\n" },
		{ "\xe2\x82\"", "\"\\ufffd\\ufffd\\\"\"\n" }
	};
	struct json	 js;
	size_t		 i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		begin(&js);
		json_string(&js, NULL, all[i].in);
		CHECK(json_finish(&js) == 0);
		CHECK_STR(end(), all[i].out);
	}
}

static void
test_misuse(void)
{
	struct json	 js;
	int		 i;

	begin(&js);
	CHECK(json_finish(&js) == -1);
	(void)end();

	begin(&js);
	json_object(&js, NULL);
	CHECK(json_finish(&js) == -1);
	(void)end();

	begin(&js);
	json_object(&js, NULL);
	json_int(&js, NULL, 1);
	json_end(&js);
	CHECK(json_finish(&js) == -1);
	(void)end();

	begin(&js);
	json_array(&js, NULL);
	json_int(&js, "name", 1);
	json_end(&js);
	CHECK(json_finish(&js) == -1);
	(void)end();

	begin(&js);
	json_int(&js, NULL, 1);
	json_int(&js, NULL, 2);
	CHECK(json_finish(&js) == -1);
	(void)end();

	begin(&js);
	json_end(&js);
	CHECK(json_finish(&js) == -1);
	(void)end();

	begin(&js);
	for (i = 0; i < JSON_DEPTH_MAX + 1; i++)
		json_array(&js, NULL);
	for (i = 0; i < JSON_DEPTH_MAX + 1; i++)
		json_end(&js);
	CHECK(json_finish(&js) == -1);
	(void)end();

	/* Without a stream every call is allowed. */
	json_init(&js, NULL);
	json_object(&js, NULL);
	json_string(&js, "a", "b");
	json_end(&js);
	CHECK(json_finish(&js) == -1);
}

/* A full device is noticed at the end. */
static void
test_full(void)
{
	struct json	 js;
	FILE		*full = fopen("/dev/full", "w");

	if (full == NULL)
		return;
	json_init(&js, full);
	json_string(&js, NULL, "x");
	CHECK(json_finish(&js) == -1);
	fclose(full);
}

int
main(void)
{
	test_values();
	test_utf8();
	test_misuse();
	test_full();
	return test_done();
}
