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

/* What a message on its way asks: conversations, threads, copies, replies. */

#include "header/handle.h"
#include "store/store_db.h"
#include "store/store_sqlite.h"
#include "store_util.h"

static uint64_t	 box;
static uint32_t	 alice, bob;

static int
count_handle(const struct store_handle *h, void *arg)
{
	(void)h;
	(*(int *)arg)++;
	return 0;
}

static void
copies(struct store *s)
{
	struct store_copy	 c;
	uint64_t		 conv, msg, id;

	OK(s, store_conversation_new(s, box, NULL, NOW, &conv));
	msg = test_message(s, conv, STORE_MSG_IN, 0, "bbbb0001", "<b1@c>", "",
	    NOW);
	id = test_copy(s, msg, alice, "<t1@company.example>");
	memset(&c, 0, sizeof(c));
	(void)strcpy(c.msgid, "<t2@company.example>");
	OK(s, store_copy_begin(s, msg, alice, NOW + 1, &c));
	CHECK(c.id == id && c.begun && !c.queued);
	CHECK_STR(c.msgid, "t1@company.example");
	CHECK_STR(c.rpath, "r-x@company.example");
	OK(s, store_copy_queued(s, id, NOW + 2));
	OK(s, store_copy_begin(s, msg, alice, NOW + 3, &c));
	CHECK(c.queued);
	FAILS(s, store_copy_queued(s, 99999, NOW), STORE_REFUSED);
	/* One to the archive. */
	memset(&c, 0, sizeof(c));
	OK(s, store_copy_begin(s, msg, 0, NOW, &c));
	CHECK(!c.begun);
	OK(s, store_copy_begin(s, msg, 0, NOW, &c));
	CHECK(c.begun && !c.queued);
}

static void
look_up(struct store *s, const struct store_handle *h)
{
	struct store_rcpt	 rcpt;
	char			 upper[STORE_ADDR_MAX + 1];
	size_t			 i;

	(void)strcpy(upper, h->address);
	for (i = 0; upper[i] != '\0'; i++)
		if (upper[i] >= 'a' && upper[i] <= 'z')
			upper[i] -= 'a' - 'A';
	CHECK(store_rcpt_get(s, upper, NOW, &rcpt) == 1);
	CHECK(rcpt.kind == STORE_RCPT_HANDLE && rcpt.handle.id == h->id &&
	    rcpt.handle.live && rcpt.mailbox.id == box);
	CHECK(store_rcpt_get(s, h->address, NOW + 2 * LIFE, &rcpt) == 1);
	CHECK(!rcpt.handle.live && !rcpt.handle.revoked);
	CHECK(store_rcpt_get(s, "support@company.example", NOW, &rcpt) == 1);
	CHECK(rcpt.kind == STORE_RCPT_MAILBOX && rcpt.mailbox.id == box);
	CHECK(store_rcpt_get(s, "support+aaaaaaaaaaaaaaaa@company.example",
	    NOW, &rcpt) == 0);
	CHECK(store_rcpt_get(s, "support+x@company.example", NOW, &rcpt) ==
	    0);
	CHECK(store_rcpt_get(s, "", NOW, &rcpt) == 0);
}

static void
handles(struct store *s)
{
	struct store_handle	 h, again;
	struct store_rcpt	 rcpt;
	struct store_worker	 w;
	uint64_t		 conv, carol;
	int			 n = 0;

	OK(s, store_conversation_new(s, box, NULL, NOW, &conv));
	CHECK(store_participant_add(s, conv, "carol@customer.test", NULL, 0,
	    0, NOW, &carol) == 1);
	OK(s, store_handle_issue(s, alice, conv, carol, NOW, LIFE, &h));
	CHECK(h.live && h.worker == alice && h.conversation == conv &&
	    h.participant == carol && h.mailbox == box &&
	    h.expires == NOW + LIFE);
	OK(s, store_handle_issue(s, alice, conv, carol, NOW + DAY, LIFE,
	    &again));
	CHECK_STR(again.address, h.address);
	CHECK(again.expires == h.expires);
	OK(s, store_handle_issue(s, alice, conv, carol, NOW + 100 * DAY, LIFE,
	    &again));
	CHECK_STR(again.address, h.address);
	CHECK(again.expires == NOW + 100 * DAY + LIFE);
	OK(s, store_handle_issue(s, bob, conv, carol, NOW, LIFE, &again));
	CHECK(strcmp(again.address, h.address) != 0);

	look_up(s, &h);
	OK(s, store_handle_each(s, alice, conv, NOW, count_handle, &n));
	CHECK(n == 1);

	/* An expired one stays dead; its triple gets another. */
	OK(s, store_handle_issue(s, bob, conv, carol, NOW + 2 * LIFE, LIFE,
	    &h));
	CHECK(strcmp(again.address, h.address) != 0 && h.live);
	CHECK(store_worker_revoke(s, bob, NOW + 2 * LIFE) == 1);
	CHECK(store_rcpt_get(s, h.address, NOW + 2 * LIFE, &rcpt) == 1);
	CHECK(rcpt.handle.revoked && !rcpt.handle.live);
	CHECK(store_worker_byid(s, bob, &w) == 1 &&
	    w.revoked == NOW + 2 * LIFE);
	OK(s, store_handle_issue(s, bob, conv, carol, NOW + 2 * LIFE, LIFE,
	    &again));
	CHECK(strcmp(again.address, h.address) != 0 && again.live);
	CHECK(store_worker_revoke(s, 4711, NOW) == 0);
	FAILS(s, store_handle_issue(s, bob, 4711, carol, NOW, LIFE, &h),
	    STORE_REFUSED);
}

