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

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/base64.h"
#include "base/lex.h"
#include "base/sbuf.h"
#include "dkim/dkim_canon.h"
#include "dkim/taglist.h"

/* DKIM-Signature fields, RFC 6376 3.5. */

#define B64_MAX		((DKIM_B_MAX + 2) / 3 * 4)
#define STAMP_MAX	999999999999LL	/* twelve digits, RFC 6376 3.5 */
#define LENGTH_MAX	((long long)1 << 60)	/* of 76 digits allowed */

/* Gives s a result and its reason. */
static void
decide(struct dkim_sig *s, int result, int why)
{
	s->result = result;
	s->why = why;
}

/* 1 when sub is domain or below it; case does not matter. */
static int
is_below(const char *sub, const char *domain)
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
	if (fold_name(at + 1) == -1 || !is_below(at + 1, s->domain))
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

/* Reads a DKIM-Signature field into *s: result is DKIM_WAITS unless bad. */
static void
parse_signature(struct dkim_sig *s, const struct dkim_field *f, time_t now)
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
	decide(s, why == DKIM_OK ? DKIM_WAITS : result_of(why), why);
}

/* Key records (RFC 6376 3.6.1, RFC 8463) and what they verify. */

#define ED25519_KEY_LEN	32
#define ED25519_SIG_LEN	64

/* 1 when a list of words has this one, or "*" where that means any. */
static int
has_word(const struct taglist_tag *tag, const char *want, int any)
{
	const char	*word;
	size_t		 i = 0, len;

	while (taglist_word(tag, &i, &word, &len))
		if (lex_is(word, len, want) || (any && lex_is(word, len, "*")))
			return 1;
	return 0;
}

/* Decodes p=; -1 when it is no base64. */
static int
read_key(struct dkim_record *r, const struct taglist_tag *p)
{
	struct base64	 b;
	char		 text[DKIM_KEY_MAX + 1];

	memset(&b, 0, sizeof(b));
	/* What is decoded is shorter than the text by a quarter. */
	if (taglist_copy(p, text, sizeof(text) - 4) == -1)
		return -1;
	r->keylen = base64_decode(&b, text, strlen(text), r->key);
	r->keylen += base64_finish(&b, r->key + r->keylen);
	r->revoked = text[0] == '\0';
	return b.bad || (r->keylen == 0 && !r->revoked) ? -1 : 0;
}

int
dkim_record_parse(struct dkim_record *r, const char *text, size_t len)
{
	const struct taglist_tag	*tag;
	struct taglist			 t;

	memset(r, 0, sizeof(*r));
	r->sha256 = r->email = 1;
	r->alg = DKIM_RSA_SHA256;
	if (len > DKIM_KEY_MAX || taglist_parse(&t, text, len) == -1 ||
	    t.n == 0)
		return -1;
	if ((tag = taglist_get(&t, "v")) != NULL &&
	    (tag != &t.v[0] || !taglist_is(tag, "DKIM1")))
		return -1;
	if ((tag = taglist_get(&t, "k")) != NULL) {
		if (taglist_is(tag, "ed25519"))
			r->alg = DKIM_ED25519_SHA256;
		else if (!taglist_is(tag, "rsa"))
			r->alg = 0;
	}
	if ((tag = taglist_get(&t, "h")) != NULL)
		r->sha256 = has_word(tag, "sha256", 0);
	if ((tag = taglist_get(&t, "s")) != NULL)
		r->email = has_word(tag, "email", 1);
	if ((tag = taglist_get(&t, "t")) != NULL) {
		r->testing = has_word(tag, "y", 0);
		r->strict = has_word(tag, "s", 0);
	}
	if ((tag = taglist_get(&t, "p")) == NULL)
		return -1;
	return r->alg == 0 ? 0 : read_key(r, tag);
}

/*
 * One element of DER: moves *p to what is in it and sets *len to its length.
 * 0, or -1: it has another tag, or does not lie before end.
 */
static int
der_enter(const unsigned char **p, const unsigned char *end, int tag,
    long *len)
{
	int	 is, class, flags;

	/* Errors and lengths without an end are flags, too. */
	flags = ASN1_get_object(p, len, &is, &class, end - *p);
	return flags != (tag == V_ASN1_SEQUENCE ? V_ASN1_CONSTRUCTED : 0) ||
	    is != tag || class != V_ASN1_UNIVERSAL ? -1 : 0;
}

