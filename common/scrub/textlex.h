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
 * Reads the bytes of a text as characters: undoes UTF-16 and UTF-32, percent
 * encoding (doubled too) and HTML's character references, tells tags from
 * text, and says of each character which bytes it came from.
 */

#ifndef TEXTLEX_H
#define TEXTLEX_H

#include <stddef.h>
#include <stdint.h>

#define TEXTLEX_HOLD	40	/* characters of the longest reference */

enum textlex_charset {
	TEXTLEX_BYTES,		/* UTF-8 and all that contain ASCII */
	TEXTLEX_UTF16,		/* byte order as it seems */
	TEXTLEX_UTF16BE,
	TEXTLEX_UTF16LE,
	TEXTLEX_UTF32,
	TEXTLEX_UTF32BE,
	TEXTLEX_UTF32LE,
	TEXTLEX_OPAQUE		/* ASCII means something else: unreadable */
};

#define LEX_MARK	0x01	/* nothing to the eye, or a line end with its */
				/* indent: text may go on behind it */
#define LEX_ESC		0x02	/* was percent-encoded or a reference */
#define LEX_TAG		0x04	/* inside of a tag */
#define LEX_EDGE	0x08	/* a word may begin behind it */
#define LEX_DONE	0x10	/* for the receiver's use */

struct lexunit {
	uint32_t	off;	/* of its first byte, modulo 2^32 */
	uint16_t	len;	/* in bytes */
	uint8_t		ch;	/* ASCII, lower case; 128 and more: any other */
	uint8_t		flags;
};

struct lexhold {
	struct lexunit	u[TEXTLEX_HOLD];
	size_t		n;
};

typedef void textlex_sink(void *arg, const struct lexunit *);

/* Where in a tag the text is. */
struct textlex_tags {
	int		state;	/* 0: in none */
	unsigned int	dashes;	/* of a comment */
	uint8_t		quote;	/* of an attribute, or 0 */
	uint8_t		last;	/* the character before */
};

struct textlex {
	enum textlex_charset charset;
	int		 html;
	textlex_sink	*sink;
	void		*arg;
	uint64_t	 off;	/* bytes read */
	uint64_t	 floor;	/* what is before is given up */
	uint32_t	 cp;	/* of an incomplete character */
	unsigned int	 need;	/* bytes that it lacks */
	unsigned int	 have;
	int		 escape;	/* it is an escape sequence */
	int		 stray;		/* the last byte was no UTF-8 */
	struct lexhold	 ref;	/* an incomplete reference */
	struct lexhold	 pct;	/* incomplete percent encoding */
	struct textlex_tags tags;
	struct lexunit	 less;	/* a '<' of which nothing is known yet */
	int		 bol;	/* only indent since the line's start */
};

/*
 * What a charset's name (NULL: none given) means here.  Names that are not
 * known count as containing ASCII.
 */
enum textlex_charset textlex_charset(const char *name);

/* Begins a text; html is not 0 when it has tags. */
void textlex_init(struct textlex *, enum textlex_charset, int html,
    textlex_sink *, void *arg);

/* Reads bytes; what is known by then goes to the sink. */
void textlex_put(struct textlex *, const unsigned char *, size_t len);

/* Ends the text: what is incomplete goes to the sink as it is. */
void textlex_end(struct textlex *);

/*
 * Gives what is incomplete to the sink as it is; no character that is read
 * later has bytes from before this point.  An open tag stays open.
 */
void textlex_cut(struct textlex *);

/*
 * The offset of the first byte that did not reach the sink, or of the next
 * byte when all did.
 */
uint64_t textlex_reached(const struct textlex *);

#endif
