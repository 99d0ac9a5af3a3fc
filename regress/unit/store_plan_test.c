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

/* Ten thousand conversations and a hundred thousand handles, by index. */

#include "store/sender.h"
#include "store/store_db.h"
#include "store/store_sqlite.h"
#include "store/store_limit.h"
#include "store/store_mail.h"
#include "store_util.h"

#define CONVS		10000
#define PEOPLE		2	/* participants of each */
#define WORKERS		5
#define KEEP		64	/* handles that are looked up later */
#define STEPS_MAX	1500	/* of SQLite's machine, on average */

static uint64_t	 box, convs[KEEP];
static uint32_t	 worker[WORKERS];
static char	 kept[KEEP][STORE_ADDR_MAX + 1];

static int
ignore_handle(const struct store_handle *h, void *arg)
{
	(void)h;
	(void)arg;
	return 0;
}

static int
count_key(const struct store_change *k, void *arg)
{
	(void)k;
	(*(int *)arg)++;
	return 0;
}

static int
ignore_person(const struct store_participant *p, void *arg)
{
	(void)p;
	(void)arg;
	return 0;
}

static int
ignore_message(const struct store_message *m, void *arg)
{
	(void)m;
	(void)arg;
	return 0;
}

static void
one_conversation(struct store *s, int n)
{
	struct store_handle	 h;
	struct store_message	 m;
	char			 address[64];
	uint64_t		 id;
	int			 p, w;

	OK(s, store_conversation_new(s, box, "subject", NOW + n, &convs[n]));
	for (p = 0; p < PEOPLE; p++) {
		(void)snprintf(address, sizeof(address), "c%d@customer%d.test",
		    p, n);
		CHECK(store_participant_add(s, convs[n], address, NULL, 0, 30,
		    NOW, &id) == 1);
		for (w = 0; w < WORKERS; w++)
			OK(s, store_handle_issue(s, worker[w], convs[n], id,
			    NOW, LIFE, &h));
	}
	(void)strcpy(kept[n], h.address);
	memset(&m, 0, sizeof(m));
	m.conversation = convs[n];
	m.kind = STORE_MSG_IN;
	(void)snprintf(m.smtpd, sizeof(m.smtpd), "%08x", n);
	(void)snprintf(m.outside, sizeof(m.outside), "m%d@customer.test", n);
	CHECK(store_message_add(s, &m, NOW) == 1);
}

/* What is only there to be in the way is made the quick way. */
static const char *const	 bulk[] = {
	"CREATE TEMP TABLE n AS WITH RECURSIVE k(i) AS (SELECT 1000 UNION ALL"
	" SELECT i + 1 FROM k WHERE i < 11000) SELECT i FROM k",
	"INSERT INTO conversation (id, mailbox, subject, created, last)"
	" SELECT i, 1, 'x', 1790000000, 1790000000 + i FROM n",
	"INSERT INTO participant (conversation, address, folded, created)"
	" SELECT i, 'a' || i, 'a' || i, 1 FROM n",
	"INSERT INTO participant (conversation, address, folded, created)"
	" SELECT i, 'b' || i, 'b' || i, 1 FROM n",
	"INSERT INTO handle (address, worker, conversation, participant,"
	" created, expires) SELECT lower(hex(randomblob(12))), w.id,"
	" p.conversation, p.id, 1790000000, 1890000000"
	" FROM participant p CROSS JOIN worker w WHERE p.conversation > 999",
	"INSERT INTO message (conversation, mailbox, kind, created, smtpd,"
	" outside) SELECT i, 1, 1, 1790000000, i, 'bulk' || i FROM n",
	"INSERT INTO copy (message, worker, msgid, begun, queued)"
	" SELECT id, 1, 't' || id, 1, 1 FROM message WHERE conversation > 999",
	"INSERT INTO rpath (address, kind, conversation, created, expires)"
	" SELECT lower(hex(randomblob(13))), 1, i, 1, 1890000000 FROM n",
	"INSERT INTO rpath (address, kind, gate, sent_to, created, expires)"
	" SELECT lower(hex(randomblob(13))), 4, 'sf', 's' || i, 1789990000,"
	" 1890000000 FROM n",
	"INSERT INTO account (name, transport, generation, created, changed)"
	" SELECT 'a' || i, 'null', i, 1, 1 FROM n",
	"INSERT INTO account_state (account, failures) SELECT id, 1"
	" FROM account",
	"INSERT INTO identity (user, address, folded, account, created)"
	" SELECT 'u' || (i / 10), 'i' || i || '@p' || i || '.test',"
	" 'i' || i || '@p' || i || '.test',"
	" (SELECT id FROM account WHERE name = 'a' || i), 1 FROM n",
	"INSERT INTO identity_code (identity, tag, hash, expires)"
	" SELECT id, 't' || id, 'h', 1890000000 FROM identity",
	"DROP TABLE n"
};

