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

/* Windows that slide, and Message-Ids that left under another name. */

#include "store/store_limit.h"
#include "store/store_mail.h"
#include "store_util.h"

#define HOUR		3600
#define MANY		10000
#define PROCESSES	3

static struct store_limit	 box = { "mailbox", "1", 10, HOUR, 1 };

static int
take(struct store *s, unsigned int count, time_t now)
{
	struct store_limit	 l = box;
	size_t			 which;

	l.count = count;
	return store_limit_take(s, &l, 1, now, &which);
}

static int
room(struct store *s, unsigned int count, time_t now)
{
	struct store_limit	 l = box;
	size_t			 which;

	l.count = count;
	return store_limit_room(s, &l, 1, now, &which);
}

/* Each leaves an hour after it came, to the second. */
static void
slides(struct store *s)
{
	int	 i;

	box.name = "slides";
	for (i = 0; i < 10; i++) {
		CHECK(room(s, 1, NOW + i * 100) == 1);
		CHECK(take(s, 1, NOW + i * 100) == 1);
	}
	CHECK(take(s, 1, NOW + 1000) == 0);
	CHECK(room(s, 1, NOW + HOUR - 1) == 0);
	CHECK(take(s, 1, NOW + HOUR - 1) == 0);
	CHECK(room(s, 1, NOW + HOUR) == 1);
	CHECK(room(s, 2, NOW + HOUR) == 0);
	CHECK(take(s, 2, NOW + HOUR) == 0);
	CHECK(take(s, 1, NOW + HOUR) == 1);
	CHECK(take(s, 1, NOW + HOUR + 99) == 0);
	CHECK(take(s, 1, NOW + HOUR + 100) == 1);
	/* What was looked at only was not counted. */
	CHECK(take(s, 10, NOW + 3 * HOUR) == 1);
	CHECK(take(s, 1, NOW + 3 * HOUR) == 0);
	CHECK(take(s, 11, NOW + 9 * HOUR) == 0);
	CHECK(take(s, 0, NOW + 3 * HOUR) == 1);
}

/* A clock that is set back gives nothing away and locks nobody out. */
static void
back(struct store *s)
{
	box.name = "back";
	CHECK(take(s, 6, NOW + 30 * DAY) == 1);
	CHECK(take(s, 2, NOW) == 1);
	CHECK(take(s, 3, NOW + 1) == 0);
	CHECK(room(s, 3, NOW + HOUR - 1) == 0);
	CHECK(take(s, 10, NOW + HOUR - 1) == 0);
	CHECK(take(s, 10, NOW + HOUR) == 1);
	/* A few seconds are no step: nothing becomes older by them. */
	box.name = "skew";
	CHECK(take(s, 10, NOW + 10) == 1);
	CHECK(take(s, 1, NOW + 5) == 0);
	CHECK(take(s, 1, NOW + 9 + HOUR) == 0);
	CHECK(take(s, 1, NOW + 10 + HOUR) == 1);
	/* Forward: what came long ago counts no more. */
	box.name = "forward";
	CHECK(take(s, 10, NOW) == 1);
	CHECK(take(s, 10, NOW + 400 * DAY) == 1);
	CHECK(take(s, 1, NOW + 400 * DAY) == 0);
}

/* All of them or none. */
static void
together(struct store *s)
{
	struct store_limit	 v[2] = {
		{ "sender messages", "alice", 3, DAY, 1 },
		{ "sender recipients", "alice", 5, DAY, 2 }
	};
	size_t			 which = 9;

	CHECK(store_limit_take(s, v, 2, NOW, &which) == 1);
	CHECK(store_limit_take(s, v, 2, NOW, &which) == 1);
	CHECK(store_limit_room(s, v, 2, NOW, &which) == 0 && which == 1);
	which = 9;
	CHECK(store_limit_take(s, v, 2, NOW, &which) == 0 && which == 1);
	v[1].count = 1;
	CHECK(store_limit_take(s, v, 2, NOW, &which) == 1);
	v[1].count = 0;
	CHECK(store_limit_take(s, v, 2, NOW, &which) == 0 && which == 0);
	/* Another name, another kind. */
	v[0].name = "bob";
	CHECK(store_limit_take(s, v, 1, NOW, &which) == 1);
	/* Within the caller's transaction, and undone with it. */
	v[0].name = "carol";
	OK(s, store_begin(s));
	v[0].count = 3;
	CHECK(store_limit_take(s, v, 1, NOW, &which) == 1);
	CHECK(store_limit_take(s, v, 1, NOW, &which) == 0);
	store_rollback(s);
	CHECK(store_limit_take(s, v, 1, NOW, &which) == 1);
}

static void
refused(struct store *s)
{
	struct store_limit	 l = { "k", "n", 1, 0, 1 };
	char			 name[STORE_LIMIT_NAME_MAX + 2];
	size_t			 which;

	FAILS(s, store_limit_take(s, &l, 1, NOW, &which), STORE_REFUSED);
	FAILS(s, store_limit_room(s, &l, 1, NOW, &which), STORE_REFUSED);
	l.window = STORE_LIMIT_WINDOW_MAX + 1;
	FAILS(s, store_limit_take(s, &l, 1, NOW, &which), STORE_REFUSED);
	l.window = 1;
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	l.name = name;
	FAILS(s, store_limit_take(s, &l, 1, NOW, &which), STORE_REFUSED);
	/* None at all. */
	l.name = "none";
	l.limit = 0;
	CHECK(store_limit_take(s, &l, 1, NOW, &which) == 0);
}

