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
 * The front's copy of what the keeper reads from the database: the addresses
 * that we receive for or, in a table about who sends, what senders.h knows.
 * A look at shared memory tells whether the database has changed since; only
 * then is the keeper asked for what is new.  Uses libevent's current base.
 */

#ifndef MIRROR_H
#define MIRROR_H

#include <sys/types.h>

#include <stdint.h>

#include "batch.h"
#include "conf/conf.h"
#include "senders.h"

#define MIRROR_WAIT	2000	/* ms that smtpd is made to wait at most */
#define MIRROR_WAIT_ALL	5000	/* ms for all addresses, when it asks so */

struct mirror;

/*
 * A new empty copy, or NULL without memory.  conf is for a table about who
 * sends, must outlive it then, and is NULL for one about who receives.
 */
struct mirror	*mirror_new(const struct conf *conf);

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

/* What is known of who sends; changes with each mirror_fresh(). */
const struct senders *mirror_senders(const struct mirror *);

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
