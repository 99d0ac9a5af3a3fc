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
 * The front's side of what it has of the keeper: a cache of addresses (see
 * proc/address_cache.h), which smtpd waits for when it is not current, and an
 * account's credentials, which are asked for one at a time.  Uses libevent's
 * current base.
 */

#ifndef MIRROR_H
#define MIRROR_H

#include <sys/types.h>

#include "proc/address_cache.h"

#define MIRROR_WAIT	2000	/* ms that smtpd is made to wait at most */
#define MIRROR_WAIT_ALL	5000	/* ms for all addresses, when it asks so */
#define MIRROR_LABEL_MAX	128	/* bytes of a label */

/* Frames about credentials, beside those of the cache. */
enum mirror_frame {
	MIRROR_SECRET = 1,	/* asks: string label of credentials */
	MIRROR_SECRET_IS,	/* string user, string password */
	MIRROR_SECRET_NONE,
	MIRROR_SECRET_FAIL	/* why not, text without NUL */
};

struct mirror;

/*
 * A new empty mirror, or NULL without memory.  also is senders_may() of a
 * table about who sends, and NULL in one about who receives.
 */
struct mirror	*mirror_new(address_also *also);

/* Takes the descriptor of a channel to a new keeper and asks at once. */
void		 mirror_peer(struct mirror *, int fd);

/*
 * Brings the cache up to date.  Returns 1 when it is what the database holds
 * now; 0 when that could not be had within msec milliseconds, after which
 * nothing is waited for again until the keeper has answered.
 */
int		 mirror_fresh(struct mirror *, int msec);

/* Has the database opened and read anew; returns as mirror_fresh(). */
int		 mirror_reload(struct mirror *, int msec);

/* What the cache holds; changes with each mirror_fresh(). */
const struct address_sets *mirror_sets(const struct mirror *);

/*
 * Asks the keeper for the credentials of an account by its label and writes
 * "user:password" into the size bytes at buf, without a terminator; *len
 * gets the length.  Nothing of it is kept here; the caller wipes buf.
 * Returns 1; 0 if there are none to be told; -1 if that could not be had
 * within msec milliseconds.
 */
int		 mirror_secret(struct mirror *, const char *label,
		    size_t labellen, char *buf, size_t size, size_t *len,
		    int msec);

/* Whether nothing is expected from the keeper: 1 or 0. */
int		 mirror_quiet(const struct mirror *);

#endif
