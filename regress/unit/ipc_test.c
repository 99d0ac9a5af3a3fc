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

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>

#include <event.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/compat.h"
#include "proc/ipc.h"
#include "test.h"

static int frames, ended;
static size_t bytes;

static void
on_frame(struct ipc *ch, struct ipc_msg *msg, void *arg)
{
	(void)arg;
	if (msg == NULL) {
		ended++;
		ipc_free(ch);
		return;
	}
	frames++;
	bytes += msg->len;
}

/* Fields come back as they went in; what does not add up is failure. */
static void
test_pack(void)
{
	struct ipc_pack p;
	struct ipc_unpack u;
	const uint8_t *b;
	char buf[8], *s;
	size_t len, cut;

	ipc_pack_init(&p);
	ipc_put_u8(&p, 7);
	ipc_put_u32(&p, 0x12345678);
	ipc_put_u64(&p, 0x123456789abcdef0ULL);
	ipc_put_str(&p, "carol");
	ipc_put_bytes(&p, "a\0b", 3);
	ipc_put_str(&p, NULL);
	CHECK(!p.failed);
	ipc_unpack_init(&u, p.buf, p.len);
	CHECK(ipc_get_u8(&u) == 7);
	CHECK(ipc_get_u32(&u) == 0x12345678);
	CHECK(ipc_get_u64(&u) == 0x123456789abcdef0ULL);
	CHECK(ipc_get_str(&u, buf, sizeof(buf)) == 0);
	CHECK_STR(buf, "carol");
	b = ipc_get_bytes(&u, 3, &len);
	CHECK(b != NULL && len == 3 && memcmp(b, "a\0b", 3) == 0);
	CHECK(ipc_unpack_end(&u) == -1);
	s = ipc_get_strdup(&u, 10);
	CHECK_STR(s, "");
	free(s);
	CHECK(ipc_unpack_end(&u) == 0);
	for (cut = 0; cut < p.len; cut++) {
		ipc_unpack_init(&u, p.buf, cut);
		ipc_get_u8(&u);
		ipc_get_u32(&u);
		ipc_get_u64(&u);
		ipc_get_str(&u, buf, sizeof(buf));
		ipc_get_bytes(&u, 3, &len);
		free(ipc_get_strdup(&u, 10));
		CHECK(ipc_unpack_end(&u) == -1);
	}
	ipc_pack_free(&p);
	ipc_put_str(&p, "longer than eight");
	ipc_unpack_init(&u, p.buf, p.len);
	CHECK(ipc_get_str(&u, buf, sizeof(buf)) == -1);
	CHECK_STR(buf, "");
	ipc_pack_free(&p);
	ipc_put_bytes(&p, "x\0y", 3);
	ipc_unpack_init(&u, p.buf, p.len);
	CHECK(ipc_get_str(&u, buf, sizeof(buf)) == -1);
	ipc_unpack_init(&u, p.buf, p.len);
	CHECK(ipc_get_strdup(&u, 10) == NULL);
	ipc_pack_free(&p);
	ipc_put_bytes(&p, NULL, IPC_MAX_DATA + 1);
	CHECK(p.failed);
	ipc_pack_free(&p);
}

struct leaf {
	char		*name;
	char		*note;
};

struct tree {
	uint8_t		 small;
	uint64_t	 large;
	char		 text[8];
	uint8_t		 digest[4];
	char		*owned;
	struct leaf	 first;
	struct leaf	*leaf;
	size_t		 nleaf;
	char		**word;
	size_t		 nword;
};

static const struct ipc_field leaf_fields[] = {
	IPC_STRING(struct leaf, name, 10),
	IPC_OPTIONAL(struct leaf, note, 10)
};
static const struct ipc_record leaf_record =
    IPC_RECORD_OF(struct leaf, leaf_fields);
static const struct ipc_field tree_fields[] = {
	IPC_NUMBER(struct tree, small),
	IPC_NUMBER(struct tree, large),
	IPC_TEXT(struct tree, text),
	IPC_BYTES(struct tree, digest),
	IPC_STRING(struct tree, owned, 10),
	IPC_RECORD(struct tree, first, &leaf_record),
	IPC_LIST(struct tree, leaf, nleaf, 3, &leaf_record),
	IPC_LIST(struct tree, word, nword, 2, &ipc_strings)
};
static const struct ipc_record tree_record =
    IPC_RECORD_OF(struct tree, tree_fields);

/* What was packed is malformed from now on, and nothing leaks of it. */
static void
refused(const struct ipc_pack *p)
{
	struct tree t;
	static const struct tree none;

	CHECK(ipc_get_record(&tree_record, &t, p->buf, p->len) == -1);
	CHECK(memcmp(&t, &none, sizeof(t)) == 0);
}

