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

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <errno.h>
#include <event.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/compat.h"
#include "proc/ipc.h"

/* A growing buffer that is filled at its end and emptied at its start. */

#define IPC_BUF_KEEP	(256 * 1024)	/* an empty one is not kept larger */

struct ipc_buf {
	uint8_t	*buf;
	size_t	 pos;		/* first byte in use */
	size_t	 end;		/* after the last */
	size_t	 size;
	size_t	 high;		/* nothing was ever behind this */
	int	 wipe;		/* what is done with is wiped */
};

/* Makes room for n bytes behind what is there, at most max bytes in use in
 * all.  Returns 0, or -1: over the limit or out of memory. */
static int
make_room(struct ipc_buf *b, size_t n, size_t max)
{
	uint8_t *p;
	size_t used = b->end - b->pos, size;

	if (n > max || used > max - n)
		return -1;
	if (b->high < b->end)
		b->high = b->end;
	if (b->size - b->end >= n)
		return 0;
	if (b->pos > 0) {
		memmove(b->buf, b->buf + b->pos, used);
		b->pos = 0;
		b->end = used;
		if (b->size - used >= n)
			return 0;
	}
	size = b->size ? b->size : 4096;
	while (size - used < n)
		size *= 2;
	if (b->wipe) {
		if ((p = malloc(size)) == NULL)
			return -1;
		if (used > 0)
			memcpy(p, b->buf, used);
		freezero(b->buf, b->buf == NULL ? 0 : b->size);
	} else if ((p = realloc(b->buf, size)) == NULL)
		return -1;
	b->buf = p;
	b->size = size;
	return 0;
}

/* Starts an empty buffer anew, and gives a big one back. */
static void
shrink_buf(struct ipc_buf *b)
{
	if (b->pos != b->end)
		return;
	if (b->wipe && b->buf != NULL)
		explicit_bzero(b->buf, b->high > b->end ? b->high : b->end);
	b->pos = b->end = b->high = 0;
	if (b->size > IPC_BUF_KEEP) {
		free(b->buf);
		b->buf = NULL;
		b->size = 0;
	}
}

/* Wipes and frees the memory. */
static void
free_buf(struct ipc_buf *b)
{
	freezero(b->buf, b->buf == NULL ? 0 : b->size);
	b->buf = NULL;
	b->pos = b->end = b->size = b->high = 0;
}

#define IPC_READ	65536	/* bytes asked of the kernel at once */
#define IPC_FDS		8	/* descriptors waiting in one direction */
#define IPC_HAS_FD	0x80000000u	/* in the length field */

struct ipc_fd {
	int	 fd;
	uint64_t at;		/* the byte of the stream that it goes with */
	int	 lent;		/* the caller closes it */
};

struct ipc {
	int		 fd;
	int		 failed;
	int		 incallback;
	int		 freed;		/* by the callback */
	int		 reading;
	size_t		 maxdata;
	size_t		 maxqueue;
	struct ipc_buf	 in;
	struct ipc_buf	 out;
	uint64_t	 written;	/* bytes, ever */
	struct ipc_fd	 outfds[IPC_FDS];
	int		 noutfds;
	int		 infds[IPC_FDS];
	int		 ninfds;
	int		 evented;
	struct event	 evread;
	struct event	 evwrite;
	void		(*cb)(struct ipc *, struct ipc_msg *, void *);
	void		*arg;
};

static uint32_t
get32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

struct ipc *
ipc_new(int fd, size_t maxdata, size_t maxqueue)
{
	struct ipc *ch;
	int fl;

	if ((ch = calloc(1, sizeof(*ch))) == NULL)
		return NULL;
	if ((fl = fcntl(fd, F_GETFL)) == -1 ||
	    fcntl(fd, F_SETFL, fl | O_NONBLOCK) == -1 ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC) == -1) {
		free(ch);
		return NULL;
	}
	ch->fd = fd;
	ch->reading = 1;
	ch->maxdata = maxdata < IPC_MAX_DATA ? maxdata : IPC_MAX_DATA;
	ch->maxqueue = maxqueue;
	return ch;
}

