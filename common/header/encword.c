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

#include "base/base64.h"
#include "base/charset.h"
#include "base/lex.h"
#include "header/encword.h"

/* Decoding. */

#define DECODE_CHUNK	300
#define LENIENT_MAX	2048	/* bytes of what is taken for one word */

/* An encoded word found in a text. */
struct word {
	char		 charset[CHARSET_NAME_MAX + 1];
	int		 encoding;	/* 'B' or 'Q' */
	const char	*text;
	size_t		 len;
	size_t		 total;		/* of the whole word */
};

/* 1 when an encoded word begins at p, else 0. */
static int
word_find(const char *p, size_t len, struct word *w)
{
	size_t	 i, n;

	if (len < 8 || p[0] != '=' || p[1] != '?')
		return 0;
	for (i = 2, n = 0; i < len && p[i] != '?' && p[i] != '*'; i++) {
		if (!lex_ttext(p[i]) || n == CHARSET_NAME_MAX)
			return 0;
		w->charset[n++] = p[i];
	}
	w->charset[n] = '\0';
	while (i < len && p[i] != '?' && lex_ttext(p[i]))
		i++;
	if (n == 0 || len - i < 3 || p[i] != '?' || p[i + 2] != '?')
		return 0;
	w->encoding = p[i + 1] & ~0x20;
	if (w->encoding != 'B' && w->encoding != 'Q')
		return 0;
	i += 3;
	w->text = p + i;
	while (i < len && p[i] != '?' && p[i] > ' ')
		i++;
	w->len = (size_t)(p + i - w->text);
	if (len - i < 2 || p[i] != '?' || p[i + 1] != '=')
		return 0;
	w->total = i + 2;
	return 1;
}

/*
 * The same for what is none, but for programs that do not look closely: any
 * characters up to the end.
 */
static int
word_find_any(const char *p, size_t len, struct word *w)
{
	size_t	 i, n;

	if (len < 6 || p[0] != '=' || p[1] != '?')
		return 0;
	if (len > LENIENT_MAX)
		len = LENIENT_MAX;
	for (i = 2, n = 0; i < len && p[i] != '?'; i++)
		if (n < CHARSET_NAME_MAX)
			w->charset[n++] = p[i];
	w->charset[n] = '\0';
	if (len - i < 3 || p[i + 2] != '?')
		return 0;
	w->encoding = p[i + 1] & ~0x20;
	if (w->encoding != 'B' && w->encoding != 'Q')
		return 0;
	i += 3;
	w->text = p + i;
	while (i + 1 < len && !(p[i] == '?' && p[i + 1] == '='))
		i++;
	if (i + 1 >= len)
		return 0;
	w->len = (size_t)(p + i - w->text);
	w->total = i + 2;
	return 1;
}

/* 1 decoded, 0 no base64, -1 out is exhausted. */
static int
decode_b(const struct word *w, struct sbuf *out)
{
	struct base64	 dec;
	unsigned char	 raw[DECODE_CHUNK + 3];
	size_t		 i, n;

	memset(&dec, 0, sizeof(dec));
	for (i = 0; i < w->len; i += n) {
		n = w->len - i < DECODE_CHUNK ? w->len - i : DECODE_CHUNK;
		if (sbuf_add(out, raw, base64_decode(&dec, w->text + i, n,
		    raw)) == -1)
			return -1;
	}
	if (sbuf_add(out, raw, base64_finish(&dec, raw)) == -1)
		return -1;
	return !dec.bad;
}

/* As decode_b(); any: what is broken stands for itself. */
static int
decode_q(const struct word *w, struct sbuf *out, int any)
{
	size_t	 i;
	int	 ch, hi, lo;

	for (i = 0; i < w->len; i++) {
		ch = w->text[i];
		if (ch == '_')
			ch = ' ';
		else if (ch == '=') {
			if (w->len - i < 3 ||
			    (hi = lex_hex(w->text[i + 1])) == -1 ||
			    (lo = lex_hex(w->text[i + 2])) == -1) {
				if (!any)
					return 0;
			} else {
				ch = hi << 4 | lo;
				i += 2;
			}
		}
		if (sbuf_addch(out, ch) == -1)
			return -1;
	}
	return 1;
}

/* The state of a run of encoded words. */
struct run {
	struct charset	 cs;
	char		 charset[CHARSET_NAME_MAX + 1];
	int		 open;
};

/*
 * A character may be split between words of one charset, which RFC 2047
 * section 5 forbids and programs do: so the conversion stays open.
 */
static int
run_close(struct run *r, struct sbuf *b)
{
	if (!r->open)
		return 0;
	r->open = 0;
	return charset_end(&r->cs, b);
}

/*
 * Bytes of an unknown charset, as if each were a character.  An ASCII byte
 * may as well be the second half of one: then what follows begins a word,
 * which a zero width space tells.
 */
