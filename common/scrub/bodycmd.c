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

#include "base/compat.h"
#include "scrub/bodycmd.h"

enum {
	CMD_START,		/* at the beginning of a line */
	CMD_WORD,		/* behind '#' */
	CMD_AFTER,		/* behind the word and white space */
	CMD_OVER
};

/* The characters that this module reads; anything else is itself. */
#define CH_NEWLINE	'\n'
#define CH_OTHER	0x7f

static const struct {
	const char	*word;
	unsigned int	 bit;
} commands[] = {
	{ "note", BODYCMD_NOTE },
	{ "close", BODYCMD_CLOSE },
	{ "reopen", BODYCMD_REOPEN },
	{ "take", BODYCMD_TAKE },
};

void
bodycmd_init(struct bodycmd *c, int html, struct bodycmd_found *found)
{
	memset(c, 0, sizeof(*c));
	c->found = found;
	c->html = html;
}

int
bodycmd_over(const struct bodycmd *c)
{
	return c->state == CMD_OVER;
}

void
bodycmd_stop(struct bodycmd *c)
{
	c->state = CMD_OVER;
	c->nheld = 0;
	c->nref = 0;
}

uint64_t
bodycmd_settled(const struct bodycmd *c, uint64_t at)
{
	if (c->nref > 0 && c->refheld.off < at)
		at = c->refheld.off;
	return c->nheld > 0 && c->held[0].off < at ? c->held[0].off : at;
}

static void
hold(struct bodycmd *c, const struct edit *e)
{
	if (c->nheld == BODYCMD_HELD_MAX)
		bodycmd_stop(c);
	else
		c->held[c->nheld++] = *e;
}

/* The word is read: it is a command, known or not. */
static int
accept_word(struct bodycmd *c, struct edits *edits)
{
	size_t	i;

	c->word[c->nword] = '\0';
	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(commands[i].word, c->word) == 0)
			break;
	if (i == sizeof(commands) / sizeof(commands[0])) {
		if (c->found->unknown[0] == '\0')
			strlcpy(c->found->unknown, c->word,
			    sizeof(c->found->unknown));
		bodycmd_stop(c);
		return 0;
	}
	c->found->mask |= commands[i].bit;
	for (i = 0; i < c->nheld; i++)
		if (edits_add(edits, &c->held[i]) == -1)
			return -1;
	c->nheld = 0;
	return 0;
}

static int
step(struct bodycmd *c, uint8_t ch, const struct edit *e, struct edits *edits)
{
	switch (c->state) {
	case CMD_START:
		if (ch == CH_NEWLINE || (ch == ' ' && c->html))
			return 0;
		if (ch != '#') {
			bodycmd_stop(c);
			return 0;
		}
		c->nword = 0;
		c->state = CMD_WORD;
		hold(c, e);
		return 0;
	case CMD_WORD:
		if (ch >= 'a' && ch <= 'z' && c->nword < BODYCMD_WORD_MAX) {
			c->word[c->nword++] = (char)ch;
			hold(c, e);
			return 0;
		}
		if (c->nword == 0 || (ch != ' ' && ch != CH_NEWLINE)) {
			bodycmd_stop(c);
			return 0;
		}
		c->state = CMD_AFTER;
		/* FALLTHROUGH */
	case CMD_AFTER:
		if (ch == ' ') {
			hold(c, e);
			return 0;
		}
		if (ch == CH_NEWLINE && !c->html)
			hold(c, e);
		if (accept_word(c, edits) == -1)
			return -1;
		if (c->state != CMD_OVER)
			c->state = ch == CH_NEWLINE ? CMD_START : CMD_OVER;
		return 0;
	default:
		return 0;
	}
}

static int
is_one_of(const char *name, const char *const *list)
{
	for (; *list != NULL; list++)
		if (strcmp(name, *list) == 0)
			return 1;
	return 0;
}

