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
 * A message on its way from smtpd to a server, in the form that it has on
 * the wire (RFC 5321 section 4.5.2): finds the line of one dot that ends it,
 * and makes of what is left lines that every server sees alike.  A CR or LF
 * that stands alone, which some take for the end of a line and others do
 * not, becomes a space, so that nobody can hide a second message in one; and
 * the dot with which a line begins is doubled or not there.
 * Pure, and keeps but the state of one line.
 */

#ifndef DOTSTREAM_H
#define DOTSTREAM_H

#include <stddef.h>

#define DOTSTREAM_MORE	2	/* bytes that may come out besides */

struct dotstream {
	int	state;		/* 0: at the beginning of a line */
};

/*
 * Takes len bytes, or fewer when the message ends in them, and writes what
 * is to be sent on to out, which has room for len + DOTSTREAM_MORE bytes.
 * Returns how many were taken; *outlen is how many were written, and *end
 * becomes 1 at the end, whose dot is not written.  To begin with, and for
 * the next message, *d is all zero.
 */
size_t	dotstream_feed(struct dotstream *d, const char *in, size_t len,
	    char *out, size_t *outlen, int *end);

#endif