static int
put_unknown(struct sbuf *b, const char *p, size_t len)
{
	size_t	 i;

	for (i = 0; i < len; i++)
		if (sbuf_addutf8(b, (unsigned char)p[i]) == -1 || (i > 0 &&
		    p[i - 1] & 0x80 && !(p[i] & 0x80) &&
		    sbuf_addutf8(b, 0x200b) == -1))
			return -1;
	return 0;
}

/* The bytes of a word in a charset that is known. */
static int
run_put(struct run *r, struct sbuf *b, const struct word *w,
    const struct charset *cs, const struct sbuf *bytes)
{
	if (!r->open || strcasecmp(r->charset, w->charset) != 0) {
		if (run_close(r, b) == -1)
			return -1;
		r->cs = *cs;
		memcpy(r->charset, w->charset, sizeof(r->charset));
		r->open = 1;
	}
	if (charset_put(&r->cs, b, sbuf_str(bytes), bytes->len) == -1)
		return -1;
	return strncasecmp(w->charset, "utf-8", 6) != 0 ? run_close(r, b) : 0;
}

/* 1 decoded and appended, 0 broken or unknown, -1 exhausted. */
static int
run_word(struct run *r, struct sbuf *b, const struct word *w, int any)
{
	struct charset	 cs;
	struct sbuf	 bytes;
	int		 v, known;

	if (!(known = charset_open(&cs, w->charset)) && !any)
		return 0;
	sbuf_init(&bytes, w->len + 1);
	v = w->encoding == 'B' ? decode_b(w, &bytes) :
	    decode_q(w, &bytes, any);
	if (v == 0 && any)
		v = 1;
	if (v == 1 && known)
		v = run_put(r, b, w, &cs, &bytes) == -1 ? -1 : 1;
	else if (v == 1 && (run_close(r, b) == -1 ||
	    put_unknown(b, sbuf_str(&bytes), bytes.len) == -1))
		v = -1;
	sbuf_free(&bytes);
	return v;
}

/*
 * Appends text outside of encoded words: UTF-8, or bytes of an unknown
 * charset, as in put_unknown().
 */
static int
put_plain(struct sbuf *b, const char *p, size_t len, int any)
{
	unsigned int	 cp;
	size_t		 n;
	int		 stray = 0;

	for (; len > 0; p += n, len -= n) {
		if ((n = charset_next(p, len, &cp)) == 0) {
			cp = (unsigned char)*p;
			n = 1;
			stray = any;
			if (sbuf_addutf8(b, cp) == -1)
				return -1;
			continue;
		}
		if (sbuf_addutf8(b, cp) == -1 || (stray && cp < 0x80 &&
		    sbuf_addutf8(b, 0x200b) == -1))
			return -1;
		stray = 0;
	}
	return 0;
}

static int
decode(struct sbuf *b, const char *in, size_t len, int any)
{
	struct word	 w;
	struct run	 r = { 0 };
	size_t		 i, ws, plain = 0;
	int		 v, after = 0;

	for (i = 0; i < len; ) {
		if (in[i] != '=' || (!word_find(in + i, len - i, &w) &&
		    !(any && word_find_any(in + i, len - i, &w)))) {
			i++;
			continue;
		}
		for (ws = plain; ws < i && lex_ws(in[ws]); ws++)
			continue;
		if (!(after && ws == i)) {
			if (run_close(&r, b) == -1 ||
			    put_plain(b, in + plain, i - plain, any) == -1)
				return -1;
			plain = i;
		}
		if ((v = run_word(&r, b, &w, any)) == -1)
			return -1;
		after = v;
		i += w.total;
		if (v == 1)
			plain = i;
	}
	if (run_close(&r, b) == -1)
		return -1;
	return put_plain(b, in + plain, len - plain, any);
}

int
encword_decode(struct sbuf *b, const char *in, size_t len)
{
	return decode(b, in, len, 0);
}

int
encword_decode_any(struct sbuf *b, const char *in, size_t len)
{
	return decode(b, in, len, 1);
}

int
encword_present(const char *in, size_t len)
{
	struct word	 w;
	size_t		 i;

	for (i = 0; i < len; i++)
		if (in[i] == '=' && word_find(in + i, len - i, &w))
			return 1;
	return 0;
}

/* The encoding half of encword.h: always UTF-8, Q for what is mostly ASCII. */

/* "=?utf-8?Q?" and "?=" around the text. */
#define OVERHEAD	12
/* The first word shares its line with the field's name. */
#define FIRST_MAX	60
/* A longer word cannot be folded well. */
#define PLAIN_MAX	200

