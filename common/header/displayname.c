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

#include <stdio.h>
#include <string.h>

#include "base/charset.h"
#include "header/addr.h"
#include "header/displayname.h"
#include "header/encword.h"

#define DECODED_MAX	(ADDR_NAME_MAX * 4)

/* Ranges of characters that show nothing or turn the text's direction. */
static const struct {
	unsigned int	 from, to;
} hidden[] = {
	{ 0xad, 0xad }, { 0x34f, 0x34f }, { 0x61c, 0x61c },
	{ 0x115f, 0x1160 }, { 0x17b4, 0x17b5 }, { 0x180b, 0x180e },
	{ 0x200b, 0x200f }, { 0x202a, 0x202e }, { 0x2060, 0x206f },
	{ 0x3164, 0x3164 }, { 0xfdd0, 0xfdef }, { 0xfe00, 0xfe0f },
	{ 0xfeff, 0xfeff }, { 0xffa0, 0xffa0 }, { 0xfff0, 0xffff },
	{ 0xe0000, 0xe0fff }, { 0xf0000, 0x10ffff },
};

static int
is_hidden(unsigned int cp)
{
	size_t	 i;

	/* These would make the quoted or the shown name read otherwise. */
	if (cp == '<' || cp == '>' || cp == '"' || cp == '\\')
		return 1;
	for (i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
		if (cp >= hidden[i].from && cp <= hidden[i].to)
			return 1;
	return 0;
}

static int
is_space(unsigned int cp)
{
	return cp <= ' ' || (cp >= 0x7f && cp <= 0xa0) || cp == 0x1680 ||
	    (cp >= 0x2000 && cp <= 0x200a) || cp == 0x2028 || cp == 0x2029 ||
	    cp == 0x202f || cp == 0x205f || cp == 0x3000 || cp == 0x2800;
}

static int
is_at(unsigned int cp)
{
	return cp == '@' || cp == 0xff20 || cp == 0xfe6b;
}

/* The next word of text at *i, cleaned: its characters; 0 to leave out. */
static size_t
next_word(const struct sbuf *text, size_t *i, struct sbuf *word)
{
	unsigned int	 cp;
	size_t		 n, chars = 0;
	int		 at = 0;

	sbuf_reset(word);
	for (; *i < text->len; *i += n) {
		n = charset_next(text->data + *i, text->len - *i, &cp);
		if (n == 0) {
			n = 1;
			cp = ' ';
		}
		if (is_space(cp)) {
			*i += n;
			break;
		}
		at |= is_at(cp);
		if (!is_at(cp) && is_hidden(cp))
			continue;
		if (sbuf_addutf8(word, cp) == -1)
			return 0;
		chars++;
	}
	return at ? 0 : chars;
}

/* Cuts a word down to so many characters. */
static void
cut_chars(struct sbuf *word, size_t chars)
{
	unsigned int	 cp;
	size_t		 i = 0;

	while (chars-- > 0)
		i += charset_next(word->data + i, word->len - i, &cp);
	sbuf_cut(word, i);
}

int
displayname_clean(const char *name, char *out, size_t outsz)
{
	struct sbuf	 text, word;
	size_t		 i = 0, n, used = 0, len = 0;
	int		 r = 0;

	if (outsz < DISPLAYNAME_SIZE)
		return -1;
	out[0] = '\0';
	if (name == NULL)
		return 0;
	n = strlen(name);
	sbuf_init(&text, DECODED_MAX);
	sbuf_init(&word, DECODED_MAX);
	/* A name this long is no name. */
	if (n > ADDR_NAME_MAX)
		n = 0;
	if (encword_decode(&text, name, n) == -1)
		r = -1;
	while (r == 0 && i < text.len && used < DISPLAYNAME_CHARS) {
		n = next_word(&text, &i, &word);
		if (n == 0 || (used > 0 && used + 1 == DISPLAYNAME_CHARS))
			continue;
		if (used > 0) {
			out[len++] = ' ';
			used++;
		}
		if (n > DISPLAYNAME_CHARS - used) {
			n = DISPLAYNAME_CHARS - used;
			cut_chars(&word, n);
		}
		memcpy(out + len, word.data, word.len);
		len += word.len;
		used += n;
	}
	out[len] = '\0';
	sbuf_free(&text);
	sbuf_free(&word);
	return r;
}

int
displayname_via(const char *name, const char *fallback, const char *box,
    int unverified, char *out, size_t outsz)
{
	char	 a[DISPLAYNAME_SIZE], b[DISPLAYNAME_SIZE];
	char	 suffix[DISPLAYNAME_SIZE + 16];
	size_t	 na, ns;
	int	 n;

	if (displayname_clean(name, a, sizeof(a)) == -1 ||
	    displayname_clean(box, b, sizeof(b)) == -1)
		return -1;
	if (a[0] == '\0' && displayname_clean(fallback, a, sizeof(a)) == -1)
		return -1;
	/* It may have been through here already. */
	snprintf(suffix, sizeof(suffix), " (via %s)", b);
	na = strlen(a);
	ns = strlen(suffix);
	if (na > ns && strcmp(a + na - ns, suffix) == 0)
		a[na - ns] = '\0';
	if (b[0] == '\0')
		n = snprintf(out, outsz, "%s%s", a,
		    unverified ? " (unverified)" : "");
	else
		n = snprintf(out, outsz, "%s (%svia %s)", a,
		    unverified ? "unverified, " : "", b);
	return n < 0 || (size_t)n >= outsz ? -1 : 0;
}

int
displayname_mailbox(struct sbuf *b, const char *name, const char *addr)
{
	if (!addr_valid(addr))
		return -1;
	if (name != NULL && name[0] != '\0') {
		if (encword_encode(b, name, ENCWORD_PHRASE) == -1)
			return -1;
		return sbuf_printf(b, " <%s>", addr);
	}
	return sbuf_addstr(b, addr);
}
