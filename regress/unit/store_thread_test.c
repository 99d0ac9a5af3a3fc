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

/* Conversations, and Message-Ids from either side. */

#include "store_util.h"

static uint64_t	 box;
static uint32_t	 alice, bob;

static int
count_person(const struct store_participant *p, void *arg)
{
	(void)p;
	(*(int *)arg)++;
	return 0;
}

static int
count_message(const struct store_message *m, void *arg)
{
	(void)m;
	(*(int *)arg)++;
	return 0;
}

static void
conversations(struct store *s)
{
	struct store_conversation c;
	struct store_participant p;
	uint64_t		 conv, carol, other, id;
	int			 n = 0;

	OK(s, store_conversation_new(s, box, "Gr\xc3\xbc\xc3\x9f" "e\nhi",
	    NOW, &conv));
	CHECK(store_conversation_get(s, conv, &c) == 1);
	CHECK(c.open && c.taken == 0 && c.messages == 0);
	CHECK_STR(c.subject, "Gr\xc3\xbc\xc3\x9f" "e hi");
	CHECK_STR(c.address, "support@company.example");
	CHECK(store_participant_add(s, conv, "Carol@Customer.test", "", 1, 2,
	    NOW, &carol) == 1);
	CHECK(store_participant_add(s, conv, "carol@customer.test", "Carol",
	    0, 2, NOW, &id) == 1);
	CHECK(id == carol);
	CHECK(store_participant_get(s, carol, &p) == 1);
	CHECK_STR(p.address, "Carol@Customer.test");
	CHECK_STR(p.name, "Carol");
	CHECK(!p.unverified);
	CHECK(store_participant_add(s, conv, "carol@customer.test", "Mallory",
	    1, 2, NOW, &id) == 1);
	CHECK(store_participant_get(s, carol, &p) == 1);
	CHECK_STR(p.name, "Carol");
	CHECK(!p.unverified);
	CHECK(store_participant_add(s, conv, "dave@customer.test", NULL, 0, 2,
	    NOW, &other) == 1);
	CHECK(store_participant_add(s, conv, "erin@customer.test", NULL, 0, 2,
	    NOW, &other) == 0);
	OK(s, store_conversation_people(s, conv, count_person, &n));
	CHECK(n == 2);
	CHECK(store_conversation_open(s, conv, 0) == 1);
	CHECK(store_conversation_open(s, conv, 0) == 0);
	CHECK(store_conversation_take(s, conv, alice) == 1);
	CHECK(store_conversation_get(s, conv, &c) == 1);
	CHECK(!c.open && c.taken == alice && c.participants == 2);
	CHECK_STR(c.taken_name, "alice");
	CHECK(store_conversation_take(s, conv, 0) == 1);
	CHECK(store_conversation_get(s, 4711, &c) == 0);
}

/* Of what a conversation of make_thread() consists. */
struct thread {
	uint64_t	 conv, in, out, team;
};

/* A customer's mail, alice's answer, and what bob told the team. */
static void
make_thread(struct store *s, struct thread *t)
{
	uint64_t	 id;

	OK(s, store_conversation_new(s, box, NULL, NOW, &t->conv));
	CHECK(store_participant_add(s, t->conv, "carol@customer.test",
	    "Carol", 0, 0, NOW, &id) == 1);
	t->in = test_message(s, t->conv, STORE_MSG_IN, 0, "aaaa0001",
	    "<first@customer.test>", "", NOW);
	(void)test_copy(s, t->in, alice, "<relay.alice1@company.example>");
	(void)test_copy(s, t->in, bob, "relay.bob1@company.example");
	t->out = test_message(s, t->conv, STORE_MSG_OUT, alice, "aaaa0002",
	    "<new1@company.example>", "<own1@home.example>", NOW + 1);
	(void)test_copy(s, t->out, bob, "<relay.bob2@company.example>");
	t->team = test_message(s, t->conv, STORE_MSG_TEAM, bob, "aaaa0003",
	    "", "<bobs@home.example>", NOW + 2);
	(void)test_copy(s, t->team, alice,
	    "<relay.alice3@company.example>");
}

/* The same message again, and another with the same smtpd id. */
static void
again(struct store *s, const struct thread *t)
{
	struct store_message	 m;
	uint64_t		 id;

	memset(&m, 0, sizeof(m));
	m.conversation = t->conv;
	m.kind = STORE_MSG_IN;
	(void)strcpy(m.smtpd, "aaaa0001");
	(void)strcpy(m.outside, "first@customer.test");
	CHECK(store_message_add(s, &m, NOW + 60) == 0);
	CHECK(m.id == t->in);
	CHECK(store_message_find(s, box, "aaaa0001", "<first@customer.test>",
	    NOW + 60, &m) == 1 && m.id == t->in);
	CHECK(store_message_find(s, box, "aaaa0001", "<other@customer.test>",
	    NOW + 60, &m) == 0);
	CHECK(store_message_find(s, box, "aaaa0001", "<first@customer.test>",
	    NOW + 11 * DAY, &m) == 0);
	id = test_message(s, t->conv, STORE_MSG_IN, 0, "aaaa0009", "", "",
	    NOW);
	CHECK(store_message_find(s, box, "aaaa0009", "", NOW, &m) == 1 &&
	    m.id == id);
	memset(&m, 0, sizeof(m));
	m.conversation = 99999;
	FAILS(s, store_message_add(s, &m, NOW), STORE_REFUSED);
}

