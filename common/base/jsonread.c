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

#include <stdlib.h>
#include <string.h>

#include "base/charset.h"
#include "base/compat.h"
#include "base/jsonread.h"

struct jsonread {
	const char	*p;
	const char	*end;
	int		 depth;
	char		*name;		/* JSONREAD_STRING_MAX + 1 bytes */
	char		*value;		/* ... each */
};

static int read_value(struct jsonread *, enum jsonread_type *);

static void
skip_space(struct jsonread *j)
{
	while (j->p < j->end && (*j->p == ' ' || *j->p == '\t' ||
	    *j->p == '\r' || *j->p == '\n'))
		j->p++;
}

/* Takes one character when it is c: 1 or 0. */
static int
is_char(struct jsonread *j, char c)
{
	if (j->p == j->end || *j->p != c)
		return 0;
	j->p++;
	return 1;
}

static int
read_word(struct jsonread *j, const char *word)
{
	size_t	 len = strlen(word);

	if ((size_t)(j->end - j->p) < len || memcmp(j->p, word, len) != 0)
		return -1;
	j->p += len;
	return 0;
}

/* Four hexadecimal digits, or -1. */
static int
read_hex(struct jsonread *j)
{
	int	 i, c, n = 0;

	for (i = 0; i < 4; i++, j->p++) {
		if (j->p == j->end)
			return -1;
		c = *j->p;
		if (c >= '0' && c <= '9')
			n = n * 16 + c - '0';
		else if (c >= 'a' && c <= 'f')
			n = n * 16 + c - 'a' + 10;
		else if (c >= 'A' && c <= 'F')
			n = n * 16 + c - 'A' + 10;
		else
			return -1;
	}
	return n;
}

/* Behind "\u": a code point, from a pair of surrogates where it is one. */
static int
read_unicode(struct jsonread *j)
{
	int	 hi, lo;

	if ((hi = read_hex(j)) <= 0 || (hi >= 0xdc00 && hi <= 0xdfff))
		return -1;
	if (hi < 0xd800 || hi > 0xdbff)
		return hi;
	if (read_word(j, "\\u") == -1 || (lo = read_hex(j)) < 0xdc00 ||
	    lo > 0xdfff)
		return -1;
	return 0x10000 + ((hi - 0xd800) << 10) + (lo - 0xdc00);
}

/* Writes a code point at out; its length. */
static size_t
read_utf8(int cp, char *out)
{
	if (cp < 0x80) {
		out[0] = cp;
		return 1;
	}
	if (cp < 0x800) {
		out[0] = 0xc0 | cp >> 6;
		out[1] = 0x80 | (cp & 0x3f);
		return 2;
	}
	if (cp < 0x10000) {
		out[0] = 0xe0 | cp >> 12;
		out[1] = 0x80 | (cp >> 6 & 0x3f);
		out[2] = 0x80 | (cp & 0x3f);
		return 3;
	}
	out[0] = 0xf0 | cp >> 18;
	out[1] = 0x80 | (cp >> 12 & 0x3f);
	out[2] = 0x80 | (cp >> 6 & 0x3f);
	out[3] = 0x80 | (cp & 0x3f);
	return 4;
}

/* Behind a backslash: the code point, or -1. */
static int
read_escape(struct jsonread *j)
{
	static const char	 from[] = "\"\\/bfnrt";
	static const char	 to[] = "\"\\/\b\f\n\r\t";
	const char		*p;

	if (is_char(j, 'u'))
		return read_unicode(j);
	if (j->p == j->end || *j->p == '\0' ||
	    (p = strchr(from, *j->p)) == NULL)
		return -1;
	j->p++;
	return to[p - from];
}

/* A string, to out. */
static int
read_string(struct jsonread *j, char *out)
{
	unsigned int	 cp;
	size_t		 len, n = 0;
	int		 c;

	if (!is_char(j, '"'))
		return -1;
	while (!is_char(j, '"')) {
		if (j->p == j->end || (unsigned char)*j->p < 0x20 ||
		    n + 4 > JSONREAD_STRING_MAX)
			return -1;
		if (is_char(j, '\\')) {
			if ((c = read_escape(j)) == -1)
				return -1;
			n += read_utf8(c, out + n);
			continue;
		}
		len = charset_next(j->p, j->end - j->p, &cp);
		if (len == 0 || len > 4)
			return -1;
		memcpy(out + n, j->p, len);
		n += len;
		j->p += len;
	}
	out[n] = '\0';
	return 0;
}