/*
 * The RSA key in a SubjectPublicKeyInfo of the usual form (RFC 3279 2.3.1).
 * libcrypto knows it too, but takes five times as long to find that out as
 * it takes to verify a signature.
 */
static EVP_PKEY *
rsa_usual(const unsigned char **p, const unsigned char *end)
{
	static const unsigned char	 rsa[] = { 0x06, 0x09, 0x2a, 0x86,
					    0x48, 0x86, 0xf7, 0x0d, 0x01,
					    0x01, 0x01, 0x05, 0x00 };
	long				 len;

	if (der_enter(p, end, V_ASN1_SEQUENCE, &len) == -1 ||
	    *p + len != end || der_enter(p, end, V_ASN1_SEQUENCE, &len) == -1 ||
	    len != sizeof(rsa) || memcmp(*p, rsa, sizeof(rsa)) != 0)
		return NULL;
	*p += len;
	if (der_enter(p, end, V_ASN1_BIT_STRING, &len) == -1 || len < 1 ||
	    *p + len != end || *(*p)++ != 0)
		return NULL;
	return d2i_PublicKey(EVP_PKEY_RSA, NULL, p, end - *p);
}

/*
 * The RSA key as SubjectPublicKeyInfo, which everybody publishes, or as the
 * RSAPublicKey of which RFC 6376 speaks.  NULL when it is neither.
 */
static EVP_PKEY *
rsa_key(const struct dkim_record *r)
{
	const unsigned char	*p = r->key, *end = r->key + r->keylen;
	EVP_PKEY		*k;

	if ((k = rsa_usual(&p, end)) == NULL) {
		p = r->key;
		k = d2i_PUBKEY(NULL, &p, (long)r->keylen);
	}
	if (k == NULL) {
		p = r->key;
		k = d2i_PublicKey(EVP_PKEY_RSA, NULL, &p, (long)r->keylen);
	}
	if (k != NULL && (p != end || EVP_PKEY_base_id(k) != EVP_PKEY_RSA)) {
		EVP_PKEY_free(k);
		k = NULL;
	}
	return k;
}

int
dkim_record_bits(const struct dkim_record *r)
{
	EVP_PKEY	*k;
	int		 bits;

	if (r->alg == DKIM_ED25519_SHA256)
		return r->keylen == ED25519_KEY_LEN ? 256 : -1;
	if (r->alg == 0 || (k = rsa_key(r)) == NULL)
		return -1;
	bits = EVP_PKEY_bits(k);
	EVP_PKEY_free(k);
	return bits > 0 ? bits : -1;
}

/* 1 when b is the RSA signature of hash. */
static int
rsa_verify(EVP_PKEY *k, const struct dkim_sig *s)
{
	EVP_PKEY_CTX	*ctx;
	int		 ok;

	if ((ctx = EVP_PKEY_CTX_new(k, NULL)) == NULL)
		return 0;
	ok = EVP_PKEY_verify_init(ctx) == 1 &&
	    EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1 &&
	    EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) == 1 &&
	    EVP_PKEY_verify(ctx, s->b, s->blen, s->hash,
	    sizeof(s->hash)) == 1;
	EVP_PKEY_CTX_free(ctx);
	return ok;
}

/* 1 when b is the Ed25519 signature of hash (RFC 8463 3). */
static int
ed25519_verify(const struct dkim_record *r, const struct dkim_sig *s)
{
	EVP_MD_CTX	*ctx = NULL;
	EVP_PKEY	*k;
	int		 ok;

	if (s->blen != ED25519_SIG_LEN ||
	    (k = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, r->key,
	    r->keylen)) == NULL)
		return 0;
	ok = (ctx = EVP_MD_CTX_new()) != NULL &&
	    EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, k) == 1 &&
	    EVP_DigestVerify(ctx, s->b, s->blen, s->hash,
	    sizeof(s->hash)) == 1;
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(k);
	return ok;
}

