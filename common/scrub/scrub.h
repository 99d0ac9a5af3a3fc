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
#include "scrub/lane.h"
#include "scrub/secrets.h"
#include "scrub/textlex.h"

#define SCRUB_LAZY	256

struct bodycmd;

struct scrub {
	struct textlex	 lex;
	struct lane	 text;
	struct lane	 tag;		/* what is inside of tags */
	struct lane_job	 job;
	struct bodycmd	*cmd;		/* until the top is over, or NULL */
	unsigned char	 lazy[SCRUB_LAZY]; /* the end of a harmless text, */
	size_t		 nlazy;		/* that the lexer did not get yet */
	struct textlex_tags lazytags;	/* ... and where in a tag that is */
	size_t		 run;		/* letters and digits at its end */
	size_t		 outside;	/* the same before a tag that is open */
	int		 eol;		/* it ends in a line end */
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

/* For scrub.c alone: the quick look at bytes that are likely harmless. */

/* Before any other. */
void scrub_quick_init(void);

/*
 * 1 when nothing in these bytes, nor in those before that were found harmless
 * together with them, belongs to a secret; 0 when one has to look.
 */
int scrub_quick(struct scrub *, const unsigned char *, size_t len);

/*
 * Where the word begins that may go on in what comes next; tags are those
 * within these bytes, intag says whether they end in one, eol whether they
 * come behind a line end.  The whole length when no word does, 0 when it
 * began before or cannot be found.
 */
size_t scrub_quick_tail(const unsigned char *, size_t len,
    const struct textlex_seen *tags, int intag, int eol);

#endif
