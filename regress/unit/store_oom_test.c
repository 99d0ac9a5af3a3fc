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

/*
 * Allocations of the database fail, one in each round, here and there: a call
 * fails or does not, nothing is half done, and the next one works.
 */

#include "smtprelayctl/store_export.h"
#include "store/store_db.h"
#include "store/store_sqlite.h"
#include "store_util.h"

#define STRIDE	43	/* allocations from one that fails to the next */

static sqlite3_mem_methods	 real;
static long			 countdown;	/* 0: none is to fail */
static int			 failed;

static int
denied(void)
{
	if (countdown == 0 || --countdown > 0)
		return 0;
	failed = 1;
	return 1;
}

static void *
mem_malloc(int n)
{
	return denied() ? NULL : real.xMalloc(n);
}

static void *
mem_realloc(void *p, int n)
{
	return denied() ? NULL : real.xRealloc(p, n);
}

static int
ignore_key(const struct store_change *k, void *arg)
{
	(void)k;
	(void)arg;
	return 0;
}

/* A customer's mail and its answer, in one transaction: 0 or -1. */
static int
work(struct store *s, uint64_t box, uint32_t alice, int n)
{
	struct store_handle	 h;
	struct store_message	 m;
	struct store_copy	 c;
	struct store_rpath	 rp;
	struct store_reply	 r;
	struct store_rcpt	 rcpt;
	char			 buf[STORE_MSGID_MAX + 1];
	uint64_t		 conv, carol;

	memset(&m, 0, sizeof(m));
	memset(&c, 0, sizeof(c));
	memset(&rp, 0, sizeof(rp));
	memset(&r, 0, sizeof(r));
	if (store_begin(s) == -1 ||
	    store_conversation_new(s, box, "x", NOW, &conv) == -1 ||
	    store_participant_add(s, conv, "carol@customer.test", "C", 0, 9,
	    NOW, &carol) != 1 ||
	    store_handle_issue(s, alice, conv, carol, NOW, LIFE, &h) == -1)
		return -1;
	m.conversation = conv;
	m.kind = STORE_MSG_IN;
	(void)snprintf(m.smtpd, sizeof(m.smtpd), "%08x", n);
	(void)snprintf(m.outside, sizeof(m.outside), "m%d@customer.test", n);
	(void)snprintf(c.msgid, sizeof(c.msgid), "t%d@company.example", n);
	rp.kind = STORE_RPATH_WORKER;
	rp.conversation = conv;
	if (store_message_add(s, &m, NOW) != 1 ||
	    store_copy_begin(s, m.id, alice, NOW, &c) == -1 ||
	    store_rpath_make(s, "company.example", NOW, &rp) == -1 ||
	    store_msgid_outside(s, conv, alice, c.msgid, buf,
	    sizeof(buf)) != 1 ||
	    store_rcpt_get(s, h.address, NOW, &rcpt) != 1)
		return -1;
	store_reply_id(r.id);
	r.worker = alice;
	r.mailbox = box;
	r.conversation = conv;
	(void)strcpy(r.dkey, "k");
	(void)strcpy(r.outside, "o@c");
	if (store_reply_add(s, &r, NOW) == -1)
		return -1;
	return store_commit(s);
}

/* The same with what the administrator asks. */
static int
look(struct store *s)
{
	struct store_counts	 c;
	FILE			*fp;
	uint64_t		 rows;
	int64_t			 seq;
	int			 ret;

	if (store_counts(s, NOW, &c) == -1 ||
	    store_keys_all(s, NOW, &seq, ignore_key, NULL) == -1)
		return -1;
	if ((fp = fopen("/dev/null", "w")) == NULL)
		return 0;
	ret = store_export(s, fp, 0, &rows);
	fclose(fp);
	return ret;
}

/* Opens, works, looks and closes with the k-th allocation denied. */
static int
round_of(long k, uint64_t box, uint32_t alice)
{
	struct store_err	 err;
	struct store		*s;
	int			 worked = -1;

	failed = 0;
	countdown = k;
	s = store_open(test_path, 0, 1000, &err);
	if (s != NULL) {
		if ((worked = work(s, box, alice, (int)k)) == -1)
			store_rollback(s);
		CHECK(look(s) == 0 || failed);
		countdown = 0;
		/* Whatever happened, the store goes on. */
		CHECK(look(s) == 0);
		if (worked == -1)
			CHECK(work(s, box, alice, (int)k) == 0);
	}
	countdown = 0;
	CHECK(worked == 0 || failed);
	store_close(s);
	return failed;
}

int
main(void)
{
	sqlite3_mem_methods	 mine;
	struct store_counts	 c;
	struct store		*s;
	uint64_t		 box;
	uint32_t		 alice;
	long			 k, opened = 0;

	if (sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real) != SQLITE_OK)
		return 1;
	mine = real;
	mine.xMalloc = mem_malloc;
	mine.xRealloc = mem_realloc;
	/* Without its pool of small pieces every request comes to us. */
	if (sqlite3_config(SQLITE_CONFIG_MALLOC, &mine) != SQLITE_OK ||
	    sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0) != SQLITE_OK)
		return 1;
	test_begin();
	s = test_open(STORE_CREATE);
	box = test_mailbox(s, "support@company.example");
	alice = test_worker(s, "alice", "alice@home.example");
	OK(s, db_exec(s, "PRAGMA synchronous = OFF"));
	store_close(s);
	for (k = 1; round_of(k, box, alice); k += STRIDE)
		opened++;
	CHECK(opened > 100);
	s = test_open(0);
	CHECK(store_sound(s) == 1);
	OK(s, store_counts(s, NOW, &c));
	CHECK(c.conversations > 0 && c.conversations == c.messages &&
	    c.conversations == c.participants &&
	    c.conversations == c.handles_live);
	store_close(s);
	test_end();
	return test_done();
}
