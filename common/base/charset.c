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

#include "base/charset.h"
#include "base/charset_table.h"

#define REPLACEMENT	0xfffd

enum {
	KIND_UTF8, KIND_ASCII, KIND_TABLE,
	KIND_UTF16, KIND_UTF16LE, KIND_UTF16BE,
	KIND_UTF32, KIND_UTF32LE, KIND_UTF32BE,
	KIND_UTF7
};

static const struct {
	const char		*name;
	int			 kind;
	const unsigned short	*table;
} charsets[] = {
	{ "utf-8",		KIND_UTF8,	NULL },
	{ "utf8",		KIND_UTF8,	NULL },
	{ "us-ascii",		KIND_ASCII,	NULL },
	{ "ascii",		KIND_ASCII,	NULL },
	{ "ansi_x3.4-1968",	KIND_ASCII,	NULL },
	/* What calls itself ISO-8859-1 is windows-1252 in practice. */
	{ "iso-8859-1",		KIND_TABLE,	charset_w1252 },
	{ "iso_8859-1",		KIND_TABLE,	charset_w1252 },
	{ "iso8859-1",		KIND_TABLE,	charset_w1252 },
	{ "latin1",		KIND_TABLE,	charset_w1252 },
	{ "windows-1252",	KIND_TABLE,	charset_w1252 },
	{ "cp1252",		KIND_TABLE,	charset_w1252 },
	{ "iso-8859-2",		KIND_TABLE,	charset_iso8859_2 },
	{ "iso8859-2",		KIND_TABLE,	charset_iso8859_2 },
	{ "latin2",		KIND_TABLE,	charset_iso8859_2 },
	{ "iso-8859-4",		KIND_TABLE,	charset_iso8859_4 },
	{ "iso-8859-5",		KIND_TABLE,	charset_iso8859_5 },
	{ "iso-8859-7",		KIND_TABLE,	charset_iso8859_7 },
	{ "iso-8859-9",		KIND_TABLE,	charset_iso8859_9 },
	{ "iso-8859-13",	KIND_TABLE,	charset_iso8859_13 },
	{ "iso-8859-15",	KIND_TABLE,	charset_iso8859_15 },
	{ "iso8859-15",		KIND_TABLE,	charset_iso8859_15 },
	{ "latin-9",		KIND_TABLE,	charset_iso8859_15 },
	{ "windows-1250",	KIND_TABLE,	charset_w1250 },
	{ "cp1250",		KIND_TABLE,	charset_w1250 },
	{ "windows-1251",	KIND_TABLE,	charset_w1251 },
	{ "cp1251",		KIND_TABLE,	charset_w1251 },
	{ "windows-1253",	KIND_TABLE,	charset_w1253 },
	{ "windows-1254",	KIND_TABLE,	charset_w1254 },
	{ "windows-1257",	KIND_TABLE,	charset_w1257 },
	{ "koi8-r",		KIND_TABLE,	charset_koi8r },
	{ "koi8-u",		KIND_TABLE,	charset_koi8u },
	{ "utf-16",		KIND_UTF16,	NULL },
	{ "utf-16le",		KIND_UTF16LE,	NULL },
	{ "utf-16be",		KIND_UTF16BE,	NULL },
	{ "utf-32",		KIND_UTF32,	NULL },
	{ "utf-32le",		KIND_UTF32LE,	NULL },
	{ "utf-32be",		KIND_UTF32BE,	NULL },
	{ "utf-7",		KIND_UTF7,	NULL },
	{ "unicode-1-1-utf-7",	KIND_UTF7,	NULL },
};

int
charset_open(struct charset *cs, const char *name)
{
	size_t	 i;

	memset(cs, 0, sizeof(*cs));
	for (i = 0; i < sizeof(charsets) / sizeof(charsets[0]); i++)
		if (strcasecmp(charsets[i].name, name) == 0) {
			cs->kind = charsets[i].kind;
			cs->table = charsets[i].table;
			return 1;
		}
	return 0;
}

size_t
charset_next(const char *s, size_t len, unsigned int *cp)
{
	const unsigned char	*p = (const unsigned char *)s;
	size_t			 i, n;

	if (len == 0)
		return 0;
	if (p[0] < 0x80) {
		*cp = p[0];
		return 1;
	}
	if (p[0] >= 0xc2 && p[0] <= 0xdf)
		n = 2;
	else if (p[0] >= 0xe0 && p[0] <= 0xef)
		n = 3;
	else if (p[0] >= 0xf0 && p[0] <= 0xf4)
		n = 4;
	else
		return 0;
	if (n > len)
		return 0;
	*cp = p[0] & (0xff >> (n + 1));
	for (i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		*cp = *cp << 6 | (p[i] & 0x3f);
	}
	if ((n == 3 && *cp < 0x800) || (n == 4 && *cp < 0x10000) ||
	    *cp > 0x10ffff || (*cp >= 0xd800 && *cp <= 0xdfff))
		return 0;
	return n;
}

int
charset_is_utf8(const char *p, size_t len)
{
	unsigned int	 cp;
	size_t		 n;

	for (; len > 0; p += n, len -= n)
		if ((n = charset_next(p, len, &cp)) == 0)
			return 0;
	return 1;
}

/* How many bytes the character begun by this one should have. */
static size_t
utf8_want(unsigned char ch)
{
	if (ch >= 0xc2 && ch <= 0xdf)
		return 2;
	if (ch >= 0xe0 && ch <= 0xef)
		return 3;
	if (ch >= 0xf0 && ch <= 0xf4)
		return 4;
	return 1;
}

