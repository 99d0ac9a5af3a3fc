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
 * Lists of tags as in DKIM signatures, key records and DMARC records
 * (RFC 6376 3.2): "v=1; a=rsa-sha256; ...".
 */

#ifndef TAGLIST_H
#define TAGLIST_H

#include <sys/types.h>

#define TAGLIST_MAX	64	/* tags of one list */

/* All point into what was parsed; a value is without outer white space. */
struct taglist_tag {
	const char	*name;		/* letters, digits, '_' */
	size_t		 namelen;
	const char	*value;		/* may be empty */
	size_t		 valuelen;
	const char	*raw;		/* all between '=' and ';' */
	size_t		 rawlen;
};

struct taglist {
	struct taglist_tag	v[TAGLIST_MAX];
	size_t			n;
};

/*
 * Reads the len bytes at s, which *t points into afterwards.  Folding counts
 * as white space, and nothing between two semicolons as nothing.  0, or -1
 * when something else is no tag, a value holds a control character, a name
 * comes twice or there are more than TAGLIST_MAX.  Values may hold bytes above
 * 127: who uses one checks it.
 */
int	 taglist_parse(struct taglist *t, const char *s, size_t len);

/*
 * The same, but what is no tag, a second tag of a name and what is beyond
 * TAGLIST_MAX is passed over: RFC 9989 wants a record with errors read so.
 */
void	 taglist_parse_lenient(struct taglist *t, const char *s, size_t len);

/* The tag of that name (case matters), or NULL. */
const struct taglist_tag *taglist_get(const struct taglist *t,
	    const char *name);

/* 1 when the tag's value is s; case matters.  0 too when tag is NULL. */
int	 taglist_is(const struct taglist_tag *tag, const char *s);

/*
 * Copies a value without the white space inside, as for base64 and for names
 * that were folded.  0, or -1 when it holds a NUL or out is too small.
 */
int	 taglist_copy(const struct taglist_tag *tag, char *out, size_t outsz);

/*
 * Reads a value of decimal digits alone.  0, or -1 when it is another, or
 * greater than max.
 */
int	 taglist_number(const struct taglist_tag *tag, long long max,
	    long long *out);

/*
 * Steps through a value of words with colons between: *i is 0 at the start.
 * 1 and the word, without outer white space, or 0 at the end.  A word may be
 * empty.
 */
int	 taglist_word(const struct taglist_tag *tag, size_t *i,
	    const char **word, size_t *len);

#endif
