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

#include <string.h>

#include "header/startaddr.h"
#include "test.h"

static const struct {
	const char	*addr;
	const char	*box;
	const char	*whom;
} good[] = {
	{ "support+to-carol=customer.test@company.example",
	    "support@company.example", "carol@customer.test" },
	{ "Support+TO-Carol.C=Customer.test@Company.Example",
	    "support@company.example", "Carol.C@Customer.test" },
	{ "a+b+to-c+d=e.test@f.example", "a+b@f.example", "c+d@e.test" },
	{ "a+to-b=c=d.test@f.example", "a@f.example", "b=c@d.test" },
	{ "a+to-b+to-c=d.test@f.example", "a@f.example", "b+to-c@d.test" },
	{ "a+to-to-=d@f.example", "a@f.example", "to-@d" }
};

static const char *const	 bad[] = {
	"", "@", "a@b.example", "a+to-@b.example", "a+to-b@c.example",
	"a+to-=b.test@c.example", "a+to-b=@c.example", "+to-a=b.test@c.example",
	"a+to-b=c.test", "a+to-b=c.test@", "a+tob=c.test@d.example",
	"a-to-b=c.test@d.example", "a@d+to-b=c.example",
	"\"a+to-b=c.test\"@d.example", "a+to-b=c.test@[192.0.2.1]",
	"a+to-b=[192.0.2.1]@d.example", "a+to-b=c..test@d.example",
	"a+to-b=-c.test@d.example", "a+to-b=c.test-@d.example",
	"a+to-b=c/d.test@d.example", "a+to-b=c.test\n@d.example",
	/* in the place of the mailbox: a handle, a return path */
	"a+abcdefghijklmnop+to-b=c.test@d.example",
	"r-abcdefghijklmnopqrstuvwxyz+to-b=c.test@d.example",
	/* 65 bytes before the @ */
	"support+to-a23456789012345678901234567890123456789012345678=cu.test"
	    "@d.example"
};

static void
takes_apart(void)
{
	char	 box[ADDR_MAX + 1], whom[ADDR_MAX + 1];
	size_t	 i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		CHECK(startaddr_parse(good[i].addr, box, whom) == 1);
		CHECK_STR(box, good[i].box);
		CHECK_STR(whom, good[i].whom);
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK(startaddr_parse(bad[i], box, whom) == 0);
}

/* Whatever the length, nothing is written beyond ADDR_MAX. */
static void
lengths(void)
{
	char	 addr[600], box[ADDR_MAX + 1], whom[ADDR_MAX + 1];
	size_t	 n, i, taken = 0;

	for (n = 1; n < 500; n++) {
		strcpy(addr, "a+to-b=c.test@");
		for (i = strlen(addr); n > i; i++)
			addr[i] = i % 50 == 49 ? '.' : 'd';
		strcpy(addr + i, "d.example");
		if (startaddr_parse(addr, box, whom) == 1) {
			CHECK(strlen(addr) <= ADDR_MAX);
			taken++;
		}
	}
	CHECK(taken > 100);
}

int
main(void)
{
	takes_apart();
	lengths();
	return test_done();
}
