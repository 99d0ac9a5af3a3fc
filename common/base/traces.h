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

/* Whether a text that will be seen gives a secret away. */

#ifndef TRACES_H
#define TRACES_H

#define TRACES_PIECE	12	/* bytes of a secret that are too many */
#define TRACES_SHORT	4	/* secrets below this are in any text */

/*
 * 1 when text holds a piece of TRACES_PIECE bytes of secret, or all of one
 * that is shorter; else 0.  A NULL secret, and one below TRACES_SHORT bytes,
 * is in no text.
 */
int	 traces_of(const char *secret, const char *text);

#endif
