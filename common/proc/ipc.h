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
 * Framed messages between processes of one program.
 *
 * A frame is a type (32 bits), an id (64 bits, the caller's own: a session,
 * a request), a length and that many bytes, perhaps with one descriptor.
 * Both ends run on one machine and are the same program, but neither
 * believes the other: a length over the channel's limit, or a frame whose
 * fields do not add up, makes the channel fail and never the process.
 *
 * Event-driven use:
 *	ch = ipc_new(fd, IPC_MAX_DATA, 4 * IPC_MAX_DATA);
 *	ipc_event(ch, callback, arg);	after event_init()
 *	ipc_send(ch, TYPE, id, pack.buf, pack.len, -1);
 * Use without events, with deadlines:
 *	ipc_send_wait(ch, TYPE, id, data, len, -1, 5000);
 *	n = ipc_recv_wait(ch, &msg, 5000);
 * Fields, of a structure (ipc_send_record(), ipc_get_record()) or one by one:
 *	struct ipc_pack p;
 *	ipc_pack_init(&p);
 *	ipc_put_u32(&p, 7); ipc_put_str(&p, "carol");
 *	ipc_send_pack(ch, TYPE, id, &p);
 *	struct ipc_unpack u;
 *	ipc_unpack_init(&u, msg.data, msg.len);
 *	n = ipc_get_u32(&u); ipc_get_str(&u, buf, sizeof(buf));
 *	if (ipc_unpack_end(&u) == -1) the message is malformed
 */

#ifndef IPC_H
#define IPC_H

#include <stddef.h>
#include <stdint.h>

#include "proc/ipcpack.h"

#define IPC_HEADER	20		/* bytes before them */

struct ipc;

/* A received frame; data is good until the next ipc_get(). */
struct ipc_msg {
	uint32_t	 type;
	uint64_t	 id;
	const uint8_t	*data;
	size_t		 len;
	int		 fd;	/* -1, or a descriptor, which is the
				 * caller's; a callback sets it to -1 when it
				 * keeps it, else it is closed after it */
};

/*
 * Makes a channel of a connected stream socket, which then belongs to it,
 * is made non-blocking and close-on-exec.  maxdata bounds the bytes of one
 * frame in either direction (at most IPC_MAX_DATA), maxqueue the bytes
 * waiting to be written.  Returns NULL when out of memory.
 */
struct ipc	*ipc_new(int fd, size_t maxdata, size_t maxqueue);

/* Closes the channel and frees it; NULL is allowed, and so is a call from
 * the channel's own callback. */
void		 ipc_free(struct ipc *ch);

/*
 * For a channel on which secrets pass: from now on its buffers are wiped of
 * what was written or, when the next frame is taken, handed out.
 */
void		 ipc_secret(struct ipc *ch);

/* The channel's descriptor. */
int		 ipc_fd(const struct ipc *ch);

/*
 * Queues a frame and tries to write.  fd is -1 or a descriptor that is
 * passed along and then closed here, in every case.  Returns -1 if the
 * channel has failed, the frame is too long or the queue is full (then
 * nothing of it was queued); a failed channel also reports by its callback.
 */
int		 ipc_send(struct ipc *ch, uint32_t type, uint64_t id,
		    const void *data, size_t len, int fd);

/*
 * Queues a frame of what was packed, or of a structure's fields; the pack is
 * wiped and freed in every case.  0, or -1 as ipc_send(), when the packing
 * failed, or when there is no channel (NULL).
 */
int		 ipc_send_pack(struct ipc *ch, uint32_t type, uint64_t id,
		    struct ipc_pack *p);
int		 ipc_send_record(struct ipc *ch, uint32_t type, uint64_t id,
		    const struct ipc_record *r, const void *v);

/*
 * As ipc_send() with a descriptor that stays the caller's and open: it must
 * not be closed without ipc_reclaim(), unless the channel is freed.  For one
 * whose closing would have effects of its own, such as dropped locks
 * (fcntl(2)).
 */
int		 ipc_send_lend(struct ipc *ch, uint32_t type, uint64_t id,
		    const void *data, size_t len, int fd);

/*
 * Before a lent descriptor is closed: one that still waits to be passed would
 * be whatever has its number by then, so the channel fails instead.
 */
void		 ipc_reclaim(struct ipc *ch);

/* Bytes waiting to be written: a sender's back-pressure. */
size_t		 ipc_queued(const struct ipc *ch);

/* Writes what can be written now: 1 something is left, 0 all is written,
 * -1 the channel has failed. */
int		 ipc_flush(struct ipc *ch);

/* Reads once: 1 got bytes, 0 nothing there now, -1 end of file or error. */
int		 ipc_read(struct ipc *ch);

/* Takes the next whole frame: 1 a frame, 0 none yet, -1 malformed. */
int		 ipc_get(struct ipc *ch, struct ipc_msg *msg);

/*
 * Serves the channel from libevent's current base: the callback is called
 * for each frame, and once with msg NULL when the channel has failed or
 * ended; it then usually frees the channel.  Returns -1 if libevent refuses.
 */
int		 ipc_event(struct ipc *ch, void (*cb)(struct ipc *ch,
		    struct ipc_msg *msg, void *arg), void *arg);

/* Stops (0) or goes on (1) reading from the channel, for back-pressure. */
void		 ipc_event_reading(struct ipc *ch, int on);

/* Sends a frame and waits until it is written, at most msec milliseconds.
 * Returns 0, or -1 (the channel is then useless).  Closes fd. */
int		 ipc_send_wait(struct ipc *ch, uint32_t type, uint64_t id,
		    const void *data, size_t len, int fd, int msec);

/* The same of what was packed, for as long as it takes; see ipc_send_pack(). */
int		 ipc_send_pack_wait(struct ipc *ch, uint32_t type, uint64_t id,
		    struct ipc_pack *p);

/* Waits for a frame, at most msec milliseconds (-1: for ever).
 * Returns 1 a frame, 0 none in that time, -1 the channel has ended. */
int		 ipc_recv_wait(struct ipc *ch, struct ipc_msg *msg, int msec);

/* Two connected close-on-exec stream sockets.  Returns 0 or -1. */
int		 ipc_pair(int fds[2]);

#endif
