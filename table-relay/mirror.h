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
 * The front's copy of the addresses that the keeper reads from the database.
 * A look at shared memory tells whether the database has changed since; only
 * then is the keeper asked for what is new.  Uses libevent's current base.
 */

#ifndef MIRROR_H
#define MIRROR_H

#include <sys/types.h>

#include <stdint.h>

#define MIRROR_WAIT	2000	/* ms that smtpd is made to wait at most */
#define MIRROR_WAIT_ALL	5000	/* ms for all addresses, when it asks so */

/* Frames between front and keeper; their id is the question's number. */
enum mirror_frame {
	MIRROR_ASK = 1,		/* u8 whether a position is known, u64 it */
	MIRROR_RELOAD,		/* open the database anew */
	MIRROR_WATCH,		/* with what to watch: now ask (again) */
	MIRROR_CLEAR,		/* forget all; what follows is everything */
	MIRROR_PUT,		/* any number of: u64 until, string */
	MIRROR_DEL,		/* any number of: string */
	MIRROR_DONE,		/* u64 position reached */
	MIRROR_FAIL		/* why not, text without NUL */
};

struct mirror;

/* A new empty copy, or NULL without memory. */
struct mirror	*mirror_new(void);

/* Takes the descriptor of a channel to a new keeper and asks at once. */
void		 mirror_peer(struct mirror *, int fd);

/*
 * Brings the copy up to date.  Returns 1 when it is what the database holds
 * now; 0 when that could not be had within msec milliseconds, after which
 * nothing is waited for again until the keeper has answered.
 */
int		 mirror_fresh(struct mirror *, int msec);

/* Has the database opened and read anew; returns as mirror_fresh(). */
int		 mirror_reload(struct mirror *, int msec);

/* Whether the address, in lower case, stands in the copy now: 1 or 0. */
int		 mirror_has(const struct mirror *, const char *address,
		    size_t len, int64_t now);

/* Whether nothing is expected from the keeper: 1 or 0. */
int		 mirror_quiet(const struct mirror *);

#endif