/* A structure comes back as it went in, cut anywhere it is refused. */
static void
test_record(void)
{
	char a[] = "a", empty[] = "", longest[] = "0123456789";
	char over[] = "0123456789a", *words[] = { a, longest };
	struct leaf leaves[4] = { { a, NULL }, { empty, empty },
	    { longest, a }, { a, a } };
	struct tree t = { 250, UINT64_MAX - 1, "7 bytes", { 0, 1, 2, 255 },
	    NULL, { longest, NULL }, leaves, 3, words, 2 }, u;
	struct ipc_pack p;
	size_t len;

	ipc_pack_init(&p);
	ipc_put_record(&p, &tree_record, &t);
	CHECK(!p.failed);
	CHECK(ipc_get_record(&tree_record, &u, p.buf, p.len) == 0);
	CHECK(u.small == 250 && u.large == UINT64_MAX - 1);
	CHECK_STR(u.text, "7 bytes");
	CHECK(memcmp(u.digest, t.digest, sizeof(t.digest)) == 0);
	CHECK_STR(u.owned, "");
	CHECK_STR(u.first.name, longest);
	CHECK(u.first.note == NULL && u.nleaf == 3 && u.nword == 2);
	CHECK_STR(u.leaf[1].note, "");
	CHECK_STR(u.leaf[2].note, "a");
	CHECK_STR(u.word[1], longest);
	ipc_free_record(&tree_record, &u);
	CHECK(u.leaf == NULL && u.nleaf == 0);
	len = p.len;
	for (p.len = 0; p.len < len; p.len++)
		refused(&p);
	ipc_put_u8(&p, 0);
	refused(&p);
	ipc_pack_free(&p);

	/* over a limit on the way out */
	t.nleaf = 4;
	ipc_put_record(&p, &tree_record, &t);
	CHECK(p.failed);
	ipc_pack_free(&p);
	t.nleaf = 3;
	t.owned = over;
	ipc_put_record(&p, &tree_record, &t);
	CHECK(p.failed);
	ipc_pack_free(&p);
}

/* A frame with a descriptor, and the wait with a deadline. */
static void
test_wait(void)
{
	struct ipc *a, *b;
	struct ipc_msg msg;
	int fds[2], pp[2];
	char c;

	CHECK(ipc_pair(fds) == 0 && pipe(pp) == 0);
	a = ipc_new(fds[0], 1000, 5000);
	b = ipc_new(fds[1], 1000, 5000);
	CHECK(ipc_recv_wait(b, &msg, 10) == 0);
	CHECK(ipc_send_wait(a, 1, 11, "one", 3, -1, 1000) == 0);
	CHECK(ipc_send_wait(a, 2, 22, "two", 3, pp[1], 1000) == 0);
	CHECK(ipc_send_wait(a, 3, 33, NULL, 0, -1, 1000) == 0);
	CHECK(ipc_recv_wait(b, &msg, 1000) == 1);
	CHECK(msg.type == 1 && msg.id == 11 && msg.len == 3 && msg.fd == -1);
	CHECK(ipc_recv_wait(b, &msg, 1000) == 1);
	CHECK(msg.type == 2 && msg.id == 22 && msg.fd != -1);
	CHECK(write(msg.fd, "x", 1) == 1 && read(pp[0], &c, 1) == 1);
	CHECK(fcntl(msg.fd, F_GETFD) & FD_CLOEXEC);
	close(msg.fd);
	CHECK(ipc_recv_wait(b, &msg, 1000) == 1);
	CHECK(msg.type == 3 && msg.len == 0);
	CHECK(ipc_send(a, 4, 0, "", 1001, -1) == -1);
	ipc_free(a);
	CHECK(ipc_recv_wait(b, &msg, 1000) == -1);
	ipc_free(b);
	close(pp[0]);
}

/* A queue that nobody reads fills up to its limit, and no further. */
static void
test_limit(void)
{
	struct ipc *a, *b;
	struct ipc_msg msg;
	char buf[1000];
	int fds[2], n = 0, got = 0;

	memset(buf, 'x', sizeof(buf));
	CHECK(ipc_pair(fds) == 0);
	a = ipc_new(fds[0], sizeof(buf), 100000);
	b = ipc_new(fds[1], sizeof(buf), 100000);
	while (n < 100000 && ipc_send(a, 5, n, buf, sizeof(buf), -1) == 0)
		n++;
	CHECK(n < 100000 && ipc_queued(a) <= 100000);
	CHECK(ipc_send_wait(a, 5, 0, buf, 10, -1, 10) == -1);
	while (got < n && ipc_recv_wait(b, &msg, 1000) == 1) {
		CHECK(msg.id == (uint64_t)got && msg.len == sizeof(buf));
		got++;
		ipc_flush(a);
	}
	ipc_free(a);
	ipc_free(b);
}