/* A shorter window holds from now on. */
static void
changed(struct store *s)
{
	struct store_limit	 l = { "k", "changed", 10, DAY, 10 };
	size_t			 which;
	int			 i;

	CHECK(store_limit_take(s, &l, 1, NOW, &which) == 1);
	l.count = 1;
	CHECK(store_limit_take(s, &l, 1, NOW + HOUR, &which) == 0);
	l.window = HOUR;
	CHECK(store_limit_take(s, &l, 1, NOW + HOUR, &which) == 1);
	CHECK(store_limit_prune(s, NOW + DAY + 1, 100000) > 0);
	CHECK(store_limit_prune(s, NOW + DAY + 1, 100000) == 0);
	/* A little at a time, and what is still within its window stays. */
	l.name = "rows";
	l.window = DAY;
	l.count = 1;
	for (i = 0; i < 10; i++)
		CHECK(store_limit_take(s, &l, 1, NOW + i, &which) == 1);
	l.name = "others";
	CHECK(store_limit_take(s, &l, 1, NOW + 11, &which) == 1);
	l.name = "fresh";
	CHECK(store_limit_take(s, &l, 1, NOW + DAY, &which) == 1);
	CHECK(store_limit_prune(s, NOW + DAY + 20, 5) == 11);
	CHECK(store_limit_prune(s, NOW + DAY + 20, 5) == 2);
	CHECK(store_limit_prune(s, NOW + DAY + 20, 5) == 0);
	l.limit = 1;
	CHECK(store_limit_room(s, &l, 1, NOW + DAY + 20, &which) == 0);
}

/* Takes until it is full, and tells how many it got. */
static void
greedy(void)
{
	struct store_limit	 l = { "k", "many", MANY, DAY, 1 };
	struct store		*s;
	size_t			 which;
	unsigned int		 n = 0;
	int			 r;

	s = test_open(0);
	store_timeout(s, 60000);
	(void)store_durable(s, 0);
	while ((r = store_limit_take(s, &l, 1, NOW + n % 1000, &which)) == 1)
		n++;
	if (r == -1)
		fprintf(stderr, "%s\n", store_error(s)->text);
	l.name = "told";
	l.limit = 4 * MANY;
	l.count = n;
	if (r == -1 || (n > 0 &&
	    store_limit_take(s, &l, 1, NOW, &which) != 1))
		_exit(1);
	store_close(s);
	_exit(0);
}

/* Ten thousand, counted by several at once and over a restart: exactly. */
static void
many(void)
{
	struct store_limit	 l = { "k", "told", 2 * MANY, DAY, MANY };
	struct store		*s;
	pid_t			 pid[PROCESSES];
	size_t			 which;
	int64_t			 used;
	int			 i, status;

	for (i = 0; i < PROCESSES; i++)
		if ((pid[i] = fork()) == 0)
			greedy();
	for (i = 0; i < PROCESSES; i++)
		CHECK(waitpid(pid[i], &status, 0) == pid[i] && status == 0);
	s = test_open(0);
	/* So many were told to be counted, not one more or less. */
	CHECK(store_limit_room(s, &l, 1, NOW, &which) == 1);
	l.count++;
	CHECK(store_limit_room(s, &l, 1, NOW, &which) == 0);
	CHECK(store_limit_used(s, &l, NOW, &used) == 0);
	CHECK(used + l.count == (int64_t)l.limit + 1);
	CHECK(store_limit_used(s, &l, NOW + 2 * DAY, &used) == 0 &&
	    used == 0);
	l.name = "many";
	l.limit = MANY;
	l.count = 1;
	CHECK(store_limit_room(s, &l, 1, NOW + DAY - 1, &which) == 0);
	CHECK(store_limit_room(s, &l, 1, NOW + DAY + 2000, &which) == 1);
	store_close(s);
}

static void
outids(struct store *s)
{
	char	 buf[STORE_MSGID_MAX + 1];
	int	 more;

	CHECK(store_outid_get(s, "alice", "1@laptop", buf, sizeof(buf)) == 0);
	OK(s, store_outid_put(s, "alice", "1@laptop", "x@a.example", NOW));
	CHECK(store_outid_get(s, "alice", "<1@laptop>", buf,
	    sizeof(buf)) == 1);
	CHECK_STR(buf, "x@a.example");
	CHECK(store_outid_get(s, "bob", "1@laptop", buf, sizeof(buf)) == 0);
	CHECK(store_outid_get(s, "alice", "2@laptop", buf, sizeof(buf)) == 0);
	OK(s, store_outid_put(s, "alice", "1@laptop", "<y@b.example>",
	    NOW + 2));
	CHECK(store_outid_get(s, "alice", "1@laptop", buf, sizeof(buf)) == 1);
	CHECK_STR(buf, "y@b.example");
	OK(s, store_expire(s, NOW + 1, 0, 10, &more));
	CHECK(store_outid_get(s, "alice", "1@laptop", buf, sizeof(buf)) == 1);
	OK(s, store_expire(s, NOW + 3, 0, 10, &more));
	CHECK(store_outid_get(s, "alice", "1@laptop", buf, sizeof(buf)) == 0);
}

int
main(void)
{
	struct store	*s;

	test_begin();
	s = test_open(STORE_CREATE);
	slides(s);
	back(s);
	together(s);
	refused(s);
	changed(s);
	outids(s);
	CHECK(store_sound(s) == 1);
	store_close(s);
	many();
	test_end();
	return test_done();
}
