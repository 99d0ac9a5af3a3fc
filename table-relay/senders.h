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
 * What a table about who sends answers from: which addresses' mail leaves
 * through accounts, and what each login may send as.  Pure: no file, no
 * event.  All addresses and logins are in lower case, as smtpd asks.
 */

#ifndef SENDERS_H
#define SENDERS_H

#include <sys/types.h>

#include "conf/conf.h"

#define SENDERS_LIST_MAX	(256 * 1024)	/* bytes, of one login's */

/* What an address, or a domain in the form @domain, is. */
enum senders_state {
	SENDERS_ROUTED = 1,	/* an identity that leaves through an account */
	SENDERS_PLAIN,		/* one that does not, or does not work yet */
	SENDERS_MAILBOX
};

struct senders;

/* Knows nothing yet; conf must outlive it.  NULL without memory. */
struct senders	*senders_new(const struct conf *conf);

/* Frees all; NULL is allowed. */
void		 senders_free(struct senders *);

/* An address is this now.  0, or -1: nonsense, or no memory. */
int		 senders_put(struct senders *, const char *address,
		    size_t len, enum senders_state state);

/* An address is nothing any more; it need not have been. */
void		 senders_del(struct senders *, const char *address,
		    size_t len);

/*
 * A login may send as an address; the empty login stands for all those of
 * `helpdesk'.  What smtpd could not read in a list is left out of it.
 * 0, or -1: too much, or no memory.
 */
int		 senders_may(struct senders *, const char *login,
		    size_t loginlen, const char *address, size_t len);

/* Forgets what senders_may() said of a login. */
void		 senders_forget(struct senders *, const char *login,
		    size_t len);

/*
 * Whether mail from the address leaves through an account: 1 or 0.  It falls
 * under itself, else without its +tag, else under its domain.
 */
int		 senders_routed(const struct senders *, const char *address,
		    size_t len);

/*
 * Writes what a login may send as into the size bytes at buf, a list as
 * smtpd reads it, without a terminator: the login itself when it holds an
 * @, else in each of our domains, unless somebody else has that address;
 * then what senders_may() said.  Returns its length, 0 if there is nothing,
 * or -1 when it does not fit.
 */
ssize_t		 senders_list(const struct senders *, const char *login,
		    size_t len, char *buf, size_t size);

#endif
