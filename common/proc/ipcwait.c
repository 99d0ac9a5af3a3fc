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

/* Sending and receiving without events, with deadlines. */

#include <sys/types.h>
#include <sys/socket.h>

#include <poll.h>
#include <time.h>

#include "proc/ipc.h"

/* Milliseconds of a clock that nobody sets. */
static int64_t
ipc_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Waits for the socket until a time (-1: for ever): 1 ready, 0 too late. */
static int
ipc_wait(struct ipc *ch, short events, int64_t until)
{
	struct pollfd pfd;
	int64_t left = -1;

	for (;;) {
		if (until != -1 && (left = until - ipc_now()) < 0)
			return 0;
		pfd.fd = ipc_fd(ch);
		pfd.events = events;
		if (poll(&pfd, 1, (int)left) > 0)
			return 1;
	}
}

int
ipc_send_wait(struct ipc *ch, uint32_t type, uint64_t id, const void *data,
    size_t len, int fd, int msec)
{
	int64_t until = ipc_now() + msec;
	int n;

	if (ipc_send(ch, type, id, data, len, fd) == -1)
		return -1;
	while ((n = ipc_flush(ch)) == 1)
		if (!ipc_wait(ch, POLLOUT, until)) {
			shutdown(ipc_fd(ch), SHUT_RDWR);
			return -1;
		}
	return n;
}

int
ipc_recv_wait(struct ipc *ch, struct ipc_msg *msg, int msec)
{
	int64_t until = msec == -1 ? -1 : ipc_now() + msec;
	int n;

	for (;;) {
		if ((n = ipc_get(ch, msg)) != 0)
			return n;
		if (!ipc_wait(ch, POLLIN, until))
			return 0;
		if (ipc_read(ch) == -1)
			return ipc_get(ch, msg) == 1 ? 1 : -1;
	}
}
