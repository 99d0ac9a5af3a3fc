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

/* DKIM-Signature fields, RFC 6376 3.5. */

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/base64.h"
#include "base/lex.h"
#include "dkim/dkim_int.h"

#define B64_MAX		((DKIM_B_MAX + 2) / 3 * 4)
#define STAMP_MAX	999999999999LL	/* twelve digits, RFC 6376 3.5 */
#define LENGTH_MAX	((long long)1 << 60)	/* of 76 digits allowed */

void
dkim_decide(struct dkim_sig *s, int result, int why)
{
	s->result = result;
	s->why = why;
}

int
dkim_below(const char *sub, const char *domain)
{
	size_t	 ns = strlen(sub), nd = strlen(domain);

	if (ns < nd || strcasecmp(sub + ns - nd, domain) != 0)
		return 0;
	return ns == nd || sub[ns - nd - 1] == '.';
}

/* Letters, digits, '-' and '_' in labels of 1 to 63: made lower case. */
static int
fold_name(char *s)
{
	size_t	 label = 0;

	for (;; s++) {
		if (*s == '.' || *s == '\0') {
			if (label == 0 || label > 63)
				return -1;
			if (*s == '\0')
				return 0;
			label = 0;
			continue;
		}
		if (*s >= 'A' && *s <= 'Z')
			*s |= 0x20;
		if (!(*s >= 'a' && *s <= 'z') && !(*s >= '0' && *s <= '9') &&
		    *s != '-' && *s != '_')
			return -1;
		label++;
	}
}

/* Base64 with white space in it; the bytes decoded, 0 when it is none. */
static size_t
read_base64(const struct taglist_tag *tag, unsigned char *out, size_t outsz)
{
	struct base64	 b;
	char		 text[B64_MAX + 1];
	unsigned char	 raw[B64_MAX + 8];
	size_t		 n;

	memset(&b, 0, sizeof(b));
	if (tag == NULL || taglist_copy(tag, text, sizeof(text)) == -1)
		return 0;
	n = base64_decode(&b, text, strlen(text), raw);
	n += base64_finish(&b, raw + n);
	if (b.bad || n > outsz)
		return 0;
	memcpy(out, raw, n);
	return n;
}

/* Reads a= and c=; the reason why not, or DKIM_OK. */
static int
read_algorithms(struct dkim_sig *s, const struct taglist *t)
{
	const struct taglist_tag	*a = taglist_get(t, "a");
	const struct taglist_tag	*c = taglist_get(t, "c");

	if (taglist_is(a, "rsa-sha256"))
		s->alg = DKIM_RSA_SHA256;
	else if (taglist_is(a, "ed25519-sha256"))
		s->alg = DKIM_ED25519_SHA256;
	else
		return a == NULL ? DKIM_MISSING : DKIM_ALGORITHM;
	if (c == NULL || taglist_is(c, "simple") ||
	    taglist_is(c, "simple/simple"))
		;
	else if (taglist_is(c, "relaxed") || taglist_is(c, "relaxed/simple"))
		s->canon_header = DKIM_RELAXED;
	else if (taglist_is(c, "simple/relaxed"))
		s->canon_body = DKIM_RELAXED;
	else if (taglist_is(c, "relaxed/relaxed"))
		s->canon_header = s->canon_body = DKIM_RELAXED;
	else
		return DKIM_CANON;
	return DKIM_OK;
}

/* Keeps i= as it came where it can be shown, else its domain. */
static int
read_identity(struct dkim_sig *s, const struct taglist *t)
{
	const struct taglist_tag	*tag = taglist_get(t, "i");
	char				*at;
	size_t				 i;

	if (tag == NULL) {
		s->ident[0] = '@';
		memcpy(s->ident + 1, s->domain, strlen(s->domain) + 1);
		return DKIM_OK;
	}
	for (i = tag->valuelen; i > 0 && tag->value[i - 1] != '@'; i--)
		continue;
	if (i == 0)
		return DKIM_IDENTITY;
	if (taglist_copy(tag, s->ident, sizeof(s->ident)) == -1) {
		struct taglist_tag	 d = *tag;

		d.value += i - 1;
		d.valuelen -= i - 1;
		if (taglist_copy(&d, s->ident, sizeof(s->ident)) == -1)
			return DKIM_IDENTITY;
	}
	at = strrchr(s->ident, '@');
	if (fold_name(at + 1) == -1 || !dkim_below(at + 1, s->domain))
		return DKIM_IDENTITY;
	for (i = 0; s->ident[i] != '\0'; i++)
		if (s->ident[i] < '!' || s->ident[i] > '~') {
			memmove(s->ident, at, strlen(at) + 1);
			break;
		}
	return DKIM_OK;
}

