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
#include "proc/ipcpack.h"

void
ipc_pack_init(struct ipc_pack *p)
{
	memset(p, 0, sizeof(*p));
}

void
ipc_pack_free(struct ipc_pack *p)
{
	if (p->buf != NULL)
		explicit_bzero(p->buf, p->size);
	free(p->buf);
	memset(p, 0, sizeof(*p));
}

/* Room for n bytes more, or NULL. */
static uint8_t *
ipc_pack_room(struct ipc_pack *p, size_t n)
{
	uint8_t *q;
	size_t size = p->size ? p->size : 256;

	if (p->failed || n > IPC_MAX_DATA || p->len > IPC_MAX_DATA - n) {
		p->failed = 1;
		return NULL;
	}
	while (size - p->len < n)
		size *= 2;
	if (size != p->size) {
		if ((q = malloc(size)) == NULL) {
			p->failed = 1;
			return NULL;
		}
		if (p->len > 0)
			memcpy(q, p->buf, p->len);
		if (p->buf != NULL)
			explicit_bzero(p->buf, p->size);
		free(p->buf);
		p->buf = q;
		p->size = size;
	}
	q = p->buf + p->len;
	p->len += n;
	return q;
}

static void
ipc_put_raw(struct ipc_pack *p, const void *v, size_t n)
{
	uint8_t *q;

	if ((q = ipc_pack_room(p, n)) != NULL && n > 0)
		memcpy(q, v, n);
}

void
ipc_put_u8(struct ipc_pack *p, uint8_t v)
{
	ipc_put_raw(p, &v, sizeof(v));
}

void
ipc_put_u32(struct ipc_pack *p, uint32_t v)
{
	ipc_put_raw(p, &v, sizeof(v));
}

void
ipc_put_u64(struct ipc_pack *p, uint64_t v)
{
	ipc_put_raw(p, &v, sizeof(v));
}

void
ipc_put_bytes(struct ipc_pack *p, const void *v, size_t len)
{
	if (len > IPC_MAX_DATA) {
		p->failed = 1;
		return;
	}
	ipc_put_u32(p, (uint32_t)len);
	ipc_put_raw(p, v, len);
}

void
ipc_put_str(struct ipc_pack *p, const char *s)
{
	ipc_put_bytes(p, s, s == NULL ? 0 : strlen(s));
}

void
ipc_unpack_init(struct ipc_unpack *u, const void *data, size_t len)
{
	u->pos = data;
	u->left = len;
	u->failed = 0;
}

static const uint8_t *
ipc_get_raw(struct ipc_unpack *u, size_t n)
{
	const uint8_t *p = u->pos;

	if (u->failed || u->left < n) {
		u->failed = 1;
		return NULL;
	}
	u->pos += n;
	u->left -= n;
	return p;
}

uint8_t
ipc_get_u8(struct ipc_unpack *u)
{
	const uint8_t *p = ipc_get_raw(u, 1);

	return p == NULL ? 0 : *p;
}

uint32_t
ipc_get_u32(struct ipc_unpack *u)
{
	const uint8_t *p;
	uint32_t v = 0;

	if ((p = ipc_get_raw(u, sizeof(v))) != NULL)
		memcpy(&v, p, sizeof(v));
	return v;
}

uint64_t
ipc_get_u64(struct ipc_unpack *u)
{
	const uint8_t *p;
	uint64_t v = 0;

	if ((p = ipc_get_raw(u, sizeof(v))) != NULL)
		memcpy(&v, p, sizeof(v));
	return v;
}

const uint8_t *
ipc_get_bytes(struct ipc_unpack *u, size_t max, size_t *len)
{
	const uint8_t *p;
	uint32_t n = ipc_get_u32(u);

	*len = 0;
	if (n > max)
		u->failed = 1;
	if ((p = ipc_get_raw(u, n)) != NULL)
		*len = n;
	return p;
}

int
ipc_get_str(struct ipc_unpack *u, char *buf, size_t size)
{
	const uint8_t *p;
	size_t len;

	buf[0] = '\0';
	if ((p = ipc_get_bytes(u, size - 1, &len)) == NULL)
		return -1;
	if (len > 0 && memchr(p, '\0', len) != NULL) {
		u->failed = 1;
		return -1;
	}
	if (len > 0)
		memcpy(buf, p, len);
	buf[len] = '\0';
	return 0;
}

char *
ipc_get_strdup(struct ipc_unpack *u, size_t max)
{
	const uint8_t *p;
	char *s;
	size_t len;

	if ((p = ipc_get_bytes(u, max, &len)) == NULL)
		return NULL;
	if ((len > 0 && memchr(p, '\0', len) != NULL) ||
	    (s = malloc(len + 1)) == NULL) {
		u->failed = 1;
		return NULL;
	}
	if (len > 0)
		memcpy(s, p, len);
	s[len] = '\0';
	return s;
}

int
ipc_unpack_end(const struct ipc_unpack *u)
{
	return u->failed || u->left != 0 ? -1 : 0;
}
