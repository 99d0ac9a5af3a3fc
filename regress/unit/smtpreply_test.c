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

/* Replies of servers: right ones, in all pieces, and wrong ones. */

#include <stdlib.h>
#include <string.h>

#include "smtp/smtpreply.h"
#include "test.h"

/* Feeds all of s in pieces of `piece' bytes; the last call's value. */
static int
feed(struct smtpreply *r, const char *s, size_t len, size_t piece,
    size_t *total)
{
	size_t	 n, used;
	int	 rv = 0;

	for (*total = 0; *total < len && rv == 0; *total += used) {
		n = len - *total < piece ? len - *total : piece;
		rv = smtpreply_feed(r, s + *total, n, &used);
	}
	return rv;
}

/* A good reply, whole and in pieces; what is behind it must stay. */
static void
good(const char *s, int code, int nlines, const char *text)
{
	struct smtpreply	 r;
	char			 buf[SMTPREPLY_TEXT_MAX];
	size_t			 piece, total, len = strlen(s);
	char			*behind;

	behind = malloc(len + 10);
	memcpy(behind, s, len);
	memcpy(behind + len, "250 more\r\n", 10);
	smtpreply_init(&r);
	for (piece = 1; piece < len + 10; piece += 1 + piece / 8) {
		smtpreply_reset(&r);
		CHECK(feed(&r, behind, len + 10, piece, &total) == 1);
		CHECK(total == len);
		CHECK(r.code == code && r.nlines == nlines);
		smtpreply_text(&r, buf, sizeof(buf));
		CHECK_STR(buf, text);
	}
	CHECK(feed(&r, "250 x\r\n", 7, 7, &total) == -1);
	smtpreply_free(&r);
	free(behind);
}

static void
bad(const char *s, size_t len, const char *why)
{
	struct smtpreply	 r;
	size_t			 total, used;

	smtpreply_init(&r);
	CHECK(feed(&r, s, len, 7, &total) == -1);
	CHECK_STR(r.error, why);
	CHECK(smtpreply_feed(&r, "250 ok\r\n", 8, &used) == -1);
	smtpreply_free(&r);
}

#define BAD(s, why)	bad(s, sizeof(s) - 1, why)

static void
test_good(void)
{
	good("220 mx ESMTP\r\n", 220, 1, "220 mx ESMTP");
	good("250\r\n", 250, 1, "250");
	good("250 \r\n", 250, 1, "250");
	good("250-\r\n250\r\n", 250, 2, "250");
	good("250-a\r\n250-b\r\n250 c\r\n", 250, 3, "250 a b c");
	good("550-5.1.1 no\r\n550-5.1.1 such\r\n550 5.1.1 user \r\n", 550, 3,
	    "550 5.1.1 no such user");
	good("550-5.1.1 no\r\n550 4.1.1 x\r\n", 550, 2,
	    "550 5.1.1 no 4.1.1 x");
	good("554 f\303\251\001\t.\r\n", 554, 1, "554 f??? .");
	good("599 - x\r\n", 599, 1, "599 - x");
}

static void
test_bad(void)
{
	BAD("hello\r\n", "a line without a reply code");
	BAD("\r\n", "a line without a reply code");
	BAD("25\r\n", "a line without a reply code");
	BAD("2500 x\r\n", "a line without a reply code");
	BAD("250_x\r\n", "a line without a reply code");
	BAD("150 x\r\n", "a line without a reply code");
	BAD("650 x\r\n", "a line without a reply code");
	BAD("2a0 x\r\n", "a line without a reply code");
	BAD(" 250 x\r\n", "a line without a reply code");
	BAD("250 x\n", "a line that does not end in CR LF");
	BAD("\n", "a line that does not end in CR LF");
	BAD("250 x\ry\r\n", "a control character in a reply");
	BAD("250 x\0y\r\n", "a control character in a reply");
	BAD("250-x\r\n251 y\r\n", "a reply with two codes");
	BAD("250-x\r\n\r\n", "a line without a reply code");
}

static void
test_limits(void)
{
	static char		 buf[4 * SMTPREPLY_TOTAL_MAX];
	struct smtpreply	 r;
	size_t			 total;
	char			*p;
	int			 i;

	memset(buf, 'x', sizeof(buf));
	memcpy(buf, "250 ", 4);
	memcpy(buf + SMTPREPLY_LINE_MAX - 2, "\r\n", 2);
	smtpreply_init(&r);
	CHECK(feed(&r, buf, SMTPREPLY_LINE_MAX, 100, &total) == 1);
	smtpreply_free(&r);
	memcpy(buf + SMTPREPLY_LINE_MAX - 2, "xxx\r\n", 5);
	bad(buf, SMTPREPLY_LINE_MAX + 3, "a reply line that is too long");

	/* Lines without end: by their number, and by their size. */
	for (p = buf, i = 0; i <= SMTPREPLY_LINES_MAX; i++, p += 7)
		memcpy(p, "250-x\r\n", 7);
	bad(buf, p - buf, "a reply of too many lines");
	for (p = buf; p + 1000 < buf + sizeof(buf); p += 1000) {
		memset(p, 'x', 1000);
		memcpy(p, "250-", 4);
		memcpy(p + 998, "\r\n", 2);
	}
	bad(buf, p - buf, "a reply that is too long");
}

static void
test_text(void)
{
	static const char	 status[] = "421-4.3.2 bye\r\n"
				    "421-4.3.2 all\r\n421 4.3.2x bye\r\n";
	static const char	 s[] = "250-5.1.1 a\r\n250-bc\r\n250 2.0.0\r\n";
	struct smtpreply	 r;
	char			 buf[64], big[1200];
	const char		*line;
	size_t			 len, total;

	smtpreply_init(&r);
	smtpreply_text(&r, buf, sizeof(buf));
	CHECK_STR(buf, "000");
	CHECK(smtpreply_line(&r, 0, &len) == NULL);
	CHECK(feed(&r, s, strlen(s), 5, &total) == 1);
	line = smtpreply_line(&r, 1, &len);
	CHECK(line != NULL && len == 2 && memcmp(line, "bc", 2) == 0);
	CHECK(smtpreply_line(&r, 3, &len) == NULL);
	CHECK(smtpreply_line(&r, -1, &len) == NULL);

	/* What only begins as an enhanced status code is text. */
	smtpreply_reset(&r);
	CHECK(feed(&r, status, strlen(status), 4, &total) == 1);
	smtpreply_text(&r, buf, sizeof(buf));
	CHECK_STR(buf, "421 4.3.2 bye all 4.3.2x bye");

	/* Cut, never over the limit. */
	memset(big, 'y', sizeof(big));
	memcpy(big, "550-", 4);
	memcpy(big + 598, "\r\n550 ", 6);
	memcpy(big + 1198, "\r\n", 2);
	smtpreply_reset(&r);
	CHECK(feed(&r, big, sizeof(big), 64, &total) == 1);
	{
		char	 out[SMTPREPLY_TEXT_MAX];

		smtpreply_text(&r, out, sizeof(out));
		CHECK(strlen(out) == sizeof(out) - 1);
	}
	smtpreply_text(&r, buf, 16);
	CHECK_STR(buf, "550 yyyyyyyyyyy");
	smtpreply_free(&r);
}

int
main(void)
{
	test_good();
	test_bad();
	test_limits();
	test_text();
	return test_done();
}
