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

#include "scrub/scrub.h"

#define TAIL_MAX	192	/* bytes of a word before a line end */

#define CH_RUN		0x01	/* base32 */
#define CH_LOOK		0x02	/* has to be looked at closer */
#define CH_WORD		0x04	/* part of a word */
#define CH_END		0x08	/* line end */
#define CH_INDENT	0x10	/* indent and quote marks */
#define CH_DOMAIN	0x20	/* part of a domain */
#define CH_PLAIN	0x40	/* means itself, and is none of the above */
#define CH_WIDE		0x80	/* not ASCII: maybe nothing to the eye */

static unsigned char	class[256];

void
scrub_quick_init(void)
{
	int	c;

	if (class['\n'] != 0)
		return;
	for (c = 0; c < 256; c++) {
		unsigned char f = 0;

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    (c >= '2' && c <= '7'))
			f |= CH_RUN;
		if (f & CH_RUN || (c >= '0' && c <= '9') || c == '.' ||
		    c == '-')
			f |= CH_DOMAIN;
		if (c >= 0x80 || (c > ' ' && c != 0x7f && c != '\\' &&
		    strchr("()<>,:;[]", c) == NULL))
			f |= CH_WORD;
		if (c > ' ' && c < 0x7f && !(f & CH_DOMAIN) &&
		    strchr("&%<>@=+", c) == NULL)
			f |= CH_PLAIN;
		if (c == 0xef || c == '\0' || c == 0x1b || (c < 0x7f &&
		    c > ' ' && strchr("@%&=+:<>", c) != NULL))
			f |= CH_LOOK;
		if (c == '\n' || c == '\r')
			f |= CH_END;
		if (c >= 0x80)
			f |= CH_WIDE;
		if (c == ' ' || c == '\t' || c == '>')
			f |= CH_INDENT;
		class[c] = f;
	}
}

static unsigned char
fold(unsigned char c)
{
	return c >= 'A' && c <= 'Z' ? (unsigned char)(c - 'A' + 'a') : c;
}

/* Whether no domain on the list begins here, behind '@' or '='. */
static int
no_domain(const struct scrub *s, const unsigned char *p, size_t len)
{
	unsigned char	a;

	if (len < 2)
		return 0;
	a = fold(p[0]);
	if (class[a] & CH_PLAIN)
		return 1;
	if (a == ' ')
		return p[1] != ' ' && p[1] != '\t' && !(class[p[1]] & CH_END);
	if (!(class[a] & CH_DOMAIN))
		return 0;
	if (!secrets_domain_begins(s->job.secrets, a, -1))
		return 1;
	return class[p[1]] & CH_DOMAIN &&
	    !secrets_domain_begins(s->job.secrets, a, fold(p[1]));
}

/* Whether no handle stands here, behind '+'. */
static int
no_handle(const unsigned char *p, size_t len)
{
	size_t	i;

	for (i = 0; i < len && i < SECRETS_HANDLE_LEN; i++)
		if (!(class[p[i]] & CH_RUN))
			return class[p[i]] & (CH_DOMAIN | CH_PLAIN);
	return 0;
}

