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

#include <sys/socket.h>
#include <netinet/in.h>
#include <arpa/inet.h>

#include "base/netlist.h"
#include "test.h"

static const struct {
	const char	*net;
	int		 ret;
	const char	*in, *out;	/* an address in it, one outside */
} nets[] = {
	{ "192.0.2.1", 0, "192.0.2.1", "192.0.2.2" },
	{ "192.0.2.0/24", 0, "192.0.2.255", "192.0.3.0" },
	{ "192.0.2.128/25", 0, "192.0.2.200", "192.0.2.127" },
	{ "13.108.0.0/14", 0, "13.111.255.255", "13.112.0.0" },
	{ "0.0.0.0/0", 0, "255.255.255.255", "::1" },
	{ "10.0.0.0/8", 0, "::ffff:10.1.2.3", "::ffff:11.0.0.0" },
	{ "::ffff:10.0.0.0/104", 0, "10.1.2.3", "11.0.0.0" },
	{ "2001:db8::/32", 0, "2001:db8:ffff::1", "2001:db9::" },
	{ "2001:db8::8/125", 0, "2001:db8::f", "2001:db8::10" },
	{ "::/0", 0, "2001:db8::1", "10.0.0.1" },
	{ "192.0.2.1/24", -1, NULL, NULL },
	{ "2001:db8::1/64", -1, NULL, NULL },
	{ "192.0.2.0/33", -1, NULL, NULL },
	{ "192.0.2.0/", -1, NULL, NULL },
	{ "192.0.2.0/ 24", -1, NULL, NULL },
	{ "192.0.2.0/-1", -1, NULL, NULL },
	{ "192.0.2", -1, NULL, NULL },
	{ "host.example", -1, NULL, NULL },
	{ "", -1, NULL, NULL },
};

static int
match(const struct netlist *l, const char *s)
{
	unsigned char	 addr[16];

	if (inet_pton(AF_INET, s, addr) == 1)
		return netlist_match(l, AF_INET, addr);
	CHECK(inet_pton(AF_INET6, s, addr) == 1);
	return netlist_match(l, AF_INET6, addr);
}

static void
test_words(void)
{
	static const char	 text[] =
	    "b.example\n\n# c\n  A.example # d\r\nlast";
	static const char	 bad[] = "one\ntwo words\n";
	struct wordlist		 l;
	size_t			 line;

	memset(&l, 0, sizeof(l));
	CHECK(!wordlist_match(&l, "x"));
	CHECK(wordlist_text(&l, text, sizeof(text) - 1, &line) == 0);
	CHECK(l.n == 3);
	CHECK(wordlist_match(&l, "B.Example"));
	CHECK(wordlist_match(&l, "a.example"));
	CHECK(wordlist_match(&l, "last"));
	CHECK(!wordlist_match(&l, "c"));
	CHECK(!wordlist_match(&l, ""));
	CHECK(wordlist_text(&l, bad, sizeof(bad) - 1, &line) == -1);
	CHECK(line == 2);
	wordlist_free(&l);
	CHECK(wordlist_text(&l, "a\0b", 3, &line) == -1);
	wordlist_free(&l);
}

int
main(void)
{
	static const char	 text[] = "10.0.0.0/8 # a\n\n#\n::1\nx\n";
	struct netlist		 l;
	size_t			 i, line;

	for (i = 0; i < sizeof(nets) / sizeof(nets[0]); i++) {
		memset(&l, 0, sizeof(l));
		CHECK(netlist_add(&l, nets[i].net) == nets[i].ret);
		if (nets[i].ret == 0) {
			CHECK(match(&l, nets[i].in) == 1);
			CHECK(match(&l, nets[i].out) == 0);
		}
		netlist_free(&l);
	}
	CHECK(netlist_text(&l, text, sizeof(text) - 1, &line) == -1);
	CHECK(line == 5 && l.n == 2);
	netlist_free(&l);
	CHECK(netlist_text(&l, text, 18, &line) == 0 && l.n == 1);
	netlist_free(&l);
	test_words();
	return test_done();
}
