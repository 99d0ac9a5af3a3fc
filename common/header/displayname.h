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

/* Names of people as others may see them. */

#ifndef DISPLAYNAME_H
#define DISPLAYNAME_H

#include "base/sbuf.h"

#define DISPLAYNAME_CHARS	64
#define DISPLAYNAME_SIZE	(DISPLAYNAME_CHARS * 4 + 1)

/*
 * Writes a display name as it came (encoded words, any bytes) in UTF-8,
 * without control and direction characters, without words that hold an '@'
 * (or what looks like it), white space runs as one space, cut to
 * DISPLAYNAME_CHARS characters.  NULL counts as "".  out, of outsz bytes,
 * is empty when nothing is left.  0, or -1 when outsz is less than
 * DISPLAYNAME_SIZE or memory is exhausted.
 */
int	displayname_clean(const char *name, char *out, size_t outsz);

/*
 * Writes "NAME (via BOX)", or "NAME (unverified, via BOX)", both cleaned;
 * an empty name is replaced by fallback (cleaned too), an empty box leaves
 * the bracket out.  A name that ends so already gets no second bracket.
 * outsz at least 3 * DISPLAYNAME_SIZE.  0 or -1.
 */
int	displayname_via(const char *name, const char *fallback,
	    const char *box, int unverified, char *out, size_t outsz);

/*
 * Appends `name <addr>` for a header, name (UTF-8, NULL or empty for none)
 * quoted or encoded as needed.  -1 when addr is no valid mailbox or b is
 * exhausted.
 */
int	displayname_mailbox(struct sbuf *b, const char *name,
	    const char *addr);

#endif
