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

/* The plan of one member's copy: every string that its header needs. */

#ifndef COPYPLAN_H
#define COPYPLAN_H

#include "copies.h"
#include "copyhdr.h"

struct copyplan {
	struct copyhdr_plan	 hdr;		/* points into the rest */
	struct replyhdr_addr	*map;
	struct replyhdr_id	*ids;
	const char		**ours;
	char			**owned;	/* strings to be freed */
	size_t			 nowned;
	char			 conversation[24];
	char			 from[STORE_ADDR_MAX + 1];
};

/*
 * Makes the plan of a worker's copy, which has its ids already, within the
 * caller's transaction: handles are issued where there are none.  *p is
 * zeroed by the caller and freed with copyplan_free() in either case.  Returns
 * 0, or -1 and has logged it.
 */
int	copyplan_make(struct run *, const struct copies *,
	    const struct store_worker *, const struct store_copy *,
	    struct copyplan *p);

/* Frees the plan; NULL is allowed. */
void	copyplan_free(struct copyplan *);

#endif
