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

#include <stdlib.h>
#include <string.h>

#include "base/compat.h"
#include "proc/ipcbuf.h"

int
ipc_buf_room(struct ipc_buf *b, size_t n, size_t max)
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

void
ipc_buf_shrink(struct ipc_buf *b)
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

void
ipc_buf_free(struct ipc_buf *b)
{
	freezero(b->buf, b->buf == NULL ? 0 : b->size);
	b->buf = NULL;
	b->pos = b->end = b->size = b->high = 0;
}
