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

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "scrub/textlex.h"

enum tag_state {
	TAG_NONE,
	TAG_LESS,		/* '<' was read */
	TAG_OPEN,
	TAG_BANG,		/* "<!" */
	TAG_COMMENT		/* "<!--" */
};

struct lexunit;
struct textlex;

/*
 * What a byte means: 0 something special, 1 itself in text, 2 in tags too.
 */
extern const unsigned char textlex_simple[256];

const unsigned char textlex_simple[256] = {
	[0x20] =
	0, 1, 1, 2, 1, 0, 0, 1, 2, 2, 2, 2, 2, 1, 2, 2,
	2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 0, 1, 0, 1,
	2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2,
	2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 2,
	1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2,
	2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 0,
};

static int	escape(struct textlex *l, unsigned char c);

/*
 * A character for comparison: ASCII in lower case, full-width forms as what
 * they look like, tabs as spaces; 128 and more for all others.
 */
static uint8_t
fold_char(uint32_t cp)
{
	if (cp >= 0xff01 && cp <= 0xff5e)	/* full-width forms */
		cp -= 0xff01 - 0x21;
	else if (cp == 0xfe6b)			/* small commercial at */
		cp = '@';
	else if (cp == 0xff0e || cp == 0xfe52 || cp == 0x3002 || cp == 0xff61)
		cp = '.';			/* dots of UTS 46 */
	if (cp >= 'A' && cp <= 'Z')
		return (uint8_t)(cp - 'A' + 'a');
	if (cp == '\t')
		return ' ';
	if (cp < 0x80)
		return (uint8_t)cp;
	return (uint8_t)(0x80 | (cp & 0x7f));
}

/* 1 for characters without width, that may stand inside of a word; else 0. */
static int
is_invisible(uint32_t cp)
{
	if (cp < 0xad)
		return 0;
	return cp == 0xad || cp == 0x34f || cp == 0x61c || cp == 0x180e ||
	    (cp >= 0x200b && cp <= 0x200f) || (cp >= 0x202a && cp <= 0x202e) ||
	    (cp >= 0x2060 && cp <= 0x206f) || cp == 0xfeff ||
	    (cp >= 0xfe00 && cp <= 0xfe0f) || (cp >= 0xe0000 && cp <= 0xe0fff);
}

/* The names of what can stand in an address or matters near one. */
static const struct {
	const char	*name;
	uint32_t	 cp;
} names[] = {
	{ "commat", '@' }, { "period", '.' }, { "plus", '+' },
	{ "lowbar", '_' }, { "underbar", '_' }, { "percnt", '%' },
	{ "equals", '=' }, { "colon", ':' }, { "num", '#' }, { "excl", '!' },
	{ "dollar", '$' }, { "apos", '\'' }, { "ast", '*' },
	{ "midast", '*' }, { "sol", '/' }, { "quest", '?' }, { "hat", '^' },
	{ "grave", '`' }, { "diacriticalgrave", '`' }, { "lbrace", '{' },
	{ "lcub", '{' }, { "rbrace", '}' }, { "rcub", '}' },
	{ "vert", '|' }, { "verbar", '|' }, { "verticalline", '|' },
	{ "quot", '"' }, { "amp", '&' }, { "lt", '<' }, { "gt", '>' },
	{ "comma", ',' }, { "semi", ';' }, { "bsol", '\\' },
	{ "lpar", '(' }, { "rpar", ')' }, { "lsqb", '[' }, { "rsqb", ']' },
	{ "lbrack", '[' }, { "rbrack", ']' },
	{ "shy", 0xad }, { "zwnj", 0x200c }, { "zwj", 0x200d },
	{ "lrm", 0x200e }, { "rlm", 0x200f }, { "nobreak", 0x2060 },
	{ "zerowidthspace", 0x200b }, { "negativethinspace", 0x200b },
	{ "negativemediumspace", 0x200b }, { "negativethickspace", 0x200b },
	{ "negativeverythinspace", 0x200b },
	{ "applyfunction", 0x2061 }, { "af", 0x2061 },
	{ "invisibletimes", 0x2062 }, { "it", 0x2062 },
	{ "invisiblecomma", 0x2063 }, { "ic", 0x2063 },
};

/* RFC 1866's names, which browsers take without a semicolon. */
static int
old_name(uint32_t cp)
{
	return cp == '&' || cp == '<' || cp == '>' || cp == '"' || cp == 0xad;
}

static int
numeric(const char *s, size_t len, uint32_t *cp)
{
	uint32_t	v = 0, base = 10;
	size_t		i = 0;

	if (len > 0 && s[0] == 'x') {
		base = 16;
		i = 1;
	}
	if (i == len)
		return 0;
	for (; i < len; i++) {
		uint32_t d;

		if (s[i] >= '0' && s[i] <= '9')
			d = (uint32_t)(s[i] - '0');
		else if (s[i] >= 'a' && s[i] <= 'f' && base == 16)
			d = (uint32_t)(s[i] - 'a') + 10;
		else
			return 0;
		v = v * base + d;
		if (v > 0x10ffff)
			return 0;
	}
	*cp = v;
	return 1;
}

/*
 * Reads a reference's name ("#64", "#x40", "commat"), in lower case, without
 * '&' and ';'; terminated says whether the ';' was there.  1 with the
 * character in *cp, or 0 when it is none that is known.
 */
