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

/* Addresses on their way from a keeper to a front's cache, in one process. */

#include <stdlib.h>
#include <unistd.h>

#include "common/proc/address_cache.c"
#include "test.h"

#define MANY	30000	/* of over 40 bytes: more than a frame may have */

static struct ipc		*keeper, *front;
static struct address_cache	*cache;
static struct address_feed	 feed;
static uint64_t			*words;	/* what the cache watches */
static int			 shm;

/* What the front has asked comes to the keeper, who begins his answer.
 * Returns the position, or -2 when there is no question. */
static int64_t
question(uint32_t type)
{
	struct ipc_msg	 msg;
	int64_t		 position;

	if (ipc_recv_wait(keeper, &msg, 0) != 1)
		return -2;
	CHECK(msg.type == type);
	CHECK(address_feed_begin(&feed, keeper, &msg, 0, &position) == 0);
	return position;
}

/* The front takes all that has been sent; returns what the last take did. */
static int
take(void)
{
	struct ipc_msg	 msg;
	int		 r = 0;

	while (ipc_flush(keeper) != -1 && ipc_recv_wait(front, &msg, 0) == 1) {
		CHECK(msg.len <= 64 * 1024);
		r = address_cache_take(cache, front, &msg);
		if (msg.fd != -1)
			close(msg.fd);
	}
	return r;
}

static void
add(enum address_record what, const char *name, uint64_t number,
    const char *text)
{
	CHECK(address_feed_add(&feed, what, name, number, text) == 0);
}

static int64_t
number(const char *address)
{
	return keyset_number(address_cache_sets(cache)->addresses, address,
	    strlen(address));
}

/* A front that has been told what to watch, and has asked again. */
static void
begin(address_also *also)
{
	int	 fds[2];

	ipc_free(keeper);
	ipc_free(front);
	CHECK(ipc_pair(fds) == 0);
	keeper = ipc_new(fds[0], 256 * 1024, 16 * 1024 * 1024);
	front = ipc_new(fds[1], 256 * 1024, 4096);
	if (keeper == NULL || front == NULL ||
	    (cache = address_cache_new(also)) == NULL)
		exit(1);
	CHECK(address_cache_refresh(cache, front) == 0);
	CHECK(address_cache_asking(cache));
	CHECK(question(ADDRESS_ASK) == -1);
	CHECK(address_feed_watch(&feed, shm) == 0);
	CHECK(take() == 0 && address_cache_asking(cache));
	CHECK(question(ADDRESS_ASK) == -1);
}

static void
end(void)
{
	free_sets(&cache->sets);
	free_sets(&cache->coming);
	unmap_watch(&cache->watch);
	free(cache);
}

static void
test_many(void)
{
	char	 name[64];
	int	 i, wrong = 0;

	begin(NULL);
	CHECK(!address_cache_loaded(cache) && !address_cache_current(cache));
	add(ADDRESS_CLEAR, NULL, 0, NULL);
	for (i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "%05d.who.has.a.long.name@"
		    "company.example", i);
		add(ADDRESS_PUT, name, KEYSET_FOREVER, NULL);
	}
	CHECK(address_feed_done(&feed, 7) == 0);
	CHECK(take() == 1);
	CHECK(address_cache_loaded(cache) && address_cache_current(cache));
	for (i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "%05d.who.has.a.long.name@"
		    "company.example", i);
		wrong += number(name) != KEYSET_FOREVER;
	}
	CHECK(wrong == 0);
	/* Nothing new: nothing is asked.  Then something is. */
	CHECK(address_cache_refresh(cache, front) == 0);
	CHECK(question(0) == -2);
	words[3]++;
	CHECK(!address_cache_current(cache) && address_cache_loaded(cache));
	CHECK(address_cache_refresh(cache, front) == 0);
	CHECK(question(ADDRESS_ASK) == 7);
	add(ADDRESS_DEL, name, 0, NULL);
	add(ADDRESS_PUT, "new@company.example", 5, NULL);
	/* A commit while it is told is seen afterwards. */
	words[3]++;
	CHECK(address_feed_done(&feed, 8) == 0);
	CHECK(take() == 1);
	CHECK(number(name) == 0 && number("new@company.example") == 5);
	CHECK(!address_cache_current(cache));
	CHECK(address_cache_refresh(cache, front) == 0);
	CHECK(question(ADDRESS_ASK) == 8);
	CHECK(address_feed_done(&feed, 8) == 0);
	CHECK(take() == 1 && address_cache_current(cache));
	end();
}

