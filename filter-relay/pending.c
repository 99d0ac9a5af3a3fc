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

#include <sys/types.h>
#include <sys/mman.h>

#include <string.h>

#include "pending.h"

struct pending *
pending_map(void)
{
	void *p;

	p = mmap(NULL, sizeof(struct pending), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANON, -1, 0);
	return p == MAP_FAILED ? NULL : p;
}

void
pending_unmap(struct pending *p)
{
	if (p != NULL)
		munmap(p, sizeof(*p));
}

unsigned int
pending_set(struct pending *p, const char sid[PROTO_ID],
    const char token[PROTO_ID], enum pending_kind kind)
{
	struct pending_request *r;
	size_t i, n;

	for (i = 0; i < PENDING_MAX; i++) {
		n = (p->next + i) % PENDING_MAX;
		r = &p->v[n];
		if (r->kind != PENDING_NONE)
			continue;
		memcpy(r->sid, sid, PROTO_ID);
		memcpy(r->token, token, PROTO_ID);
		/* Whoever reads it finds all of it or nothing. */
		__atomic_store_n(&r->kind, kind, __ATOMIC_RELEASE);
		p->next = n + 1;
		return (unsigned int)n + 1;
	}
	return 0;
}

void
pending_torn(struct pending *p, const char *rest, size_t len)
{
	__atomic_store_n(&p->tornlen, 0, __ATOMIC_RELEASE);
	if (len == 0 || len > sizeof(p->torn))
		return;
	memcpy(p->torn, rest, len);
	__atomic_store_n(&p->tornlen, len, __ATOMIC_RELEASE);
}

void
pending_clear(struct pending *p, unsigned int *number)
{
	if (*number > 0 && *number <= PENDING_MAX)
		__atomic_store_n(&p->v[*number - 1].kind, PENDING_NONE,
		    __ATOMIC_RELEASE);
	*number = 0;
}
