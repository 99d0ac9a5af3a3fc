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
 * The header of a message, read line by line and written field by field
 * (RFC 5322 2.2, obsolete forms of 4.5).  Of the fields read only those that
 * the caller listed are kept, within limits; the others cost no memory.
 */

#ifndef HDR_H
#define HDR_H

#include "base/sbuf.h"

#define HDR_TOTAL_MAX	65536	/* bytes kept, all fields together */
#define HDR_FIELD_MAX	32768	/* bytes kept of one field */
#define HDR_FIELDS_MAX	250	/* fields kept */
#define HDR_NAME_MAX	76	/* a longer name is never kept or written */
#define HDR_LINE_WANT	76	/* RFC 2047 section 2; RFC 5322 has 78 */
#define HDR_LINE_MAX	998

/* Oddities, of a field and (all fields, kept or not) of the header. */
#define HDR_OVERSIZE	0x01	/* kept field lost or cut for a limit */
#define HDR_SPACE	0x02	/* white space before the colon */
#define HDR_NUL		0x04	/* a NUL inside */
#define HDR_CR		0x08	/* a bare CR or LF inside */
#define HDR_8BIT	0x10	/* bytes above 127 */
#define HDR_BLANKFOLD	0x20	/* a line of white space alone: some programs */
				/* end the header there */
#define HDR_NOBLANK	0x40	/* the body began without a blank line */
#define HDR_ORPHAN	0x80	/* the first line was a continuation */

struct hdr_field {
	char	*raw;		/* lines as they came, LF between them */
	size_t	 rawlen;
	char	*name;		/* as written, without the colon */
	char	*value;		/* unfolded, without outer white space */
	size_t	 valuelen;	/* value may hold NULs */
	size_t	 place;		/* 0 is the header's first field */
	int	 flags;
};

struct hdr {
	const char *const *keep;
	int		 (*seen)(void *, const char *, size_t, size_t);
	void		  *arg;
	struct hdr_field  *v;	/* the kept fields in their order */
	size_t		   n;
	size_t		   place;	/* fields seen, kept or not */
	size_t		   used;	/* bytes kept */
	struct sbuf	   cur;		/* the kept field being read */
	int		   curflags;
	int		   curkeep;
	int		   flags;
	int		   done;
};

/*
 * Begins a header.  keep is an array of field names that ends in NULL; a
 * last '*' in one matches the rest.  seen (or NULL) is called with arg at
 * the start of every field, kept or not, with its name, the name's length
 * and the field's place; where it returns 0 the field is not kept.  keep
 * must outlive *h.
 */
void	 hdr_init(struct hdr *h, const char *const *keep,
	    int (*seen)(void *, const char *, size_t, size_t), void *arg);

/* Frees what *h owns and zeroes it. */
void	 hdr_free(struct hdr *h);

/* What hdr_line() found. */
#define HDR_MORE	0	/* the line was taken; go on */
#define HDR_END		1	/* the blank line: the body begins after it */
#define HDR_BODY	2	/* no header line: the body begins with it */

/*
 * Takes a line without its end of line, of any length.  HDR_*, or -1 when
 * memory is exhausted.  After HDR_END or HDR_BODY every call gives HDR_BODY.
 */
int	 hdr_line(struct hdr *h, const char *line, size_t len);

/*
 * Ends a header whose message ended before a blank line.  0, or -1 when
 * memory is exhausted.  Allowed after HDR_END too.
 */
int	 hdr_finish(struct hdr *h);

/*
 * The nth kept field of that name (0 is the first; ASCII case does not
 * matter), or NULL.  Owned by *h.
 */
const struct hdr_field *hdr_get(const struct hdr *h, const char *name,
	    size_t nth);

/* How many kept fields have that name. */
size_t	 hdr_count(const struct hdr *h, const char *name);

/* 1 when the name, of len bytes, matches a pattern of keep, else 0. */
int	 hdr_match(const char *const *keep, const char *name, size_t len);

/*
 * Appends "name: value" in lines of at most HDR_LINE_WANT bytes where white
 * space allows and HDR_LINE_MAX in any case, each ended by LF.  The value is
 * ASCII; line breaks before white space in it are kept.  -1 when the value
 * holds another control character, a byte above 127 or a word too long, the
 * name is none, or b is exhausted.
 */
int	 hdr_write(struct sbuf *b, const char *name, const char *value);

/*
 * The same for an unstructured field (Subject) whose value is UTF-8: what
 * is not ASCII, or would read as an encoded word, becomes encoded words;
 * control characters become spaces.
 */
int	 hdr_write_text(struct sbuf *b, const char *name, const char *utf8);

/*
 * Appends a field as it came, each line ended by LF.  -1 when b is exhausted
 * or the field is oversize, holds a control character but tab, a line of white
 * space alone, or one over HDR_LINE_MAX bytes.
 */
int	 hdr_write_raw(struct sbuf *b, const struct hdr_field *f);

#endif