/* The old one stays until the new one is whole. */
static void
test_old(void)
{
	begin(NULL);
	add(ADDRESS_CLEAR, NULL, 0, NULL);
	add(ADDRESS_PUT, "old@company.example", KEYSET_FOREVER, NULL);
	CHECK(address_feed_done(&feed, 1) == 0 && take() == 1);
	address_cache_reload(cache, 1);
	CHECK(!address_cache_current(cache));
	CHECK(address_cache_refresh(cache, front) == 0);
	CHECK(question(ADDRESS_RELOAD) == 1);
	CHECK(address_feed_watch(&feed, shm) == 0 && take() == 0);
	CHECK(question(ADDRESS_ASK) == -1);
	add(ADDRESS_CLEAR, NULL, 0, NULL);
	add(ADDRESS_PUT, "new@company.example", KEYSET_FOREVER, NULL);
	CHECK(send_frame(&feed) == 0 && take() == 0);
	CHECK(number("old@company.example") != 0);
	CHECK(number("new@company.example") == 0);
	CHECK(!address_cache_current(cache) && address_cache_loaded(cache));
	/* The keeper cannot go on, and then it can. */
	address_feed_fail(&feed, "busy");
	CHECK(take() == 0 && !address_cache_asking(cache));
	CHECK(address_cache_refresh(cache, front) == 0);
	CHECK(question(ADDRESS_ASK) == -1);
	add(ADDRESS_CLEAR, NULL, 0, NULL);
	add(ADDRESS_PUT, "newer@company.example", KEYSET_FOREVER, NULL);
	CHECK(address_feed_done(&feed, 2) == 0 && take() == 1);
	CHECK(number("old@company.example") == 0);
	CHECK(number("new@company.example") == 0);
	CHECK(number("newer@company.example") != 0);
	CHECK(address_cache_current(cache));
	/* It goes: what there is stays current, but the next tells all. */
	address_cache_lost(cache);
	CHECK(address_cache_current(cache));
	CHECK(address_cache_refresh(cache, front) == 0);
	CHECK(question(ADDRESS_ASK) == -1);
	/* An answer to an older question does not count. */
	feed.id--;
	add(ADDRESS_CLEAR, NULL, 0, NULL);
	CHECK(address_feed_done(&feed, 3) == 0 && take() == 0);
	CHECK(address_cache_asking(cache));
	CHECK(number("newer@company.example") != 0);
	end();
}

static int
also(struct keyset *lists, const char *name, size_t len, const char *text,
    size_t textlen)
{
	return textlen == 0 ? -1 :
	    keyset_append(lists, name, len, text, textlen);
}

/* The text of a name's list, "-" when there is none. */
static const char *
list(const char *name)
{
	static char	 buf[64];
	const char	*text;
	size_t		 len;

	text = keyset_text(address_cache_sets(cache)->lists, name,
	    strlen(name), &len);
	if (text == NULL)
		return "-";
	snprintf(buf, sizeof(buf), "%.*s", (int)len, text);
	return buf;
}

