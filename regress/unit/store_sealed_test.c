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
 * A store whose process may open nothing more: what a sandbox does to it,
 * made here by a limit of no descriptors.
 */

#include <sys/resource.h>

#include <fcntl.h>

#include "smtprelayctl/store_export.h"
#include "store_util.h"

static int
ignore_conversation(const struct store_conversation *c, void *arg)
{
	(void)c;
	(*(int *)arg)++;
	return 0;
}

static int
ignore_key(const struct store_change *k, void *arg)
{
	(void)k;
	(*(int *)arg)++;
	return 0;
}

int
main(void)
{
	struct store		*s;
	struct rlimit		 rl, none;
	struct store_handle	 h;
	struct store_err	 err;
	FILE			*null;
	uint64_t		 box, conv, id, rows;
	int64_t			 seq;
	uint32_t		 alice;
	int			 i, n = 0;

	test_begin();
	store_close(test_open(STORE_CREATE));
	s = test_open(0);
	CHECK(store_watch_fd(s) != -1);
	null = fopen("/dev/null", "w");
	CHECK(getrlimit(RLIMIT_NOFILE, &rl) == 0);
	none = rl;
	none.rlim_cur = 0;
	CHECK(setrlimit(RLIMIT_NOFILE, &none) == 0);
	CHECK(open("/dev/null", O_RDONLY) == -1);

	box = test_mailbox(s, "support@company.example");
	alice = test_worker(s, "alice", "alice@home.example");
	/* Enough for several checkpoints, and for anything that spills. */
	for (i = 0; i < 300; i++) {
		OK(s, store_begin(s));
		for (n = 0; n < 20; n++) {
			OK(s, store_conversation_new(s, box, "a subject that "
			    "is long enough to make the rows large; a subject "
			    "that is long enough to make the rows large", NOW,
			    &conv));
			CHECK(store_participant_add(s, conv, "c@c.test", NULL,
			    0, 0, NOW, &id) == 1);
			OK(s, store_handle_issue(s, alice, conv, id, NOW,
			    LIFE, &h));
		}
		OK(s, store_commit(s));
	}
	n = 0;
	OK(s, store_conversation_each(s, 0, ignore_conversation, &n));
	CHECK(n == 6000);
	n = 0;
	OK(s, store_keys_all(s, NOW, &seq, ignore_key, &n));
	CHECK(n == 6001);
	OK(s, store_export(s, null, 0, &rows));
	CHECK(store_worker_revoke(s, alice, NOW) == 1);
	CHECK(store_conversation_prune(s, NOW + 1, 0) == 6000);
	CHECK(store_mailbox_del(s, box) == 1);
	CHECK(store_sound(s) == 1);
	CHECK(store_open(test_path, 0, 0, &err) == NULL);
	store_close(s);
	fclose(null);
	CHECK(setrlimit(RLIMIT_NOFILE, &rl) == 0);
	test_end();
	return test_done();
}
