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

#include "header/msgid.h"
#include "test.h"

static const struct {
	const char	*in, *want;	/* ids, each with a space behind */
} cases[] = {
	{ "", "" },
	{ "<a@x>", "a@x " },
	{ "<a@x> <b@y>\n\t<c@z>", "a@x b@y c@z " },
	{ "<a@x><b@y>,<c@z>", "a@x b@y c@z " },
	{ "<a@x> <b@y> <a@x>", "a@x b@y " },
	{ "<a@x> (<c@z>) <b@y>", "a@x b@y " },
	{ "<a@x> (open <b@y>", "a@x b@y " },
	{ "Your message of \"Monday\" <a@x>", "a@x " },
	{ "a@x", "a@x " },
	{ "a@x b@y,c@z", "a@x b@y c@z " },
	{ "no id at all", "" },
	{ "<a b\n @x>", "ab@x " },
	{ "<relay.tok(en@x>", "relay.tok(en@x " },
	{ "<open@x", "" },
	{ "<open <a@x>", "a@x " },
	{ "<<a@x>>", "a@x " },
	{ "<>", "" },
	{ "<no-at>", "no-at " },
	{ "<\"a b\"@x>", "\"ab\"@x " },
	{ "<caf\xc3\xa9@x> <a@x>", "a@x " },
	{ "<a\x01@x>", "" },
};

static void
list_case(const char *in, size_t len, const char *want)
{
	struct msgids	 l;
	char		 out[500] = "";
	size_t		 i, n = 0;

	memset(&l, 0, sizeof(l));
	CHECK(msgid_parse(&l, in, len, 100) == 0);
	for (i = 0; i < l.n; i++)
		n += (size_t)snprintf(out + n, sizeof(out) - n, "%s ", l.v[i]);
	CHECK_STR(out, want);
	CHECK(!l.truncated);
	msgids_free(&l);
}

int
main(void)
{
	struct msgids	 l;
	char		 big[20000], a[100], b[100];
	size_t		 i, n = 0;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		list_case(cases[i].in, strlen(cases[i].in), cases[i].want);
	list_case("<a\0@x> <b@y>", 12, "b@y ");
	for (i = 0; i < 1000; i++)
		n += (size_t)snprintf(big + n, sizeof(big) - n, "<%zu@x> ", i);
	memset(&l, 0, sizeof(l));
	CHECK(msgid_parse(&l, big, n, 50) == 0);
	CHECK(l.n == 50 && l.truncated);
	CHECK(msgids_has(&l, "49@x") && !msgids_has(&l, "50@x"));
	msgids_free(&l);
	memset(big, 'x', sizeof(big));
	big[0] = '<';
	big[5000] = '>';
	CHECK(msgid_parse(&l, big, sizeof(big), 50) == 0);
	CHECK(l.n == 0 && l.truncated);
	msgids_free(&l);
	memset(big, '(', sizeof(big));
	big[10] = '<';
	CHECK(msgid_parse(&l, big, sizeof(big), 50) == 0);
	msgids_free(&l);

	CHECK(msgid_valid("a@x") == 1);
	CHECK(msgid_valid("") == 0);
	CHECK(msgid_valid("a b") == 0);
	CHECK(msgid_valid("a>b") == 0);
	CHECK(msgid_valid("a\xe9") == 0);
	CHECK(msgid_make("company.example", a, sizeof(a)) == 0);
	CHECK(msgid_make("company.example", b, sizeof(b)) == 0);
	CHECK(strcmp(a, b) != 0 && strlen(a) == 26 + 16);
	CHECK(msgid_valid(a) == 1);
	CHECK(msgid_make("company.example", a, 42) == -1);
	CHECK(msgid_make("bad domain", a, sizeof(a)) == -1);
	return test_done();
}
