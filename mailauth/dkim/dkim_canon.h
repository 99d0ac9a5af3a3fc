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

/* What is hashed of a message: the canonical forms of RFC 6376 3.4. */

#ifndef DKIM_CANON_H
#define DKIM_CANON_H

#include <openssl/evp.h>

#include "dkim/dkim.h"

#define DKIM_CHUNK	512	/* bytes gathered before they are hashed */

/* The body in one canonical form, RFC 6376 3.4. */
struct dkim_form {
	int		 relaxed;
	int		 space;		/* white space waits for what follows */
	int64_t		 breaks;	/* CR LFs that wait */
	int64_t		 total;		/* bytes that came out */
	size_t		 n;
	unsigned char	 chunk[DKIM_CHUNK];
	/* One hash for each length that is signed. */
	struct dkim_hash {
		EVP_MD_CTX	*ctx;
		int64_t		 limit;	/* -1 none */
		unsigned char	 sum[DKIM_HASH_LEN];	/* at the end */
	}		 hash[DKIM_SIGS_MAX];
	size_t		 nhash;
	int		 failed;
};

/*
 * A field of the header: lines with CR LF between them, inside the message's
 * buffer.
 */
struct dkim_field {
	const char	*raw;
	size_t		 len;
	size_t		 namelen;	/* 0 when it has no name */
};

/*
 * Hashes what f[own], a signature read into *s, says to have signed, of the n
 * fields of the header.  -1 when libcrypto fails or memory is exhausted.
 */
int	 dkim_header_hash(struct dkim_sig *s, const struct dkim_field *f,
	    size_t n, size_t own);

/* Says that a length (-1: all) is needed, before the body comes. */
int	 dkim_form_want(struct dkim_form *c, int64_t limit);

void	 dkim_form_data(struct dkim_form *c, const unsigned char *p,
	    size_t len);
void	 dkim_form_eol(struct dkim_form *c);

/* Ends the body; -1 when anything failed. */
int	 dkim_form_finish(struct dkim_form *c);

/* The hash of a length that was wanted, after the end; NULL for another. */
const unsigned char *dkim_form_hash(const struct dkim_form *c, int64_t limit);

void	 dkim_form_free(struct dkim_form *c);

#endif
