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

/* The members of a mailbox, as a list that outlives the walk over them. */

#ifndef MEMBERS_H
#define MEMBERS_H

#include "run.h"

struct members {
	struct store_worker	*v;
	size_t			 n;
};

/* Fills *m.  Returns 0, or -1 and has logged it; members_free() after 0. */
int	members_get(struct run *, uint64_t mailbox, struct members *m);

/* Frees what *m owns. */
void	members_free(struct members *m);

/* 1 when the worker is among them and enabled, else 0. */
int	members_able(const struct members *m, uint32_t worker);

#endif
