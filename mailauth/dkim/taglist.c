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

#include "base/lex.h"
#include "dkim/taglist.h"

static int
is_alpha(int ch)
{
	return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z');
}

static int
is_digit(int ch)
{
	return ch >= '0' && ch <= '9';
}

/* Takes white space off both ends. */
static void
trim(const char **s, size_t *len)
{
	while (*len > 0 && lex_ws((*s)[0])) {
		(*s)++;
		(*len)--;
	}
	while (*len > 0 && lex_ws((*s)[*len - 1]))
		(*len)--;
}

/* Reads "name=value", without its semicolon; -1 when it is none. */
static int
read_tag(struct taglist_tag *tag, const char *s, size_t len)
{
	const char	*eq;
	size_t		 i;

	if ((eq = memchr(s, '=', len)) == NULL)
		return -1;
	tag->name = s;
	tag->namelen = eq - s;
	trim(&tag->name, &tag->namelen);
	if (tag->namelen == 0 || !is_alpha(tag->name[0]))
		return -1;
	for (i = 1; i < tag->namelen; i++)
		if (!is_alpha(tag->name[i]) && !is_digit(tag->name[i]) &&
		    tag->name[i] != '_')
			return -1;
	tag->raw = tag->value = eq + 1;
	tag->rawlen = tag->valuelen = len - (eq + 1 - s);
	trim(&tag->value, &tag->valuelen);
	for (i = 0; i < tag->valuelen; i++)
		if (lex_control(tag->value[i]) && !lex_ws(tag->value[i]))
			return -1;
	return 0;
}

static const struct taglist_tag *
find(const struct taglist *t, const char *name, size_t len)
{
	size_t	 i;

	for (i = 0; i < t->n; i++)
		if (t->v[i].namelen == len &&
		    memcmp(t->v[i].name, name, len) == 0)
			return &t->v[i];
	return NULL;
}

/* -1 at the first mistake, or never when lenient. */
static int
parse(struct taglist *t, const char *s, size_t len, int lenient)
{
	struct taglist_tag	 tag;
	const char		*end, *p;
	size_t			 n, blank;

	t->n = 0;
	for (;; s = end + 1) {
		if ((end = memchr(s, ';', len)) == NULL)
			end = s + len;
		n = end - s;
		p = s;
		blank = n;
		trim(&p, &blank);
		if (blank == 0)
			;
		else if (read_tag(&tag, s, n) == 0 && t->n < TAGLIST_MAX &&
		    find(t, tag.name, tag.namelen) == NULL)
			t->v[t->n++] = tag;
		else if (!lenient)
			return -1;
		if (n == len)
			return 0;
		len -= n + 1;
	}
}

int
taglist_parse(struct taglist *t, const char *s, size_t len)
{
	return parse(t, s, len, 0);
}

void
taglist_parse_lenient(struct taglist *t, const char *s, size_t len)
{
	parse(t, s, len, 1);
}

const struct taglist_tag *
taglist_get(const struct taglist *t, const char *name)
{
	return find(t, name, strlen(name));
}

int
taglist_is(const struct taglist_tag *tag, const char *s)
{
	return tag != NULL && tag->valuelen == strlen(s) &&
	    memcmp(tag->value, s, tag->valuelen) == 0;
}

int
taglist_copy(const struct taglist_tag *tag, char *out, size_t outsz)
{
	size_t	 i, n = 0;

	for (i = 0; i < tag->valuelen; i++) {
		if (lex_ws(tag->value[i]))
			continue;
		if (tag->value[i] == '\0' || n + 1 >= outsz)
			return -1;
		out[n++] = tag->value[i];
	}
	if (n >= outsz)
		return -1;
	out[n] = '\0';
	return 0;
}

int
taglist_number(const struct taglist_tag *tag, long long max, long long *out)
{
	long long	 v = 0;
	size_t		 i;
	int		 digit;

	if (tag->valuelen == 0)
		return -1;
	for (i = 0; i < tag->valuelen; i++) {
		if (!is_digit(tag->value[i]))
			return -1;
		digit = tag->value[i] - '0';
		if (v > (max - digit) / 10)
			return -1;
		v = v * 10 + digit;
	}
	*out = v;
	return 0;
}

int
taglist_word(const struct taglist_tag *tag, size_t *i, const char **word,
    size_t *len)
{
	const char	*end;
	size_t		 left;

	if (*i > tag->valuelen)
		return 0;
	left = tag->valuelen - *i;
	*word = tag->value + *i;
	end = left == 0 ? NULL : memchr(*word, ':', left);
	*len = end == NULL ? left : (size_t)(end - *word);
	*i += *len + 1;
	trim(word, len);
	return 1;
}
