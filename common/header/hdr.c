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
#include <strings.h>

#include "base/lex.h"
#include "header/encword.h"
#include "header/hdr.h"

void
hdr_init(struct hdr *h, const char *const *keep,
    int (*seen)(void *, const char *, size_t, size_t), void *arg)
{
	memset(h, 0, sizeof(*h));
	h->keep = keep;
	h->seen = seen;
	h->arg = arg;
	sbuf_init(&h->cur, HDR_FIELD_MAX);
}

void
hdr_free(struct hdr *h)
{
	size_t	 i;

	for (i = 0; i < h->n; i++) {
		free(h->v[i].raw);
		free(h->v[i].name);
		free(h->v[i].value);
	}
	free(h->v);
	sbuf_free(&h->cur);
	memset(h, 0, sizeof(*h));
}

int
hdr_match(const char *const *keep, const char *name, size_t len)
{
	size_t	 n;

	for (; *keep != NULL; keep++) {
		n = strlen(*keep);
		if (n > 0 && (*keep)[n - 1] == '*') {
			if (len >= n - 1 &&
			    strncasecmp(*keep, name, n - 1) == 0)
				return 1;
		} else if (n == len && strncasecmp(*keep, name, n) == 0)
			return 1;
	}
	return 0;
}

static int
is_blank(int ch)
{
	return ch == ' ' || ch == '\t';
}

/* The length of the field name that begins a line, or 0; colon's place. */
static size_t
name_len(const char *line, size_t len, size_t *colon)
{
	size_t	 i, n;

	for (n = 0; n < len && line[n] > ' ' && line[n] < 127 &&
	    line[n] != ':'; n++)
		continue;
	for (i = n; i < len && is_blank(line[i]); i++)
		continue;
	if (n == 0 || i == len || line[i] != ':')
		return 0;
	*colon = i;
	return n;
}

/* Odd bytes of a line; 8-bit matters only where the field is kept. */
static int
line_flags(const char *line, size_t len, int keep)
{
	int	 flags = 0;
	size_t	 i;

	if (memchr(line, '\0', len) != NULL)
		flags |= HDR_NUL;
	if (memchr(line, '\r', len) != NULL || memchr(line, '\n', len) != NULL)
		flags |= HDR_CR;
	for (i = 0; keep && i < len; i++)
		if (line[i] & 0x80) {
			flags |= HDR_8BIT;
			break;
		}
	return flags;
}

/* Fills the value of a field from its raw lines. */
static int
field_unfold(struct hdr_field *f, size_t colon)
{
	size_t	 i, n = 0;

	if ((f->value = malloc(f->rawlen - colon)) == NULL)
		return -1;
	for (i = colon + 1; i < f->rawlen; i++)
		if (f->raw[i] != '\n' && (n > 0 || !is_blank(f->raw[i])))
			f->value[n++] = f->raw[i];
	while (n > 0 && is_blank(f->value[n - 1]))
		n--;
	f->value[n] = '\0';
	f->valuelen = n;
	return 0;
}

/* Puts the field just read, of the given raw bytes, into the list. */
static int
field_close(struct hdr *h)
{
	struct hdr_field	*f;
	size_t			 len, colon;

	if (!h->curkeep)
		return 0;
	h->curkeep = 0;
	if ((f = reallocarray(h->v, h->n + 1, sizeof(*f))) == NULL)
		return -1;
	h->v = f;
	f += h->n++;
	memset(f, 0, sizeof(*f));
	f->place = h->place - 1;
	f->flags = h->curflags;
	h->flags |= f->flags;
	h->used += h->cur.len;
	f->rawlen = h->cur.len;
	if ((f->raw = sbuf_take(&h->cur)) == NULL)
		return -1;
	/* An oversize field has been cut down to its name and colon. */
	if ((len = name_len(f->raw, f->rawlen, &colon)) == 0)
		return -1;
	if ((f->name = strndup(f->raw, len)) == NULL)
		return -1;
	return field_unfold(f, colon);
}

