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

/* Parsing; values are joined in mimejoin.c, writing is in mimewrite.c. */

#include <stdlib.h>
#include <string.h>

#include "base/lex.h"
#include "mime/mimeparam.h"
#include "mime/mimeparam_int.h"

void
mimefield_free(struct mimefield *f)
{
	size_t	 i;

	for (i = 0; i < f->n; i++) {
		free(f->v[i].name);
		free(f->v[i].value);
	}
	for (i = 0; i < f->nseg; i++) {
		free(f->seg[i].name);
		free(f->seg[i].value);
	}
	free(f->v);
	free(f->seg);
	free(f->type);
	free(f->raw);
	memset(f, 0, sizeof(*f));
}

/*
 * The end of the segment that begins at i: its ';' or the end.  A comment or
 * quoted string that does not end takes all the rest.
 */
static size_t
seg_end(const char *s, size_t len, size_t i)
{
	struct sbuf	 b;

	while (i < len && s[i] != ';') {
		if (s[i] == '(')
			lex_cfws(s, len, &i, NULL);
		else if (s[i] == '"') {
			sbuf_init(&b, len);
			lex_quoted(s, len, &i, &b);
			sbuf_free(&b);
		} else
			i++;
	}
	return i;
}

/* Reads "name", "name*", "name*2" or "name*2*" and the "=" behind. */
static int
seg_name(struct mimeseg *g, const char *s, size_t len, size_t *i)
{
	size_t	 from, k;

	lex_cfws(s, len, i, NULL);
	for (from = *i; *i < len && lex_ttext(s[*i]) && s[*i] != '*'; (*i)++)
		continue;
	if (*i == from || *i - from > MIMEPARAM_NAME_MAX)
		return -1;
	if ((g->name = strndup(s + from, *i - from)) == NULL)
		return -1;
	for (k = 0; g->name[k] != '\0'; k++)
		if (g->name[k] >= 'A' && g->name[k] <= 'Z')
			g->name[k] |= 0x20;
	if (*i < len && s[*i] == '*') {
		(*i)++;
		if (*i < len && s[*i] >= '0' && s[*i] <= '9')
			g->section = 0;
		for (; *i < len && s[*i] >= '0' && s[*i] <= '9'; (*i)++)
			if (g->section <= MIMEPARAM_SECTIONS)
				g->section = g->section * 10 + s[*i] - '0';
		if (g->section == -1)
			g->extended = 1;
		else if (*i < len && s[*i] == '*') {
			g->extended = 1;
			(*i)++;
		}
	}
	lex_cfws(s, len, i, NULL);
	if (*i == len || s[*i] != '=' || g->section > MIMEPARAM_SECTIONS)
		return -1;
	(*i)++;
	lex_cfws(s, len, i, NULL);
	return 0;
}

/* Reads a value: a quoted string, or whatever stands up to a comment. */
static int
seg_value(struct mimeseg *g, const char *s, size_t len, size_t i, int *bad)
{
	struct sbuf	 b;
	size_t		 from = i, end;

	sbuf_init(&b, len);
	if (i < len && s[i] == '"') {
		if (lex_quoted(s, len, &i, &b) == -1)
			*bad = 1;
		lex_cfws(s, len, &i, NULL);
		if (i < len)
			*bad = 1;
	} else {
		for (end = i; end < len && s[end] != '('; end++)
			continue;
		while (end > from && lex_ws(s[end - 1]))
			end--;
		for (; i < end; i++)
			if (s[i] != '\r' && s[i] != '\n')
				sbuf_addch(&b, s[i]);
	}
	g->vlen = b.len;
	g->value = sbuf_take(&b);
	sbuf_free(&b);
	return g->value == NULL ? -1 : 0;
}

/* Parses a segment after the first; a bad one is left without a name. */
static int
seg_parse(struct mimefield *f, struct mimeseg *g)
{
	const char	*s = f->raw + g->off;
	size_t		 i = 0;
	int		 bad = 0;

	lex_cfws(s, g->len, &i, NULL);
	if (i == g->len)
		return 0;
	i = 0;
	if (seg_name(g, s, g->len, &i) == -1) {
		free(g->name);
		g->name = NULL;
		f->flags |= MIMEFIELD_BAD;
		return 0;
	}
	if (seg_value(g, s, g->len, i, &bad) == -1)
		return -1;
	if (bad)
		f->flags |= MIMEFIELD_BAD;
	return 0;
}

/* Appends the token at *i, in lower case. */
static void
add_token(struct sbuf *b, const char *s, size_t len, size_t *i)
{
	int	 ch;

	lex_cfws(s, len, i, NULL);
	for (; *i < len && lex_ttext(s[*i]); (*i)++) {
		ch = s[*i];
		sbuf_addch(b, ch >= 'A' && ch <= 'Z' ? ch | 0x20 : ch);
	}
	lex_cfws(s, len, i, NULL);
}

/* The type: "text/plain" or "attachment", comments and spaces left out. */
static int
parse_type(struct mimefield *f, size_t len)
{
	struct sbuf	 b;
	size_t		 i = 0;

	sbuf_init(&b, MIMEPARAM_TYPE_MAX);
	add_token(&b, f->raw, len, &i);
	if (i < len && f->raw[i] == '/') {
		sbuf_addch(&b, f->raw[i++]);
		add_token(&b, f->raw, len, &i);
	}
	if (i < len || b.failed)
		f->flags |= MIMEFIELD_BAD;
	if (b.failed)
		sbuf_reset(&b);
	f->type = sbuf_take(&b);
	sbuf_free(&b);
	return f->type == NULL ? -1 : 0;
}

static int
add_seg(struct mimefield *f, size_t off, size_t len)
{
	struct mimeseg	*g;

	if ((g = reallocarray(f->seg, f->nseg + 1, sizeof(*g))) == NULL)
		return -1;
	f->seg = g;
	g += f->nseg++;
	memset(g, 0, sizeof(*g));
	g->off = off;
	g->len = len;
	g->section = -1;
	g->param = -1;
	if (f->nseg == 1)
		return parse_type(f, len);
	return seg_parse(f, g);
}

int
mimefield_parse(struct mimefield *f, const char *value, size_t len)
{
	size_t	 i, end;

	memset(f, 0, sizeof(*f));
	while (len > 0 && lex_ws(value[len - 1]))
		len--;
	if (len > MIMEPARAM_FIELD_MAX)
		return -1;
	if ((f->raw = malloc(len + 1)) == NULL)
		return -1;
	memcpy(f->raw, value, len);
	f->raw[len] = '\0';
	f->rawlen = len;
	for (i = 0; i <= len; i = end + 1) {
		end = seg_end(f->raw, len, i);
		if (f->nseg == MIMEPARAM_SEGS) {
			f->flags |= MIMEFIELD_TRUNCATED;
			break;
		}
		if (add_seg(f, i, end - i) == -1)
			return -1;
	}
	return mimejoin(f);
}
