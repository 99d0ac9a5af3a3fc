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

/* A growing buffer that is filled at its end and emptied at its start. */

#ifndef IPCBUF_H
#define IPCBUF_H

#include <stddef.h>
#include <stdint.h>

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
int	 ipc_buf_room(struct ipc_buf *b, size_t n, size_t max);

/* Starts an empty buffer anew, and gives a big one back. */
void	 ipc_buf_shrink(struct ipc_buf *b);

/* Wipes and frees the memory. */
void	 ipc_buf_free(struct ipc_buf *b);

#endif
