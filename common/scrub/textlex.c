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

#define TEXTLEX_ZEROS	8192	/* bytes of leading zeros in a reference */
#define TEXTLEX_STRAY	0xfffd	/* a byte that is no UTF-8 */
#define TEXTLEX_NOTHING	0x200b	/* what is not seen */

/* Percent encoding. */

static int
hexval(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

/* What is held was no encoding, or of nothing that can be in a secret. */
static void
flush(struct textlex *l, struct lexhold *h, int edges,
    void (*next)(struct textlex *, const struct lexunit *))
{
	size_t	i, n = h->n;

	h->n = 0;
	for (i = 0; i < n; i++) {
		if (edges || i + 1 == n)
			h->u[i].flags |= LEX_EDGE;
		next(l, &h->u[i]);
	}
}

/* One unit for all that is held. */
static void
collapse(struct textlex *l, struct lexhold *h, uint8_t ch, int flags,
    void (*next)(struct textlex *, const struct lexunit *))
{
	struct lexunit	u = h->u[0];

	u.len = (uint16_t)(h->u[h->n - 1].off + h->u[h->n - 1].len - u.off);
	u.ch = ch;
	u.flags = (uint8_t)(LEX_ESC | flags);
	h->n = 0;
	next(l, &u);
}

static void
step_percent(struct textlex *l, const struct lexunit *u)
{
	struct lexhold	*h = &l->pct;
	int		 v;

	if (h->n == 0 && u->ch != '%') {
		textlex_step_tag(l, u);
		return;
	}
	if (h->n > 0 && hexval(u->ch) == -1) {
		flush(l, h, 0, textlex_step_tag);
		step_percent(l, u);
		return;
	}
	h->u[h->n++] = *u;
	if (h->n == 1 || h->n % 2 == 0)
		return;
	v = hexval(h->u[h->n - 2].ch) << 4 | hexval(h->u[h->n - 1].ch);
	/* %2540 is %40 once more; browsers and trackers pile them up. */
	if (v == '%' && h->n + 2 <= TEXTLEX_HOLD)
		return;
	if (v > ' ' && v < 0x7f)
		collapse(l, h, (uint8_t)textlex_fold((uint32_t)v), 0,
		    textlex_step_tag);
	else
		flush(l, h, 0, textlex_step_tag);
}

/* Character references. */

static void
end_reference(struct textlex *l, int terminated)
{
	struct lexhold	*h = &l->ref;
	char		 name[TEXTLEX_HOLD];
	uint32_t	 cp;
	uint8_t		 ch;
	size_t		 i;

	for (i = 1; i < h->n; i++)
		name[i - 1] = (char)h->u[i].ch;
	if (!textlex_reference(name, h->n - 1 - (terminated ? 1 : 0),
	    terminated, &cp)) {
		/* Some names need no ';': then a word begins somewhere. */
		flush(l, h, !terminated, step_percent);
		return;
	}
	ch = textlex_fold(cp);
	if (textlex_invisible(cp))
		collapse(l, h, 0x80, LEX_MARK, step_percent);
	else if (ch > ' ' && ch < 0x7f)
		collapse(l, h, ch, 0, step_percent);
	else
		flush(l, h, 0, step_percent);
}

/* Whether a reference can go on with c: RFC 1866 3.2.1, as browsers read. */
static int
goes_on(const struct lexhold *h, uint8_t c)
{
	if (c == ';')
		return 1;
	if (h->n == 1 && c == '#')
		return 1;
	if (h->n > 1 && h->u[1].ch == '#') {
		if (h->n == 2 && c == 'x')
			return 1;
		if (h->n > 2 && h->u[2].ch == 'x')
			return hexval(c) != -1;
		return c >= '0' && c <= '9';
	}
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* A zero that follows leading zeros changes nothing: any number is right. */
static int
is_padding(const struct lexhold *h, uint8_t c)
{
	const struct lexunit	*u = &h->u[h->n - 1];

	return c == '0' && u->ch == '0' && u->len < TEXTLEX_ZEROS &&
	    (h->n == 3 || (h->n == 4 && h->u[2].ch == 'x')) &&
	    h->u[1].ch == '#';
}

static void
step_reference(struct textlex *l, const struct lexunit *u)
{
	struct lexhold	*h = &l->ref;

	if (h->n > 0) {
		if (is_padding(h, u->ch)) {
			h->u[h->n - 1].len += u->len;
			return;
		}
		if (goes_on(h, u->ch) && h->n < TEXTLEX_HOLD) {
			h->u[h->n++] = *u;
			if (u->ch == ';')
				end_reference(l, 1);
			return;
		}
		end_reference(l, 0);
	}
	if (u->ch == '&') {
		h->u[0] = *u;
		h->n = 1;
	} else
		step_percent(l, u);
}

/* Characters from bytes. */

static void
character(struct textlex *l, uint32_t cp, unsigned int len)
{
	struct lexunit	u;

	if (l->off - len < l->floor)
		len = (unsigned int)(l->off - l->floor);
	u.off = (uint32_t)(l->off - len);
	u.len = (uint16_t)len;
	u.ch = textlex_fold(cp);
	u.flags = textlex_invisible(cp) ? LEX_MARK : 0;
	if (cp >= 0x80 && u.ch < 0x80)
		u.flags |= LEX_ESC;	/* looks like markup, but is none */
	/* It may be the second half of a character of two bytes. */
	if (l->stray && cp < 0x80)
		u.flags |= LEX_EDGE;
	l->stray = cp == TEXTLEX_STRAY;
	if (l->ref.n == 0 && u.ch != '&')
		step_percent(l, &u);
	else
		step_reference(l, &u);
}

/* A byte that means itself, in text or in a tag's name or value. */
static int
simple(struct textlex *l, unsigned char c)
{
	struct lexunit	u;

	if (l->need > 0 || l->ref.n > 0 || l->pct.n > 0 || l->stray ||
	    (l->tags.state == TAG_NONE ? !textlex_simple[c] :
	    l->tags.state != TAG_OPEN || textlex_simple[c] != 2))
		return 0;
	u.off = (uint32_t)l->off++;
	u.len = 1;
	u.ch = c >= 'A' && c <= 'Z' ? (uint8_t)(c - 'A' + 'a') : c;
	u.flags = l->tags.state == TAG_NONE ? 0 : LEX_TAG;
	l->tags.last = u.ch;
	l->bol = 0;
	l->sink(l->arg, &u);
	return 1;
}

/*
 * Escape sequences that change the character set, as in ISO-2022-JP (RFC
 * 1468): nothing to the eye, though they end in a letter.  1 when the byte
 * belongs to one; else what was held goes on as it is.
 */
static int
escape(struct textlex *l, unsigned char c)
{
	unsigned int	n = l->have;
	uint32_t	held = l->cp;

	if ((c == '$' || (c >= '(' && c < '0')) && n < sizeof(held)) {
		l->off++;
		l->have++;
		l->cp = held << 8 | c;
		return 1;
	}
	l->escape = 0;
	l->need = 0;
	if (c >= '0' && c < 0x7f && n > 1) {
		l->off++;
		character(l, TEXTLEX_NOTHING, n + 1);
		return 1;
	}
	for (l->off -= n; n > 0; n--)
		if (++l->off > l->floor)
			character(l, held >> 8 * (n - 1) & 0xff, 1);
	return 0;
}

/* UTF-8; what is no UTF-8 is one unknown character for each byte. */
static void
utf8(struct textlex *l, unsigned char c)
{
	if (l->escape && escape(l, c))
		return;
	if (l->need > 0) {
		if ((c & 0xc0) == 0x80) {
			l->off++;
			l->have++;
			l->cp = l->cp << 6 | (c & 0x3f);
			if (--l->need == 0)
				character(l, l->cp, l->have);
			return;
		}
		l->need = 0;
		character(l, TEXTLEX_STRAY, l->have);
	}
	l->off++;
	l->have = 1;
	if (c == 0x1b) {
		l->cp = c;
		l->need = 1;
		l->escape = 1;
	} else if (c < 0x80)
		character(l, c, 1);
	else if (c >= 0xc2 && c < 0xe0) {
		l->cp = c & 0x1f;
		l->need = 1;
	} else if (c >= 0xe0 && c < 0xf0) {
		l->cp = c & 0x0f;
		l->need = 2;
	} else if (c >= 0xf0 && c < 0xf5) {
		l->cp = c & 0x07;
		l->need = 3;
	} else		/* a stray byte; 0xad is Latin-1's soft hyphen */
		character(l, c == 0xad ? 0xad : TEXTLEX_STRAY, 1);
}

static uint32_t
swap(uint32_t v, unsigned int width)
{
	if (width == 2)
		return (v & 0xff) << 8 | v >> 8;
	return v << 24 | (v & 0xff00) << 8 | (v >> 8 & 0xff00) | v >> 24;
}

static int
may_be_ascii(unsigned int c)
{
	return c == 0 || c == '\t' || c == '\n' || c == '\r' ||
	    (c >= ' ' && c < 0x7f);
}

/*
 * A text that only says it is wide, or of which bytes are missing: characters
 * of one byte, or of the other order.  In a wide text such are rare, and no
 * harm.
 */
static int
not_wide(struct textlex *l, uint32_t v, unsigned int width)
{
	uint32_t	s = swap(v, width);
	unsigned int	i;

	if (v < 0x80)
		return 0;
	if (s > 0 && s < 0x80) {
		character(l, s, width);
		return 1;
	}
	for (i = 0; i < width; i++)
		if (!may_be_ascii(v >> 8 * i & 0xff))
			return 0;
	l->off -= width;
	for (i = width; i > 0; i--) {
		l->off++;
		character(l, v >> 8 * (i - 1) & 0xff, 1);
	}
	return 1;
}

/* UTF-16 and UTF-32: the first character that makes sense sets the order. */
static void
wide(struct textlex *l, unsigned char c, unsigned int width)
{
	uint32_t	v, s;

	l->off++;
	l->cp = l->cp << 8 | c;
	if (++l->have < width)
		return;
	v = l->cp;
	s = swap(v, width);
	l->cp = 0;
	l->have = 0;
	if (l->charset == TEXTLEX_UTF16 && (v == 0xfeff || v - 1 < 0x7f))
		l->charset = TEXTLEX_UTF16BE;
	else if (l->charset == TEXTLEX_UTF16 && (s == 0xfeff || s - 1 < 0x7f))
		l->charset = TEXTLEX_UTF16LE;
	else if (l->charset == TEXTLEX_UTF32 && (v == 0xfeff || v - 1 < 0x7f))
		l->charset = TEXTLEX_UTF32BE;
	else if (l->charset == TEXTLEX_UTF32 && (s == 0xfeff || s - 1 < 0x7f))
		l->charset = TEXTLEX_UTF32LE;
	if (l->charset == TEXTLEX_UTF16LE || l->charset == TEXTLEX_UTF32LE) {
		if (s < 0x80 || !not_wide(l, v, width))
			character(l, s, width);
	} else if (!not_wide(l, v, width))
		character(l, v, width);
}

void
textlex_init(struct textlex *l, enum textlex_charset cs, int html,
    textlex_sink *sink, void *arg)
{
	memset(l, 0, sizeof(*l));
	l->charset = cs;
	l->html = html;
	l->sink = sink;
	l->arg = arg;
}

void
textlex_put(struct textlex *l, const unsigned char *p, size_t len)
{
	size_t	i;

	switch (l->charset) {
	case TEXTLEX_BYTES:
	case TEXTLEX_OPAQUE:
		for (i = 0; i < len; i++)
			if (!simple(l, p[i]))
				utf8(l, p[i]);
		break;
	case TEXTLEX_UTF16:
	case TEXTLEX_UTF16BE:
	case TEXTLEX_UTF16LE:
		for (i = 0; i < len; i++)
			wide(l, p[i], 2);
		break;
	default:
		for (i = 0; i < len; i++)
			wide(l, p[i], 4);
		break;
	}
}

void
textlex_cut(struct textlex *l)
{
	if (l->ref.n > 0)
		end_reference(l, 0);
	if (l->pct.n > 0)
		flush(l, &l->pct, 0, textlex_step_tag);
	textlex_no_tag(l);
	l->floor = l->off;
}

void
textlex_end(struct textlex *l)
{
	if (l->charset == TEXTLEX_BYTES && l->need > 0)
		character(l, TEXTLEX_STRAY, l->have);
	l->need = l->have = 0;
	l->escape = 0;
	textlex_cut(l);
}

uint64_t
textlex_reached(const struct textlex *l)
{
	uint64_t	at = l->off;

	if (l->charset == TEXTLEX_BYTES ? l->need > 0 : l->have > 0)
		at -= l->have;
	/* The order of the steps is the order of the bytes, last ones first. */
	if (l->ref.n > 0)
		at = l->off - (uint32_t)((uint32_t)l->off - l->ref.u[0].off);
	if (l->pct.n > 0)
		at = l->off - (uint32_t)((uint32_t)l->off - l->pct.u[0].off);
	if (l->tags.state == TAG_LESS)
		at = l->off - (uint32_t)((uint32_t)l->off - l->less.off);
	return at < l->floor ? l->floor : at;
}

int
textlex_idle(const struct textlex *l)
{
	return l->charset == TEXTLEX_BYTES && l->need == 0 && l->ref.n == 0 &&
	    l->pct.n == 0 && l->tags.state != TAG_LESS;
}