void
ipc_free(struct ipc *ch)
{
	int i;

	if (ch == NULL)
		return;
	if (ch->evented) {
		event_del(&ch->evread);
		event_del(&ch->evwrite);
		ch->evented = 0;
	}
	if (ch->incallback) {
		ch->freed = 1;
		return;
	}
	for (i = 0; i < ch->noutfds; i++)
		if (!ch->outfds[i].lent)
			close(ch->outfds[i].fd);
	for (i = 0; i < ch->ninfds; i++)
		close(ch->infds[i]);
	close(ch->fd);
	free_buf(&ch->in);
	free_buf(&ch->out);
	free(ch);
}

void
ipc_secret(struct ipc *ch)
{
	ch->in.wipe = ch->out.wipe = 1;
}

int
ipc_fd(const struct ipc *ch)
{
	return ch->fd;
}

size_t
ipc_queued(const struct ipc *ch)
{
	return ch->out.end - ch->out.pos;
}

static int
queue_frame(struct ipc *ch, uint32_t type, uint64_t id, const void *data,
    size_t len, int fd, int lent)
{
	struct ipc_buf *b = &ch->out;
	uint8_t *p;
	uint32_t n = (uint32_t)len;

	if (ch->failed || len > ch->maxdata ||
	    (fd != -1 && ch->noutfds == IPC_FDS) ||
	    make_room(b, IPC_HEADER + len, ch->maxqueue) == -1)
		return -1;
	if (fd != -1) {
		ch->outfds[ch->noutfds].fd = fd;
		ch->outfds[ch->noutfds].lent = lent;
		ch->outfds[ch->noutfds++].at = ch->written + ipc_queued(ch);
		n |= IPC_HAS_FD;
	}
	p = b->buf + b->end;
	memcpy(p, &type, 4);
	memcpy(p + 4, &id, 8);
	memcpy(p + 12, &n, 4);
	n = ~n;
	memcpy(p + 16, &n, 4);
	if (len > 0)
		memcpy(p + IPC_HEADER, data, len);
	b->end += IPC_HEADER + len;
	return 0;
}

/* Writes what was queued, now or when there is room. */
static int
start_event(struct ipc *ch)
{
	if (ch->evented && event_pending(&ch->evwrite, EV_WRITE, NULL))
		return 0;
	/* A channel that has failed is reported by its callback, later. */
	if (ipc_flush(ch) != 0 && ch->evented)
		event_add(&ch->evwrite, NULL);
	return ch->failed ? -1 : 0;
}

int
ipc_send(struct ipc *ch, uint32_t type, uint64_t id, const void *data,
    size_t len, int fd)
{
	if (queue_frame(ch, type, id, data, len, fd, 0) == -1) {
		if (fd != -1)
			close(fd);
		return -1;
	}
	return start_event(ch);
}

int
ipc_send_lend(struct ipc *ch, uint32_t type, uint64_t id, const void *data,
    size_t len, int fd)
{
	if (queue_frame(ch, type, id, data, len, fd, 1) == -1)
		return -1;
	return start_event(ch);
}

void
ipc_reclaim(struct ipc *ch)
{
	int i;

	for (i = 0; i < ch->noutfds; i++)
		if (ch->outfds[i].lent)
			ch->failed = 1;
}

/* Writes n bytes, perhaps with a descriptor. */
static ssize_t
send_some(struct ipc *ch, size_t n, int fd)
{
	union {
		struct cmsghdr	hdr;
		uint8_t		buf[CMSG_SPACE(sizeof(int))];
	} c;
	struct msghdr m;
	struct iovec iov;
	struct cmsghdr *h;

	memset(&m, 0, sizeof(m));
	iov.iov_base = ch->out.buf + ch->out.pos;
	iov.iov_len = n;
	m.msg_iov = &iov;
	m.msg_iovlen = 1;
	if (fd != -1) {
		memset(&c, 0, sizeof(c));
		m.msg_control = c.buf;
		m.msg_controllen = sizeof(c.buf);
		h = CMSG_FIRSTHDR(&m);
		h->cmsg_len = CMSG_LEN(sizeof(int));
		h->cmsg_level = SOL_SOCKET;
		h->cmsg_type = SCM_RIGHTS;
		memcpy(CMSG_DATA(h), &fd, sizeof(fd));
	}
	return sendmsg(ch->fd, &m, MSG_NOSIGNAL);
}