static void
test_lists(void)
{
	begin(also);
	add(ADDRESS_CLEAR, NULL, 0, NULL);
	add(ADDRESS_ALSO, "bob", 0, "a");
	add(ADDRESS_ALSO, "", 0, "x");
	add(ADDRESS_PUT, "bob@company.example", 2, NULL);
	add(ADDRESS_ALSO, "bob", 0, "b");
	CHECK(address_feed_done(&feed, 1) == 0 && take() == 1);
	CHECK_STR(list("bob"), "ab");
	CHECK_STR(list(""), "x");
	CHECK_STR(list("rob"), "-");
	CHECK(number("bob@company.example") == 2);
	words[0]++;
	CHECK(address_cache_refresh(cache, front) == 0);
	CHECK(question(ADDRESS_ASK) == 1);
	add(ADDRESS_FORGET, "bob", 0, NULL);
	add(ADDRESS_ALSO, "bob", 0, "c");
	add(ADDRESS_FORGET, "", 0, NULL);
	CHECK(address_feed_done(&feed, 2) == 0 && take() == 1);
	CHECK_STR(list("bob"), "c");
	CHECK_STR(list(""), "-");
	end();
}

/* Frames that make no sense: all is asked for anew. */
static void
test_nonsense(void)
{
	static const struct {
		int		 what;
		uint64_t	 number;
		size_t		 len;	/* of the name */
		const char	*text;
	} bad[] = {
		{ 0, 0, 1, "" }, { ADDRESS_DONE + 1, 0, 1, "" },
		{ ADDRESS_PUT, UINT64_MAX, 1, "" },
		{ ADDRESS_PUT, 1, KEYSET_KEY_MAX + 1, "" },
		{ ADDRESS_ALSO, 0, 1, "no lists here" }
	};
	char		 name[KEYSET_KEY_MAX + 2];
	struct ipc_msg	 msg = { .type = ADDRESS_ASK, .fd = -1 };
	int64_t		 position;
	size_t		 i;

	memset(name, 'n', sizeof(name));
	begin(NULL);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		name[bad[i].len] = '\0';
		add(ADDRESS_CLEAR, NULL, 0, NULL);
		CHECK(address_feed_add(&feed, bad[i].what, name, bad[i].number,
		    bad[i].text) == 0);
		name[bad[i].len] = 'n';
		CHECK(send_frame(&feed) == 0);
		CHECK(take() == -1 && !address_cache_asking(cache));
		CHECK(address_cache_refresh(cache, front) == 0);
		CHECK(question(ADDRESS_ASK) == -1);
	}
	/* Half a record, and something after the end. */
	ipc_put_u8(&feed.pack, ADDRESS_PUT);
	CHECK(send_frame(&feed) == 0 && take() == -1);
	CHECK(address_cache_refresh(cache, front) == 0);
	CHECK(question(ADDRESS_ASK) == -1);
	add(ADDRESS_DONE, NULL, 1, NULL);
	add(ADDRESS_DONE, NULL, 1, NULL);
	CHECK(send_frame(&feed) == 0 && take() == -1);
	CHECK(!address_cache_loaded(cache));
	/* Nothing to watch: the next one is to open the database anew. */
	CHECK(address_cache_refresh(cache, front) == 0);
	CHECK(question(ADDRESS_ASK) == -1);
	CHECK(ipc_send(keeper, ADDRESS_WATCH, feed.id, NULL, 0, -1) == 0);
	CHECK(take() == -1);
	CHECK(address_cache_refresh(cache, front) == 0);
	CHECK(question(ADDRESS_RELOAD) == -1);
	/* The keeper believes no question either. */
	CHECK(address_feed_begin(&feed, keeper, &msg, 0, &position) == -1);
	end();
}

int
main(void)
{
	char	 path[] = "/tmp/cache.XXXXXX";

	if ((shm = mkstemp(path)) == -1 || unlink(path) == -1 ||
	    ftruncate(shm, 4096) == -1 || (words = mmap(NULL, 4096,
	    PROT_READ | PROT_WRITE, MAP_SHARED, shm, 0)) == MAP_FAILED)
		return 1;
	test_many();
	test_old();
	test_lists();
	test_nonsense();
	ipc_free(keeper);
	ipc_free(front);
	return test_done();
}