/* Copies with control characters as spaces and what is not UTF-8 marked. */
static int
clean(struct sbuf *out, const char *s)
{
	unsigned int	 cp;
	size_t		 n, len = strlen(s);

	for (; len > 0; s += n, len -= n) {
		if ((n = charset_next(s, len, &cp)) == 0) {
			n = 1;
			cp = 0xfffd;
		} else if (cp < ' ' || (cp >= 0x7f && cp < 0xa0) ||
		    cp == 0x2028 || cp == 0x2029)
			cp = ' ';
		if (sbuf_addutf8(out, cp) == -1)
			return -1;
	}
	return 0;
}

/* May stand unencoded in Q in every place: RFC 2047 section 5 (3). */
static int
q_safe(int ch)
{
	return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') ||
	    (ch >= '0' && ch <= '9') || ch == '!' || ch == '*' ||
	    ch == '+' || ch == '-' || ch == '/';
}

static size_t
q_cost(const char *s, size_t len)
{
	size_t	 i, n = 0;

	for (i = 0; i < len; i++)
		n += q_safe(s[i]) || s[i] == ' ' ? 1 : 3;
	return n;
}

static int
put_q(struct sbuf *b, const char *s, size_t len)
{
	size_t	 i;

	for (i = 0; i < len; i++)
		if (s[i] == ' ')
			sbuf_addch(b, '_');
		else if (q_safe(s[i]))
			sbuf_addch(b, s[i]);
		else
			sbuf_printf(b, "=%02X", (unsigned char)s[i]);
	return b->failed ? -1 : 0;
}

static int
put_b(struct sbuf *b, const char *s, size_t len)
{
	char	 out[ENCWORD_MAX + 4];

	return sbuf_add(b, out, base64_encode((const unsigned char *)s, len,
	    out));
}

/* Appends s[0..len) as encoded words with a space between them. */
static int
put_words(struct sbuf *b, const char *s, size_t len)
{
	size_t		 n, cost, c, max = FIRST_MAX - OVERHEAD, step;
	unsigned int	 cp;
	int		 q = q_cost(s, len) <= len * 2;

	while (len > 0) {
		for (n = 0, cost = 0; n < len; n += step) {
			if ((step = charset_next(s + n, len - n, &cp)) == 0)
				step = 1;
			c = q ? cost + q_cost(s + n, step) :
			    (n + step + 2) / 3 * 4;
			if (c > max)
				break;
			cost = c;
		}
		sbuf_printf(b, "=?utf-8?%c?", q ? 'Q' : 'B');
		if (q)
			put_q(b, s, n);
		else
			put_b(b, s, n);
		if (sbuf_addstr(b, "?=") == -1)
			return -1;
		s += n;
		len -= n;
		if (len > 0 && sbuf_addch(b, ' ') == -1)
			return -1;
		max = ENCWORD_MAX - OVERHEAD;
	}
	return 0;
}

/* Whether the word s[0..len) of an unstructured value must be encoded. */
static int
word_needs(const char *s, size_t len)
{
	size_t	 i;

	for (i = 0; i < len; i++)
		if (s[i] & 0x80)
			return 1;
	return len > PLAIN_MAX || encword_present(s, len) ||
	    (len > 1 && s[0] == '=' && s[1] == '?');
}

static int
encode_text(struct sbuf *b, const char *s, size_t len)
{
	size_t	 i, j, from = len, to = 0;

	for (i = 0; i < len; i = j) {
		while (i < len && s[i] == ' ')
			i++;
		for (j = i; j < len && s[j] != ' '; j++)
			continue;
		if (j > i && word_needs(s + i, j - i)) {
			if (from > i)
				from = i;
			to = j;
		}
	}
	if (from >= to)
		return sbuf_add(b, s, len);
	if (sbuf_add(b, s, from) == -1 ||
	    put_words(b, s + from, to - from) == -1)
		return -1;
	return sbuf_add(b, s + to, len - to);
}

static int
encode_phrase(struct sbuf *b, const char *s, size_t len)
{
	size_t	 i;
	int	 atoms = 1;

	for (i = 0; i < len; i++) {
		if (s[i] & 0x80)
			return put_words(b, s, len);
		if (s[i] == ' ') {
			if (i == 0 || i + 1 == len || s[i + 1] == ' ')
				atoms = 0;
		} else if (!lex_atext(s[i]))
			atoms = 0;
	}
	if (word_needs(s, len))
		return put_words(b, s, len);
	if (atoms && len > 0)
		return sbuf_add(b, s, len);
	return lex_quote(b, s, len);
}

int
encword_encode(struct sbuf *b, const char *utf8, int how)
{
	struct sbuf	 s;
	int		 r = -1;

	sbuf_init(&s, b->limit);
	if (clean(&s, utf8) == 0)
		r = how == ENCWORD_PHRASE ?
		    encode_phrase(b, sbuf_str(&s), s.len) :
		    encode_text(b, sbuf_str(&s), s.len);
	sbuf_free(&s);
	return r;
}