static int
read_reference(const char *name, size_t len, int terminated, uint32_t *cp)
{
	size_t	i;

	if (len > 0 && name[0] == '#')
		return numeric(name + 1, len - 1, cp);
	for (i = 0; i < sizeof(names) / sizeof(names[0]) && len > 0; i++) {
		if (names[i].name[0] != name[0] ||
		    strlen(names[i].name) != len ||
		    memcmp(names[i].name, name, len) != 0)
			continue;
		*cp = names[i].cp;
		return terminated || old_name(*cp);
	}
	return 0;
}

/* IBM's code pages that are EBCDIC, by number. */
static int
ebcdic(const char *name)
{
	static const int pages[] = {
		37, 273, 274, 275, 277, 278, 280, 281, 284, 285, 290, 297,
		420, 423, 424, 500, 870, 871, 875, 880, 905, 918, 924, 930,
		933, 935, 937, 939, 1025, 1026, 1047, 1112, 1122, 1123, 1130,
		1132, 1140, 1141, 1142, 1143, 1144, 1145, 1146, 1147, 1148,
		1149, 1364, 1388, 1390, 1399
	};
	static const char *const prefixes[] = { "cp", "ibm", "csibm", "x-ibm" };
	size_t	i, n;
	int	page;

	if (strncasecmp(name, "ebcdic", 6) == 0)
		return 1;
	for (i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		n = strlen(prefixes[i]);
		if (strncasecmp(name, prefixes[i], n) == 0) {
			name += n;
			break;
		}
	}
	while (*name == '-' || *name == '_' || *name == '0')
		name++;
	for (page = 0; *name >= '0' && *name <= '9' && page < 10000; name++)
		page = page * 10 + (*name - '0');
	for (i = 0; i < sizeof(pages) / sizeof(pages[0]); i++)
		if (pages[i] == page)
			return 1;
	return 0;
}

enum textlex_charset
textlex_charset(const char *name)
{
	static const struct {
		const char		*name;
		enum textlex_charset	 cs;
	} known[] = {
		{ "utf-16", TEXTLEX_UTF16 }, { "utf16", TEXTLEX_UTF16 },
		{ "utf-16be", TEXTLEX_UTF16BE }, { "utf16be", TEXTLEX_UTF16BE },
		{ "utf-16le", TEXTLEX_UTF16LE }, { "utf16le", TEXTLEX_UTF16LE },
		{ "ucs-2", TEXTLEX_UTF16 },
		{ "iso-10646-ucs-2", TEXTLEX_UTF16 },
		{ "csunicode", TEXTLEX_UTF16 }, { "unicode", TEXTLEX_UTF16 },
		{ "utf-32", TEXTLEX_UTF32 }, { "utf32", TEXTLEX_UTF32 },
		{ "utf-32be", TEXTLEX_UTF32BE }, { "utf32be", TEXTLEX_UTF32BE },
		{ "utf-32le", TEXTLEX_UTF32LE }, { "utf32le", TEXTLEX_UTF32LE },
		{ "ucs-4", TEXTLEX_UTF32 },
		{ "iso-10646-ucs-4", TEXTLEX_UTF32 },
	};
	static const char *const foreign[] = {
		"utf-7", "utf7", "unicode-1-1-utf-7", "x-utf-7", "csutf7",
		"utf-7-imap", "utf_7", "u7", "utf-ebcdic", "scsu", "bocu-1",
		"idna", "punycode", "unicode_escape", "unicode-escape",
		"raw_unicode_escape", "raw-unicode-escape", "rot13", "rot_13",
	};
	size_t	i;

	if (name == NULL)
		return TEXTLEX_BYTES;
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcasecmp(known[i].name, name) == 0)
			return known[i].cs;
	for (i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++)
		if (strcasecmp(foreign[i], name) == 0)
			return TEXTLEX_OPAQUE;
	return ebcdic(name) ? TEXTLEX_OPAQUE : TEXTLEX_BYTES;
}

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

/* The last step: tells tags from text, and finds line ends. */
static void
step_tag(struct textlex *l, const struct lexunit *u)
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

/* Nothing comes behind a '<': it is text. */
static void
is_no_tag(struct textlex *l)
{
	if (l->tags.state != TAG_LESS)
		return;
	l->tags.state = TAG_NONE;
	give_text(l, &l->less, 0);
}

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
		step_tag(l, u);
		return;
	}
	if (h->n > 0 && hexval(u->ch) == -1) {
		flush(l, h, 0, step_tag);
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
		collapse(l, h, (uint8_t)fold_char((uint32_t)v), 0,
		    step_tag);
	else
		flush(l, h, 0, step_tag);
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
	if (!read_reference(name, h->n - 1 - (terminated ? 1 : 0),
	    terminated, &cp)) {
		/* Some names need no ';': then a word begins somewhere. */
		flush(l, h, !terminated, step_percent);
		return;
	}
	ch = fold_char(cp);
	if (is_invisible(cp))
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
	u.ch = fold_char(cp);
	u.flags = is_invisible(cp) ? LEX_MARK : 0;
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
		flush(l, &l->pct, 0, step_tag);
	is_no_tag(l);
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
