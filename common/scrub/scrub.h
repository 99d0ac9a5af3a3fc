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
#include "scrub/word_scanner.h"

struct bodycmd;

struct scrub {
	struct textlex	 lex;
	struct word_scanner	 text;
	struct word_scanner	 tag;		/* what is inside of tags */
	struct scanner_job	 job;
	struct bodycmd	*cmd;		/* until the top is over, or NULL */
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
