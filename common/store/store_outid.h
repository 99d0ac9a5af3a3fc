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
 * The Message-Ids that left under another name: a program's own id may name
 * the host and the login of who wrote, so the outside gets another one, and
 * later mail that refers to the first must refer to the second.
 */

#ifndef STORE_OUTID_H
#define STORE_OUTID_H

#include "store/store.h"

/*
 * Tells the id that the outside knows for an id of the user's own program
 * (both without angle brackets): 1, 0 if it never left under another, -1.
 */
int	store_outid_get(struct store *s, const char *user, const char *inside,
	    char *buf, size_t size);

/* Remembers it; an earlier one for the same id is forgotten. */
int	store_outid_put(struct store *s, const char *user, const char *inside,
	    const char *outside, time_t now);

/* Forgets those from before a time, at most max: how many. */
int	store_outid_prune(struct store *s, time_t before, unsigned int max);

#endif
