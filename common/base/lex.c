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

#include <string.h>
#include <strings.h>

#include "base/lex.h"

int
lex_ws(int ch)
{
	return ch == ' ' || ch == '\t' || ch == '\r' || ch == '\n';
}

static int
is_alnum(int ch)
{
	return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') ||
	    (ch >= '0' && ch <= '9');
}

int
lex_atext(int ch)
{
	return is_alnum(ch) ||
	    (ch > 0 && strchr("!#$%&'*+-/=?^_`{|}~", ch) != NULL);
}

int
lex_ttext(int ch)
{
	return ch > ' ' && ch < 127 &&
	    strchr("()<>@,;:\\\"/[]?=", ch) == NULL;
}

int
lex_control(int ch)
{
	ch &= 0xff;
	return (ch < ' ' && ch != '\t') || ch == 127;
}

int
lex_hex(int ch)
{
	if (ch >= '0' && ch <= '9')
		return ch - '0';
	ch |= 0x20;
	return ch >= 'a' && ch <= 'f' ? ch - 'a' + 10 : -1;
}

void
lex_hex_write(const uint8_t *src, size_t len, char *dst)
{
	static const char	 digits[] = "0123456789abcdef";
	size_t			 i;

	for (i = 0; i < len; i++) {
		*dst++ = digits[src[i] >> 4];
		*dst++ = digits[src[i] & 15];
	}
	*dst = '\0';
}

/* Reads the comment at s[*i], which is '('. */
static int
skip_comment(const char *s, size_t len, size_t *i, struct sbuf *b)
{
	size_t	 depth = 0;

	for (; *i < len; (*i)++) {
		if (s[*i] == '(') {
			if (++depth > LEX_COMMENT_DEPTH)
				break;
			if (depth == 1)
				continue;
		} else if (s[*i] == ')') {
			if (--depth == 0) {
				(*i)++;
				return 0;
			}
		} else if (s[*i] == '\\' && *i + 1 < len)
			(*i)++;
		else if (s[*i] == '\r' || s[*i] == '\n')
			continue;
		if (b != NULL && sbuf_addch(b, s[*i]) == -1)
			break;
	}
	*i = len;
	return -1;
}

int
lex_cfws(const char *s, size_t len, size_t *i, struct sbuf *b)
{
	int	 found = 0;

	while (*i < len) {
		if (lex_ws(s[*i])) {
			(*i)++;
			continue;
		}
		if (s[*i] != '(')
			break;
		if (b != NULL && b->len > 0 && sbuf_addch(b, ' ') == -1)
			return -1;
		if (skip_comment(s, len, i, b) == -1)
			return -1;
		found = 1;
	}
	return found;
}

int
lex_quoted(const char *s, size_t len, size_t *i, struct sbuf *b)
{
	for ((*i)++; *i < len; (*i)++) {
		if (s[*i] == '"') {
			(*i)++;
			return 0;
		}
		if (s[*i] == '\r' || s[*i] == '\n')
			continue;
		if (s[*i] == '\\' && *i + 1 < len)
			(*i)++;
		if (sbuf_addch(b, s[*i]) == -1)
			break;
	}
	*i = len;
	return -1;
}

int
lex_quote(struct sbuf *b, const char *s, size_t len)
{
	size_t	 i;

	sbuf_addch(b, '"');
	for (i = 0; i < len; i++) {
		if (s[i] == '"' || s[i] == '\\')
			sbuf_addch(b, '\\');
		sbuf_addch(b, s[i]);
	}
	return sbuf_addch(b, '"');
}

int
lex_is(const char *a, size_t len, const char *b)
{
	return strlen(b) == len && strncasecmp(a, b, len) == 0;
}
