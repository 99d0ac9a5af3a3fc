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
 * Commands at the top of a text: lines of '#' and letters, then white space
 * or the end.  Takes the characters of a text, tags told from text, as
 * textlex gives them.
 */

#ifndef BODYCMD_H
#define BODYCMD_H

#include <stddef.h>
#include <stdint.h>

#include "scrub/edit.h"
#include "scrub/textlex.h"

#define BODYCMD_WORD_MAX	16	/* letters of a command */
#define BODYCMD_HELD_MAX	40	/* '#', letters and white space */

/* Commands, as bits of bodyrw_commands(). */
#define BODYCMD_NOTE		0x01
#define BODYCMD_CLOSE		0x02
#define BODYCMD_REOPEN		0x04
#define BODYCMD_TAKE		0x08

/* What is known of several texts that say the same. */
struct bodycmd_found {
	unsigned int	mask;		/* BODYCMD_NOTE, ... */
	char		unknown[BODYCMD_WORD_MAX + 1];	/* or "" */
};

struct bodycmd {
	struct bodycmd_found	*found;
	int			 html;
	int			 state;
	size_t			 nword;
	char			 word[BODYCMD_WORD_MAX + 1];
	struct edit		 held[BODYCMD_HELD_MAX];
	size_t			 nheld;
	char			 tag[12];	/* name of the tag being read */
	size_t			 ntag;
	int			 intag;		/* 1 its name, 2 the rest */
	char			 skip[12];	/* element whose text is none */
	char			 ref[8];	/* a reference to white space */
	size_t			 nref;
	struct edit		 refheld;
};

/* Begins a text; what is found is added to *found, which is borrowed. */
void bodycmd_init(struct bodycmd *, int html, struct bodycmd_found *found);

/*
 * Reads one character; off is the lexer's own offset.  Changes that take
 * commands out are added to edits.  0, or -1 without memory.
 */
int bodycmd_put(struct bodycmd *, uint64_t off, const struct lexunit *,
    struct edits *edits);

/* Ends the text.  0, or -1 without memory. */
int bodycmd_end(struct bodycmd *, struct edits *edits);

/* 1 when the top of the text is over and nothing more is to be read. */
int bodycmd_over(const struct bodycmd *);

/* Ends the top here; what is half read is text. */
void bodycmd_stop(struct bodycmd *);

/* at, or what comes before it and may still be changed. */
uint64_t bodycmd_settled(const struct bodycmd *, uint64_t at);

#endif
