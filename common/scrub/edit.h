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
 * The changes to a stream of bytes that is still on its way: at this offset
 * so many bytes go, and something comes in their place.
 */

#ifndef EDIT_H
#define EDIT_H

#include <stddef.h>
#include <stdint.h>

#define EDIT_MAX	65536	/* changes that wait; more is a failure */

/* What is put in. */
enum edit_what {
	EDIT_NOTHING,
	EDIT_MAILBOX,		/* the mailbox's address */
	EDIT_CID		/* a new Content-Id, made from id */
};

struct edit {
	uint64_t	off;	/* from the stream's start */
	uint64_t	len;	/* bytes that go */
	uint64_t	id;
	enum edit_what	what;
};

/* Sorted by offset; none overlaps another.  All zero at the start. */
struct edits {
	struct edit	*v;
	size_t		 first;	/* the first that still waits */
	size_t		 n;	/* one after the last */
	size_t		 cap;
};

/* Frees what *e owns and makes it empty. */
void edits_free(struct edits *e);

/*
 * Adds a change; nothing before off may have been taken yet.  One that only
 * takes bytes away is joined to one that ends where it begins.  0, or -1: no
 * memory or over EDIT_MAX.
 */
int edits_add(struct edits *e, const struct edit *new);

/* The first change that waits, or NULL.  It belongs to *e. */
struct edit *edits_first(struct edits *e);

/* Takes the first change off. */
void edits_next(struct edits *e);

#endif