/* Rubbish from the peer fails the channel. */
static void
test_rubbish(void)
{
	struct ipc *b;
	struct ipc_msg msg;
	char buf[200];
	int fds[2];

	memset(buf, 'x', sizeof(buf));
	CHECK(ipc_pair(fds) == 0);
	b = ipc_new(fds[1], 1000, 1000);
	CHECK(write(fds[0], buf, sizeof(buf)) == sizeof(buf));
	CHECK(ipc_recv_wait(b, &msg, 1000) == -1);
	CHECK(ipc_send(b, 1, 1, NULL, 0, -1) == -1);
	ipc_free(b);
	close(fds[0]);
}

/* Frames come by events, and the end is told once. */
static void
test_event(void)
{
	struct ipc *a, *b;
	char *buf;
	int fds[2], i;
	pid_t pid;

	CHECK(ipc_pair(fds) == 0);
	if ((pid = fork()) == 0) {
		close(fds[1]);
		a = ipc_new(fds[0], IPC_MAX_DATA, 4 * IPC_MAX_DATA);
		buf = calloc(1, 300000);
		for (i = 0; i < 20; i++)
			if (ipc_send_wait(a, 1, i, buf, i * 15000, -1,
			    5000) == -1)
				_exit(1);
		free(buf);
		ipc_free(a);
		_exit(0);
	}
	close(fds[0]);
	event_init();
	b = ipc_new(fds[1], IPC_MAX_DATA, 1000);
	CHECK(ipc_event(b, on_frame, NULL) == 0);
	event_dispatch();
	CHECK(frames == 20 && ended == 1);
	CHECK(bytes == 190 * 15000);
	CHECK(waitpid(pid, &i, 0) == pid && i == 0);
}

/* A descriptor that is lent arrives and stays open here; a given one goes. */
static void
test_lend(void)
{
	struct ipc *a, *b;
	struct ipc_msg msg;
	int fds[2], lent, given;

	CHECK(ipc_pair(fds) == 0);
	a = ipc_new(fds[0], 64, 256);
	b = ipc_new(fds[1], 64, 256);
	lent = open("/dev/null", O_RDONLY);
	given = open("/dev/null", O_RDONLY);
	CHECK(ipc_send_lend(a, 1, 1, "x", 1, lent) == 0);
	CHECK(ipc_send(a, 2, 2, "y", 1, given) == 0);
	CHECK(ipc_recv_wait(b, &msg, 1000) == 1);
	CHECK(msg.type == 1 && msg.fd != -1);
	close(msg.fd);
	CHECK(ipc_recv_wait(b, &msg, 1000) == 1);
	CHECK(msg.type == 2 && msg.fd != -1);
	close(msg.fd);
	CHECK(fcntl(lent, F_GETFD) != -1);
	CHECK(fcntl(given, F_GETFD) == -1);
	CHECK(ipc_send_lend(a, 1, 1, NULL, 1000, lent) == -1);
	ipc_free(a);
	ipc_free(b);
	CHECK(fcntl(lent, F_GETFD) != -1);
	close(lent);
}

/* One that was not taken before it is closed is not taken at all. */
static void
test_reclaim(void)
{
	struct ipc *a, *b;
	struct ipc_msg msg;
	char buf[1000];
	int fds[2], lent, n, fd = 0;

	memset(buf, 'x', sizeof(buf));
	CHECK(ipc_pair(fds) == 0);
	a = ipc_new(fds[0], sizeof(buf), 1000000);
	b = ipc_new(fds[1], sizeof(buf), 1000000);
	lent = open("/dev/null", O_RDONLY);
	ipc_reclaim(a);
	while (ipc_queued(a) == 0 &&
	    ipc_send(a, 1, 1, buf, sizeof(buf), -1) == 0)
		continue;
	CHECK(ipc_send_lend(a, 2, 2, NULL, 0, lent) == 0);
	ipc_reclaim(a);
	close(lent);
	CHECK(open("/dev/zero", O_RDONLY) == lent);
	while ((n = ipc_recv_wait(b, &msg, 100)) == 1) {
		if (msg.fd != -1)
			fd = close(msg.fd) + 1;
		ipc_flush(a);
	}
	CHECK(n == 0 && fd == 0);
	CHECK(ipc_flush(a) == -1);
	ipc_free(a);
	ipc_free(b);
	close(lent);
}

int
main(void)
{
	test_pack();
	test_record();
	test_wait();
	test_limit();
	test_rubbish();
	test_event();
	test_lend();
	test_reclaim();
	return test_done();
}
