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

#include "base/base32.h"
#include "header/handle.h"
#include "test.h"

static void
addresses(void)
{
	static const char *const	 no[] = {
		"", "@", "support", "support@company.example",
		"+abcdefghijklmnop@company.example",
		"support+abcdefghijklmno@company.example",
		"support+abcdefghijklmnopq@company.example",
		"support+abcdefghijklmno1@company.example",
		"support-abcdefghijklmnop@company.example",
		"support+abcdefghijklmnop@", "support+abcdefghijklmnop",
		"abcdefghijklmnop@company.example"
	};
	char	 buf[HANDLE_ADDR_MAX + 1], name[HANDLE_LEN + 1], small[24];
	size_t	 i;

	CHECK(handle_addr("Support@Company.example", "abcdefghijklmnop", buf,
	    sizeof(buf)) == 0);
	CHECK_STR(buf, "support+abcdefghijklmnop@company.example");
	CHECK(handle_addr("a+b@c.example", "abcdefghijklmnop", buf,
	    sizeof(buf)) == 0);
	CHECK_STR(buf, "a+b+abcdefghijklmnop@c.example");
	CHECK(handle_addr("a@c.example", "abcdefghijklmnop", buf, 20) == -1);
	CHECK(handle_addr("a", "abcdefghijklmnop", buf, sizeof(buf)) == -1);
	CHECK(handle_addr("@a", "abcdefghijklmnop", buf, sizeof(buf)) == -1);
	CHECK(handle_addr_parse("SUPPORT+ABCDEFGHIJKLMNOP@COMPANY.EXAMPLE",
	    buf, sizeof(buf), name) == 1);
	CHECK_STR(buf, "support@company.example");
	CHECK_STR(name, "abcdefghijklmnop");
	CHECK(handle_addr_parse("a+b+abcdefghijklmnop@c", buf, sizeof(buf),
	    name) == 1);
	CHECK_STR(buf, "a+b@c");
	CHECK(handle_addr_parse("support+abcdefghijklmnop@company.example.org",
	    small, sizeof(small), name) == 0);
	for (i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		CHECK(handle_addr_parse(no[i], buf, sizeof(buf), name) == 0);
}

static void
return_paths(void)
{
	static const char *const	 no[] = {
		"", "r", "r-", "r-abc@c", "r-abcdefghijklmnopqrstuvwxyz",
		"r-abcdefghijklmnopqrstuvwxyz@",
		"rabcdefghijklmnopqrstuvwxyz@c",
		"r-abcdefghijklmnopqrstuvwxy@c",
		"s-abcdefghijklmnopqrstuvwxyz@c",
		"r-abcdefghijklmnopqrstuvwxyz2@c",
		"r-abcdefghijklmnopqrstuvwxy0@c",
		"r-abcdefghijklmnopqrstuvwxyz@c@d"
	};
	const char	*domain;
	char		 buf[HANDLE_ADDR_MAX + 1], name[RPATH_LEN + 1];
	size_t		 i;

	rpath_make(name);
	CHECK(strlen(name) == RPATH_LEN && base32_valid(name, RPATH_LEN));
	CHECK(rpath_addr(name, "Company.Example", buf, sizeof(buf)) == 0);
	CHECK(strncmp(buf, "r-", 2) == 0);
	CHECK_STR(buf + 2 + RPATH_LEN, "@company.example");
	CHECK(rpath_addr(name, "company.example", buf, 30) == -1);
	CHECK(rpath_addr_parse("R-ABCDEFGHIJKLMNOPQRSTUVWXYZ@c.example", name,
	    &domain) == 1);
	CHECK_STR(name, "abcdefghijklmnopqrstuvwxyz");
	CHECK_STR(domain, "c.example");
	for (i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		CHECK(rpath_addr_parse(no[i], name, &domain) == 0);
}

int
main(void)
{
	char	 one[HANDLE_LEN + 1], two[HANDLE_LEN + 1];

	handle_make(one);
	handle_make(two);
	CHECK(strlen(one) == HANDLE_LEN && base32_valid(one, HANDLE_LEN));
	CHECK(strcmp(one, two) != 0);
	addresses();
	return_paths();
	return test_done();
}
