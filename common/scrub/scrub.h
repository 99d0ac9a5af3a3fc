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
 * Looks for secrets, and for commands at the top, in the bytes of one decoded
 * text that come in pieces; says which bytes to change.
 */

#ifndef SCRUB_H
#define SCRUB_H

#include <stddef.h>
#include <stdint.h>

#include "scrub/edit.h"
#include "scrub/secrets.h"
#include "scrub/textlex.h"

struct bodycmd;

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

/*
 * Collects words, in which an address, a handle address or a token may be,
 * across line ends and tags.  All zero at the start.
 */
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

struct scrub {
	struct textlex		 lex;
	struct word_scanner	 text;
	struct word_scanner	 tag;	/* what is inside of tags */
	struct scanner_job	 job;
	struct bodycmd		*cmd;	/* until the top is over, or NULL */
};

/*
 * Begins a text.  secrets may be NULL (only commands are looked for), seed
 * too (then Content-Ids keep their names), cmd too.  All are borrowed, as is
 * edits, to which the changes are added.
 */
void scrub_init(struct scrub *, const struct secrets *secrets,
    const unsigned char *seed, struct edits *edits, struct bodycmd *cmd);

/* Sets charset and kind; before the first bytes. */
void scrub_kind(struct scrub *, enum textlex_charset, int html);

/* Reads bytes.  0, or -1 without memory. */
int scrub_put(struct scrub *, const unsigned char *, size_t len);

/*
 * No change will be added any more to bytes before this offset (from the
 * text's start).
 */
uint64_t scrub_settled(const struct scrub *);

/* Stops waiting for the rest of a word, so that all is settled. */
void scrub_cut(struct scrub *);

/* Ends the text: everything is settled.  0, or -1 without memory. */
int scrub_end(struct scrub *);

#endif
