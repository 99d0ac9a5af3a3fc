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

/* Lines that come in any pieces and of any length. */

#include <stdlib.h>

#include "table-relay/intake.c"
#include "test.h"

#define MAX	10

static struct intake	*in;

/* Adds bytes as a read would; wants room for all of them. */
static void
feed(const char *s)
{
	size_t	len = strlen(s);

	CHECK(intake_room(in) >= len);
	memcpy(in->buf + in->len, s, len);
	in->len += len;
}

/* The next line, or NULL; it is done with then. */
static const char *
next(void)
{
	static char	line[MAX + 1];
	size_t		len, used;

	if (!intake_line(in, in->start, MAX, &len, &used))
		return NULL;
	CHECK(len <= MAX);
	memcpy(line, in->buf + in->start, len);
	line[len] = '\0';
	in->start += used;
	CHECK(in->start <= in->len);
	return line;
}

static void
test_lines(void)
{
	feed("one\n\ntwo\nthr");
	CHECK_STR(next(), "one");
	CHECK_STR(next(), "");
	CHECK_STR(next(), "two");
	CHECK(next() == NULL);
	feed("ee");
	CHECK(next() == NULL);
	feed("\n1234567890\n12345678901\n");
	CHECK_STR(next(), "three");
	CHECK_STR(next(), "1234567890");
	CHECK_STR(next(), "1234567890");
	CHECK(next() == NULL);
	CHECK(intake_room(in) == INTAKE_SIZE);
}

static void
test_overlong(void)
{
	int	i;

	feed("before\nendless");
	CHECK_STR(next(), "before");
	for (i = 0; i < 100000; i++) {
		feed("xyzzy");
		CHECK(next() == NULL);
		if (in->len - in->start > MAX)
			break;
	}
	CHECK(i == 100000);
	feed("\nafter\n");
	CHECK_STR(next(), "endlessxyz");
	CHECK_STR(next(), "after");
	feed("1234567890");
	CHECK(next() == NULL);
	feed("\nx\n");
	CHECK_STR(next(), "1234567890");
	CHECK_STR(next(), "x");
	feed("1234567890a");
	CHECK(next() == NULL);
	feed("\nx\n");
	CHECK_STR(next(), "1234567890");
	CHECK_STR(next(), "x");
}

/* Whatever a dead process left, offsets stay within the buffer. */
static void
test_repair(void)
{
	in->protocol = PROTOCOL_TEXT;
	in->start = 3;
	in->len = 9;
	intake_repair(in);
	CHECK(in->protocol == PROTOCOL_TEXT && in->start == 3 && in->len == 9);
	in->len = 2;
	intake_repair(in);
	CHECK(in->start == 0 && in->len == 0 && in->protocol == 0);
	in->len = INTAKE_SIZE + 1;
	intake_repair(in);
	CHECK(in->len == 0);
	in->protocol = 99;
	intake_repair(in);
	CHECK(in->protocol == 0);
	memset(in->name, 'x', sizeof(in->name));
	intake_repair(in);
	CHECK(strlen(in->name) == INTAKE_NAME_MAX - 1);
}

int
main(void)
{
	in = intake_new();
	CHECK(in != NULL);
	test_lines();
	test_overlong();
	test_repair();
	return test_done();
}
