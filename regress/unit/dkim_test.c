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

/*
 * Signatures made here are made over the hash that is verified: what the
 * canonical forms are is the matter of regress/mailauth, which has other
 * programs' signatures, and of the example of RFC 8463 below.
 */

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <stdlib.h>

#include "base/base64.h"
#include "dkim/dkim.h"
#include "test.h"

#define NOW	1700000000

static EVP_PKEY	*rsa, *small, *ed;
static char	 rsa_rec[1024], small_rec[1024], ed_rec[256], bare_rec[1024];

static const char rfc8463[] =
    "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\n"
    " d=football.example.com; i=@football.example.com;\n"
    " q=dns/txt; s=brisbane; t=1528637909; h=from : to :\n"
    " subject : date : message-id : from : subject : date;\n"
    " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\n"
    " b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus\n"
    " Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==\n"
    "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;\n"
    " d=football.example.com; i=@football.example.com;\n"
    " q=dns/txt; s=test; t=1528637909; h=from : to : subject :\n"
    " date : message-id : from : subject : date;\n"
    " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\n"
    " b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3\n"
    " DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz\n"
    " dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=\n"
    "From: Joe SixPack <joe@football.example.com>\n"
    "To: Suzie Q <suzie@shopping.example.net>\n"
    "Subject: Is dinner ready?\n"
    "Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\n"
    "Message-ID: <20030712040037.46341.5F8J@football.example.com>\n"
    "\n"
    "Hi.\n"
    "\n"
    "We lost the game.  Are you hungry yet?\n"
    "\n"
    "Joe.\n";
static const char rfc8463_ed[] = "v=DKIM1; k=ed25519; "
    "p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
static const char rfc8463_rsa[] = "v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQU"
    "AA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16J"
    "Yi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5Q"
    "jvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB";

/* Reads a message whose lines end in LF; body in pieces of at most step. */
static struct dkim *
read_message(const char *s, size_t step)
{
	struct dkim	*d = dkim_new(NOW);
	const char	*nl;
	size_t		 n;
	int		 head = 1;

	CHECK(d != NULL);
	for (; (nl = strchr(s, '\n')) != NULL; s = nl + 1) {
		if (head && nl == s) {
			CHECK(dkim_header_end(d) == 0);
			head = 0;
		} else if (head)
			CHECK(dkim_header_line(d, s, nl - s) == 0);
		else {
			for (; s < nl; s += n) {
				n = (size_t)(nl - s) < step ?
				    (size_t)(nl - s) : step;
				CHECK(dkim_body(d, s, n) == 0);
			}
			CHECK(dkim_body_eol(d) == 0);
		}
	}
	if (head)
		CHECK(dkim_header_end(d) == 0);
	CHECK(dkim_finish(d) == 0);
	return d;
}

static void
give(struct dkim *d, size_t i, const char *record)
{
	size_t	 len = strlen(record);

	dkim_key(dkim_sig(d, i), &record, &len, 1);
}

static void
encode(const unsigned char *p, size_t len, char *out)
{
	out[base64_encode(p, len, out)] = '\0';
}

/* A signature of the hash by a key, in base64. */
static void
sign(EVP_PKEY *k, const unsigned char *hash, char *out)
{
	EVP_PKEY_CTX	*ctx;
	EVP_MD_CTX	*md;
	unsigned char	 sig[1024];
	size_t		 len = sizeof(sig);

	if (k == ed) {
		md = EVP_MD_CTX_new();
		CHECK(EVP_DigestSignInit(md, NULL, NULL, NULL, k) == 1);
		CHECK(EVP_DigestSign(md, sig, &len, hash, DKIM_HASH_LEN) == 1);
		EVP_MD_CTX_free(md);
	} else {
		ctx = EVP_PKEY_CTX_new(k, NULL);
		CHECK(EVP_PKEY_sign_init(ctx) == 1);
		CHECK(EVP_PKEY_CTX_set_rsa_padding(ctx,
		    RSA_PKCS1_PADDING) == 1);
		CHECK(EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) == 1);
		CHECK(EVP_PKEY_sign(ctx, sig, &len, hash, DKIM_HASH_LEN) == 1);
		EVP_PKEY_CTX_free(ctx);
	}
	encode(sig, len, out);
}

