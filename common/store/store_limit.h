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
 * How much of something there was within a window of time that slides, to
 * the second: messages of a sender, messages to a mailbox.  It is in the
 * store, so it survives a restart and holds for all processes together.
 *
 * A clock that is set back frees nothing and stops nobody for longer than
 * one window: what then lies ahead counts as if it had come just now.
 */

#ifndef STORE_LIMIT_H
#define STORE_LIMIT_H

#include "store/store.h"

#define STORE_LIMIT_KIND_MAX	64	/* bytes of a kind */
#define STORE_LIMIT_NAME_MAX	STORE_ADDR_MAX	/* and of a name */
#define STORE_LIMIT_WINDOW_MAX	(366 * 86400)	/* seconds */

/*
 * One limit.  What is counted has a kind ("mailbox", "sender messages") and
 * a name; one window of time belongs to the two: where it becomes longer,
 * what had left the shorter one is not known any more.
 */
struct store_limit {
	const char	*kind;
	const char	*name;
	unsigned int	 limit;		/* most within the window */
	time_t		 window;	/* seconds */
	unsigned int	 count;		/* how much there is to count now */
};

/*
 * Counts all of the n limits, or nothing: 1 they were counted; 0 it would be
 * more than one of them allows, *which gets its index, and nothing was
 * counted; -1.  No two of them have the same kind and name.
 */
int	store_limit_take(struct store *s, const struct store_limit *v,
	    size_t n, time_t now, size_t *which);

/* Says what store_limit_take() would say now, and counts and writes nothing. */
int	store_limit_room(struct store *s, const struct store_limit *v,
	    size_t n, time_t now, size_t *which);

/*
 * How much the window of one limit holds at now, for those who show it.  0,
 * or -1.
 */
int	store_limit_used(struct store *s, const struct store_limit *l,
	    time_t now, int64_t *used);

/*
 * Forgets what no window holds any more, about max rows of it.  Returns how
 * many there were, less than max if that was all.
 */
int	store_limit_prune(struct store *s, time_t now, unsigned int max);

#endif
