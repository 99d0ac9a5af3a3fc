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

#include "scrub/textlex.h"
#include "scrub/textlex_ref.h"

const unsigned char textlex_simple[256] = {
	[0x20] =
	0, 1, 1, 2, 1, 0, 0, 1, 2, 2, 2, 2, 2, 1, 2, 2,
	2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 0, 1, 0, 1,
	2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2,
	2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 2,
	1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2,
	2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 0,
};

uint8_t
textlex_fold(uint32_t cp)
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

int
textlex_invisible(uint32_t cp)
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

int
textlex_reference(const char *name, size_t len, int terminated, uint32_t *cp)
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