static const char	 head[] = "From: a@m.example\nSubject: s\n";

/* SHA-256 of "hi" CR LF, and of no bytes at all. */
#define BH	"RHI91NDg1Go8f6isolS2HCe2tXiflhd+gsgHAECfFTU="
#define BH0	"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="

/*
 * What becomes of a signature with these tags, made by k over a body "hi"
 * and given the record: "result why".
 */
static const char *
judge_body(const char *tags, EVP_PKEY *k, const char *record,
    const char *body)
{
	static char	 out[256];
	char		 msg[8192], b[2048];
	struct dkim	*d;
	struct dkim_sig	*s;
	int		 round;

	snprintf(b, sizeof(b), "AAAA");
	for (round = 0; round < 2; round++) {
		snprintf(msg, sizeof(msg), "DKIM-Signature: %s; b=%s\n%s\n%s",
		    tags, b, head, body);
		d = read_message(msg, 1000);
		CHECK(dkim_count(d) == 1);
		s = dkim_sig(d, 0);
		if (round == 0) {
			sign(k, s->hash, b);
			dkim_free(d);
		}
	}
	if (record != NULL)
		give(d, 0, record);
	snprintf(out, sizeof(out), "%s %s%s", dkim_result(s), dkim_why(s),
	    dkim_counts(s) ? "+" : "");
	dkim_free(d);
	return out;
}

static const char *
judge(const char *tags, EVP_PKEY *k, const char *record)
{
	return judge_body(tags, k, record, "hi\n");
}

#define R	"v=1; a=rsa-sha256; d=m.example; s=x; "
#define SIG	R "h=from; bh=" BH

/* Tags of the signature, and what they come to with a good key. */
static const struct {
	const char	*tags, *want;
} tags[] = {
	{ SIG, "pass +" },
	{ SIG "; c=relaxed", "pass +" },
	{ SIG "; c=relaxed/relaxed", "pass +" },
	{ SIG "; c=simple/simple", "pass +" },
	{ SIG "; c=simple/relaxed", "pass +" },
	{ SIG "; c=Relaxed", "neutral unknown canonicalization" },
	{ SIG "; c=relaxed/", "neutral unknown canonicalization" },
	{ SIG "; zz=unknown; z=From:a@m.example", "pass +" },
	{ SIG "; q=dns/txt", "pass +" },
	{ SIG "; q=web:dns/txt", "pass +" },
	{ SIG "; q=web", "neutral unknown query method" },
	{ SIG "; t=1699999999", "pass +" },
	{ SIG "; t=1700003601", "permerror made in the future" },
	{ SIG "; t=soon", "neutral malformed signature" },
	{ SIG "; t=1699999999; x=1700000001", "pass +" },
	{ SIG "; x=1700000000", "pass +" },
	{ SIG "; x=1699999999", "fail expired" },
	{ SIG "; t=1699999999; x=1699999999",
	    "permerror expires before it was made" },
	{ SIG "; x=9999999999999", "neutral malformed signature" },
	{ SIG "; i=@m.example", "pass +" },
	{ SIG "; i=joe=20x@sub.M.example", "pass +" },
	{ SIG "; i=a@other.example", "permerror identity outside the domain" },
	{ SIG "; i=joe@xm.example", "permerror identity outside the domain" },
	{ SIG "; i=m.example", "permerror identity outside the domain" },
	{ SIG "; l=4", "pass +" },
	{ SIG "; l=5", "permerror body is shorter than signed" },
	{ SIG "; l=-1", "neutral malformed signature" },
	{ R "h=from; l=0; bh=" BH0, "policy part of the body is not signed" },
	{ R "h=from; bh=" BH0, "fail body has changed" },
	{ R "h=from; bh=AAAA", "neutral malformed hash or signature" },
	{ R "h=from; bh=!!!!", "neutral malformed hash or signature" },
	{ R "h=from", "permerror tag missing" },
	{ R "bh=" BH, "permerror tag missing" },
	{ R "h=; bh=" BH, "permerror tag missing" },
	{ R "h=to:subject; bh=" BH, "permerror From is not signed" },
	{ R "h=FROM : subject:subject:to; bh=" BH, "pass +" },
	{ R "h=from::to; bh=" BH, "neutral malformed signature" },
	{ SIG "; d=n.example", "neutral malformed signature" },
	{ "a=rsa-sha256; d=m.example; s=x; h=from; bh=" BH,
	    "permerror tag missing" },
	{ "v=2; a=rsa-sha256; d=m.example; s=x; h=from; bh=" BH,
	    "neutral unknown version" },
	{ "v=1; a=rsa-sha1; d=m.example; s=x; h=from; bh=" BH,
	    "permerror algorithm not accepted" },
	{ "v=1; d=m.example; s=x; h=from; bh=" BH, "permerror tag missing" },
	{ "v=1; a=rsa-sha256; d=; s=x; h=from; bh=" BH,
	    "neutral malformed domain or selector" },
	{ "v=1; a=rsa-sha256; d=m..example; s=x; h=from; bh=" BH,
	    "neutral malformed domain or selector" },
	{ "v=1; a=rsa-sha256; d=m.example; s=x/y; h=from; bh=" BH,
	    "neutral malformed domain or selector" },
	{ "v=1; a=rsa-sha256; d=m.example; h=from; bh=" BH,
	    "permerror tag missing" },
	{ "v=1; a=ed25519-sha256; d=m.example; s=x; h=from; bh=" BH,
	    "permerror key of another type" },
};