/* Why the key does not verify the signature; DKIM_OK when it does. */
static int
check(struct dkim_sig *s, const struct dkim_record *r)
{
	EVP_PKEY	*k;
	const char	*at = strrchr(s->ident, '@');
	int		 ok;

	if (r->alg != s->alg)
		return DKIM_KEY_TYPE;
	if (r->revoked)
		return DKIM_REVOKED;
	if (!r->sha256)
		return DKIM_KEY_HASH;
	if (!r->email)
		return DKIM_KEY_SERVICE;
	if (r->strict && (at == NULL || strcmp(at + 1, s->domain) != 0))
		return DKIM_KEY_DOMAIN;
	if (r->alg == DKIM_ED25519_SHA256) {
		if (r->keylen != ED25519_KEY_LEN)
			return DKIM_KEY_SYNTAX;
		return ed25519_verify(r, s) ? DKIM_OK : DKIM_BAD;
	}
	if ((k = rsa_key(r)) == NULL)
		return DKIM_KEY_SYNTAX;
	s->bits = EVP_PKEY_bits(k);
	if (s->bits < DKIM_RSA_MIN || s->bits > DKIM_RSA_MAX) {
		EVP_PKEY_free(k);
		return s->bits < DKIM_RSA_MIN ? DKIM_WEAK : DKIM_BIG;
	}
	ok = rsa_verify(k, s);
	EVP_PKEY_free(k);
	return ok ? DKIM_OK : DKIM_BAD;
}

void
dkim_key(struct dkim_sig *s, const char *const *text, const size_t *len,
    size_t n)
{
	struct dkim_record	 r;
	size_t			 i, tried = 0;
	int			 why = DKIM_KEY_SYNTAX;

	if (s->result != DKIM_WAITS)
		return;
	if (n == 0) {
		dkim_key_none(s, 0);
		return;
	}
	for (i = 0; i < n && tried < DKIM_KEYS_MAX && why != DKIM_OK; i++) {
		if (dkim_record_parse(&r, text[i], len[i]) == -1)
			continue;
		tried++;
		s->testing = r.testing;
		why = check(s, &r);
	}
	if (why == DKIM_BAD)
		decide(s, DKIM_FAIL, DKIM_BAD);
	else if (why != DKIM_OK)
		decide(s, DKIM_PERMERROR, why);
	else if (s->unsign > 0)
		decide(s, DKIM_POLICY, DKIM_UNSIGNED);
	else
		decide(s, DKIM_PASS,
		    s->testing ? DKIM_TESTING : DKIM_OK);
}

void
dkim_key_none(struct dkim_sig *s, int temporary)
{
	if (s->result != DKIM_WAITS)
		return;
	if (temporary)
		decide(s, DKIM_TEMPERROR, DKIM_DNS);
	else
		decide(s, DKIM_PERMERROR, DKIM_NO_KEY);
}

int
dkim_key_name(const struct dkim_sig *s, char *out, size_t outsz)
{
	int	 n;

	if (s->result != DKIM_WAITS)
		return 0;
	n = snprintf(out, outsz, "%s._domainkey.%s", s->selector, s->domain);
	return n > 0 && (size_t)n < outsz;
}

int
dkim_counts(const struct dkim_sig *s)
{
	return s->result == DKIM_PASS && !s->testing;
}

struct dkim {
	time_t		 now;
	struct sbuf	 head;		/* the header, until it ends */
	size_t		*line;		/* where its fields begin */
	size_t		 nline, szline;
	int		 signatures;	/* DKIM-Signature fields seen */
	int		 overflow;	/* the header is beyond our limits */
	struct dkim_form form[2];	/* by DKIM_SIMPLE, DKIM_RELAXED */
	struct dkim_sig *v;
	size_t		 n;
	size_t		 ignored;
};

struct dkim *
dkim_new(time_t now)
{
	struct dkim	*d;

	if ((d = calloc(1, sizeof(*d))) == NULL)
		return NULL;
	d->now = now;
	d->form[DKIM_RELAXED].relaxed = 1;
	sbuf_init(&d->head, DKIM_HEADER_MAX);
	return d;
}

static void
forget_header(struct dkim *d)
{
	sbuf_free(&d->head);
	free(d->line);
	d->line = NULL;
	d->nline = d->szline = 0;
}

void
dkim_free(struct dkim *d)
{
	if (d == NULL)
		return;
	forget_header(d);
	dkim_form_free(&d->form[DKIM_SIMPLE]);
	dkim_form_free(&d->form[DKIM_RELAXED]);
	free(d->v);
	free(d);
}

