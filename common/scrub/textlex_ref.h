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

/* What the files of textlex share; nobody else's. */

#ifndef TEXTLEX_REF_H
#define TEXTLEX_REF_H

#include <stddef.h>
#include <stdint.h>

enum tag_state {
	TAG_NONE,
	TAG_LESS,		/* '<' was read */
	TAG_OPEN,
	TAG_BANG,		/* "<!" */
	TAG_COMMENT		/* "<!--" */
};

struct lexunit;
struct textlex;

/* The last step: tells tags from text, and finds line ends. */
void textlex_step_tag(struct textlex *, const struct lexunit *);

/* Nothing comes behind a '<': it is text. */
void textlex_no_tag(struct textlex *);

/*
 * A character for comparison: ASCII in lower case, full-width forms as what
 * they look like, tabs as spaces; 128 and more for all others.
 */
uint8_t textlex_fold(uint32_t cp);

/*
 * What a byte means: 0 something special, 1 itself in text, 2 in tags too.
 */
extern const unsigned char textlex_simple[256];

/* 1 for characters without width, that may stand inside of a word; else 0. */
int textlex_invisible(uint32_t cp);

/*
 * Reads a reference's name ("#64", "#x40", "commat"), in lower case, without
 * '&' and ';'; terminated says whether the ';' was there.  1 with the
 * character in *cp, or 0 when it is none that is known.
 */
int textlex_reference(const char *name, size_t len, int terminated,
    uint32_t *cp);

#endif
