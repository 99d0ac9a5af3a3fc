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

/* Mailboxes, workers and the rules for their addresses. */

#include "store_util.h"

static int
count_mailbox(const struct store_mailbox *mb, void *arg)
{
	(void)mb;
	(*(int *)arg)++;
	return 0;
}

static int
count_worker(const struct store_worker *w, void *arg)
{
	(void)w;
	(*(int *)arg)++;
	return 0;
}

static int
stop_worker(const struct store_worker *w, void *arg)
{
	(void)w;
	(void)arg;
	return 1;
}

struct nested {
	struct store	*s;
	int		 n;
};

/* Asks the same question within the walk. */
static int
nest(const struct store_worker *w, void *arg)
{
	struct nested		*nested = arg;
	struct store_worker	 again;
	int			 inner = 0;

	CHECK(store_worker_byid(nested->s, w->id, &again) == 1);
	CHECK_STR(again.name, w->name);
	OK(nested->s, store_worker_each(nested->s, count_worker, &inner));
	CHECK(inner == 2);
	nested->n++;
	return 0;
}

static void
refused_mailboxes(struct store *s)
{
	static const char *const	 bad[] = {
		"support", "@company.example", "support@", "a b@company.test",
		"support@elsewhere.example", ".a@company.test",
		"a..b@company.test", "a.@company.test", "o'brien@company.test",
		"a&b@company.test", "-f@company.test", "_a@company.test",
		"\"a\"@company.test", "a@b@company.test", "a#@company.test",
		"a`id`@company.test", "s\xc3\xbc@company.test",
		"support+abcdefghijklmnop@company.test",
		"r-abcdefghijklmnopqrstuvwxyz@company.test",
		"x+to-y=z@company.test", "a@company.test.", "a@company.test\n",
		("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		    "@company.test"), ""
	};
	uint64_t	 id;
	size_t		 i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CHECK(store_mailbox_add(s, bad[i], NULL, NULL, test_domains,
		    2, NOW, &id) == -1);
		if (store_error(s)->kind != STORE_REFUSED)
			fprintf(stderr, "%s: %s\n", bad[i],
			    store_error(s)->text);
		CHECK(store_error(s)->kind == STORE_REFUSED);
	}
	FAILS(s, store_mailbox_add(s, "a@company.test", "x\ny", NULL,
	    test_domains, 2, NOW, &id), STORE_REFUSED);
	FAILS(s, store_mailbox_add(s, "a@company.test", "x\xff", NULL,
	    test_domains, 2, NOW, &id), STORE_REFUSED);
	FAILS(s, store_mailbox_add(s, "a@company.test", "x",
	    "A@company.test", test_domains, 2, NOW, &id), STORE_REFUSED);
}

static void
mailboxes(struct store *s)
{
	struct store_mailbox	 mb;
	uint64_t		 id, again;
	int			 n = 0;

	id = test_mailbox(s, "Support@Company.Example");
	CHECK(store_mailbox_get(s, "SUPPORT@company.example", &mb) == 1);
	CHECK(mb.id == id);
	CHECK_STR(mb.address, "support@company.example");
	CHECK_STR(mb.name, "Company Support");
	CHECK_STR(mb.archive, "");
	CHECK(mb.created == NOW);
	CHECK(store_mailbox_get(s, "nobody@company.example", &mb) == 0);
	FAILS(s, store_mailbox_add(s, "support@company.example", NULL, NULL,
	    test_domains, 2, NOW, &again), STORE_REFUSED);
	refused_mailboxes(s);
	OK(s, store_mailbox_add(s, "sales@company.example", NULL,
	    "Archive@company.example", test_domains, 2, NOW, &again));
	FAILS(s, store_mailbox_add(s, "archive@company.example", NULL, NULL,
	    test_domains, 2, NOW, &id), STORE_REFUSED);
	OK(s, store_mailbox_each(s, 0, count_mailbox, &n));
	CHECK(n == 2);
	CHECK(store_mailbox_del(s, again) == 1);
	CHECK(store_mailbox_del(s, again) == 0);
	OK(s, store_mailbox_add(s, "sales@company.example", NULL, NULL,
	    test_domains, 2, NOW, &id));
	CHECK(id > again);		/* ids are not used again */
	CHECK(store_mailbox_byid(s, id, &mb) == 1);
	CHECK(mb.members == 0 && mb.able == 0 && mb.open == 0);
}

