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

#include "header/hdr.h"
#include "test.h"

static const char *const keep[] = {
	"From", "Subject", "Content-*", "X-Relay-*", NULL
};

static size_t	seen_fields, seen_last;

static int
seen(void *arg, const char *name, size_t len, size_t place)
{
	(void)arg;
	seen_last = place;
	if (len > 0)
		seen_fields++;
	return name[0] != 'S';
}

static int
feed(struct hdr *h, const char *line)
{
	return hdr_line(h, line, strlen(line));
}

static void
ordinary(void)
{
	struct hdr		 h;
	const struct hdr_field	*f;

	seen_fields = 0;
	hdr_init(&h, keep, seen, NULL);
	CHECK(feed(&h, "Received: by x") == HDR_MORE);
	CHECK(feed(&h, "\tfor y") == HDR_MORE);
	CHECK(feed(&h, "from : Alice") == HDR_MORE);
	CHECK(feed(&h, " <a@x> ") == HDR_MORE);
	CHECK(feed(&h, "Subject:") == HDR_MORE);
	CHECK(feed(&h, "CONTENT-type:text/plain") == HDR_MORE);
	CHECK(feed(&h, "From: b@x") == HDR_MORE);
	CHECK(feed(&h, "") == HDR_END);
	CHECK(feed(&h, "From: c@x") == HDR_BODY);
	CHECK(hdr_finish(&h) == 0);
	CHECK(seen_fields == 5 && seen_last == 4 && h.place == 5);
	CHECK(h.n == 3);
	CHECK(hdr_count(&h, "FROM") == 2);
	f = hdr_get(&h, "From", 0);
	CHECK(f != NULL && f->place == 1 && f->flags == HDR_SPACE);
	CHECK_STR(f->name, "from");
	CHECK_STR(f->value, "Alice <a@x>");
	CHECK_STR(f->raw, "from : Alice\n <a@x> ");
	f = hdr_get(&h, "From", 1);
	CHECK(f != NULL && f->flags == 0);
	CHECK_STR(f->value, "b@x");
	CHECK(hdr_get(&h, "From", 2) == NULL);
	CHECK(hdr_get(&h, "subject", 0) == NULL);
	CHECK_STR(hdr_get(&h, "Content-Type", 0)->value, "text/plain");
	CHECK(h.flags == HDR_SPACE);
	hdr_free(&h);
}

/* Where a header ends without a blank line, or looks as if it did. */
static void
ends(void)
{
	static const struct {
		const char	*line;
		int		 want, flags;
	} t[] = {
		{ "no colon here", HDR_BODY, HDR_NOBLANK },
		{ ": no name", HDR_BODY, HDR_NOBLANK },
		{ "two words: x", HDR_BODY, HDR_NOBLANK },
		{ "From\xe9: x", HDR_BODY, HDR_NOBLANK },
		{ "\r", HDR_BODY, HDR_NOBLANK },
		{ "   ", HDR_MORE, HDR_BLANKFOLD },
		{ "\t\r", HDR_MORE, HDR_BLANKFOLD | HDR_CR },
		{ " x", HDR_MORE, 0 },
		{ "X: a\rFrom: b@y", HDR_MORE, HDR_CR },
		{ "X-Relay-Reply: \xe9", HDR_MORE, HDR_8BIT },
		{ "X: \xe9", HDR_MORE, 0 },
	};
	struct hdr	 h;
	size_t		 i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		hdr_init(&h, keep, NULL, NULL);
		CHECK(feed(&h, "From: a@x") == HDR_MORE);
		CHECK(feed(&h, t[i].line) == t[i].want);
		CHECK(hdr_finish(&h) == 0);
		CHECK(h.flags == t[i].flags);
		hdr_free(&h);
	}
	hdr_init(&h, keep, NULL, NULL);
	CHECK(feed(&h, " From: a@x") == HDR_BODY);
	CHECK(h.flags == (HDR_ORPHAN | HDR_NOBLANK) && h.n == 0);
	hdr_free(&h);
	hdr_init(&h, keep, NULL, NULL);
	CHECK(hdr_line(&h, "From: a\0b", 9) == HDR_MORE);
	CHECK(hdr_finish(&h) == 0);
	CHECK(h.flags == HDR_NUL && h.v[0].valuelen == 3);
	hdr_free(&h);
}

