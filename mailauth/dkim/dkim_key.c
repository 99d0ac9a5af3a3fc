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

/* Key records (RFC 6376 3.6.1, RFC 8463) and what they verify. */

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <stdio.h>
#include <string.h>

#include "base/base64.h"
#include "base/lex.h"
#include "dkim/dkim_int.h"

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
		dkim_decide(s, DKIM_FAIL, DKIM_BAD);
	else if (why != DKIM_OK)
		dkim_decide(s, DKIM_PERMERROR, why);
	else if (s->unsign > 0)
		dkim_decide(s, DKIM_POLICY, DKIM_UNSIGNED);
	else
		dkim_decide(s, DKIM_PASS,
		    s->testing ? DKIM_TESTING : DKIM_OK);
}

void
dkim_key_none(struct dkim_sig *s, int temporary)
{
	if (s->result != DKIM_WAITS)
		return;
	if (temporary)
		dkim_decide(s, DKIM_TEMPERROR, DKIM_DNS);
	else
		dkim_decide(s, DKIM_PERMERROR, DKIM_NO_KEY);
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
