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

/* A message in any pieces comes out as one that every server reads alike. */

#include <stdlib.h>

#include "table-relay/courier/dotstream.c"
#include "test.h"

#define MAX	512

static char	 out[3 * MAX];
static int	 ended;
static size_t	 taken;

/* Feeds the whole in pieces of `piece' bytes; what comes out is in out. */
static const char *
feed(const char *in, size_t len, size_t piece)
{
	struct dotstream	 d = { 0 };
	size_t			 n, got, outlen, total = 0;
	char			 buf[MAX + DOTSTREAM_MORE];

	ended = 0;
	for (taken = 0; taken < len && !ended; taken += got) {
		n = len - taken < piece ? len - taken : piece;
		got = dotstream_feed(&d, in + taken, n, buf, &outlen, &ended);
		CHECK(outlen <= n + DOTSTREAM_MORE);
		CHECK(got == n || ended);
		memcpy(out + total, buf, outlen);
		total += outlen;
	}
	out[total] = '\0';
	if (ended)
		CHECK(d.state == 0);
	return out;
}

static void
check(const char *in, const char *want)
{
	size_t	piece;

	for (piece = 1; piece <= strlen(in); piece++) {
		CHECK_STR(feed(in, strlen(in), piece), want);
		CHECK(ended);
		CHECK(taken == strlen(in));
	}
}

static void
test_plain(void)
{
	check(".\r\n", "");
	check("one\r\n.\r\n", "one\r\n");
	check("one\r\n\r\ntwo\r\n.\r\n", "one\r\n\r\ntwo\r\n");
	check("..\r\n.\r\n", "..\r\n");
	check("..one\r\n...\r\n.\r\n", "..one\r\n...\r\n");
	check(".one\r\n.\r\n", "one\r\n");
	check("x.\r\n.\r\n", "x.\r\n");
}

/* What one server takes for the end and another does not. */
static void
test_smuggling(void)
{
	check("a\n.\nb\r\n.\r\n", "a . b\r\n");
	check("a\n.\r\nb\r\n.\r\n", "a .\r\nb\r\n");
	check("a\r\n.\nb\r\n.\r\n", "a\r\n b\r\n");
	check("a\r.\rb\r\n.\r\n", "a . b\r\n");
	check("a\r\n.\rb\r\n.\r\n", "a\r\n b\r\n");
	check("a\r\n.\r\r\nb\r\n.\r\n", "a\r\n \r\nb\r\n");
	check("a\r\r\n.\r\n", "a \r\n");
	check("\r\r.\r\r\n.\r\n", "  . \r\n");
	check("\n.\n\r\n.\r\n", " . \r\n");
}

static void
test_after(void)
{
	CHECK_STR(feed("a\r\n.\r\nMAIL", 10, 10), "a\r\n");
	CHECK(ended && taken == 6);
	feed("a\r\n.\r", 5, 5);
	CHECK(!ended);
}

/* Whatever comes in: lines of CR LF only, none of which is a dot. */
static void
test_any(void)
{
	static const char	bytes[] = "\r\r\r\n\n\n...ab";
	char			in[64], copy[sizeof(out)];
	size_t			i, len, run;

	for (run = 0; run < 20000; run++) {
		len = 1 + rand() % (sizeof(in) - 1);
		for (i = 0; i < len; i++)
			in[i] = bytes[rand() % (sizeof(bytes) - 1)];
		strcpy(copy, feed(in, len, len));
		CHECK_STR(feed(in, len, 1 + rand() % len), copy);
		for (i = 0; copy[i] != '\0'; i++)
			if ((copy[i] == '\r') != (copy[i + 1] == '\n') ||
			    (copy[i] == '.' && copy[i + 1] != '.' &&
			    (i == 0 || copy[i - 1] == '\n')))
				break;
		CHECK(copy[i] == '\0');
	}
}

int
main(void)
{
	srand(1);
	test_plain();
	test_smuggling();
	test_after();
	test_any();
	return test_done();
}
