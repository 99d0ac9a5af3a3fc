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

/* What a table about who sends answers from. */

#include <stdlib.h>

#include "table-relay/senders.c"
#include "test.h"

static struct conf	 conf;
static struct address_sets s;

static void
is(const char *address, enum senders_state state)
{
	CHECK(keyset_put(s.addresses, address, strlen(address), state) == 0);
}

static int
may(const char *login, const char *address)
{
	return senders_may(s.lists, login, strlen(login), address,
	    strlen(address));
}

static int
routed(const char *address)
{
	return senders_routed(&s, address, strlen(address));
}

/* What smtpd is told of a login. */
static const char *
list(const char *login)
{
	static char	buf[4096];
	ssize_t		n;

	n = senders_list(&conf, &s, login, strlen(login), buf, sizeof(buf) - 1);
	if (n == -1)
		return "too much";
	buf[n] = '\0';
	return buf;
}

static void
begin(void)
{
	keyset_free(s.addresses);
	keyset_free(s.lists);
	s.addresses = keyset_new();
	s.lists = keyset_new();
	CHECK(s.addresses != NULL && s.lists != NULL);
}

static void
test_routed(void)
{
	begin();
	is("me@partner.example", SENDERS_ROUTED);
	is("me+news@partner.example", SENDERS_PLAIN);
	is("@all.example", SENDERS_ROUTED);
	is("not@all.example", SENDERS_PLAIN);
	is("support@company.example", SENDERS_MAILBOX);
	CHECK(routed("me@partner.example"));
	CHECK(routed("me+tag@partner.example"));
	CHECK(routed("me+tag+more@partner.example"));
	CHECK(!routed("me+news@partner.example"));
	CHECK(!routed("you@partner.example"));
	CHECK(!routed("+me@partner.example"));
	CHECK(routed("any@all.example") && routed("a+b@all.example"));
	CHECK(!routed("not@all.example") && !routed("not+tag@all.example"));
	CHECK(!routed("support@company.example"));
	CHECK(!routed("@all.example") && !routed("@") && !routed("me"));
	CHECK(!routed("") && !routed("a@b@") && !routed("x@sub.all.example"));
	keyset_del(s.addresses, "me@partner.example", 18);
	CHECK(!routed("me@partner.example"));
}

static void
test_list(void)
{
	begin();
	CHECK_STR(list("bob"), "bob@company.example,bob@company.test");
	CHECK_STR(list("bob@partner.example"), "bob@partner.example");
	CHECK_STR(list(""), "");
	CHECK(may("bob", "me@partner.example") == 0);
	CHECK(may("bob", "@all.example") == 0);
	CHECK_STR(list("bob"), "bob@company.example,bob@company.test,"
	    "me@partner.example,@all.example");
	CHECK_STR(list("rob"), "rob@company.example,rob@company.test");
	/* What is somebody's, or the mailbox, is not the login's. */
	is("bob@company.test", SENDERS_PLAIN);
	is("support@company.example", SENDERS_MAILBOX);
	CHECK_STR(list("bob"), "bob@company.example,me@partner.example,"
	    "@all.example");
	CHECK_STR(list("support"), "support@company.test");
	keyset_del(s.lists, "bob", 3);
	keyset_del(s.lists, "nobody", 6);
	CHECK_STR(list("bob"), "bob@company.example");
	/* All mailboxes for the logins of helpdesk, in any case. */
	CHECK(may("", "support@company.example") == 0);
	CHECK_STR(list("desk"), "desk@company.example,desk@company.test,"
	    "support@company.example");
	CHECK_STR(list("des"), "des@company.example,des@company.test");
}