/* Notes that a field begins where the header ends now. */
static int
new_field(struct dkim *d)
{
	size_t	*p, sz;

	if (d->nline == DKIM_LINES_MAX) {
		d->overflow = 1;
		return 0;
	}
	if (d->nline == d->szline) {
		sz = d->szline == 0 ? 32 : d->szline * 2;
		if ((p = reallocarray(d->line, sz, sizeof(*p))) == NULL)
			return -1;
		d->line = p;
		d->szline = sz;
	}
	d->line[d->nline++] = d->head.len;
	return 0;
}

int
dkim_header_line(struct dkim *d, const char *line, size_t len)
{
	if (d->overflow)
		return 0;
	if (len > 0 && (line[0] == ' ' || line[0] == '\t')) {
		/* A continuation of nothing belongs to no field. */
		if (d->nline == 0)
			return 0;
	} else if (new_field(d) == -1)
		return -1;
	if (d->head.len + len + 2 > DKIM_HEADER_MAX)
		d->overflow = 1;
	if (d->overflow)
		return 0;
	if (sbuf_add(&d->head, line, len) == -1 ||
	    sbuf_add(&d->head, "\r\n", 2) == -1)
		return -1;
	return 0;
}

/* Fills f with the fields of the header. */
static void
split(const struct dkim *d, struct dkim_field *f)
{
	const char	*colon;
	size_t		 i, end;

	for (i = 0; i < d->nline; i++) {
		end = i + 1 < d->nline ? d->line[i + 1] : d->head.len;
		f[i].raw = d->head.data + d->line[i];
		f[i].len = end - d->line[i] - 2;
		f[i].namelen = 0;
		if ((colon = memchr(f[i].raw, ':', f[i].len)) == NULL)
			continue;
		f[i].namelen = colon - f[i].raw;
		while (f[i].namelen > 0 &&
		    lex_ws(f[i].raw[f[i].namelen - 1]))
			f[i].namelen--;
	}
}

static int
is_signature(const struct dkim_field *f)
{
	return lex_is(f->raw, f->namelen, "DKIM-Signature");
}

/* Reads the signatures and hashes for each what it signed. */
static int
read_signatures(struct dkim *d, const struct dkim_field *f)
{
	struct dkim_sig	*s;
	size_t		 i, n = 0;

	for (i = 0; i < d->nline; i++)
		n += is_signature(&f[i]);
	if (n == 0)
		return 0;
	if (n > DKIM_SIGS_MAX) {
		d->ignored = n - DKIM_SIGS_MAX;
		n = DKIM_SIGS_MAX;
	}
	if ((d->v = calloc(n, sizeof(*d->v))) == NULL)
		return -1;
	for (i = 0; d->n < n; i++) {
		if (!is_signature(&f[i]))
			continue;
		s = &d->v[d->n++];
		parse_signature(s, &f[i], d->now);
		if (s->result != DKIM_WAITS)
			continue;
		if (d->overflow)
			decide(s, DKIM_PERMERROR, DKIM_HEADER);
		else if (dkim_header_hash(s, f, d->nline, i) == -1 ||
		    dkim_form_want(&d->form[s->canon_body], s->limit) == -1)
			decide(s, DKIM_TEMPERROR, DKIM_LOCAL);
	}
	return 0;
}

int
dkim_header_end(struct dkim *d)
{
	struct dkim_field	*f = NULL;
	int			 ret = -1;

	if (d->head.len > 0) {
		/* The field whose line did not fit has no lines here. */
		while (d->nline > 0 && d->line[d->nline - 1] == d->head.len)
			d->nline--;
		if ((f = calloc(d->nline, sizeof(*f))) == NULL)
			goto done;
		split(d, f);
		if (read_signatures(d, f) == -1)
			goto done;
	}
	ret = 0;
done:
	free(f);
	forget_header(d);
	return ret;
}

int
dkim_wants_body(const struct dkim *d)
{
	return d->form[DKIM_SIMPLE].nhash > 0 ||
	    d->form[DKIM_RELAXED].nhash > 0;
}

