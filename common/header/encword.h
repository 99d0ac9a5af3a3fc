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

/* Encoded words: RFC 2047, with the language tag of RFC 2231 section 5. */

#ifndef ENCWORD_H
#define ENCWORD_H

#include "base/sbuf.h"

#define ENCWORD_MAX	75	/* RFC 2047 section 2 */

/*
 * Appends the UTF-8 form of the header text in[0..len): encoded words are
 * decoded, white space between adjacent ones goes, what is broken or of an
 * unknown charset stays as it is; bytes above 127 outside of them pass when
 * they are UTF-8, else each counts as ISO-8859-1.  The result may hold any
 * character, control characters too.  -1 when b is exhausted.
 */
int	encword_decode(struct sbuf *b, const char *in, size_t len);

/*
 * The same, but a word of an unknown charset is decoded byte by byte, and so
 * is what only lenient programs read as an encoded word (white space in it,
 * say): no text to show, but one in which to look for what must not stand
 * there.
 */
int	encword_decode_any(struct sbuf *b, const char *in, size_t len);

/* 1 when in[0..len) holds something that reads as an encoded word. */
int	encword_present(const char *in, size_t len);

#define ENCWORD_TEXT	0	/* an unstructured field's value */
#define ENCWORD_PHRASE	1	/* a display name: RFC 2047 section 5 (3) */

/*
 * Appends UTF-8 text for a header.  ENCWORD_TEXT: as it is when it is plain
 * ASCII, else its words that need it as encoded words.  ENCWORD_PHRASE: an
 * atom phrase or a quoted string when ASCII, else encoded words.  Encoded
 * words are separated by a space, where the line may be folded.  Control
 * characters become spaces; bytes that are not UTF-8 become U+FFFD.  -1 when
 * b is exhausted.
 */
int	encword_encode(struct sbuf *b, const char *utf8, int how);

#endif
