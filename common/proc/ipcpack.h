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
#define IPC_STRING_MAX	4096		/* of a string in a list of them */

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

/*
 * A structure's fields, told once: its packing, unpacking and freeing follow
 * from that.  The macros below make a field of a structure's member.
 */
enum ipc_kind {
	IPC_KIND_NUMBER,	/* an integer, as it lies in memory */
	IPC_KIND_BYTES,		/* an array of bytes */
	IPC_KIND_TEXT,		/* an array of char that holds a string */
	IPC_KIND_STRING,	/* a malloced string; NULL is sent as "" */
	IPC_KIND_OPTIONAL,	/* the same, but NULL is not "" */
	IPC_KIND_LIST,		/* a malloced array of records */
	IPC_KIND_RECORD		/* a structure within the structure */
};

struct ipc_record;

struct ipc_field {
	enum ipc_kind	 kind;
	size_t		 offset;	/* of the member */
	size_t		 size;		/* of the member; of strings the most
					 * bytes, of lists the most elements */
	size_t		 count;		/* lists: offset of their size_t */
	const struct ipc_record *of;	/* what a list or record consists of */
};

struct ipc_record {
	size_t			 size;	/* of the structure */
	const struct ipc_field	*fields;
	size_t			 n;
};

#define IPC_MEMBER(kind, type, member) \
	{ kind, offsetof(type, member), sizeof(((type *)0)->member), 0, NULL }
#define IPC_NUMBER(type, member) IPC_MEMBER(IPC_KIND_NUMBER, type, member)
#define IPC_BYTES(type, member)	IPC_MEMBER(IPC_KIND_BYTES, type, member)
#define IPC_TEXT(type, member)	IPC_MEMBER(IPC_KIND_TEXT, type, member)
#define IPC_STRING(type, member, max) \
	{ IPC_KIND_STRING, offsetof(type, member), max, 0, NULL }
#define IPC_OPTIONAL(type, member, max) \
	{ IPC_KIND_OPTIONAL, offsetof(type, member), max, 0, NULL }
#define IPC_LIST(type, member, count, max, of) \
	{ IPC_KIND_LIST, offsetof(type, member), max, \
	    offsetof(type, count), of }
#define IPC_RECORD(type, member, of) \
	{ IPC_KIND_RECORD, offsetof(type, member), 0, 0, of }
#define IPC_RECORD_OF(type, fields) \
	{ sizeof(type), fields, sizeof(fields) / sizeof((fields)[0]) }

/* An element of a list of strings, which are of at most IPC_STRING_MAX. */
extern const struct ipc_record	 ipc_strings;

/* Appends the fields of the structure at v; p->failed tells of failure, which
 * a list or a string over its limit is, too. */
void		 ipc_put_record(struct ipc_pack *p, const struct ipc_record *r,
		    const void *v);

/*
 * Overwrites the structure at v, all of it, with a message's data.  0, or -1
 * when that is malformed, passes a limit, or memory is exhausted: nothing
 * needs to be freed then.
 */
int		 ipc_get_record(const struct ipc_record *r, void *v,
		    const void *data, size_t len);

/* Wipes and frees what the structure's fields own, and zeroes all of it. */
void		 ipc_free_record(const struct ipc_record *r, void *v);

#endif