static int
put_utf8(struct charset *cs, struct sbuf *b, unsigned char ch)
{
	unsigned int	 cp;

	if (cs->npart > 0 && (ch & 0xc0) != 0x80) {
		cs->npart = 0;
		if (sbuf_addutf8(b, REPLACEMENT) == -1)
			return -1;
	}
	cs->part[cs->npart++] = ch;
	if (cs->npart < utf8_want(cs->part[0]))
		return 0;
	if (charset_next((char *)cs->part, cs->npart, &cp) == 0)
		cp = REPLACEMENT;
	cs->npart = 0;
	return sbuf_addutf8(b, cp);
}

/* Appends a UTF-16 code unit, joining surrogates. */
static int
put_unit(struct charset *cs, struct sbuf *b, unsigned int u)
{
	if (cs->high != 0) {
		if (u >= 0xdc00 && u <= 0xdfff) {
			u = 0x10000 + ((cs->high - 0xd800) << 10) +
			    (u - 0xdc00);
			cs->high = 0;
			return sbuf_addutf8(b, u);
		}
		cs->high = 0;
		if (sbuf_addutf8(b, REPLACEMENT) == -1)
			return -1;
	}
	if (u >= 0xd800 && u <= 0xdbff) {
		cs->high = u;
		return 0;
	}
	return sbuf_addutf8(b, u);
}

/* The byte order of utf-16 and utf-32: a mark's, else big-endian. */
static int
put_wide(struct charset *cs, struct sbuf *b, unsigned char ch)
{
	const unsigned char	*p = cs->part;
	size_t			 size;
	unsigned int		 le, be, u;
	int			 first = !cs->started;

	size = cs->kind >= KIND_UTF32 ? 4 : 2;
	cs->part[cs->npart++] = ch;
	if (cs->npart < size)
		return 0;
	cs->npart = 0;
	cs->started = 1;
	if (size == 2) {
		be = p[0] << 8 | p[1];
		le = p[1] << 8 | p[0];
	} else {
		be = (unsigned int)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
		le = (unsigned int)p[3] << 24 | p[2] << 16 | p[1] << 8 | p[0];
	}
	if (cs->kind == KIND_UTF16)
		cs->kind = le == 0xfeff ? KIND_UTF16LE : KIND_UTF16BE;
	else if (cs->kind == KIND_UTF32)
		cs->kind = le == 0xfeff ? KIND_UTF32LE : KIND_UTF32BE;
	u = cs->kind == KIND_UTF16LE || cs->kind == KIND_UTF32LE ? le : be;
	if (first && u == 0xfeff)
		return 0;
	return size == 2 ? put_unit(cs, b, u) : sbuf_addutf8(b, u);
}

static int
base64_value(int ch)
{
	static const char	 set[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	    "0123456789+/";
	const char		*p;

	if (ch == '\0' || (p = strchr(set, ch)) == NULL)
		return -1;
	return (int)(p - set);
}

/* RFC 2152; cs->shifted: 1 just after the plus sign, 2 inside base64. */
static int
put_utf7(struct charset *cs, struct sbuf *b, unsigned char ch)
{
	int	 v;

	if (cs->shifted) {
		if ((v = base64_value(ch)) != -1) {
			cs->shifted = 2;
			cs->bits = (cs->bits << 6 | v) & 0xffffff;
			cs->nbits += 6;
			if (cs->nbits < 16)
				return 0;
			cs->nbits -= 16;
			return put_unit(cs, b, cs->bits >> cs->nbits & 0xffff);
		}
		v = cs->shifted;
		cs->shifted = 0;
		if (cs->high != 0) {
			cs->high = 0;
			if (sbuf_addutf8(b, REPLACEMENT) == -1)
				return -1;
		}
		if (ch == '-')
			return v == 1 ? sbuf_addch(b, '+') : 0;
	}
	if (ch == '+') {
		cs->shifted = 1;
		cs->bits = 0;
		cs->nbits = 0;
		return 0;
	}
	return sbuf_addutf8(b, ch < 0x80 ? ch : REPLACEMENT);
}

static int
put_byte(struct charset *cs, struct sbuf *b, unsigned char ch)
{
	unsigned int	 cp;

	switch (cs->kind) {
	case KIND_UTF8:
		return put_utf8(cs, b, ch);
	case KIND_ASCII:
		return sbuf_addutf8(b, ch < 0x80 ? ch : REPLACEMENT);
	case KIND_TABLE:
		cp = ch < 0x80 ? ch : cs->table[ch - 0x80];
		if (cp == 0 && ch != 0)
			cp = REPLACEMENT;
		return sbuf_addutf8(b, cp);
	case KIND_UTF7:
		return put_utf7(cs, b, ch);
	default:
		return put_wide(cs, b, ch);
	}
}

int
charset_put(struct charset *cs, struct sbuf *b, const void *in, size_t len)
{
	const unsigned char	*p = in;
	size_t			 i;

	for (i = 0; i < len; i++)
		if (put_byte(cs, b, p[i]) == -1)
			return -1;
	return 0;
}

int
charset_end(struct charset *cs, struct sbuf *b)
{
	int	 broken = cs->npart > 0 || cs->high != 0;

	cs->npart = 0;
	cs->high = 0;
	cs->shifted = 0;
	return broken ? sbuf_addutf8(b, REPLACEMENT) : 0;
}

int
charset_utf8(struct sbuf *b, const char *name, const void *in, size_t len)
{
	struct charset	 cs;

	if (!charset_open(&cs, name))
		return 0;
	if (charset_put(&cs, b, in, len) == -1 || charset_end(&cs, b) == -1)
		return -1;
	return 1;
}