static void
fill(struct store *s)
{
	char	 name[32], address[64];
	int	 i;

	box = test_mailbox(s, "support@company.example");
	for (i = 0; i < WORKERS; i++) {
		(void)snprintf(name, sizeof(name), "worker%d", i);
		(void)snprintf(address, sizeof(address), "w%d@home.example",
		    i);
		worker[i] = test_worker(s, name, address);
		CHECK(store_mailbox_join(s, box, worker[i], NOW) == 1);
	}
	OK(s, store_begin(s));
	for (i = 0; i < KEEP; i++)
		one_conversation(s, i);
	for (i = 0; i < (int)(sizeof(bulk) / sizeof(bulk[0])); i++)
		OK(s, db_exec(s, bulk[i]));
	OK(s, store_commit(s));
}

static void
answers(struct store *s, int n)
{
	struct store_rcpt	 rcpt;
	struct store_rpath	 rp;
	struct store_reply	 r;
	struct store_event	 ev;
	enum store_sent		 state;
	char			 rpath[STORE_ADDR_MAX + 1] = "";
	uint8_t			 hash[STORE_HASH] = { 0 };
	uint64_t		 id;
	struct store_limit	 limit = { "mailbox", "1", 600, 3600, 1 };
	size_t			 which;
	int			 holder, pid = 1;

	memset(&rp, 0, sizeof(rp));
	rp.kind = STORE_RPATH_WORKER;
	rp.conversation = convs[n];
	OK(s, store_rpath_make(s, "company.example", NOW, &rp));
	CHECK(store_rcpt_get(s, rp.address, NOW, &rcpt) == 1);
	CHECK(store_rpath_quote(s, rp.id) == 1);
	(void)snprintf(rpath, sizeof(rpath), "s%d@verp.test", n);
	CHECK(store_wrap(s, "sf", rpath, "company.example", NOW, &rp) == 1);
	CHECK(store_wrap(s, "sf", rpath, "company.example", NOW, &rp) == 1);
	rpath[0] = '\0';
	OK(s, store_handle_each(s, worker[0], convs[n], NOW, ignore_handle,
	    NULL));
	OK(s, store_conversation_people(s, convs[n], ignore_person, NULL));
	OK(s, store_conversation_messages(s, convs[n], ignore_message,
	    NULL));
	memset(&r, 0, sizeof(r));
	store_reply_id(r.id);
	r.worker = worker[0];
	r.mailbox = box;
	r.conversation = convs[n];
	(void)snprintf(r.dkey, sizeof(r.dkey), "d%d", n);
	(void)strcpy(r.outside, "o@c");
	CHECK(store_rcpt_get(s, kept[n], NOW, &rcpt) == 1);
	r.handle[0] = rcpt.handle.id;
	r.nhandles = 1;
	OK(s, store_reply_add(s, &r, NOW));
	CHECK(store_reply_get(s, r.id, NOW, &r) == 1);
	OK(s, store_sent_begin(s, r.worker, r.dkey, r.handle[0], NOW, &pid,
	    rpath, sizeof(rpath), &state));
	OK(s, store_sent_queued(s, r.worker, r.dkey, r.handle[0], NOW));
	CHECK(store_commands_once(s, r.worker, r.dkey, NOW) == 1);
	CHECK(store_claim(s, hash, 1, NOW, &holder) == 1);
	OK(s, store_claim_release(s, hash, 1));
	CHECK(store_limit_room(s, &limit, 1, NOW + n, &which) == 1);
	CHECK(store_limit_take(s, &limit, 1, NOW + n, &which) == 1);
	(void)snprintf(r.outside, sizeof(r.outside), "%d@laptop", n);
	OK(s, store_outid_put(s, "alice", r.outside, "x@a.example", NOW));
	CHECK(store_outid_get(s, "alice", r.outside, r.own,
	    sizeof(r.own)) == 1);
	memset(&ev, 0, sizeof(ev));
	(void)strcpy(ev.kind, "x");
	ev.conversation = convs[n];
	OK(s, store_event_add(s, &ev, NOW));
	CHECK(store_conversation_open(s, convs[n], 0) == 1);
	CHECK(store_conversation_take(s, convs[n], worker[0]) == 1);
	OK(s, store_conversation_new(s, box, NULL, NOW, &id));
}