/* One digit at least: 0 or -1. */
static int
read_digits(struct jsonread *j)
{
	const char	*from = j->p;

	while (j->p < j->end && *j->p >= '0' && *j->p <= '9')
		j->p++;
	return j->p > from ? 0 : -1;
}

static int
read_number(struct jsonread *j)
{
	const char	*from = j->p;

	(void)is_char(j, '-');
	if (!is_char(j, '0') && read_digits(j) == -1)
		return -1;
	if (is_char(j, '.') && read_digits(j) == -1)
		return -1;
	if (is_char(j, 'e') || is_char(j, 'E')) {
		if (!is_char(j, '+'))
			(void)is_char(j, '-');
		if (read_digits(j) == -1)
			return -1;
	}
	if (j->p - from > JSONREAD_STRING_MAX)
		return -1;
	memcpy(j->value, from, j->p - from);
	j->value[j->p - from] = '\0';
	return 0;
}

/* Behind "{" or "[": all that is in it, and its end. */
static int
read_nested(struct jsonread *j, char close)
{
	enum jsonread_type	 type;

	if (++j->depth > JSONREAD_DEPTH_MAX)
		return -1;
	skip_space(j);
	if (!is_char(j, close)) {
		do {
			skip_space(j);
			if (close == '}') {
				if (read_string(j, j->value) == -1)
					return -1;
				skip_space(j);
				if (!is_char(j, ':'))
					return -1;
			}
			if (read_value(j, &type) == -1)
				return -1;
			skip_space(j);
		} while (is_char(j, ','));
		if (!is_char(j, close))
			return -1;
	}
	j->depth--;
	j->value[0] = '\0';
	return 0;
}

static int
read_value(struct jsonread *j, enum jsonread_type *type)
{
	skip_space(j);
	if (j->p == j->end)
		return -1;
	j->value[0] = '\0';
	switch (*j->p) {
	case '"':
		*type = JSONREAD_STRING;
		return read_string(j, j->value);
	case '{':
	case '[':
		*type = JSONREAD_NESTED;
		return read_nested(j, *j->p++ == '{' ? '}' : ']');
	case 't':
		*type = JSONREAD_TRUE;
		return read_word(j, "true");
	case 'f':
		*type = JSONREAD_FALSE;
		return read_word(j, "false");
	case 'n':
		*type = JSONREAD_NULL;
		return read_word(j, "null");
	default:
		*type = JSONREAD_NUMBER;
		return read_number(j);
	}
}

static int
read_members(struct jsonread *j, jsonread_cb *cb, void *arg)
{
	enum jsonread_type	 type;

	skip_space(j);
	if (is_char(j, '}'))
		return 0;
	do {
		skip_space(j);
		if (read_string(j, j->name) == -1)
			return -1;
		skip_space(j);
		if (!is_char(j, ':') || read_value(j, &type) == -1 ||
		    cb(j->name, type, j->value, arg) == -1)
			return -1;
		skip_space(j);
	} while (is_char(j, ','));
	return is_char(j, '}') ? 0 : -1;
}

int
jsonread_object(const char *buf, size_t len, jsonread_cb *cb, void *arg)
{
	struct jsonread	 j = { buf, buf + len, 1, NULL, NULL };
	int		 rv = -1;

	if (len > JSONREAD_MAX)
		return -1;
	j.name = malloc(JSONREAD_STRING_MAX + 1);
	j.value = malloc(JSONREAD_STRING_MAX + 1);
	skip_space(&j);
	if (j.name != NULL && j.value != NULL && is_char(&j, '{') &&
	    read_members(&j, cb, arg) == 0) {
		skip_space(&j);
		rv = j.p == j.end ? 0 : -1;
	}
	freezero(j.name, JSONREAD_STRING_MAX + 1);
	freezero(j.value, JSONREAD_STRING_MAX + 1);
	return rv;
}
