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
 * The words of relay.conf(5): files, includes and macros are taken apart
 * here; the grammar in parse.y sees one stream of tokens.
 */

#ifndef CONFLEX_H
#define CONFLEX_H

#include "base/compat.h"
#include "conf/conf.h"

#define CONFLEX_FILES_MAX	100	/* files read in all */
#define CONFLEX_DEPTH_MAX	16	/* includes and macros in each other */
#define CONFLEX_EXPAND_MAX	(4 * 1024 * 1024) /* bytes that macros yield */
#define CONFLEX_WORD_MAX	4096	/* bytes of a word or string */

/* Tokens; any other is the character itself, a line's end being '\n'. */
enum conflex_token {
	CONFLEX_EOF = 0,
	CONFLEX_WORD = 1000,
	CONFLEX_STRING,		/* in quotes: never a keyword */
	CONFLEX_MACRO,		/* the name in `name =' */
	CONFLEX_BAD		/* was reported already */
};

struct conflex;

/*
 * A lexer for `len' bytes of text (copied) from the file `name'; mistakes
 * go to `errors', which must outlive it.  NULL without memory.
 */
struct conflex	*conflex_new(const char *name, const char *text, size_t len,
		    struct conf_errors *errors);

/* Frees it and every string it gave out; NULL is allowed. */
void		 conflex_free(struct conflex *);

/*
 * The next token.  `*value' is its text for words, strings and macros, and
 * lives until conflex_free(); else NULL.  The last line always ends in
 * '\n', and so does an included file.
 */
int		 conflex_next(struct conflex *, const char **value);

/* The file that is being read. */
const char	*conflex_name(const struct conflex *);

/*
 * Goes on with the file `path', relative to the one being read, after a
 * '\n' that ends the line with the include.  Returns 0, or -1 after the
 * mistake was reported.
 */
int		 conflex_include(struct conflex *, const char *path);

/* Defines a macro, or redefines it.  Returns 0, or -1 without memory. */
int		 conflex_define(struct conflex *, const char *name,
		    const char *value);

/* Joins two strings with a space; the result lives like a token's. */
const char	*conflex_join(struct conflex *, const char *, const char *);

/*
 * After a mistake: what is left of the line is passed over, with any
 * braces opened beyond `depth'; a brace that closes `depth' itself stays.
 */
void		 conflex_skip(struct conflex *, int depth);

/* The line of the token last given out. */
int		 conflex_line(const struct conflex *);

/* Reports a mistake at the given line of the current file (0: last token). */
void		 conflex_error(struct conflex *, int line, const char *fmt, ...)
		    __attribute__((__format__ (printf, 3, 4)));

#endif
