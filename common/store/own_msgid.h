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

/* Whether a Message-Id is one of ours, whichever mailbox it was made for. */

#ifndef OWN_MSGID_H
#define OWN_MSGID_H

#include <time.h>

#include "crypto/keys.h"
#include "store/store.h"

/*
 * 1 when msgid (without < and >) is a token that we signed for any mailbox
 * of the store, however old, else 0; -1 when store or keys fail.  A message
 * that comes in with such an id has been here before (RFC 5321 section 6.3).
 */
int	own_msgid_check(struct store *s, const struct keys *keys,
	    const char *msgid, time_t now);

#endif
