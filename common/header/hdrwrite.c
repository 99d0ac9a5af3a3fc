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

/* The writing half of hdr.h. */

#include <string.h>

#include "base/lex.h"
#include "header/encword.h"
#include "header/hdr.h"

static int
is_blank(int ch)
{
	return ch == ' ' || ch == '\t';
}

/* 1 when s can be a field's name (RFC 5322 2.2). */
static int
name_valid(const char *s)
{
	size_t	 n;

	for (n = 0; s[n] != '\0'; n++)
		if (s[n] <= ' ' || s[n] >= 127 || s[n] == ':')
			return 0;
	return n > 0 && n <= HDR_NAME_MAX;
}

/* The length of the word at s; -1 when a byte cannot stand in a header. */
static int
word_len(const char *s, size_t *len)
{
	size_t	 n;

	for (n = 0; s[n] != '\0' && !is_blank(s[n]) && s[n] != '\n'; n++)
		if (s[n] < ' ' || s[n] >= 127)
			return -1;
	*len = n;
	return 0;
}

/* Appends white space and a word, on a new line where it gets too long. */
static int
put_word(struct sbuf *b, size_t *col, int broken, const char *ws, size_t nws,
    const char *word, size_t nword)
{
	if (broken || (*col + nws + nword > HDR_LINE_WANT && *col > 0)) {
		if (sbuf_addch(b, '\n') == -1)
			return -1;
		*col = 0;
	}
	if (*col + nws + nword > HDR_LINE_MAX)
		return -1;
	*col += nws + nword;
	if (sbuf_add(b, ws, nws) == -1)
		return -1;
	return sbuf_add(b, word, nword);
}

int
hdr_write(struct sbuf *b, const char *name, const char *value)
{
	const char	*ws;
	size_t		 col, nws, nword;
	int		 broken, first = 1;

	if (!name_valid(name) || sbuf_printf(b, "%s:", name) == -1)
		return -1;
	col = strlen(name) + 1;
	while (is_blank(*value) || *value == '\n')
		value++;
	while (*value != '\0') {
		broken = 0;
		ws = value;
		while (is_blank(*value) || *value == '\n') {
			if (*value++ == '\n') {
				broken = 1;
				ws = value;
			}
		}
		nws = (size_t)(value - ws);
		if (*value == '\0')
			break;
		if (broken && nws == 0)
			return -1;
		if (word_len(value, &nword) == -1)
			return -1;
		if (first) {
			/* The first word stays beside the name. */
			if (col + 1 + nword > HDR_LINE_MAX ||
			    sbuf_addch(b, ' ') == -1 ||
			    sbuf_add(b, value, nword) == -1)
				return -1;
			col += 1 + nword;
			first = 0;
		} else if (put_word(b, &col, broken, ws, nws, value,
		    nword) == -1)
			return -1;
		value += nword;
	}
	return sbuf_addch(b, '\n');
}

int
hdr_write_text(struct sbuf *b, const char *name, const char *utf8)
{
	struct sbuf	 v;
	int		 r = -1;

	sbuf_init(&v, b->limit);
	if (encword_encode(&v, utf8, ENCWORD_TEXT) == 0)
		r = hdr_write(b, name, sbuf_str(&v));
	sbuf_free(&v);
	return r;
}

static int
has_control(const char *s, size_t len)
{
	size_t	 i;

	for (i = 0; i < len; i++)
		if (lex_control(s[i]))
			return 1;
	return 0;
}

int
hdr_write_raw(struct sbuf *b, const struct hdr_field *f)
{
	const char	*p = f->raw, *end = f->raw + f->rawlen, *nl;
	size_t		 n;

	if (f->flags & (HDR_OVERSIZE | HDR_BLANKFOLD))
		return -1;
	for (;;) {
		nl = memchr(p, '\n', (size_t)(end - p));
		n = (size_t)((nl == NULL ? end : nl) - p);
		if (n > HDR_LINE_MAX || has_control(p, n) ||
		    sbuf_add(b, p, n) == -1 ||
		    sbuf_addch(b, '\n') == -1)
			return -1;
		if (nl == NULL)
			return 0;
		p = nl + 1;
	}
}
