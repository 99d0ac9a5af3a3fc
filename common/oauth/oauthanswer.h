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
 * What a token endpoint answers to a request with a refresh token: RFC 6749
 * sections 5.1, 5.2 and 6.
 */

#ifndef OAUTHANSWER_H
#define OAUTHANSWER_H

#include <stddef.h>
#include <stdint.h>

#include "crypto/oauthtext.h"

#define OAUTHANSWER_TOKEN_MAX	8192	/* bytes of a token */
#define OAUTHANSWER_TEXT_MAX	300
#define OAUTHANSWER_LIFE	3600	/* s, where the server says nothing */
#define OAUTHANSWER_LIFE_MAX	(7 * 86400)

enum oauthanswer_state {
	OAUTHANSWER_GOOD,
	OAUTHANSWER_REFUSED,	/* consent is gone, or we are unknown: a
				 * person must act */
	OAUTHANSWER_LATER,	/* ask again */
	OAUTHANSWER_BASIC	/* ask again, with the client's secret in
				 * HTTP's own field */
};

struct oauthanswer {
	enum oauthanswer_state	 state;
	char			*token;		/* GOOD: the access token */
	char			*refresh;	/* a new one, or NULL */
	int64_t			 life;		/* seconds from now */
	/* Why not: printable ASCII, and nothing of a secret. */
	char			 text[OAUTHANSWER_TEXT_MAX];
};

/*
 * Judges an answer with HTTP's status and a body of len bytes, to a request
 * with what is in o; basic: in which form the client's secret was sent.
 * *a is later given to oauthanswer_free().
 */
void	 oauthanswer_parse(struct oauthanswer *a, const struct oauthtext *o,
	    int basic, long status, const char *body, size_t len);

/* Makes it an answer of that state, with a text. */
void	 oauthanswer_set(struct oauthanswer *a, enum oauthanswer_state state,
	    const struct oauthtext *o, const char *text);

/* Wipes and frees what is inside. */
void	 oauthanswer_free(struct oauthanswer *a);

#endif
