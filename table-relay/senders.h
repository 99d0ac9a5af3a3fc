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
 * What a table about who sends answers from a cache: which addresses' mail
 * leaves through accounts, and what each login may send as.  An address, or a
 * domain in the form @domain, has an enum senders_state for its number; a
 * login's list is a text, that of the empty login is of all in `helpdesk'.
 * Pure: no file, no event.  All is in lower case, as smtpd asks.
 */

#ifndef SENDERS_H
#define SENDERS_H

#include <sys/types.h>

#include "conf/conf.h"
#include "proc/address_cache.h"

#define SENDERS_LIST_MAX	KEYSET_TEXT_MAX	/* bytes, of one login's */

enum senders_state {
	SENDERS_ROUTED = 1,	/* an identity that leaves through an account */
	SENDERS_PLAIN,		/* one that does not, or does not work yet */
	SENDERS_MAILBOX
};

/*
 * A login may send as an address, which is appended to its list (see
 * address_also).  What smtpd could not read in a list is left out of it.
 * 0, or -1: too much, or no memory.
 */
int		 senders_may(struct keyset *lists, const char *login,
		    size_t loginlen, const char *address, size_t len);

/*
 * Whether mail from the address leaves through an account: 1 or 0.  It falls
 * under itself, else without its +tag, else under its domain.
 */
int		 senders_routed(const struct address_sets *s,
		    const char *address, size_t len);

/*
 * Writes what a login may send as into the size bytes at buf, a list as
 * smtpd reads it, without a terminator: the login itself when it holds an
 * @, else in each of our domains, unless somebody else has that address;
 * then what senders_may() said.  Returns its length, 0 if there is nothing,
 * or -1 when it does not fit.
 */
ssize_t		 senders_list(const struct conf *conf,
		    const struct address_sets *s, const char *login,
		    size_t len, char *buf, size_t size);

#endif