int
ipc_flush(struct ipc *ch)
{
	struct ipc_buf *b = &ch->out;
	ssize_t n;
	size_t want;
	int fd;

	if (ch->failed)
		return -1;
	while (b->pos < b->end) {
		want = b->end - b->pos;
		fd = -1;
		if (ch->noutfds > 0) {
			if (ch->outfds[0].at == ch->written) {
				fd = ch->outfds[0].fd;
				if (ch->noutfds > 1)
					want = ch->outfds[1].at - ch->written;
			} else
				want = ch->outfds[0].at - ch->written;
		}
		if ((n = send_some(ch, want, fd)) == -1) {
			if (errno == EINTR)
				continue;
			if (errno == EAGAIN || errno == ENOBUFS)
				return 1;
			ch->failed = 1;
			return -1;
		}
		if (fd != -1) {
			if (!ch->outfds[0].lent)
				close(fd);
			ch->noutfds--;
			memmove(&ch->outfds[0], &ch->outfds[1],
			    ch->noutfds * sizeof(ch->outfds[0]));
		}
		b->pos += n;
		ch->written += n;
	}
	shrink_buf(b);
	return 0;
}

/* Takes the descriptors out of a received control message. */
static int
take_fds(struct ipc *ch, struct msghdr *m)
{
	struct cmsghdr *h;
	size_t i, n;
	int fd, rv = 0;

	for (h = CMSG_FIRSTHDR(m); h != NULL; h = CMSG_NXTHDR(m, h)) {
		if (h->cmsg_level != SOL_SOCKET || h->cmsg_type != SCM_RIGHTS)
			continue;
		n = (h->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (i = 0; i < n; i++) {
			memcpy(&fd, CMSG_DATA(h) + i * sizeof(int),
			    sizeof(fd));
			if (ch->ninfds < IPC_FDS)
				ch->infds[ch->ninfds++] = fd;
			else {
				close(fd);
				rv = -1;
			}
		}
	}
	return m->msg_flags & MSG_CTRUNC ? -1 : rv;
}

int
ipc_read(struct ipc *ch)
{
	union {
		struct cmsghdr	hdr;
		uint8_t		buf[CMSG_SPACE(sizeof(int) * IPC_FDS)];
	} c;
	struct msghdr m;
	struct iovec iov;
	ssize_t n;

	if (ch->failed || make_room(&ch->in, IPC_READ,
	    IPC_HEADER + ch->maxdata + IPC_READ) == -1)
		goto fail;
	memset(&m, 0, sizeof(m));
	iov.iov_base = ch->in.buf + ch->in.end;
	iov.iov_len = IPC_READ;
	m.msg_iov = &iov;
	m.msg_iovlen = 1;
	m.msg_control = c.buf;
	m.msg_controllen = sizeof(c.buf);
	while ((n = recvmsg(ch->fd, &m, MSG_CMSG_CLOEXEC)) == -1 &&
	    errno == EINTR)
		;
	if (n == -1 && errno == EAGAIN)
		return 0;
	if (n <= 0 || take_fds(ch, &m) == -1)
		goto fail;
	ch->in.end += n;
	return 1;
fail:
	ch->failed = 1;
	return -1;
}

int
ipc_get(struct ipc *ch, struct ipc_msg *msg)
{
	struct ipc_buf *b = &ch->in;
	const uint8_t *p;
	uint32_t n;

	shrink_buf(b);
	if (b->end - b->pos < IPC_HEADER)
		return 0;
	p = b->buf + b->pos;
	n = get32(p + 12);
	msg->len = n & ~IPC_HAS_FD;
	if (get32(p + 16) != ~n || msg->len > ch->maxdata) {
		ch->failed = 1;
		return -1;
	}
	if (b->end - b->pos < IPC_HEADER + msg->len)
		return 0;
	msg->type = get32(p);
	memcpy(&msg->id, p + 4, sizeof(msg->id));
	msg->data = p + IPC_HEADER;
	msg->fd = -1;
	if (n & IPC_HAS_FD) {
		if (ch->ninfds == 0) {
			ch->failed = 1;
			return -1;
		}
		msg->fd = ch->infds[0];
		ch->ninfds--;
		memmove(&ch->infds[0], &ch->infds[1],
		    ch->ninfds * sizeof(ch->infds[0]));
	}
	b->pos += IPC_HEADER + msg->len;
	return 1;
}

/* Hands frames to the callback; a freed channel is let go at the end. */
static void
deliver_frames(struct ipc *ch, int ended)
{
	struct ipc_msg msg;
	int n = 0;

	ch->incallback = 1;
	while (!ch->freed && (n = ipc_get(ch, &msg)) == 1) {
		ch->cb(ch, &msg, ch->arg);
		if (msg.fd != -1)
			close(msg.fd);
	}
	if (!ch->freed && (ended || n == -1 || ch->failed)) {
		ch->failed = 1;
		event_del(&ch->evread);
		event_del(&ch->evwrite);
		ch->cb(ch, NULL, ch->arg);
	}
	ch->incallback = 0;
	if (ch->freed)
		ipc_free(ch);
}

static void
on_read(int fd, short what, void *arg)
{
	struct ipc *ch = arg;
	int n;

	(void)fd;
	(void)what;
	if ((n = ipc_read(ch)) != 0)
		deliver_frames(ch, n == -1);
}

static void
on_write(int fd, short what, void *arg)
{
	struct ipc *ch = arg;
	int n;

	(void)fd;
	(void)what;
	if ((n = ipc_flush(ch)) == 1)
		event_add(&ch->evwrite, NULL);
	else if (n == -1)
		deliver_frames(ch, 1);
}

int
ipc_event(struct ipc *ch, void (*cb)(struct ipc *, struct ipc_msg *, void *),
    void *arg)
{
	ch->cb = cb;
	ch->arg = arg;
	event_set(&ch->evread, ch->fd, EV_READ | EV_PERSIST, on_read, ch);
	event_set(&ch->evwrite, ch->fd, EV_WRITE, on_write, ch);
	if (event_add(&ch->evread, NULL) == -1)
		return -1;
	ch->evented = 1;
	if (ipc_queued(ch) > 0 && event_add(&ch->evwrite, NULL) == -1)
		return -1;
	return 0;
}

void
ipc_event_reading(struct ipc *ch, int on)
{
	if (!ch->evented || ch->failed || ch->reading == on)
		return;
	ch->reading = on;
	if (on)
		event_add(&ch->evread, NULL);
	else
		event_del(&ch->evread);
}

int
ipc_send_pack(struct ipc *ch, uint32_t type, uint64_t id, struct ipc_pack *p)
{
	int rv = -1;

	if (ch != NULL && !p->failed)
		rv = ipc_send(ch, type, id, p->buf, p->len, -1);
	ipc_pack_free(p);
	return rv;
}

int
ipc_send_record(struct ipc *ch, uint32_t type, uint64_t id,
    const struct ipc_record *r, const void *v)
{
	struct ipc_pack p;

	ipc_pack_init(&p);
	ipc_put_record(&p, r, v);
	return ipc_send_pack(ch, type, id, &p);
}

int
ipc_send_pack_wait(struct ipc *ch, uint32_t type, uint64_t id,
    struct ipc_pack *p)
{
	int rv = -1;

	if (!p->failed)
		rv = ipc_send_wait(ch, type, id, p->buf, p->len, -1, -1);
	ipc_pack_free(p);
	return rv;
}

int
ipc_pair(int fds[2])
{
	return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds);
}

/* Sending and receiving without events, with deadlines. */

/* Waits for the socket until a time (-1: for ever): 1 ready, 0 too late. */
static int
wait_for(struct ipc *ch, short events, int64_t until)
{
	struct pollfd pfd;
	int64_t left = -1;

	for (;;) {
		if (until != -1 && (left = until - clock_ms()) < 0)
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
	int64_t until = clock_ms() + msec;
	int n;

	if (ipc_send(ch, type, id, data, len, fd) == -1)
		return -1;
	while ((n = ipc_flush(ch)) == 1)
		if (!wait_for(ch, POLLOUT, until)) {
			shutdown(ipc_fd(ch), SHUT_RDWR);
			return -1;
		}
	return n;
}

int
ipc_recv_wait(struct ipc *ch, struct ipc_msg *msg, int msec)
{
	int64_t until = msec == -1 ? -1 : clock_ms() + msec;
	int n;

	for (;;) {
		if ((n = ipc_get(ch, msg)) != 0)
			return n;
		if (!wait_for(ch, POLLIN, until))
			return 0;
		if (ipc_read(ch) == -1)
			return ipc_get(ch, msg) == 1 ? 1 : -1;
	}
}