static void
refused_workers(struct store *s)
{
	static const char *const	 names[] = {
		"", "-x", "a b", "a@b", "\xc3\xa4", "ALICE",
		"a23456789012345678901234567890123"
	};
	static const char *const	 free_addr[] = { "z@z.example" };
	static const char *const	 taken[][1] = {
		{ "SUPPORT@company.example" }, { "Alice@Home.example" },
		{ "nobody" }, { "a b@c.example" }, { "<a@c.example>" }
	};
	static const char *const	 twice[] = {
		"z@z.example", "Z@z.example"
	};
	uint32_t	 id;
	size_t		 i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		FAILS(s, store_worker_add(s, names[i], NULL, NULL, free_addr,
		    1, NOW, &id), STORE_REFUSED);
	for (i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
		FAILS(s, store_worker_add(s, "zoe", NULL, NULL, taken[i], 1,
		    NOW, &id), STORE_REFUSED);
	FAILS(s, store_worker_add(s, "zoe", NULL, NULL, twice, 2, NOW, &id),
	    STORE_REFUSED);
	FAILS(s, store_worker_add(s, "zoe", NULL, NULL, twice, 0, NOW, &id),
	    STORE_REFUSED);
	FAILS(s, store_worker_add(s, "zoe", NULL, "alice", free_addr, 1, NOW,
	    &id), STORE_REFUSED);
	CHECK(store_is_ours(s, "z@z.example") == 0);
}

static void
workers(struct store *s)
{
	static const char *const alice[] = {
		"Alice@home.example", "o'alice@work.example"
	};
	struct store_worker	 w;
	struct store_mailbox	 mb;
	struct nested		 nested = { s, 0 };
	uint64_t		 box;
	uint32_t		 id, bob, again;
	int			 n = 0;

	OK(s, store_worker_add(s, "Alice", "Alice \xc3\x84rmel", "alice",
	    alice, 2, NOW, &id));
	refused_workers(s);
	CHECK(store_worker_get(s, "alice", &w) == 1);
	CHECK(w.id == id && w.enabled && w.revoked == 0);
	CHECK_STR(w.name, "Alice");
	CHECK_STR(w.address, "Alice@home.example");
	CHECK(store_worker_byaddr(s, "O'Alice@WORK.example", &w) == 1);
	CHECK(store_worker_byaddr(s, "bob@home.example", &w) == 0);
	CHECK(store_worker_bylogin(s, "alice", &w) == 1 && w.id == id);
	CHECK(store_worker_bylogin(s, "", &w) == 0);
	bob = test_worker(s, "bob", "bob@home.example");
	CHECK(store_worker_bylogin(s, "bob", &w) == 0);
	CHECK(store_is_ours(s, "BOB@home.example") == 1);
	FAILS(s, store_mailbox_add(s, "bob@home.example", NULL, NULL,
	    (const char *const[]){ "home.example" }, 1, NOW, &box),
	    STORE_REFUSED);
	OK(s, store_worker_each(s, nest, &nested));
	CHECK(nested.n == 2);
	FAILS(s, store_worker_each(s, stop_worker, NULL), STORE_REFUSED);

	CHECK(store_mailbox_get(s, "support@company.example", &mb) == 1);
	CHECK(store_is_member(s, mb.id, id) == 0);
	CHECK(store_mailbox_join(s, mb.id, id, NOW) == 1);
	CHECK(store_mailbox_join(s, mb.id, id, NOW) == 0);
	CHECK(store_mailbox_join(s, mb.id, bob, NOW) == 1);
	CHECK(store_mailbox_join(s, 9999, bob, NOW) == -1);
	CHECK(store_is_member(s, mb.id, id) == 1);
	CHECK(store_worker_enable(s, bob, 0) == 1);
	CHECK(store_worker_enable(s, bob, 0) == 0);
	CHECK(store_mailbox_byid(s, mb.id, &mb) == 1);
	CHECK(mb.members == 2 && mb.able == 1);
	OK(s, store_mailbox_members(s, mb.id, count_worker, &n));
	CHECK(n == 2);
	CHECK(store_mailbox_leave(s, mb.id, id) == 1);
	CHECK(store_mailbox_leave(s, mb.id, id) == 0);
	CHECK(store_worker_del(s, bob) == 1);
	CHECK(store_worker_del(s, bob) == 0);
	CHECK(store_is_ours(s, "bob@home.example") == 0);
	again = test_worker(s, "bob", "bob@home.example");
	CHECK(again > bob);
	CHECK(store_sound(s) == 1);
}

int
main(void)
{
	struct store_err	 err;
	struct store		*s;

	test_begin();
	CHECK(store_open(test_path, 0, 0, &err) == NULL);
	CHECK(err.kind == STORE_MISSING);
	s = test_open(STORE_CREATE);
	mailboxes(s);
	workers(s);
	store_close(s);
	s = test_open(STORE_RDONLY);
	FAILS(s, store_worker_enable(s, 1, 0), STORE_READONLY);
	store_close(s);
	test_end();
	return test_done();
}
