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

/* The encoding half of encword.h: always UTF-8, Q for what is mostly ASCII. */

#include <string.h>

#include "base/base64.h"
#include "base/charset.h"
#include "base/lex.h"
#include "header/encword.h"

/* "=?utf-8?Q?" and "?=" around the text. */
#define OVERHEAD	12
/* The first word shares its line with the field's name. */
#define FIRST_MAX	60
/* A longer word cannot be folded well. */
#define PLAIN_MAX	200

/* Copies with control characters as spaces and what is not UTF-8 marked. */
static int
clean(struct sbuf *out, const char *s)
{
	unsigned int	 cp;
	size_t		 n, len = strlen(s);

	for (; len > 0; s += n, len -= n) {
		if ((n = charset_next(s, len, &cp)) == 0) {
			n = 1;
			cp = 0xfffd;
		} else if (cp < ' ' || (cp >= 0x7f && cp < 0xa0) ||
		    cp == 0x2028 || cp == 0x2029)
			cp = ' ';
		if (sbuf_addutf8(out, cp) == -1)
			return -1;
	}
	return 0;
}

/* May stand unencoded in Q in every place: RFC 2047 section 5 (3). */
static int
q_safe(int ch)
{
	return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') ||
	    (ch >= '0' && ch <= '9') || ch == '!' || ch == '*' ||
	    ch == '+' || ch == '-' || ch == '/';
}

static size_t
q_cost(const char *s, size_t len)
{
	size_t	 i, n = 0;

	for (i = 0; i < len; i++)
		n += q_safe(s[i]) || s[i] == ' ' ? 1 : 3;
	return n;
}

static int
put_q(struct sbuf *b, const char *s, size_t len)
{
	size_t	 i;

	for (i = 0; i < len; i++)
		if (s[i] == ' ')
			sbuf_addch(b, '_');
		else if (q_safe(s[i]))
			sbuf_addch(b, s[i]);
		else
			sbuf_printf(b, "=%02X", (unsigned char)s[i]);
	return b->failed ? -1 : 0;
}

static int
put_b(struct sbuf *b, const char *s, size_t len)
{
	char	 out[ENCWORD_MAX + 4];

	return sbuf_add(b, out, base64_encode((const unsigned char *)s, len,
	    out));
}

/* Appends s[0..len) as encoded words with a space between them. */
static int
put_words(struct sbuf *b, const char *s, size_t len)
{
	size_t		 n, cost, c, max = FIRST_MAX - OVERHEAD, step;
	unsigned int	 cp;
	int		 q = q_cost(s, len) <= len * 2;

	while (len > 0) {
		for (n = 0, cost = 0; n < len; n += step) {
			if ((step = charset_next(s + n, len - n, &cp)) == 0)
				step = 1;
			c = q ? cost + q_cost(s + n, step) :
			    (n + step + 2) / 3 * 4;
			if (c > max)
				break;
			cost = c;
		}
		sbuf_printf(b, "=?utf-8?%c?", q ? 'Q' : 'B');
		if (q)
			put_q(b, s, n);
		else
			put_b(b, s, n);
		if (sbuf_addstr(b, "?=") == -1)
			return -1;
		s += n;
		len -= n;
		if (len > 0 && sbuf_addch(b, ' ') == -1)
			return -1;
		max = ENCWORD_MAX - OVERHEAD;
	}
	return 0;
}

/* Whether the word s[0..len) of an unstructured value must be encoded. */
static int
word_needs(const char *s, size_t len)
{
	size_t	 i;

	for (i = 0; i < len; i++)
		if (s[i] & 0x80)
			return 1;
	return len > PLAIN_MAX || encword_present(s, len) ||
	    (len > 1 && s[0] == '=' && s[1] == '?');
}

static int
encode_text(struct sbuf *b, const char *s, size_t len)
{
	size_t	 i, j, from = len, to = 0;

	for (i = 0; i < len; i = j) {
		while (i < len && s[i] == ' ')
			i++;
		for (j = i; j < len && s[j] != ' '; j++)
			continue;
		if (j > i && word_needs(s + i, j - i)) {
			if (from > i)
				from = i;
			to = j;
		}
	}
	if (from >= to)
		return sbuf_add(b, s, len);
	if (sbuf_add(b, s, from) == -1 ||
	    put_words(b, s + from, to - from) == -1)
		return -1;
	return sbuf_add(b, s + to, len - to);
}

static int
encode_phrase(struct sbuf *b, const char *s, size_t len)
{
	size_t	 i;
	int	 atoms = 1;

	for (i = 0; i < len; i++) {
		if (s[i] & 0x80)
			return put_words(b, s, len);
		if (s[i] == ' ') {
			if (i == 0 || i + 1 == len || s[i + 1] == ' ')
				atoms = 0;
		} else if (!lex_atext(s[i]))
			atoms = 0;
	}
	if (word_needs(s, len))
		return put_words(b, s, len);
	if (atoms && len > 0)
		return sbuf_add(b, s, len);
	sbuf_addch(b, '"');
	for (i = 0; i < len; i++) {
		if (s[i] == '"' || s[i] == '\\')
			sbuf_addch(b, '\\');
		sbuf_addch(b, s[i]);
	}
	return sbuf_addch(b, '"');
}

int
encword_encode(struct sbuf *b, const char *utf8, int how)
{
	struct sbuf	 s;
	int		 r = -1;

	sbuf_init(&s, b->limit);
	if (clean(&s, utf8) == 0)
		r = how == ENCWORD_PHRASE ?
		    encode_phrase(b, sbuf_str(&s), s.len) :
		    encode_text(b, sbuf_str(&s), s.len);
	sbuf_free(&s);
	return r;
}