static void
return_paths(struct store *s)
{
	struct store_rpath	 rp;
	struct store_rcpt	 rcpt;
	uint64_t		 conv;
	int			 i;

	OK(s, store_conversation_new(s, box, NULL, NOW, &conv));
	memset(&rp, 0, sizeof(rp));
	rp.kind = STORE_RPATH_WORKER;
	rp.conversation = conv;
	rp.worker = alice;
	(void)strcpy(rp.address_to, "alice@home.example");
	OK(s, store_rpath_make(s, "Bounce.Company.Example", NOW, &rp));
	CHECK(strlen(rp.address) == 2 + RPATH_LEN + 1 +
	    strlen("bounce.company.example"));
	CHECK(store_rcpt_get(s, rp.address, NOW + 29 * DAY, &rcpt) == 1);
	CHECK(rcpt.kind == STORE_RCPT_RPATH && rcpt.rpath.worker == alice &&
	    rcpt.rpath.conversation == conv && rcpt.mailbox.id == box &&
	    rcpt.rpath.kind == STORE_RPATH_WORKER);
	CHECK_STR(rcpt.rpath.address_to, "alice@home.example");
	CHECK(store_rcpt_get(s, rp.address, NOW + 30 * DAY, &rcpt) == 0);
	for (i = 0; i < STORE_RPATH_QUOTES; i++)
		CHECK(store_rpath_quote(s, rp.id) == 1);
	CHECK(store_rpath_quote(s, rp.id) == 0);
	OK(s, store_rpath_unquote(s, rp.id));
	CHECK(store_rpath_quote(s, rp.id) == 1);
	CHECK(store_rpath_quote(s, rp.id) == 0);
	for (i = 0; i < STORE_RPATH_QUOTES + 1; i++)
		OK(s, store_rpath_unquote(s, rp.id));
	CHECK(store_rcpt_get(s, rp.address, NOW, &rcpt) == 1 &&
	    rcpt.rpath.quoted == 0);
	/* One that belongs to no conversation. */
	memset(&rp, 0, sizeof(rp));
	rp.kind = STORE_RPATH_PARTICIPANT;
	OK(s, store_rpath_make(s, "company.example", NOW, &rp));
	CHECK(store_rcpt_get(s, rp.address, NOW, &rcpt) == 1);
	CHECK(rcpt.mailbox.id == 0 && rcpt.rpath.mailbox == 0);
}

static void
sent(struct store *s, uint64_t handle, const char *dkey)
{
	enum store_sent	 state;
	char		 rpath[STORE_ADDR_MAX + 1] = "r-1@company.example";
	int		 pid = 100;

	OK(s, store_sent_begin(s, alice, dkey, handle, NOW, &pid, rpath,
	    sizeof(rpath), &state));
	CHECK(state == STORE_SENT_NEW);
	pid = 200;
	(void)strcpy(rpath, "r-2@company.example");
	OK(s, store_sent_begin(s, alice, dkey, handle, NOW + 10, &pid, rpath,
	    sizeof(rpath), &state));
	CHECK(state == STORE_SENT_BUSY && pid == 100);
	pid = 200;
	OK(s, store_sent_begin(s, alice, dkey, handle, NOW + 240, &pid, rpath,
	    sizeof(rpath), &state));
	CHECK(state == STORE_SENT_AGAIN);
	CHECK_STR(rpath, "r-1@company.example");
	OK(s, store_sent_failed(s, alice, dkey, handle));
	pid = 300;
	OK(s, store_sent_begin(s, alice, dkey, handle, NOW + 241, &pid, rpath,
	    sizeof(rpath), &state));
	CHECK(state == STORE_SENT_AGAIN);
	OK(s, store_sent_queued(s, alice, dkey, handle, NOW + 242));
	pid = 400;
	OK(s, store_sent_begin(s, alice, dkey, handle, NOW + 999999, &pid,
	    rpath, sizeof(rpath), &state));
	CHECK(state == STORE_SENT_DONE);
	FAILS(s, store_sent_queued(s, alice, "nothing", handle, NOW),
	    STORE_REFUSED);
}

