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

/* A child that is not ours any more must not hold up its parent. */

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/compat.h"
#include "base/log.h"
#include "proc/ipc.h"
#include "proc/privsep.h"
#include "test.h"

#define FRAMES		10000	/* in one write */
#define PATIENCE	60000	/* ms */

static int told[2];	/* each start of the talker writes a byte */

static int
quiet_main(struct privsep_child *pc, void *arg)
{
	(void)pc;
	(void)arg;
	pause();
	return 1;
}

/* Speaks without end on whatever socket it finds, and never listens. */
static int
talker_main(struct privsep_child *pc, void *arg)
{
	uint8_t *buf, *p;
	uint32_t type = 3, len = 0, check = ~len;
	uint64_t id = 0;
	socklen_t optlen;
	ssize_t n;
	int fd, kind, i;

	(void)pc;
	(void)arg;
	if ((buf = malloc((size_t)FRAMES * IPC_HEADER)) == NULL)
		return 1;
	for (i = 0, p = buf; i < FRAMES; i++, p += IPC_HEADER) {
		memcpy(p, &type, 4);
		memcpy(p + 4, &id, 8);
		memcpy(p + 12, &len, 4);
		memcpy(p + 16, &check, 4);
	}
	if (write(told[1], "x", 1) != 1)
		return 1;
	for (fd = 3; fd < 100; fd++) {
		optlen = sizeof(kind);
		if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &kind, &optlen) == 0)
			break;
	}
	/* Each frame is whole: what follows is what is left of one. */
	for (i = 0;;) {
		n = write(fd, buf + i, (size_t)FRAMES * IPC_HEADER - i);
		if (n > 0)
			i = (int)((i + n) % IPC_HEADER);
		else if (errno != EAGAIN)
			return 1;
	}
}

static void
run(void)
{
	static const struct privsep_role roles[] = {
		{ "quiet", PRIVSEP_MAIN, 0, quiet_main },
		{ "talker", 0, 0, talker_main }
	};
	struct privsep ps = { roles, 2, NULL, NULL };
	int null;

	if ((null = open("/dev/null", O_WRONLY)) != -1)
		dup2(null, 2);
	_exit(privsep_run(&ps));
}

/* Waits for a start of the talker: 1, or 0 when there was none in time. */
static int
started(void)
{
	struct pollfd pfd = { told[0], POLLIN, 0 };
	char c;

	return poll(&pfd, 1, PATIENCE) == 1 && read(told[0], &c, 1) == 1;
}

static int
ends(pid_t pid, int *status)
{
	struct timespec ts = { 0, 10000000 };
	int i;

	for (i = 0; i < PATIENCE / 10; i++) {
		if (waitpid(pid, status, WNOHANG) == pid)
			return 1;
		nanosleep(&ts, NULL);
	}
	kill(pid, SIGKILL);
	waitpid(pid, status, 0);
	return 0;
}

int
main(void)
{
	pid_t pid;
	int status = 0;

	log_init("privsep_test", 1);
	if (pipe(told) == -1 || (pid = fork()) == -1)
		return 1;
	if (pid == 0)
		run();
	/* Killed and started again, each time. */
	CHECK(started());
	CHECK(started());
	CHECK(started());
	kill(pid, SIGTERM);
	CHECK(ends(pid, &status));
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	return test_done();
}
