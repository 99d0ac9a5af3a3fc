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

static const struct ipc_field	string_field[] = {
	{ IPC_KIND_STRING, 0, IPC_STRING_MAX, 0, NULL }
};
const struct ipc_record		ipc_strings = {
	sizeof(char *), string_field, 1
};

/* The member of the structure at v that holds a pointer: to what. */
static void *
get_pointer(const void *v, const struct ipc_field *f)
{
	void *p;

	memcpy(&p, (const char *)v + f->offset, sizeof(p));
	return p;
}

static void
set_pointer(void *v, const struct ipc_field *f, void *p)
{
	memcpy((char *)v + f->offset, &p, sizeof(p));
}

static void
put_string(struct ipc_pack *p, const struct ipc_field *f, const char *s)
{
	if (f->kind == IPC_KIND_OPTIONAL)
		ipc_put_u8(p, s != NULL);
	if (f->kind == IPC_KIND_OPTIONAL && s == NULL)
		return;
	if (s != NULL && strlen(s) > f->size)
		p->failed = 1;
	ipc_put_str(p, s);
}

static void
put_list(struct ipc_pack *p, const struct ipc_field *f, const void *v)
{
	const char *e = get_pointer(v, f);
	size_t i, n;

	memcpy(&n, (const char *)v + f->count, sizeof(n));
	if (n > f->size) {
		p->failed = 1;
		return;
	}
	ipc_put_u32(p, (uint32_t)n);
	for (i = 0; i < n && !p->failed; i++)
		ipc_put_record(p, f->of, e + i * f->of->size);
}

void
ipc_put_record(struct ipc_pack *p, const struct ipc_record *r, const void *v)
{
	const struct ipc_field *f;
	const char *at;

	for (f = r->fields; f < r->fields + r->n; f++) {
		at = (const char *)v + f->offset;
		switch (f->kind) {
		case IPC_KIND_NUMBER:
		case IPC_KIND_BYTES:
			ipc_put_raw(p, at, f->size);
			break;
		case IPC_KIND_TEXT:
			ipc_put_str(p, at);
			break;
		case IPC_KIND_STRING:
		case IPC_KIND_OPTIONAL:
			put_string(p, f, get_pointer(v, f));
			break;
		case IPC_KIND_LIST:
			put_list(p, f, v);
			break;
		case IPC_KIND_RECORD:
			ipc_put_record(p, f->of, at);
			break;
		}
	}
}

static void	get_fields(struct ipc_unpack *, const struct ipc_record *,
		    void *);

/* The list's count goes up with each element, so that all can be freed. */
static void
get_list(struct ipc_unpack *u, const struct ipc_field *f, void *v)
{
	char *e;
	size_t i, n = ipc_get_u32(u);

	if (n > f->size)
		u->failed = 1;
	if (n == 0 || u->failed)
		return;
	if ((e = calloc(n, f->of->size)) == NULL) {
		u->failed = 1;
		return;
	}
	set_pointer(v, f, e);
	for (i = 0; i < n && !u->failed; ) {
		get_fields(u, f->of, e + i * f->of->size);
		i++;
		memcpy((char *)v + f->count, &i, sizeof(i));
	}
}

static void
get_fields(struct ipc_unpack *u, const struct ipc_record *r, void *v)
{
	const struct ipc_field *f;
	const uint8_t *p;
	char *at;
	int there;

	for (f = r->fields; f < r->fields + r->n && !u->failed; f++) {
		at = (char *)v + f->offset;
		switch (f->kind) {
		case IPC_KIND_NUMBER:
		case IPC_KIND_BYTES:
			if ((p = ipc_get_raw(u, f->size)) != NULL)
				memcpy(at, p, f->size);
			break;
		case IPC_KIND_TEXT:
			(void)ipc_get_str(u, at, f->size);
			break;
		case IPC_KIND_OPTIONAL:
			if ((there = ipc_get_u8(u)) > 1)
				u->failed = 1;
			if (there != 1)
				break;
			/* FALLTHROUGH */
		case IPC_KIND_STRING:
			set_pointer(v, f, ipc_get_strdup(u, f->size));
			break;
		case IPC_KIND_LIST:
			get_list(u, f, v);
			break;
		case IPC_KIND_RECORD:
			get_fields(u, f->of, at);
			break;
		}
	}
}

int
ipc_get_record(const struct ipc_record *r, void *v, const void *data,
    size_t len)
{
	struct ipc_unpack u;

	memset(v, 0, r->size);
	ipc_unpack_init(&u, data, len);
	get_fields(&u, r, v);
	if (ipc_unpack_end(&u) == 0)
		return 0;
	ipc_free_record(r, v);
	return -1;
}

/* What the fields own; the structure itself is the caller's to wipe. */
static void
free_fields(const struct ipc_record *r, void *v)
{
	const struct ipc_field *f;
	char *p;
	size_t i, n;

	for (f = r->fields; f < r->fields + r->n; f++) {
		switch (f->kind) {
		case IPC_KIND_STRING:
		case IPC_KIND_OPTIONAL:
			if ((p = get_pointer(v, f)) != NULL)
				freezero(p, strlen(p));
			break;
		case IPC_KIND_LIST:
			p = get_pointer(v, f);
			memcpy(&n, (char *)v + f->count, sizeof(n));
			for (i = 0; i < n; i++)
				free_fields(f->of, p + i * f->of->size);
			free(p);
			break;
		case IPC_KIND_RECORD:
			free_fields(f->of, (char *)v + f->offset);
			break;
		default:
			break;
		}
	}
}

void
ipc_free_record(const struct ipc_record *r, void *v)
{
	free_fields(r, v);
	explicit_bzero(v, r->size);
}