static int
read_names(struct dkim_sig *s, const struct taglist *t)
{
	const struct taglist_tag	*d = taglist_get(t, "d");
	const struct taglist_tag	*sel = taglist_get(t, "s");

	if (d == NULL || sel == NULL)
		return DKIM_MISSING;
	if (taglist_copy(d, s->domain, sizeof(s->domain)) == -1 ||
	    fold_name(s->domain) == -1) {
		s->domain[0] = '\0';
		return DKIM_DOMAIN;
	}
	if (taglist_copy(sel, s->selector, sizeof(s->selector)) == -1 ||
	    fold_name(s->selector) == -1 || strlen(s->domain) +
	    strlen(s->selector) + strlen("._domainkey.") > DKIM_NAME_MAX) {
		s->selector[0] = '\0';
		return DKIM_DOMAIN;
	}
	return read_identity(s, t);
}

/* h= has From, and no more names than we look at. */
static int
read_fields(const struct taglist *t)
{
	const struct taglist_tag	*h = taglist_get(t, "h");
	const char			*word;
	size_t				 i = 0, len, n = 0;
	int				 from = 0;

	if (h == NULL || h->valuelen == 0)
		return DKIM_MISSING;
	while (taglist_word(h, &i, &word, &len)) {
		if (len == 0)
			return DKIM_SYNTAX;
		if (++n > DKIM_NAMES_MAX)
			return DKIM_TOO_LONG;
		if (lex_is(word, len, "from"))
			from = 1;
	}
	return from ? DKIM_OK : DKIM_NO_FROM;
}

/* t=, x=, l= and q=. */
static int
read_limits(struct dkim_sig *s, const struct taglist *t, time_t now)
{
	const struct taglist_tag	*tag;
	const char			*word;
	long long			 made = -1, ends, length;
	size_t				 i = 0, len;

	s->limit = -1;
	if ((tag = taglist_get(t, "l")) != NULL) {
		if (taglist_number(tag, LENGTH_MAX, &length) == -1)
			return DKIM_SYNTAX;
		s->limit = length;
	}
	if ((tag = taglist_get(t, "t")) != NULL &&
	    taglist_number(tag, STAMP_MAX, &made) == -1)
		return DKIM_SYNTAX;
	if (made > (long long)now + DKIM_SKEW)
		return DKIM_FUTURE;
	if ((tag = taglist_get(t, "x")) != NULL) {
		if (taglist_number(tag, STAMP_MAX, &ends) == -1)
			return DKIM_SYNTAX;
		if (ends <= made)
			return DKIM_TIMES;
		if (ends < (long long)now)
			return DKIM_EXPIRED;
	}
	if ((tag = taglist_get(t, "q")) == NULL)
		return DKIM_OK;
	while (taglist_word(tag, &i, &word, &len))
		if (lex_is(word, len, "dns/txt"))
			return DKIM_OK;
	return DKIM_QUERY;
}

static int
read_hashes(struct dkim_sig *s, const struct taglist *t)
{
	const struct taglist_tag	*b = taglist_get(t, "b");
	const struct taglist_tag	*bh = taglist_get(t, "bh");
	size_t				 i, n;

	if (b == NULL || b->valuelen == 0 || bh == NULL || bh->valuelen == 0)
		return DKIM_MISSING;
	for (i = n = 0; i < b->valuelen && n < sizeof(s->begin) - 1; i++)
		if (!lex_ws(b->value[i]))
			s->begin[n++] = b->value[i];
	if ((s->blen = read_base64(b, s->b, sizeof(s->b))) == 0) {
		s->begin[0] = '\0';
		return DKIM_BASE64;
	}
	if (read_base64(bh, s->body, sizeof(s->body)) != DKIM_HASH_LEN)
		return DKIM_BASE64;
	return DKIM_OK;
}

/* The result that goes with a reason for which no key is asked. */
static int
result_of(int why)
{
	switch (why) {
	case DKIM_EXPIRED:
		return DKIM_FAIL;
	case DKIM_ALGORITHM:
	case DKIM_MISSING:
	case DKIM_NO_FROM:
	case DKIM_FUTURE:
	case DKIM_TIMES:
	case DKIM_IDENTITY:
		return DKIM_PERMERROR;
	default:
		return DKIM_NEUTRAL;
	}
}

void
dkim_sig_parse(struct dkim_sig *s, const struct dkim_field *f, time_t now)
{
	struct taglist	 t;
	const char	*colon = memchr(f->raw, ':', f->len);
	int		 why;

	memset(s, 0, sizeof(*s));
	s->limit = -1;
	if (f->len > DKIM_FIELD_MAX)
		why = DKIM_TOO_LONG;
	else if (taglist_parse(&t, colon + 1,
	    f->len - (colon + 1 - f->raw)) == -1)
		why = DKIM_SYNTAX;
	else if ((why = read_names(s, &t)) != DKIM_OK)
		;
	else if (taglist_get(&t, "v") == NULL)
		why = DKIM_MISSING;
	else if (!taglist_is(taglist_get(&t, "v"), "1"))
		why = DKIM_VERSION;
	else if ((why = read_algorithms(s, &t)) == DKIM_OK &&
	    (why = read_fields(&t)) == DKIM_OK &&
	    (why = read_hashes(s, &t)) == DKIM_OK)
		why = read_limits(s, &t, now);
	dkim_decide(s, why == DKIM_OK ? DKIM_WAITS : result_of(why), why);
}