/* Everything that happens while a message goes by, for one conversation. */
static void
traffic(struct store *s, int n)
{
	struct store_conversation c;
	struct store_rcpt	 rcpt;
	struct store_message	 m;
	struct store_copy	 copy;
	struct store_participant p;
	struct store_worker	 w;
	char			 buf[STORE_MSGID_MAX + 1];
	char			 rpath[STORE_ADDR_MAX + 1] = "";
	const char		*ids[1];
	uint64_t		 id;

	CHECK(store_rcpt_get(s, kept[n], NOW, &rcpt) == 1);
	CHECK(store_rcpt_get(s, "support@company.example", NOW, &rcpt) == 1);
	CHECK(store_rcpt_get(s, "support+aaaaaaaaaaaaaaaa@company.example",
	    NOW, &rcpt) == 0);
	CHECK(store_is_member(s, box, worker[0]) == 1);
	CHECK(store_worker_byaddr(s, "w1@home.example", &w) == 1);
	CHECK(store_worker_bylogin(s, "none", &w) == 0);
	(void)snprintf(buf, sizeof(buf), "<m%d@customer.test>", n);
	ids[0] = buf;
	CHECK(store_conversation_find(s, box, ids, 1, "x@y.test", &id) == 0);
	CHECK(store_conversation_get(s, convs[n], &c) == 1);
	(void)snprintf(rpath, sizeof(rpath), "c0@customer%d.test", n);
	CHECK(store_participant_byaddr(s, convs[n], rpath, &p) == 1);
	CHECK(store_conversation_find(s, box, ids, 1, rpath, &id) == 1);
	CHECK(store_participant_get(s, p.id, &p) == 1);
	(void)snprintf(rpath, sizeof(rpath), "%08x", n);
	CHECK(store_message_find(s, box, rpath, buf, NOW, &m) == 1);
	CHECK(store_message_get(s, m.id, &m) == 1);
	memset(&copy, 0, sizeof(copy));
	(void)snprintf(copy.msgid, sizeof(copy.msgid), "t%d@c", n);
	OK(s, store_copy_begin(s, m.id, worker[0], NOW, &copy));
	OK(s, store_copy_queued(s, copy.id, NOW));
	CHECK(store_msgid_inside(s, convs[n], worker[0], m.outside, buf,
	    sizeof(buf)) == 1);
	CHECK(store_msgid_outside(s, convs[n], worker[0], copy.msgid, buf,
	    sizeof(buf)) == 1);
	CHECK(store_msgid_across(s, convs[n], worker[0], copy.msgid,
	    worker[1], buf, sizeof(buf)) == 0);
	answers(s, n);
}

static int
ignore_sender(const struct sender_addr *a, void *arg)
{
	(void)a;
	(void)arg;
	return 0;
}

/* What the courier and the tables about senders ask for, for one identity. */
static void
outbound(struct store *s, const struct conf *conf, int n)
{
	struct store_identity	 idt;
	struct store_account	 acc;
	enum sender_verdict	 verdict;
	char			 address[64], user[32];
	unsigned int		 uses;

	n += 1000;
	(void)snprintf(address, sizeof(address), "i%d+x@p%d.test", n, n);
	(void)snprintf(user, sizeof(user), "u%d", n / 10);
	CHECK(sender_account(s, conf, address, &idt, &acc) == 0);
	CHECK(store_identity_find(s, address, &idt) == 1);
	OK(s, sender_check(s, conf, user, address, &verdict, NULL));
	CHECK(verdict == SENDER_UNVERIFIED);
	OK(s, sender_check(s, conf, user, "x@y.test", &verdict, NULL));
	CHECK(verdict == SENDER_FOREIGN);
	OK(s, sender_each(s, conf, user, ignore_sender, NULL));
	CHECK(store_account_byid(s, idt.account, &acc) == 1);
	OK(s, store_account_uses(s, acc.id, &uses));
	CHECK(store_account_failed(s, acc.id, acc.generation, "auth", "no",
	    NOW, NOW) == 1);
	CHECK(store_account_worked(s, acc.id, acc.generation, NOW) == 1);
	(void)snprintf(address, sizeof(address), "new%d@q%d.test", n, n);
	CHECK(store_identity_add(s, user, address, acc.id, 1, test_domains,
	    2, NOW, &idt.id) == 1);
	(void)snprintf(address, sizeof(address), "@r%d.test", n);
	CHECK(store_identity_add(s, user, address, acc.id, 1, test_domains,
	    2, NOW, &idt.id) == 1);
}

