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
 * The fields of a message, put together and taken apart with the lengths
 * checked.  Integers are in host byte order: both ends are one program on
 * one machine.
 */

#ifndef IPCPACK_H
#define IPCPACK_H

#include <stddef.h>
#include <stdint.h>

#define IPC_MAX_DATA	(1024 * 1024)	/* most bytes in one message */

/* Bytes being put together; zero it or call ipc_pack_init(). */
struct ipc_pack {
	uint8_t	*buf;
	size_t	 len;
	size_t	 size;
	int	 failed;	/* out of memory or over IPC_MAX_DATA */
};

/* Bytes being taken apart. */
struct ipc_unpack {
	const uint8_t	*pos;
	size_t		 left;
	int		 failed;
};

/* An empty pack; the getters' opposite are the putters below, which after a
 * failure do nothing, so that one look at failed at the end is enough. */
void		 ipc_pack_init(struct ipc_pack *p);
/* Wipes and frees the bytes. */
void		 ipc_pack_free(struct ipc_pack *p);
void		 ipc_put_u8(struct ipc_pack *p, uint8_t v);
void		 ipc_put_u32(struct ipc_pack *p, uint32_t v);
void		 ipc_put_u64(struct ipc_pack *p, uint64_t v);
void		 ipc_put_bytes(struct ipc_pack *p, const void *v, size_t len);
/* A string; NULL is packed as "". */
void		 ipc_put_str(struct ipc_pack *p, const char *s);

void		 ipc_unpack_init(struct ipc_unpack *u, const void *data,
		    size_t len);
uint8_t		 ipc_get_u8(struct ipc_unpack *u);
uint32_t	 ipc_get_u32(struct ipc_unpack *u);
uint64_t	 ipc_get_u64(struct ipc_unpack *u);
/* The address of a byte field inside the message (not ended by NUL); its
 * length goes to *len and is at most max.  NULL and *len 0 on failure. */
const uint8_t	*ipc_get_bytes(struct ipc_unpack *u, size_t max, size_t *len);
/* Copies a string into buf; too long for it, or a NUL inside, is failure
 * (-1, and buf is ""). */
int		 ipc_get_str(struct ipc_unpack *u, char *buf, size_t size);
/* A malloced copy of a string of at most max bytes, NULL on failure; the
 * caller frees it. */
char		*ipc_get_strdup(struct ipc_unpack *u, size_t max);
/* 0 when every field was there and nothing is left over, else -1.  After a
 * failure the getters return zeros, so one check at the end is enough. */
int		 ipc_unpack_end(const struct ipc_unpack *u);

#endif