static void
test_tags(void)
{
	size_t	 i;

	for (i = 0; i < sizeof(tags) / sizeof(tags[0]); i++)
		CHECK_STR(judge(tags[i].tags, rsa, rsa_rec), tags[i].want);
	CHECK_STR(judge_body(SIG "; l=4", rsa, rsa_rec, "hi\nmore\n"),
	    "policy part of the body is not signed");
	CHECK_STR(judge_body(SIG "; l=4; c=simple/relaxed", rsa, rsa_rec,
	    "hi  \n \n\n"), "pass +");
	CHECK_STR(judge_body(SIG, rsa, rsa_rec, "hi\n\n\n"), "pass +");
	CHECK_STR(judge_body(SIG, rsa, rsa_rec, "hi \n"),
	    "fail body has changed");
	CHECK_STR(judge_body(SIG, rsa, rsa_rec, ""), "fail body has changed");
	CHECK_STR(judge_body(R "h=from; c=simple/relaxed; bh=" BH0, rsa,
	    rsa_rec, " \n\n"), "pass +");
}

static const char *
with(const char *prefix, const char *record)
{
	static char	 out[2048];

	/* record begins "v=DKIM1; " */
	snprintf(out, sizeof(out), "v=DKIM1; %s; %s", prefix, record + 9);
	return out;
}

static void
test_keys(void)
{
	static const char	 sub[] = SIG "; i=@sub.m.example";
	static const char	 e[] =
	    "v=1; a=ed25519-sha256; d=m.example; s=x; h=from; bh=" BH;

	CHECK_STR(judge(e, ed, ed_rec), "pass +");
	CHECK_STR(judge(e, ed, rsa_rec), "permerror key of another type");
	CHECK_STR(judge(e, ed, "v=DKIM1; k=ed25519; p=AAAA"),
	    "permerror malformed key");
	CHECK_STR(judge(e, rsa, ed_rec), "fail signature does not match");
	CHECK_STR(judge(SIG, rsa, bare_rec), "pass +");
	CHECK_STR(judge(SIG, rsa, with("t=y", rsa_rec)), "pass testing");
	CHECK_STR(judge(SIG, rsa, with("t=s", rsa_rec)), "pass +");
	CHECK_STR(judge(sub, rsa, rsa_rec), "pass +");
	CHECK_STR(judge(sub, rsa, with("t=q:s", rsa_rec)),
	    "permerror key is not for subdomains");
	CHECK_STR(judge(SIG, rsa, with("h=sha1:sha256", rsa_rec)), "pass +");
	CHECK_STR(judge(SIG, rsa, with("h=sha1", rsa_rec)),
	    "permerror key is not for sha256");
	CHECK_STR(judge(SIG, rsa, with("s=*", rsa_rec)), "pass +");
	CHECK_STR(judge(SIG, rsa, with("s=tlsrpt:email", rsa_rec)), "pass +");
	CHECK_STR(judge(SIG, rsa, with("s=tlsrpt", rsa_rec)),
	    "permerror key is not for mail");
	CHECK_STR(judge(SIG, rsa, with("g=x; n=note", rsa_rec)), "pass +");
	CHECK_STR(judge(SIG, rsa, rsa_rec + 9), "pass +");
	CHECK_STR(judge(SIG, rsa, "v=DKIM1; p="), "permerror key revoked");
	CHECK_STR(judge(SIG, rsa, "v=DKIM1"), "permerror malformed key");
	CHECK_STR(judge(SIG, rsa, "v=DKIM1; p=*"), "permerror malformed key");
	CHECK_STR(judge(SIG, rsa, "v=DKIM1; p=AAAA"),
	    "permerror malformed key");
	CHECK_STR(judge(SIG, rsa, "v=DKIM2; p="), "permerror malformed key");
	CHECK_STR(judge(SIG, rsa, "p=; v=DKIM1"), "permerror malformed key");
	CHECK_STR(judge(SIG, rsa, "k=dsa; p=AAAA"),
	    "permerror key of another type");
	CHECK_STR(judge(SIG, small, small_rec),
	    "permerror key shorter than 1024 bits");
	CHECK_STR(judge(SIG, small, rsa_rec), "fail signature does not match");
	CHECK_STR(judge(SIG, rsa, NULL), "temperror ");
}