/*
 * Steps of full scans that the cached statements made, and the worst.  Nor
 * may any make many steps at each run, whatever it reads by.
 */
static int
scans(struct store *s, const char **worst)
{
	int	 i, n, runs, steps, most = 0, sum = 0;

	for (i = 0; i < STORE_STMTS; i++) {
		if (s->stmt[i].stmt == NULL)
			continue;
		n = sqlite3_stmt_status(s->stmt[i].stmt,
		    SQLITE_STMTSTATUS_FULLSCAN_STEP, 1);
		sum += n;
		runs = sqlite3_stmt_status(s->stmt[i].stmt,
		    SQLITE_STMTSTATUS_RUN, 1);
		steps = sqlite3_stmt_status(s->stmt[i].stmt,
		    SQLITE_STMTSTATUS_VM_STEP, 1);
		if (steps > runs * STEPS_MAX) {
			fprintf(stderr, "%d steps in %d runs: %s\n", steps,
			    runs, s->stmt[i].sql);
			CHECK(steps <= runs * STEPS_MAX);
		}
		if (n > most) {
			most = n;
			*worst = s->stmt[i].sql;
		}
	}
	return sum;
}

/* No statement that was used may read a table that grows from its start. */
static void
plans(struct store *s)
{
	static const char *const	 big[] = {
		"SCAN handle", "SCAN h", "SCAN conversation", "SCAN c",
		"SCAN message", "SCAN m", "SCAN g", "SCAN participant",
		"SCAN p", "SCAN copy", "SCAN rpath", "SCAN r", "SCAN reply",
		"SCAN sent", "SCAN event", "SCAN change", "SCAN claim",
		"SCAN command", "SCAN reply_handle", "SCAN quota",
		"SCAN quota_hit", "SCAN outid", "SCAN account", "SCAN a",
		"SCAN account_state", "SCAN identity", "SCAN i",
		"SCAN identity_code"
	};
	sqlite3_stmt	*st;
	const char	*plan;
	char		 sql[2048];
	size_t		 i, k, len;
	int		 seen = 0;

	for (i = 0; i < STORE_STMTS; i++) {
		if (s->stmt[i].sql == NULL)
			continue;
		(void)snprintf(sql, sizeof(sql), "EXPLAIN QUERY PLAN %s",
		    s->stmt[i].sql);
		CHECK(sqlite3_prepare_v2(s->db, sql, -1, &st, NULL) ==
		    SQLITE_OK);
		while (sqlite3_step(st) == SQLITE_ROW) {
			seen++;
			plan = (const char *)sqlite3_column_text(st, 3);
			for (k = 0; k < sizeof(big) / sizeof(big[0]); k++) {
				len = strlen(big[k]);
				if (strncmp(plan, big[k], len) != 0 ||
				    (plan[len] != '\0' && plan[len] != ' '))
					continue;
				fprintf(stderr, "%s\n\t%s\n", s->stmt[i].sql,
				    plan);
				CHECK(strncmp(plan, big[k], len) != 0);
			}
		}
		(void)sqlite3_finalize(st);
	}
	CHECK(seen > 50);
}

int
main(void)
{
	struct store	*s;
	struct conf	*conf;
	const char	*worst = "";
	int64_t		 seq;
	int		 i, n = 0, keys = 0, more;

	test_begin();
	if ((conf = conf_new()) == NULL)
		return 1;
	conf->outbound.alternates = 1;
	s = test_open(STORE_CREATE);
	fill(s);
	(void)scans(s, &worst);
	for (i = 0; i < KEEP; i++) {
		traffic(s, i);
		outbound(s, conf, i);
	}
	n = scans(s, &worst);
	CHECK(store_conversation_prune(s, NOW + 10, 5) == 5);
	OK(s, store_expire(s, NOW, 800 * DAY, 100, &more));
	if (n != 0)
		fprintf(stderr, "%d steps, most by: %s\n", n, worst);
	CHECK(n == 0);
	plans(s);
	OK(s, store_keys_all(s, NOW, &seq, count_key, &keys));
	CHECK(keys > CONVS * PEOPLE * WORKERS - 1000);
	conf_free(conf);
	store_close(s);
	test_end();
	return test_done();
}
