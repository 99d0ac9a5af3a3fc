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

#include "base/compat.h"
#include "scrub/edit.h"

#define EDITS_KEEP	64	/* room that is kept when nothing waits */

void
edits_free(struct edits *e)
{
	free(e->v);
	memset(e, 0, sizeof(*e));
}

static int
make_room(struct edits *e)
{
	struct edit	*v;
	size_t		 cap;

	if (e->first > 0) {
		memmove(e->v, e->v + e->first,
		    (e->n - e->first) * sizeof(*e->v));
		e->n -= e->first;
		e->first = 0;
		if (e->n < e->cap)
			return 0;
	}
	cap = e->cap == 0 ? 16 : e->cap * 2;
	if (cap > EDIT_MAX || (v = reallocarray(e->v, cap, sizeof(*v))) == NULL)
		return -1;
	e->v = v;
	e->cap = cap;
	return 0;
}

int
edits_add(struct edits *e, const struct edit *new)
{
	size_t	i;

	if (e->n == e->cap && make_room(e) == -1)
		return -1;
	for (i = e->n; i > e->first && e->v[i - 1].off > new->off; i--)
		continue;
	if (i > e->first && new->what == EDIT_NOTHING &&
	    e->v[i - 1].off + e->v[i - 1].len == new->off) {
		e->v[i - 1].len += new->len;
		return 0;
	}
	memmove(e->v + i + 1, e->v + i, (e->n - i) * sizeof(*e->v));
	e->v[i] = *new;
	e->n++;
	return 0;
}

struct edit *
edits_first(struct edits *e)
{
	return e->first < e->n ? &e->v[e->first] : NULL;
}

void
edits_next(struct edits *e)
{
	if (++e->first < e->n)
		return;
	e->first = e->n = 0;
	if (e->cap > EDITS_KEEP)
		edits_free(e);
}