static void
ids_inside(struct store *s, uint64_t conv)
{
	char	 buf[STORE_MSGID_MAX + 1];

	CHECK(store_msgid_inside(s, conv, alice, "<first@customer.test>", buf,
	    sizeof(buf)) == 1);
	CHECK_STR(buf, "relay.alice1@company.example");
	CHECK(store_msgid_inside(s, conv, bob, "first@customer.test", buf,
	    sizeof(buf)) == 1);
	CHECK_STR(buf, "relay.bob1@company.example");
	CHECK(store_msgid_inside(s, conv, alice, "<new1@company.example>",
	    buf, sizeof(buf)) == 1);
	CHECK_STR(buf, "own1@home.example");
	CHECK(store_msgid_inside(s, conv, bob, "<new1@company.example>", buf,
	    sizeof(buf)) == 1);
	CHECK_STR(buf, "relay.bob2@company.example");
	CHECK(store_msgid_inside(s, conv, bob, "<no@where.test>", buf,
	    sizeof(buf)) == 0);
	CHECK(store_msgid_inside(s, conv, bob, "", buf, sizeof(buf)) == 0);
}

static void
ids_outside(struct store *s, uint64_t conv)
{
	char	 buf[STORE_MSGID_MAX + 1];

	CHECK(store_msgid_outside(s, conv, alice,
	    "<relay.alice1@company.example>", buf, sizeof(buf)) == 1);
	CHECK_STR(buf, "first@customer.test");
	CHECK(store_msgid_outside(s, conv, alice, "<own1@home.example>", buf,
	    sizeof(buf)) == 1);
	CHECK_STR(buf, "new1@company.example");
	/* What only the team knows does not go outside. */
	CHECK(store_msgid_outside(s, conv, alice,
	    "<relay.alice3@company.example>", buf, sizeof(buf)) == 0);
	CHECK(store_msgid_outside(s, conv, bob, "<bobs@home.example>", buf,
	    sizeof(buf)) == 0);
	/* Nor what is another's. */
	CHECK(store_msgid_outside(s, conv, bob, "<own1@home.example>", buf,
	    sizeof(buf)) == 0);
	CHECK(store_msgid_across(s, conv, bob, "<bobs@home.example>", alice,
	    buf, sizeof(buf)) == 1);
	CHECK_STR(buf, "relay.alice3@company.example");
	CHECK(store_msgid_across(s, conv, alice,
	    "<relay.alice1@company.example>", bob, buf, sizeof(buf)) == 1);
	CHECK_STR(buf, "relay.bob1@company.example");
	CHECK(store_msgid_across(s, conv, alice, "<x@y>", bob, buf,
	    sizeof(buf)) == 0);
}

static void
find(struct store *s, uint64_t conv)
{
	static const char *const both[] = {
		"<unknown@x.test>", "<first@customer.test>"
	};
	struct store_conversation c;
	uint64_t		 id;
	int			 n = 0;

	CHECK(store_conversation_find(s, box, both, 2, "Carol@customer.test",
	    &id) == 1 && id == conv);
	CHECK(store_conversation_find(s, box, both, 2, "dave@customer.test",
	    &id) == 0);
	CHECK(store_conversation_find(s, box, both, 1, "carol@customer.test",
	    &id) == 0);
	CHECK(store_conversation_find(s, box + 1, both, 2,
	    "carol@customer.test", &id) == 0);
	OK(s, store_conversation_messages(s, conv, count_message, &n));
	CHECK(n == 4);
	CHECK(store_conversation_open(s, conv, 0) == 1);
	(void)test_message(s, conv, STORE_MSG_OUT, alice, "aaaa0004",
	    "<new2@company.example>", "", NOW + 3);
	CHECK(store_conversation_get(s, conv, &c) == 1);
	CHECK(!c.open && c.last == NOW + 3);
	(void)test_message(s, conv, STORE_MSG_IN, 0, "aaaa0005", "<b@c>", "",
	    NOW + 5);
	CHECK(store_conversation_get(s, conv, &c) == 1);
	CHECK(c.open && c.last == NOW + 5);
}

int
main(void)
{
	struct store	*s;
	struct thread	 t;

	test_begin();
	s = test_open(STORE_CREATE);
	box = test_mailbox(s, "support@company.example");
	alice = test_worker(s, "alice", "alice@home.example");
	bob = test_worker(s, "bob", "bob@home.example");
	conversations(s);
	make_thread(s, &t);
	again(s, &t);
	ids_inside(s, t.conv);
	ids_outside(s, t.conv);
	find(s, t.conv);
	store_close(s);
	test_end();
	return test_done();
}