/* Several records, no record, no answer. */
static void
test_answers(void)
{
	const char	*text[5] = { "v=spf1 -all", rfc8463_ed, rfc8463_ed,
			    rfc8463_rsa, rfc8463_rsa };
	size_t		 len[5], i;
	struct dkim	*d = read_message(rfc8463, 7);
	char		 name[DKIM_NAME_MAX + 1];

	for (i = 0; i < 5; i++)
		len[i] = strlen(text[i]);
	CHECK(dkim_key_name(dkim_sig(d, 1), name, sizeof(name)) == 1);
	CHECK_STR(name, "test._domainkey.football.example.com");
	dkim_key(dkim_sig(d, 1), text, len, 4);
	CHECK_STR(dkim_result(dkim_sig(d, 1)), "pass");
	CHECK(dkim_key_name(dkim_sig(d, 1), name, sizeof(name)) == 0);
	dkim_key_none(dkim_sig(d, 1), 1);
	CHECK_STR(dkim_result(dkim_sig(d, 1)), "pass");
	CHECK(dkim_sig(d, 1)->bits == 1024);
	dkim_key_none(dkim_sig(d, 0), 1);
	CHECK_STR(dkim_result(dkim_sig(d, 0)), "temperror");
	dkim_free(d);
	d = read_message(rfc8463, 1);
	give(d, 0, rfc8463_ed);
	CHECK(dkim_counts(dkim_sig(d, 0)));
	CHECK_STR(dkim_sig(d, 0)->begin, "/gCrinpc");
	CHECK_STR(dkim_sig(d, 0)->ident, "@football.example.com");
	dkim_key(dkim_sig(d, 1), NULL, NULL, 0);
	CHECK_STR(dkim_why(dkim_sig(d, 1)), "no key");
	dkim_free(d);
}