static int
hexval(unsigned char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = fold(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Whether what is percent-encoded here, if anything, can be in no secret. */
static int
no_percent(const unsigned char *p, size_t len)
{
	int	hi, lo;

	if (len < 2 || class[p[0]] & CH_END)
		return 0;
	if ((hi = hexval(p[0])) == -1)
		return class[p[0]] & CH_PLAIN || class[p[0]] & CH_DOMAIN ||
		    p[0] == ' ';
	if ((lo = hexval(p[1])) == -1)
		return class[p[1]] & CH_PLAIN || class[p[1]] & CH_DOMAIN ||
		    p[1] == ' ';
	hi = hi << 4 | lo;
	return hi <= ' ' || (class[hi] & CH_PLAIN && hi != ':');
}

/* Whether this is one of the commonest references, and harmless. */
static int
no_reference(const unsigned char *p, size_t len)
{
	static const char *const common[] = {
		"nbsp;", "amp;", "lt;", "gt;", "quot;"
	};
	size_t	i, n;

	for (i = 0; i < sizeof(common) / sizeof(common[0]); i++) {
		n = strlen(common[i]);
		if (len >= n && memcmp(p, common[i], n) == 0)
			return 1;
	}
	return len > 0 && p[0] == ' ';
}

/* Whether the character at p[i] is as harmless as most of them are. */
static int
look(const struct scrub *s, const unsigned char *p, size_t i, size_t len)
{
	const unsigned char	*q = p + i + 1;
	size_t			 n = len - i - 1;

	switch (p[i]) {
	case '@':
	case '=':
		return no_domain(s, q, n);
	case '+':
		return no_handle(q, n);
	case '%':
		return no_percent(q, n);
	case '&':
		return no_reference(q, n);
	case ':':
		/* The end of "cid:"? */
		return i >= 3 && fold(p[i - 1]) != 'd';
	case '<':
	case '>':
		return 1;
	default:
		return 0;
	}
}

/*
 * How many letters and digits in a row end before p[i], blanks apart; carry
 * is how many there were before p[0].
 */
static size_t
run_before(const unsigned char *p, size_t i, size_t carry)
{
	size_t	n = 0;

	while (i > 0 && (p[i - 1] == ' ' || p[i - 1] == '\t'))
		i--;
	while (i > 0 && n < TAIL_MAX && class[p[i - 1]] & CH_RUN) {
		i--;
		n++;
	}
	return i == 0 ? n + carry : n;
}

/* The first byte behind a line end that is no indent. */
static size_t
behind_end(const unsigned char *p, size_t i, size_t len)
{
	while (i < len && class[p[i]] & (CH_END | CH_INDENT))
		i++;
	return i;
}

/*
 * Letters and digits in a row, as long as a handle or a token, are looked
 * for across line ends and tags; every other secret has a character that is
 * looked at.
 */
int
scrub_quick(struct scrub *s, const unsigned char *p, size_t len)
{
	size_t	i, run = s->run, outside = s->outside, most;

	most = secrets_have_handles(s->job.secrets) ? SECRETS_HANDLE_LEN :
	    SECRETS_TOKEN_LEN;
	i = s->eol ? behind_end(p, 0, len) : 0;
	s->eol = s->eol && i == len;
	for (; i < len; i++) {
		unsigned char f = class[p[i]];

		if (!(f & (CH_LOOK | CH_END | CH_WIDE))) {
			run = (run + 1) & (0 - (size_t)(f & CH_RUN));
			if (run >= most)
				return 0;
			continue;
		}
		if (f & CH_LOOK && !look(s, p, i, len))
			return 0;
		if (f & CH_END) {
			if (i > 0 && class[p[i - 1]] & CH_INDENT)
				run = run_before(p, i, s->run);
			i = behind_end(p, i, len) - 1;
			s->eol = i + 1 == len;
		} else if (p[i] == '<' && s->lex.html) {
			/* It may be no tag, nor the '>' its end: count more. */
			if (run > outside)
				outside = run;
			run = 0;
		} else if (p[i] == '>' && s->lex.html) {
			run = outside;
		} else if (p[i] < 0x80)
			run = 0;
	}
	s->outside = outside;
	s->run = run > 0 || s->eol || len == 0 ? run :
	    run_before(p, len, s->run);
	return 1;
}

/*
 * Where the line ends, and the indent, before p[i] begin; i: there is none.
 * At either end the line end may be in other bytes.
 */
static size_t
before_end(const unsigned char *p, size_t i, size_t stop, int eol)
{
	size_t	j;

	for (j = i; j > stop && class[p[j - 1]] & (CH_END | CH_INDENT); j--)
		if (class[p[j - 1]] & CH_END)
			eol |= 1;
	return eol & 1 || (eol & 2 && j == 0) ? j : i;
}

size_t
scrub_quick_tail(const unsigned char *p, size_t len,
    const struct textlex_seen *tags, int intag, int eol)
{
	size_t	i = len, n = tags->n, j, stop;

	if (intag && tags->open != TEXTLEX_BEFORE)
		i = tags->open;
	for (;;) {
		stop = n > 0 ? tags->tag[n - 1].end : 0;
		j = before_end(p, i, stop, (eol ? 2 : 0) | (i == len));
		while (j > stop && class[p[j - 1]] & CH_WORD)
			j--;
		if (len - j >= TAIL_MAX)
			return 0;
		if (n > 0 && j == stop) {
			/* A tag may stand within a word. */
			j = tags->tag[--n].begin;
			if (j == TEXTLEX_BEFORE ||
			    (n == 0 && tags->n == TEXTLEX_SEEN))
				return 0;
		} else if (i == j)
			return j;
		i = j;
	}
}
