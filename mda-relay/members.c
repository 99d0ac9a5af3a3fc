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
#include "members.h"

static int	add(const struct store_worker *, void *);

int
members_get(struct run *r, uint64_t mailbox, struct members *m)
{
	memset(m, 0, sizeof(*m));
	if (store_mailbox_members(r->store, mailbox, add, m) == 0)
		return 0;
	run_store_failed(r, "members");
	members_free(m);
	return -1;
}

static int
add(const struct store_worker *w, void *arg)
{
	struct members		*m = arg;
	struct store_worker	*v;

	if ((v = reallocarray(m->v, m->n + 1, sizeof(*v))) == NULL)
		return -1;
	m->v = v;
	v[m->n++] = *w;
	return 0;
}

void
members_free(struct members *m)
{
	free(m->v);
	memset(m, 0, sizeof(*m));
}

int
members_able(const struct members *m, uint32_t worker)
{
	size_t	i;

	for (i = 0; i < m->n; i++)
		if (m->v[i].id == worker)
			return m->v[i].enabled;
	return 0;
}
