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

#ifndef LANE_H
#define LANE_H

#include <stddef.h>
#include <stdint.h>

#include "scrub/edit.h"
#include "scrub/secrets.h"
#include "scrub/textlex.h"

#define LANE_MAX	768	/* characters of a word that are looked at */
#define LANE_KEEP	512	/* of a longer one, these stay for context */

/* What is shared by all lanes of a text. */
struct lane_job {
	const struct secrets	*secrets;
	struct edits		*edits;
	const unsigned char	*seed;	/* renames Content-Ids, or NULL */
	uint64_t		 off;	/* bytes read, for the offsets */
	size_t			 leaks;	/* secrets found */
	int			 failed;	/* no memory */
};

/* A word being read.  All zero at the start. */
struct lane {
	struct lexunit	u[LANE_MAX];
	size_t		n;
	size_t		run;	/* letters and digits at the end */
	int		cont;	/* the beginning of the word is gone */
	int		space;	/* white space, maybe before a line end */
	int		interest;
	int		cid;	/* the word is a Content-Id in a URL */
	uint8_t		before;	/* the character before the word */
};

/* Reads one character. */
void lane_put(struct lane *, struct lane_job *, const struct lexunit *);

/* Ends the word at hand. */
void lane_cut(struct lane *, struct lane_job *);

/*
 * Looks for secrets in the word; whole is 0 when more of it may come.
 * Used by lane_put() and lane_cut().
 */
void lane_match(struct lane *, struct lane_job *, int whole);

/* Changes the units first to last of the word (marks among them stay). */
void lane_edit(struct lane *, struct lane_job *, size_t first, size_t last,
    enum edit_what what, uint64_t id);

#endif
