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
 * The words of structured header fields: RFC 5322 3.2 and RFC 2045 5.1.  A
 * line break (LF, or CR LF) before white space counts as white space, so
 * that folded and unfolded values read alike.
 */

#ifndef LEX_H
#define LEX_H

#include <stddef.h>
#include <stdint.h>

#include "base/sbuf.h"

#define LEX_COMMENT_DEPTH	100

/* Each 1 when ch is of that class, else 0. */
int	lex_ws(int ch);		/* space, tab, CR, LF */
int	lex_atext(int ch);	/* RFC 5322 3.2.3, ASCII alone */
int	lex_ttext(int ch);	/* token of RFC 2045 5.1 */
int	lex_control(int ch);	/* 0-31 but tab, and 127 */

/* The value of a hexadecimal digit of either case, or -1. */
int	lex_hex(int ch);

/* Writes 2 * len hexadecimal digits, of lower case, and a NUL. */
void	lex_hex_write(const uint8_t *src, size_t len, char *dst);

/*
 * Moves *i over white space and comments.  With b, the comments' text is
 * appended to it, escapes undone, a space between comments.  1 when there
 * was a comment, 0 when none, -1 when one does not end or nests too deeply
 * (*i is then len) or b is exhausted.
 */
int	lex_cfws(const char *s, size_t len, size_t *i, struct sbuf *b);

/*
 * Reads the quoted string that begins at s[*i], which is '"', and appends
 * its text to b, escapes and line breaks undone; moves *i behind it.  0, or
 * -1 when it does not end (*i is then len) or b is exhausted.
 */
int	lex_quoted(const char *s, size_t len, size_t *i, struct sbuf *b);

/*
 * Appends s[0..len) to b as a quoted string (RFC 5322 3.2.4), with a
 * backslash before each quote and backslash.  0, or -1 when b is exhausted.
 */
int	lex_quote(struct sbuf *b, const char *s, size_t len);

/* 1 when the ASCII letters of a[0..len) are those of b in any case. */
int	lex_is(const char *a, size_t len, const char *b);

#endif
