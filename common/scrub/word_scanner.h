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
 * Finds secrets in the characters of a text: collects words, in which an
 * address, a handle address or a token may be, across line ends and tags.
 */

#ifndef WORD_SCANNER_H
#define WORD_SCANNER_H

#include <stddef.h>
#include <stdint.h>

#include "scrub/edit.h"
#include "scrub/secrets.h"
#include "scrub/textlex.h"

#define SCANNER_MAX	768	/* characters of a word that are looked at */
#define SCANNER_KEEP	512	/* of a longer one, these stay for context */

/* What is shared by all scanners of a text. */
struct scanner_job {
	const struct secrets	*secrets;
	struct edits		*edits;
	const unsigned char	*seed;	/* renames Content-Ids, or NULL */
	uint64_t		 off;	/* bytes read, for the offsets */
	size_t			 leaks;	/* secrets found */
	int			 failed;	/* no memory */
};

/* A word being read.  All zero at the start. */
struct word_scanner {
	struct lexunit	u[SCANNER_MAX];
	size_t		n;
	size_t		run;	/* letters and digits at the end */
	int		cont;	/* the beginning of the word is gone */
	int		space;	/* white space, maybe before a line end */
	int		interest;
	int		cid;	/* the word is a Content-Id in a URL */
	uint8_t		before;	/* the character before the word */
};

/* Reads one character. */
void word_scanner_put(struct word_scanner *, struct scanner_job *,
    const struct lexunit *);

/* Ends the word at hand. */
void word_scanner_cut(struct word_scanner *, struct scanner_job *);

#endif
