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
 * DKIM signatures, verified: RFC 6376, with RFC 8301 (no SHA-1, RSA keys of
 * 1024 bits and more) and RFC 8463 (Ed25519).
 *
 * A struct dkim takes a message line by line, and keeps of it what its
 * signatures have signed until the header ends, hashes afterwards.  Then each
 * struct dkim_sig waits for its key, without the message: it holds no pointer,
 * so that one process may read mail and another may ask the DNS.
 */

#ifndef DKIM_H
#define DKIM_H

#include <sys/types.h>
#include <stdint.h>
#include <time.h>

#define DKIM_SIGS_MAX	10	/* signatures judged, from the top */
#define DKIM_FIELD_MAX	32768	/* bytes of one signature */
#define DKIM_HEADER_MAX	262144	/* bytes of a header that has signatures */
#define DKIM_LINES_MAX	5000	/* lines of such a header */
#define DKIM_NAMES_MAX	512	/* names in h= */
#define DKIM_NAME_MAX	253	/* bytes of d=, s=, and the key's name */
#define DKIM_IDENT_MAX	255	/* bytes of i=; else only its domain is kept */
#define DKIM_HASH_LEN	32	/* SHA-256, the only one */
#define DKIM_B_MAX	1024	/* bytes of a signature: RSA of 8192 bits */
#define DKIM_RSA_MIN	1024	/* bits, RFC 8301 3.2 */
#define DKIM_RSA_MAX	8192
#define DKIM_KEY_MAX	4096	/* bytes of a key record */
#define DKIM_KEYS_MAX	3	/* records of one name that are tried */
#define DKIM_SKEW	3600	/* seconds that a signer's clock is ahead */

/* Results, those of RFC 8601 2.7.1. */
#define DKIM_WAITS	0	/* for its key */
#define DKIM_PASS	1
#define DKIM_FAIL	2	/* the message or signature was changed */
#define DKIM_POLICY	3	/* good, but our policy does not take it */
#define DKIM_NEUTRAL	4	/* no proper signature */
#define DKIM_TEMPERROR	5	/* the key could not be had now */
#define DKIM_PERMERROR	6	/* nor can it later */

/* Why: dkim_why() has the words. */
enum dkim_why {
	DKIM_OK,
	DKIM_SYNTAX, DKIM_TOO_LONG, DKIM_VERSION, DKIM_MISSING, DKIM_ALGORITHM,
	DKIM_CANON, DKIM_DOMAIN, DKIM_IDENTITY, DKIM_NO_FROM, DKIM_QUERY,
	DKIM_TIMES, DKIM_FUTURE, DKIM_EXPIRED, DKIM_BASE64, DKIM_HEADER,
	DKIM_BODY, DKIM_SHORT, DKIM_UNSIGNED, DKIM_NO_KEY, DKIM_DNS,
	DKIM_KEY_SYNTAX, DKIM_KEY_TYPE, DKIM_KEY_HASH, DKIM_KEY_SERVICE,
	DKIM_KEY_DOMAIN, DKIM_REVOKED, DKIM_WEAK, DKIM_BIG, DKIM_BAD,
	DKIM_TESTING, DKIM_LOCAL
};

#define DKIM_RSA_SHA256		1
#define DKIM_ED25519_SHA256	2

#define DKIM_SIMPLE	0
#define DKIM_RELAXED	1

struct dkim_sig {
	int		 result;	/* DKIM_WAITS, ... */
	int		 why;		/* DKIM_OK, ... */
	int		 alg;		/* 0 when unknown */
	int		 canon_header;
	int		 canon_body;
	int		 testing;	/* the key says t=y */
	int		 bits;		/* of the RSA key; 0 unknown */
	int64_t		 limit;		/* l=, or -1 */
	int64_t		 unsign;	/* bytes of the body beyond l= */
	char		 domain[DKIM_NAME_MAX + 1];	/* d=, lower case */
	char		 selector[DKIM_NAME_MAX + 1];	/* s= */
	char		 ident[DKIM_IDENT_MAX + 1];	/* i=; "@domain" */
	char		 begin[9];	/* of b=, RFC 6008 */
	unsigned char	 hash[DKIM_HASH_LEN];	/* what was signed */
	unsigned char	 body[DKIM_HASH_LEN];	/* bh= */
	unsigned char	 b[DKIM_B_MAX];
	size_t		 blen;
};