/* Limits: signatures, header, nothing at all. */
static void
test_limits(void)
{
	struct dkim	*d = dkim_new(NOW);
	char		*big = malloc(DKIM_HEADER_MAX);
	int		 i;

	for (i = 0; i < DKIM_SIGS_MAX + 5; i++)
		CHECK(dkim_header_line(d, "DKIM-signature : v=1", 20) == 0);
	CHECK(dkim_header_end(d) == 0 && !dkim_wants_body(d));
	CHECK(dkim_count(d) == DKIM_SIGS_MAX && dkim_ignored(d) == 5);
	CHECK(dkim_body(d, "x", 1) == 0 && dkim_finish(d) == 0);
	CHECK_STR(dkim_why(dkim_sig(d, 0)), "tag missing");
	dkim_free(d);
	d = dkim_new(NOW);
	CHECK(dkim_header_end(d) == 0 && dkim_finish(d) == 0);
	CHECK(dkim_count(d) == 0 && dkim_sig(d, 0) == NULL);
	dkim_free(d);
	memset(big, 'x', DKIM_HEADER_MAX);
	d = dkim_new(NOW);
	CHECK(dkim_header_line(d, " of nothing", 11) == 0);
	CHECK(dkim_header_line(d, "DKIM-Signature: " SIG "; b=AAAA",
	    strlen("DKIM-Signature: " SIG "; b=AAAA")) == 0);
	CHECK(dkim_header_line(d, big, DKIM_HEADER_MAX - 10) == 0);
	CHECK(dkim_header_line(d, "From: a@m.example", 17) == 0);
	CHECK(dkim_header_end(d) == 0 && dkim_finish(d) == 0);
	CHECK(dkim_count(d) == 1);
	CHECK_STR(dkim_why(dkim_sig(d, 0)), "header too large");
	dkim_free(d);
	d = dkim_new(NOW);
	CHECK(dkim_header_line(d, "DKIM-Signature: v=1", 19) == 0);
	for (i = 0; i < DKIM_LINES_MAX; i++)
		CHECK(dkim_header_line(d, "X:", 2) == 0);
	CHECK(dkim_header_end(d) == 0 && dkim_finish(d) == 0);
	CHECK(dkim_count(d) == 1);
	dkim_free(d);
	dkim_free(NULL);
	free(big);
}

/* What h= names is taken from the bottom, and what is not there counts. */
static void
test_oversign(void)
{
	const char	*more = "From: a@m.example\nSubject: t\n";
	struct dkim	*d;
	char		 msg[2048];
	unsigned char	 once[DKIM_HASH_LEN], twice[DKIM_HASH_LEN];
	int		 i;

	for (i = 0; i < 4; i++) {
		snprintf(msg, sizeof(msg),
		    "DKIM-Signature: %s; b=AAAA\n%s%s\nhi\n", i & 1 ?
		    R "h=from:subject:subject; bh=" BH : R
		    "h=from:subject; bh=" BH, i & 2 ? more : "", head);
		d = read_message(msg, 100);
		if (i < 2)
			memcpy(i ? twice : once, dkim_sig(d, 0)->hash,
			    DKIM_HASH_LEN);
		else if (i == 2)
			CHECK(memcmp(once, dkim_sig(d, 0)->hash,
			    DKIM_HASH_LEN) == 0);
		else
			CHECK(memcmp(twice, dkim_sig(d, 0)->hash,
			    DKIM_HASH_LEN) != 0);
		dkim_free(d);
	}
}

static EVP_PKEY *
make_key(int type, int bits)
{
	EVP_PKEY_CTX	*ctx = EVP_PKEY_CTX_new_id(type, NULL);
	EVP_PKEY	*k = NULL;

	CHECK(EVP_PKEY_keygen_init(ctx) == 1);
	if (bits > 0)
		CHECK(EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, bits) == 1);
	CHECK(EVP_PKEY_keygen(ctx, &k) == 1);
	EVP_PKEY_CTX_free(ctx);
	return k;
}

static void
make_record(EVP_PKEY *k, int bare, char *out)
{
	unsigned char	 raw[1024], *der = NULL;
	size_t		 rawlen = sizeof(raw);
	int		 len;

	if (k == ed) {
		CHECK(EVP_PKEY_get_raw_public_key(k, raw, &rawlen) == 1);
		out += sprintf(out, "v=DKIM1; k=ed25519; p=");
		encode(raw, rawlen, out);
		return;
	}
	len = bare ? i2d_PublicKey(k, &der) : i2d_PUBKEY(k, &der);
	CHECK(len > 0);
	out += sprintf(out, "v=DKIM1; p=");
	encode(der, len, out);
	OPENSSL_free(der);
}

int
main(void)
{
	rsa = make_key(EVP_PKEY_RSA, 1024);
	small = make_key(EVP_PKEY_RSA, 1016);
	ed = make_key(EVP_PKEY_ED25519, 0);
	make_record(rsa, 0, rsa_rec);
	make_record(rsa, 1, bare_rec);
	make_record(small, 0, small_rec);
	make_record(ed, 0, ed_rec);
	test_tags();
	test_keys();
	test_answers();
	test_limits();
	test_oversign();
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(small);
	EVP_PKEY_free(ed);
	return test_done();
}