int
dkim_body(struct dkim *d, const void *p, size_t len)
{
	dkim_form_data(&d->form[DKIM_SIMPLE], p, len);
	dkim_form_data(&d->form[DKIM_RELAXED], p, len);
	return d->form[DKIM_SIMPLE].failed || d->form[DKIM_RELAXED].failed ?
	    -1 : 0;
}

int
dkim_body_eol(struct dkim *d)
{
	dkim_form_eol(&d->form[DKIM_SIMPLE]);
	dkim_form_eol(&d->form[DKIM_RELAXED]);
	return 0;
}

int
dkim_finish(struct dkim *d)
{
	const struct dkim_form	*c;
	const unsigned char	*sum;
	struct dkim_sig		*s;
	size_t			 i;

	if (dkim_form_finish(&d->form[DKIM_SIMPLE]) == -1 ||
	    dkim_form_finish(&d->form[DKIM_RELAXED]) == -1)
		return -1;
	for (i = 0; i < d->n; i++) {
		s = &d->v[i];
		if (s->result != DKIM_WAITS)
			continue;
		c = &d->form[s->canon_body];
		if ((sum = dkim_form_hash(c, s->limit)) == NULL)
			return -1;
		if (s->limit > c->total)
			decide(s, DKIM_PERMERROR, DKIM_SHORT);
		else if (memcmp(sum, s->body, DKIM_HASH_LEN) != 0)
			decide(s, DKIM_FAIL, DKIM_BODY);
		else if (s->limit >= 0)
			s->unsign = c->total - s->limit;
	}
	return 0;
}

size_t
dkim_count(const struct dkim *d)
{
	return d->n;
}

size_t
dkim_ignored(const struct dkim *d)
{
	return d->ignored;
}

struct dkim_sig *
dkim_sig(struct dkim *d, size_t i)
{
	return i < d->n ? &d->v[i] : NULL;
}

const char *
dkim_result(const struct dkim_sig *s)
{
	static const char *const	 word[] = {
		"temperror", "pass", "fail", "policy", "neutral", "temperror",
		"permerror"
	};

	return word[s->result];
}

const char *
dkim_why(const struct dkim_sig *s)
{
	static const char *const	 words[] = {
		[DKIM_OK] = "",
		[DKIM_SYNTAX] = "malformed signature",
		[DKIM_TOO_LONG] = "signature too long",
		[DKIM_VERSION] = "unknown version",
		[DKIM_MISSING] = "tag missing",
		[DKIM_ALGORITHM] = "algorithm not accepted",
		[DKIM_CANON] = "unknown canonicalization",
		[DKIM_DOMAIN] = "malformed domain or selector",
		[DKIM_IDENTITY] = "identity outside the domain",
		[DKIM_NO_FROM] = "From is not signed",
		[DKIM_QUERY] = "unknown query method",
		[DKIM_TIMES] = "expires before it was made",
		[DKIM_FUTURE] = "made in the future",
		[DKIM_EXPIRED] = "expired",
		[DKIM_BASE64] = "malformed hash or signature",
		[DKIM_HEADER] = "header too large",
		[DKIM_BODY] = "body has changed",
		[DKIM_SHORT] = "body is shorter than signed",
		[DKIM_UNSIGNED] = "part of the body is not signed",
		[DKIM_NO_KEY] = "no key",
		[DKIM_DNS] = "key cannot be looked up now",
		[DKIM_KEY_SYNTAX] = "malformed key",
		[DKIM_KEY_TYPE] = "key of another type",
		[DKIM_KEY_HASH] = "key is not for sha256",
		[DKIM_KEY_SERVICE] = "key is not for mail",
		[DKIM_KEY_DOMAIN] = "key is not for subdomains",
		[DKIM_REVOKED] = "key revoked",
		[DKIM_WEAK] = "key shorter than 1024 bits",
		[DKIM_BIG] = "key longer than 8192 bits",
		[DKIM_BAD] = "signature does not match",
		[DKIM_TESTING] = "testing",
		[DKIM_LOCAL] = "no memory"
	};

	return words[s->why];
}

const char *
dkim_algorithm(const struct dkim_sig *s)
{
	switch (s->alg) {
	case DKIM_RSA_SHA256:
		return "rsa-sha256";
	case DKIM_ED25519_SHA256:
		return "ed25519-sha256";
	default:
		return "";
	}
}
