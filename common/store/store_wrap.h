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
 * Return paths of ours that stand for a sender elsewhere: a gate puts one in
 * the place of a platform's sender, so that SPF is about our domain, and what
 * bounces goes back to the sender that is recorded here.  They are found and
 * expire like all return paths (store_mail.h), as STORE_RPATH_WRAPPED.
 */

#ifndef STORE_WRAP_H
#define STORE_WRAP_H

#include "store/store_mail.h"

#define STORE_WRAP_REUSE	86400	/* seconds that one serves new mail */
#define STORE_WRAPS_DAY		50000	/* new ones of a gate, in a day */

/*
 * Finds or makes the return path at domain for mail of sender that passes
 * the gate.  One is used again within STORE_WRAP_REUSE and until it has had
 * STORE_RPATH_QUOTES bounces, so that a flood does not fill the store.  The
 * sender is verp_valid(), and stays as it is typed.  Returns 1 and *rp; 0
 * when the gate has made STORE_WRAPS_DAY within a day; -1.
 */
int	store_wrap(struct store *s, const char *gate, const char *sender,
	    const char *domain, time_t now, struct store_rpath *rp);

#endif