static void
limits(void)
{
	struct hdr	 h;
	char		*big;
	int		 i;

	if ((big = malloc(1000001)) == NULL)
		abort();
	memset(big, 'a', 1000000);
	big[1000000] = '\0';
	/* 20,000 fields that nobody wants, and one of a megabyte */
	hdr_init(&h, keep, NULL, NULL);
	for (i = 0; i < 20000; i++)
		CHECK(feed(&h, "X-Other: 0123456789") == HDR_MORE);
	memcpy(big, "X: ", 3);
	CHECK(feed(&h, big) == HDR_MORE);
	CHECK(h.n == 0 && h.used == 0 && h.flags == 0);
	/* a kept one of a megabyte: its name alone is left */
	memcpy(big, "From: ", 6);
	CHECK(feed(&h, big) == HDR_MORE);
	CHECK(feed(&h, " more") == HDR_MORE);
	CHECK(feed(&h, "Subject: s") == HDR_MORE);
	memset(big, ' ', 6);
	for (i = 0; i < 40; i++)
		CHECK(hdr_line(&h, big, 1000) == HDR_MORE);
	CHECK(feed(&h, "Subject: t") == HDR_MORE);
	CHECK(feed(&h, "") == HDR_END);
	CHECK(h.n == 3);
	CHECK(h.v[0].flags == HDR_OVERSIZE && h.v[1].flags == HDR_OVERSIZE);
	CHECK_STR(h.v[0].value, "");
	CHECK_STR(h.v[1].value, "");
	CHECK_STR(h.v[2].value, "t");
	CHECK(h.flags == HDR_OVERSIZE);
	hdr_free(&h);
	/* too many, and too much in all */
	hdr_init(&h, keep, NULL, NULL);
	for (i = 0; i < 20000; i++)
		CHECK(feed(&h, "From: a@x") == HDR_MORE);
	CHECK(h.n <= HDR_FIELDS_MAX && h.flags == HDR_OVERSIZE);
	hdr_free(&h);
	hdr_init(&h, keep, NULL, NULL);
	memcpy(big, "Content-X: ", 11);
	for (i = 0; i < 10; i++)
		CHECK(hdr_line(&h, big, 20000) == HDR_MORE);
	CHECK(hdr_finish(&h) == 0);
	CHECK(h.used <= HDR_TOTAL_MAX && h.flags == HDR_OVERSIZE);
	hdr_free(&h);
	free(big);
}

static void
writes(void)
{
	static const struct {
		const char	*name, *value, *want;
	} t[] = {
		{ "To", "a@x", "To: a@x\n" },
		{ "To", "", "To:\n" },
		{ "To", "  a@x  b@y ", "To: a@x  b@y\n" },
		{ "To", "a@x,\n\tb@y", "To: a@x,\n\tb@y\n" },
		{ "To", "a@x,\nBcc: b@y", NULL },
		{ "To", "a@x\rb@y", NULL },
		{ "To", "caf\xc3\xa9", NULL },
		{ "T o", "a", NULL },
		{ "To:", "a", NULL },
		{ "", "a", NULL },
		{ "References",
		  "<0123456789012345678901234567890123456789@example.com> "
		  "<0123456789012345678901234567890123456789@example.com>",
		  "References: "
		  "<0123456789012345678901234567890123456789@example.com>\n "
		  "<0123456789012345678901234567890123456789@example.com>\n" },
	};
	struct sbuf	 b;
	char		 big[1200];
	size_t		 i;

	sbuf_init(&b, 10000);
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		sbuf_reset(&b);
		CHECK(hdr_write(&b, t[i].name, t[i].value) ==
		    (t[i].want == NULL ? -1 : 0));
		if (t[i].want != NULL)
			CHECK_STR(sbuf_str(&b), t[i].want);
	}
	memset(big, 'x', sizeof(big));
	big[sizeof(big) - 1] = '\0';
	sbuf_reset(&b);
	CHECK(hdr_write(&b, "To", big) == -1);
	sbuf_reset(&b);
	big[900] = '\0';
	CHECK(hdr_write(&b, "To", big) == 0);
	sbuf_reset(&b);
	CHECK(hdr_write_text(&b, "Subject", "\xc3\xa9\nBcc: x") == 0);
	CHECK_STR(sbuf_str(&b), "Subject: =?utf-8?B?w6k=?= Bcc: x\n");
	sbuf_free(&b);
}

static void
raw(void)
{
	struct hdr	 h;
	struct sbuf	 b;
	char		 big[1200];

	memset(big, 'x', sizeof(big));
	memcpy(big, "Subject: ", 9);
	sbuf_init(&b, 10000);
	hdr_init(&h, keep, NULL, NULL);
	feed(&h, "subject :  a ");
	feed(&h, "\tb");
	feed(&h, "Subject: a\rb");
	hdr_line(&h, big, sizeof(big));
	feed(&h, "Subject: a");
	feed(&h, "  ");
	feed(&h, "Subject: \x01");
	feed(&h, "");
	CHECK(h.n == 5);
	CHECK(hdr_write_raw(&b, &h.v[3]) == -1);
	CHECK(hdr_write_raw(&b, &h.v[4]) == -1);
	sbuf_reset(&b);
	CHECK(hdr_write_raw(&b, &h.v[0]) == 0);
	CHECK_STR(sbuf_str(&b), "subject :  a \n\tb\n");
	CHECK(hdr_write_raw(&b, &h.v[1]) == -1);
	CHECK(hdr_write_raw(&b, &h.v[2]) == -1);
	hdr_free(&h);
	sbuf_free(&b);
}

int
main(void)
{
	ordinary();
	ends();
	limits();
	writes();
	raw();
	return test_done();
}