static void
replies(struct store *s)
{
	struct store_reply	 r, got;
	struct store_handle	 h;
	uint64_t		 conv, carol;

	OK(s, store_conversation_new(s, box, NULL, NOW, &conv));
	CHECK(store_participant_add(s, conv, "carol@customer.test", NULL, 0,
	    0, NOW, &carol) == 1);
	OK(s, store_handle_issue(s, alice, conv, carol, NOW, LIFE, &h));
	memset(&r, 0, sizeof(r));
	store_reply_id(r.id);
	CHECK(strlen(r.id) == STORE_REPLY_ID);
	r.worker = alice;
	r.mailbox = box;
	r.conversation = conv;
	(void)strcpy(r.smtpd, "cccc0001");
	(void)strcpy(r.own, "<own@home.example>");
	(void)strcpy(r.dkey, "own@home.example");
	(void)strcpy(r.outside, "<new@company.example>");
	(void)strcpy(r.commands, "note close");
	r.nhandles = 1;
	r.handle[0] = h.id;
	OK(s, store_reply_add(s, &r, NOW));
	CHECK(store_reply_add(s, &r, NOW) == -1);
	CHECK(store_reply_get(s, r.id, NOW + DAY, &got) == 1);
	CHECK(got.worker == alice && got.mailbox == box &&
	    got.conversation == conv && got.nhandles == 1 &&
	    got.handle[0] == h.id && got.created == NOW);
	CHECK_STR(got.own, "own@home.example");
	CHECK_STR(got.outside, "new@company.example");
	CHECK_STR(got.commands, "note close");
	CHECK_STR(got.smtpd, "cccc0001");
	CHECK(store_reply_get(s, r.id, NOW + 10 * DAY, &got) == 0);
	CHECK(store_reply_get(s, "0123", NOW, &got) == 0);
	r.id[0] = '\0';
	FAILS(s, store_reply_add(s, &r, NOW), STORE_REFUSED);
	sent(s, h.id, r.dkey);
	CHECK(store_commands_once(s, alice, r.dkey, NOW) == 1);
	CHECK(store_commands_once(s, alice, r.dkey, NOW) == 0);
	CHECK(store_commands_once(s, bob, r.dkey, NOW) == 1);
}

static void
limits(struct store *s)
{
	uint8_t	 hash[STORE_HASH] = { 1, 2, 3 };
	int	 holder;

	CHECK(store_claim(s, hash, 10, NOW, &holder) == 1);
	CHECK(store_claim(s, hash, 10, NOW, &holder) == 1);
	CHECK(store_claim(s, hash, 11, NOW + 239, &holder) == 0);
	CHECK(holder == 10);
	CHECK(store_claim(s, hash, 11, NOW + 240, &holder) == 1);
	OK(s, store_claim_release(s, hash, 10));
	CHECK(store_claim(s, hash, 12, NOW + 241, &holder) == 0);
	OK(s, store_claim_release(s, hash, 11));
	CHECK(store_claim(s, hash, 12, NOW + 241, &holder) == 1);
	OK(s, store_claim_release(s, hash, 12));
	CHECK(store_claim(s, hash, 13, NOW + 241, &holder) == 1);
}

static int
get_failing(const struct store_worker_addr *a, void *arg)
{
	*(struct store_worker_addr *)arg = *a;
	return 0;
}

static int
get_event(const struct store_event *ev, void *arg)
{
	*(struct store_event *)arg = *ev;
	return 0;
}

static void
bounces(struct store *s)
{
	struct store_worker_addr a;
	struct store_event	 ev;
	struct store_counts	 c;

	CHECK(store_failing_set(s, "ALICE@home.example", "5.1.1",
	    "550 no\nsuch user", NOW) == 1);
	CHECK(store_failing_set(s, "alice@home.example", "5.2.2", "full",
	    NOW + 9) == 1);
	OK(s, store_worker_addrs(s, alice, get_failing, &a));
	CHECK(a.failing == NOW);
	CHECK_STR(a.status, "5.2.2");
	CHECK(store_counts(s, NOW, &c) == 0);
	CHECK(c.failing == 1 && c.mailboxes == 1 && c.workers == 2);
	CHECK(store_worker_enable(s, alice, 1) == 1);
	CHECK(store_failing_set(s, "x@y.example", "", "", NOW) == 0);
	CHECK(store_worker_enable(s, alice, 1) == 0);
	CHECK(store_failing_set(s, "alice@home.example", "5.1.1", "", NOW) ==
	    1);
	CHECK(store_worker_enable(s, alice, 1) == 1);
	OK(s, store_worker_addrs(s, alice, get_failing, &a));
	CHECK(a.failing == 0);

	memset(&ev, 0, sizeof(ev));
	(void)strcpy(ev.kind, "bounce");
	(void)strcpy(ev.text, "one");
	ev.worker = alice;
	OK(s, store_event_add(s, &ev, NOW));
	(void)strcpy(ev.text, "two");
	OK(s, store_event_add(s, &ev, NOW + 1));
	memset(&ev, 0, sizeof(ev));
	OK(s, store_event_each(s, 0, 1, get_event, &ev));
	CHECK_STR(ev.text, "two");
	CHECK(ev.when == NOW + 1 && ev.worker == alice && ev.mailbox == 0);
}

