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

/* An answer of the keeper's that goes wrong, and the next one. */

#include <sys/wait.h>

#include <stdlib.h>

#include "table-relay/mirror.c"
#include "test.h"

#define PATIENCE	60000	/* ms */
#define ADDRESS		"support@company.example"

static struct ipc *ch;
static struct mirror *m;	/* never freed, as in the front */

static int
has(const char *address)
{
	return keyset_number(mirror_sets(m)->addresses, address,
	    strlen(address)) != 0;
}

/* Waits for a question of that type; the parent's test fails without it. */
static uint64_t
question(uint32_t type)
{
	struct ipc_msg	 msg;

	if (ipc_recv_wait(ch, &msg, PATIENCE) != 1 || msg.type != type)
		_exit(1);
	return msg.id;
}

static void
say(uint32_t type, uint64_t id, const struct ipc_pack *p, int fd)
{
	if (ipc_send_wait(ch, type, id, p->buf, p->len, fd, PATIENCE) == -1)
		_exit(1);
}

static void
say_all(uint64_t id)
{
	struct address_feed	 f = { .ch = ch, .id = id };

	address_feed_add(&f, ADDRESS_CLEAR, NULL, 0, NULL);
	address_feed_add(&f, ADDRESS_PUT, ADDRESS, KEYSET_FOREVER, NULL);
	if (address_feed_done(&f, 1) == -1)
		_exit(1);
}

/* Plays the keeper: nothing to watch, then rubbish, then the truth. */
static void
keeper(int shm)
{
	struct ipc_pack	 none, p;
	struct ipc_msg	 msg;
	uint64_t	 id;

	ipc_pack_init(&none);
	ipc_pack_init(&p);
	say(ADDRESS_WATCH, question(ADDRESS_ASK), &none, -1);
	say(ADDRESS_WATCH, question(ADDRESS_RELOAD), &none, shm);
	id = question(ADDRESS_ASK);
	ipc_put_u32(&p, 7);
	say(ADDRESS_NEWS, id, &p, -1);
	ipc_pack_free(&p);
	say_all(question(ADDRESS_ASK));
	while (ipc_recv_wait(ch, &msg, PATIENCE) == 1)
		continue;
	_exit(0);
}

int
main(void)
{
	char		 path[] = "/tmp/mirror.XXXXXX";
	int		 fds[2], shm, status = 0;
	pid_t		 pid;

	log_init("mirror_test", 1);
	if ((shm = mkstemp(path)) == -1 || unlink(path) == -1 ||
	    ftruncate(shm, 4096) == -1 || ipc_pair(fds) == -1 ||
	    (pid = fork()) == -1)
		return 1;
	if (pid == 0) {
		close(fds[0]);
		if ((ch = ipc_new(fds[1], IPC_MAX_DATA, IPC_MAX_DATA)) == NULL)
			_exit(1);
		keeper(shm);
	}
	close(fds[1]);
	close(shm);
	event_init();
	if ((m = mirror_new(NULL)) == NULL)
		return 1;
	mirror_peer(m, fds[0]);
	CHECK(mirror_fresh(m, PATIENCE) == 0);
	CHECK(mirror_fresh(m, PATIENCE) == 0);
	CHECK(!has(ADDRESS));
	CHECK(mirror_fresh(m, PATIENCE) == 1);
	CHECK(has(ADDRESS));
	ipc_free(m->ch);
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
	return test_done();
}