struct dkim;

/* A message of which nothing came; now is the time of arrival.  NULL when
 * memory is exhausted.  dkim_free() it. */
struct dkim *dkim_new(time_t now);

/* Frees it with its signatures; NULL is allowed. */
void	 dkim_free(struct dkim *d);

/*
 * Takes the next line of the header, without its end of line.  0, or -1 when
 * memory is exhausted.
 */
int	 dkim_header_line(struct dkim *d, const char *line, size_t len);

/*
 * Ends the header: hashes it for each signature and forgets it.  0, or -1
 * when memory is exhausted or libcrypto fails.
 */
int	 dkim_header_end(struct dkim *d);

/*
 * 1 when a signature needs the body.  Where it is 0 what follows may be left
 * out but for dkim_finish().
 */
int	 dkim_wants_body(const struct dkim *d);

/*
 * Takes a piece of a line of the body, of any length, and the end of a line.
 * Memory does not grow with the body.  0, or -1 when libcrypto fails.
 */
int	 dkim_body(struct dkim *d, const void *p, size_t len);
int	 dkim_body_eol(struct dkim *d);

/*
 * Ends the body.  What needs no key has its result now, the others wait.  0,
 * or -1 when libcrypto fails.
 */
int	 dkim_finish(struct dkim *d);

/* How many signatures there are, at most DKIM_SIGS_MAX. */
size_t	 dkim_count(const struct dkim *d);

/* How many there were beyond that. */
size_t	 dkim_ignored(const struct dkim *d);

/* The ith from the top; it is d's. */
struct dkim_sig *dkim_sig(struct dkim *d, size_t i);

/*
 * The name whose TXT records hold the key.  1, or 0 when the signature waits
 * for none.  outsz of DKIM_NAME_MAX + 1 always suffices.
 */
int	 dkim_key_name(const struct dkim_sig *s, char *out, size_t outsz);

/*
 * Gives a waiting signature the records found, n texts with their lengths,
 * and decides it.  Where there are several (RFC 6376 3.6.2.2 leaves it open)
 * one that verifies is enough.
 */
void	 dkim_key(struct dkim_sig *s, const char *const *text,
	    const size_t *len, size_t n);

/* Decides a waiting signature for which no record came: for now, or ever. */
void	 dkim_key_none(struct dkim_sig *s, int temporary);

/*
 * 1 when the signature says that its domain answers for the message: it
 * passed, and the key is not for testing, with which a message is to be treated
 * as unsigned (RFC 6376 3.6.1).
 */
int	 dkim_counts(const struct dkim_sig *s);

/* The word of RFC 8601 2.7.1, and a reason of a few words, "" when none. */
const char *dkim_result(const struct dkim_sig *s);
const char *dkim_why(const struct dkim_sig *s);

/* "rsa-sha256", ..., "" when unknown. */
const char *dkim_algorithm(const struct dkim_sig *s);

/*
 * What a key record says, for those who report about one: read without a
 * signature.
 */
struct dkim_record {
	int		 alg;		/* 0: k= is another */
	int		 revoked;	/* p= is empty */
	int		 testing;	/* t=y */
	int		 strict;	/* t=s: i= has the very domain of d= */
	int		 sha256;	/* h= allows it */
	int		 email;		/* s= does */
	size_t		 keylen;
	unsigned char	 key[DKIM_KEY_MAX];	/* p=, decoded */
};

/* Reads the record.  0, or -1 when it is none. */
int	 dkim_record_parse(struct dkim_record *r, const char *text,
	    size_t len);

/* The bits of its RSA key, 256 for Ed25519, -1 when the key is none. */
int	 dkim_record_bits(const struct dkim_record *r);

#endif
