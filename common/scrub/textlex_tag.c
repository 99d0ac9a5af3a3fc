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

#include "scrub/textlex.h"
#include "scrub/textlex_ref.h"

/* The last steps: case, tags, line ends. */

static void
give(struct textlex *l, const struct lexunit *u, int flags)
{
	struct lexunit	out = *u;

	out.flags |= (uint8_t)flags;
	l->sink(l->arg, &out);
}

/* Line ends and what stands between them and the text. */
static void
give_text(struct textlex *l, const struct lexunit *u, int flags)
{
	if (u->flags & LEX_ESC) {
		l->bol = 0;
		give(l, u, flags);
	} else if (u->ch == '\n') {
		/* A second line end in a row is the end of a paragraph. */
		give(l, u, flags | (l->bol ? 0 : LEX_MARK));
		l->bol = 1;
	} else if (u->ch == '\r' || u->ch == '\0')
		give(l, u, flags | LEX_MARK);
	else if (l->bol && (u->ch == ' ' || u->ch == '>'))
		give(l, u, flags | LEX_MARK);
	else {
		if (!(u->flags & LEX_MARK))
			l->bol = 0;
		give(l, u, flags);
	}
}

static void
tag_end(struct textlex *l, const struct lexunit *u)
{
	struct lexunit	mark = *u;

	l->tags.state = TAG_NONE;
	give(l, u, LEX_TAG);
	mark.ch = '>';
	give(l, &mark, LEX_MARK);
}

/*
 * One character inside of a tag; a quote counts only as a value's first.
 * esc: it was written as a reference, and is no markup.  1 when the tag ends.
 */
static int
tag_step(struct textlex_tags *t, uint8_t ch, int esc)
{
	if (esc)
		ch = 0x7f;
	if (t->state == TAG_COMMENT) {
		if (ch == '>' && t->dashes >= 2)
			return 1;
		t->dashes = ch == '-' ? t->dashes + 1 : 0;
	} else if (t->state == TAG_BANG && ch == '-' && t->last == '-') {
		t->state = TAG_COMMENT;
		t->dashes = 2;
	} else if (t->quote != 0) {
		if (ch == t->quote)
			t->quote = 0;
	} else if (ch == '>')
		return 1;
	else if (t->last == '=' && t->state == TAG_OPEN &&
	    (ch == '"' || ch == '\''))
		t->quote = ch;
	if (ch > ' ')
		t->last = ch;
	return 0;
}

static void
in_tag(struct textlex *l, const struct lexunit *u)
{
	if (tag_step(&l->tags, u->ch, u->flags & (LEX_ESC | LEX_MARK)))
		tag_end(l, u);
	else
		give_text(l, u, LEX_TAG);
}

static int
begins_tag(uint8_t ch)
{
	return (ch >= 'a' && ch <= 'z') || ch == '/' || ch == '?' || ch == '!';
}

/* The character behind a '<': 1 when it begins a tag, else 0. */
static int
tag_begin(struct textlex_tags *t, uint8_t ch)
{
	t->state = TAG_NONE;
	if (!begins_tag(ch))
		return 0;
	t->last = ch;
	t->quote = 0;
	t->state = ch == '!' ? TAG_BANG : TAG_OPEN;
	return 1;
}

static void
after_less(struct textlex *l, const struct lexunit *u)
{
	struct lexunit	less = l->less;

	if (tag_begin(&l->tags, u->flags & LEX_ESC ? 0 : u->ch)) {
		give(l, &less, LEX_TAG);
		give(l, u, LEX_TAG);
		return;
	}
	give_text(l, &less, 0);
}

void
textlex_step_tag(struct textlex *l, const struct lexunit *u)
{
	if (l->tags.state == TAG_LESS) {
		after_less(l, u);
		if (l->tags.state != TAG_NONE)
			return;
	}
	if (l->tags.state != TAG_NONE)
		in_tag(l, u);
	else if (l->html && u->ch == '<' && !(u->flags & LEX_ESC)) {
		l->less = *u;
		l->tags.state = TAG_LESS;
	} else
		give_text(l, u, 0);
}

void
textlex_no_tag(struct textlex *l)
{
	if (l->tags.state != TAG_LESS)
		return;
	l->tags.state = TAG_NONE;
	give_text(l, &l->less, 0);
}

/* Notes where the tag that is open began and, now, ends. */
static void
note(struct textlex_seen *seen, size_t end)
{
	size_t	i = seen->n;

	if (i == TEXTLEX_SEEN)
		memmove(seen->tag, seen->tag + 1, --i * sizeof(seen->tag[0]));
	else
		seen->n++;
	seen->tag[i].begin = seen->open;
	seen->tag[i].end = end;
}

void
textlex_tags(struct textlex_tags *t, const unsigned char *p, size_t len,
    struct textlex_seen *seen)
{
	const unsigned char	*less;
	size_t			 i;

	seen->n = 0;
	seen->open = TEXTLEX_BEFORE;
	for (i = 0; i < len; i++) {
		if (t->state == TAG_LESS) {
			if (!tag_begin(t, textlex_fold(p[i])))
				i--;
		} else if (t->state != TAG_NONE) {
			if (!tag_step(t, textlex_fold(p[i]), 0))
				continue;
			t->state = TAG_NONE;
			note(seen, i + 1);
		} else {
			less = memchr(p + i, '<', len - i);
			if (less == NULL)
				break;
			i = (size_t)(less - p);
			t->state = TAG_LESS;
			seen->open = i;
		}
	}
}

void
textlex_skip(struct textlex *l, const unsigned char *p, size_t len)
{
	struct textlex_seen	seen;

	if (l->html)
		textlex_tags(&l->tags, p, len, &seen);
	l->off += len;
	l->bol = 0;
	l->stray = 0;
	l->less.off = (uint32_t)(l->off - 1);
	l->less.len = 1;
	l->less.ch = '<';
	l->less.flags = 0;
}
