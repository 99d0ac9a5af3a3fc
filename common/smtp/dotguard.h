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
 * A guard against a false end of a message: what a server could take for the
 * line with the dot (RFC 5321 section 4.5.2), and with that for commands.
 */

#ifndef DOTGUARD_H
#define DOTGUARD_H

#include <stddef.h>

/* Where in the message the bytes are that come next. */
enum dotguard {
	DOTGUARD_BOL,		/* at the beginning of a line */
	DOTGUARD_BOLDOT,	/* behind a dot there */
	DOTGUARD_TEXT,
	DOTGUARD_CR		/* behind a CR */
};

/*
 * Follows len bytes of the message, from *pos on, which begins as
 * DOTGUARD_BOL.  Returns 0, or -1 when a server could see the end of the
 * message in it: a bare LF, a dot that is not doubled, or one behind a bare
 * CR.  *pos is DOTGUARD_BOLDOT where one more byte could make it such.
 */
int	 dotguard(enum dotguard *pos, const char *p, size_t len);

#endif