/* Adds a line to the field being read, or cuts that down to its name. */
static void
field_add(struct hdr *h, const char *line, size_t len)
{
	size_t	 colon;

	if (!h->curkeep || h->curflags & HDR_OVERSIZE)
		return;
	h->curflags |= line_flags(line, len, 1);
	if ((h->cur.len == 0 || sbuf_addch(&h->cur, '\n') == 0) &&
	    sbuf_add(&h->cur, line, len) == 0)
		return;
	h->curflags |= HDR_OVERSIZE;
	h->cur.failed = 0;
	if (h->cur.len > 0 && name_len(h->cur.data, h->cur.len, &colon) > 0)
		sbuf_cut(&h->cur, colon + 1);
}

/* Begins a field whose name has n bytes and whose colon stands at colon. */
static int
field_open(struct hdr *h, const char *line, size_t len, size_t n,
    size_t colon)
{
	size_t	 left;
	int	 want = 1;

	h->place++;
	if (h->seen != NULL)
		want = h->seen(h->arg, line, n, h->place - 1);
	h->curflags = 0;
	if (!want || n > HDR_NAME_MAX || !hdr_match(h->keep, line, n)) {
		h->flags |= line_flags(line, len, 0);
		return 0;
	}
	left = h->used < HDR_TOTAL_MAX ? HDR_TOTAL_MAX - h->used : 0;
	if (h->n >= HDR_FIELDS_MAX || left < n + 1) {
		h->flags |= HDR_OVERSIZE;
		return 0;
	}
	h->curkeep = 1;
	if (colon > n)
		h->curflags |= HDR_SPACE;
	sbuf_reset(&h->cur);
	h->cur.limit = left < HDR_FIELD_MAX ? left : HDR_FIELD_MAX;
	field_add(h, line, len);
	if (h->cur.len == 0) {
		/* Not even the first line fits: keep the bare name. */
		if (sbuf_add(&h->cur, line, n) == -1 ||
		    sbuf_addch(&h->cur, ':') == -1)
			return -1;
	}
	return 0;
}

static int
is_blank_line(const char *line, size_t len)
{
	size_t	 i;

	for (i = 0; i < len; i++)
		if (!is_blank(line[i]) && line[i] != '\r')
			return 0;
	return 1;
}

int
hdr_line(struct hdr *h, const char *line, size_t len)
{
	size_t	 n, colon;

	if (h->done)
		return HDR_BODY;
	if (len == 0)
		return hdr_finish(h) == -1 ? -1 : HDR_END;
	if (is_blank(line[0]) && h->place > 0) {
		if (is_blank_line(line, len)) {
			h->curflags |= HDR_BLANKFOLD;
			h->flags |= HDR_BLANKFOLD;
		}
		if (!h->curkeep)
			h->flags |= line_flags(line, len, 0);
		field_add(h, line, len);
		return HDR_MORE;
	}
	if ((n = name_len(line, len, &colon)) == 0) {
		h->flags |= is_blank(line[0]) ? HDR_ORPHAN | HDR_NOBLANK :
		    HDR_NOBLANK;
		return hdr_finish(h) == -1 ? -1 : HDR_BODY;
	}
	if (field_close(h) == -1)
		return -1;
	return field_open(h, line, len, n, colon) == -1 ? -1 : HDR_MORE;
}

int
hdr_finish(struct hdr *h)
{
	h->done = 1;
	return field_close(h);
}

const struct hdr_field *
hdr_get(const struct hdr *h, const char *name, size_t nth)
{
	size_t	 i;

	for (i = 0; i < h->n; i++)
		if (strcasecmp(h->v[i].name, name) == 0 && nth-- == 0)
			return &h->v[i];
	return NULL;
}

size_t
hdr_count(const struct hdr *h, const char *name)
{
	size_t	 i, n = 0;

	for (i = 0; i < h->n; i++)
		n += strcasecmp(h->v[i].name, name) == 0;
	return n;
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