/* Nothing that a list could be read as otherwise gets into one. */
static void
test_said(void)
{
	begin();
	CHECK(may("o'hara", "x'y@partner.example") == 0);
	CHECK_STR(list("o'hara"), "o\\'hara@company.example,"
	    "o\\'hara@company.test,x\\'y@partner.example");
	CHECK(may("eve", "@") == 0);
	CHECK(may("eve", "*") == 0);
	CHECK(may("eve", "@*") == 0);
	CHECK(may("eve", "@*.example") == 0);
	CHECK(may("eve", "a@*.example") == 0);
	CHECK(may("eve", "postmaster") == 0);
	CHECK(may("eve", "a@b.example,@c.example") == 0);
	CHECK(may("eve", "\"a\"@b.example") == 0);
	CHECK(may("eve", "a\\@b.example") == 0);
	CHECK(may("eve", "a@[192.0.2.1]") == 0);
	CHECK(may("eve", "") == 0);
	CHECK(senders_may(s.lists, "eve", 3, "a\0@b.example", 12) == 0);
	CHECK_STR(list("eve"), "eve@company.example,eve@company.test");
	CHECK_STR(list("a,b"), "");
	CHECK_STR(list("@"), "");
	CHECK_STR(list("@company.example"), "");
	CHECK_STR(list("a b"), "");
	CHECK_STR(list("a\\"), "");
	CHECK_STR(list("a@*"), "");
	CHECK_STR(list("a@b@partner.example"), "");
	CHECK_STR(list("x y@partner.example"), "");
}

static void
test_limits(void)
{
	char		 name[CONF_LOGIN_MAX + 2], address[64], small[20];
	static char	 big[SENDERS_LIST_MAX];
	ssize_t		 n;
	int		 i, r = 0;

	begin();
	memset(name, 'n', sizeof(name));
	CHECK(senders_may(s.lists, name, sizeof(name), "a@b.example",
	    11) == -1);
	CHECK(senders_list(&conf, &s, name, sizeof(name), big,
	    sizeof(big)) == 0);
	CHECK(senders_list(&conf, &s, "bob", 3, small, sizeof(small)) == -1);
	for (i = 0; i < 1000; i++) {
		snprintf(address, sizeof(address), "i%d@partner.example", i);
		r |= may("bob", address);
	}
	CHECK(r == 0);
	n = senders_list(&conf, &s, "bob", 3, big, sizeof(big) - 1);
	CHECK(n > 20000);
	big[n] = '\0';
	CHECK(strstr(big, ",i999@partner.example") != NULL);
	while (r == 0)
		r = may("bob", "a-long-one@partner.example");
	n = senders_list(&conf, &s, "bob", 3, big, sizeof(big));
	CHECK(n == -1 || n > SENDERS_LIST_MAX - 100);
	CHECK(may("rob", "b@partner.example") == 0);
}

/* Many logins, each with its own. */
static void
test_many(void)
{
	char	 login[32], address[64], want[200];
	int	 i, wrong = 0;

	begin();
	for (i = 0; i < 20000; i++) {
		snprintf(login, sizeof(login), "u%d", i * 7919 % 20000);
		snprintf(address, sizeof(address), "%s@p.example", login);
		wrong += may(login, address) != 0;
	}
	for (i = 0; i < 20000; i += 2) {
		snprintf(login, sizeof(login), "u%d", i);
		keyset_del(s.lists, login, strlen(login));
	}
	for (i = 0; i < 20000; i++) {
		snprintf(login, sizeof(login), "u%d", i);
		snprintf(want, sizeof(want), "%s@company.example,"
		    "%s@company.test%s%s%s", login, login, i % 2 ? "," : "",
		    i % 2 ? login : "", i % 2 ? "@p.example" : "");
		wrong += strcmp(list(login), want) != 0;
	}
	CHECK(wrong == 0);
}

int
main(void)
{
	char	*domains[] = { "company.example", "company.test",
		    "bounce.example" };
	char	*helpdesk[] = { "Desk" };

	conf.domains.item = domains;
	conf.domains.count = 3;
	conf.bounce_added = 1;
	conf.replies.helpdesk.item = helpdesk;
	conf.replies.helpdesk.count = 1;
	test_routed();
	test_list();
	test_said();
	test_limits();
	test_many();
	keyset_free(s.addresses);
	keyset_free(s.lists);
	return test_done();
}