/* The name of a tag is complete. */
static int
tag_named(struct bodycmd *c, struct edits *edits)
{
	static const char *const silent[] = {
		"head", "style", "script", "title", "template", NULL
	};
	static const char *const inline_[] = {
		"a", "b", "i", "u", "em", "strong", "span", "font", "o:p",
		"small", "big", "tt", "code", "wbr", "s", "sub", "sup", "img",
		NULL
	};
	const char	*name = c->tag;
	int		 closing = *name == '/';
	struct edit	 none;

	c->tag[c->ntag] = '\0';
	if (closing)
		name++;
	if (c->skip[0] != '\0') {
		if ((closing && strcmp(name, c->skip) == 0) ||
		    strcmp(name, "body") == 0)
			c->skip[0] = '\0';
		return 0;
	}
	if (*name == '!' || *name == '?')
		return 0;
	if (!closing && is_one_of(name, silent)) {
		strlcpy(c->skip, name, sizeof(c->skip));
		return 0;
	}
	if (is_one_of(name, inline_))
		return 0;
	memset(&none, 0, sizeof(none));
	if (step(c, CH_NEWLINE, &none, edits) == -1)
		return -1;
	if (!closing && strcmp(name, "blockquote") == 0)
		bodycmd_stop(c);
	return 0;
}

static int
put_tag(struct bodycmd *c, const struct lexunit *u, struct edits *edits)
{
	int	in_name = (u->ch > ' ' && u->ch != '>' &&
	    !(u->ch == '/' && c->ntag > 0));

	if (c->intag == 0) {
		c->intag = 1;		/* the '<' itself */
		c->ntag = 0;
		return 0;
	}
	if (c->intag == 1 && in_name) {
		if (c->ntag < sizeof(c->tag) - 1)
			c->tag[c->ntag++] = (char)u->ch;
		return 0;
	}
	if (c->intag == 1) {
		c->intag = 2;
		return tag_named(c, edits);
	}
	return 0;
}

/*
 * White space that HTML writes as a reference.  Returns 1 when the character
 * was taken, 0 when not, -1 without memory.
 */
static int
put_ref(struct bodycmd *c, const struct lexunit *u, const struct edit *e,
    struct edits *edits)
{
	static const char *const spaces[] = {
		"&nbsp;", "&#160;", "&#xa0;", "&#32;", NULL
	};
	size_t		 i;
	struct edit	 whole;

	if (c->nref == 0 && (u->ch != '&' || u->flags & LEX_ESC))
		return 0;
	if (c->nref == 0)
		c->refheld = *e;
	else
		c->refheld.len = e->off + e->len - c->refheld.off;
	c->ref[c->nref++] = (char)u->ch;
	c->ref[c->nref] = '\0';
	whole = c->refheld;
	if (is_one_of(c->ref, spaces)) {
		c->nref = 0;
		return step(c, ' ', &whole, edits) == -1 ? -1 : 1;
	}
	for (i = 0; spaces[i] != NULL; i++)
		if (strncmp(spaces[i], c->ref, c->nref) == 0)
			return 1;
	c->nref = 0;
	return step(c, CH_OTHER, &whole, edits) == -1 ? -1 : 1;
}

int
bodycmd_put(struct bodycmd *c, uint64_t off, const struct lexunit *u,
    struct edits *edits)
{
	struct edit	e;
	uint8_t		ch = u->ch;
	int		n;

	if (c->state == CMD_OVER)
		return 0;
	if (u->flags & LEX_TAG)
		return put_tag(c, u, edits);
	if (c->html && c->intag) {
		c->intag = 0;
		if (u->flags & LEX_MARK && ch == '>')
			return 0;	/* stands for the tag's end */
	}
	if (c->skip[0] != '\0')
		return 0;
	memset(&e, 0, sizeof(e));
	e.off = off - (uint32_t)((uint32_t)off - u->off);
	e.len = u->len;
	if (c->html && (n = put_ref(c, u, &e, edits)) != 0)
		return n == -1 ? -1 : 0;
	if (ch == '\r' || (u->flags & LEX_MARK && ch >= 0x80)) {
		if (c->nheld > 0)	/* goes with the line that it is in */
			hold(c, &e);
		return 0;
	}
	if (ch == '\n')
		ch = c->html ? ' ' : CH_NEWLINE;
	else if (ch == 0xa0)
		ch = ' ';		/* no-break space */
	else if (u->flags & LEX_ESC && !c->html)
		ch = CH_OTHER;		/* "%23" is no '#' to who reads it */
	return step(c, ch, &e, edits);
}

int
bodycmd_end(struct bodycmd *c, struct edits *edits)
{
	int	n = 0;

	if ((c->state == CMD_WORD && c->nword > 0) || c->state == CMD_AFTER)
		n = accept_word(c, edits);
	bodycmd_stop(c);
	return n;
}