static int
count_event(const struct store_event *ev, void *arg)
{
	(void)ev;
	(*(int *)arg)++;
	return 0;
}

/* However many there are, only the newest are kept. */
static void
too_many_events(struct store *s)
{
	int	 n = 0, more;

	CHECK(sqlite3_exec(s->db, "WITH RECURSIVE k(i) AS (SELECT 1 UNION ALL"
	    " SELECT i + 1 FROM k WHERE i < 100500) INSERT INTO event"
	    " (created, kind) SELECT 1790000000, 'x' FROM k", NULL, NULL,
	    NULL) == SQLITE_OK);
	OK(s, store_expire(s, NOW, 800 * DAY, 10, &more));
	OK(s, store_event_each(s, 0, 0, count_event, &n));
	CHECK(n == 100000);
	CHECK(sqlite3_exec(s->db, "DELETE FROM event", NULL, NULL, NULL) ==
	    SQLITE_OK);
}

static void
expire(struct store *s)
{
	struct store_counts	 c;
	uint64_t		 conv;
	int			 more, i;

	for (i = 0; i < 5; i++)
		OK(s, store_conversation_new(s, box, NULL, 1000 + i, &conv));
	CHECK(store_conversation_prune(s, 1003, 2) == 2);
	CHECK(store_conversation_prune(s, 1003, 0) == 1);
	OK(s, store_expire(s, NOW, 800 * DAY, 1, &more));
	CHECK(more);
	too_many_events(s);
	for (i = 0; more && i < 100; i++)
		OK(s, store_expire(s, NOW + 5000 * DAY, 800 * DAY, 7, &more));
	CHECK(!more && i < 100);
	CHECK(store_counts(s, NOW, &c) == 0);
	CHECK(c.conversations == 0 && c.handles_live == 0 &&
	    c.return_paths_live == 0 && c.messages == 0 &&
	    c.participants == 0 && c.workers == 2);
}

/* A worker's leaving takes what is theirs and leaves the conversations. */
static void
deletion(struct store *s)
{
	struct store_handle	 h, other;
	struct store_message	 m;
	struct store_rcpt	 rcpt;
	uint64_t		 conv, carol, msg;

	OK(s, store_conversation_new(s, box, NULL, NOW, &conv));
	CHECK(store_participant_add(s, conv, "carol@customer.test", NULL, 0,
	    0, NOW, &carol) == 1);
	OK(s, store_handle_issue(s, alice, conv, carol, NOW, LIFE, &h));
	OK(s, store_handle_issue(s, bob, conv, carol, NOW, LIFE, &other));
	CHECK(store_conversation_take(s, conv, bob) == 1);
	msg = test_message(s, conv, STORE_MSG_OUT, bob, "dddd0001", "<d@c>",
	    "<o@h>", NOW);
	(void)test_copy(s, msg, bob, "<t@c>");
	CHECK(store_worker_del(s, bob) == 1);
	CHECK(store_rcpt_get(s, other.address, NOW, &rcpt) == 0);
	CHECK(store_rcpt_get(s, h.address, NOW, &rcpt) == 1);
	CHECK(store_message_get(s, msg, &m) == 1 && m.worker == 0);
	CHECK(store_sound(s) == 1);
	CHECK(store_mailbox_del(s, box) == 1);
	CHECK(store_rcpt_get(s, h.address, NOW, &rcpt) == 0);
	CHECK(store_sound(s) == 1);
}

int
main(void)
{
	struct store	*s;

	test_begin();
	s = test_open(STORE_CREATE);
	box = test_mailbox(s, "support@company.example");
	alice = test_worker(s, "alice", "alice@home.example");
	bob = test_worker(s, "bob", "bob@home.example");
	copies(s);
	handles(s);
	return_paths(s);
	replies(s);
	limits(s);
	bounces(s);
	expire(s);
	deletion(s);
	store_close(s);
	test_end();
	return test_done();
}
