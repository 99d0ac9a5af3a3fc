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
 * The OAuth 2 data of an account, as `account add -o FILE' reads it and as it
 * is sealed: one setting a line, name and value separated by blanks; empty
 * lines and those that begin with # are ignored.
 *
 *	token-endpoint https://login.example/token
 *	client-id ID
 *	client-secret SECRET		(may be missing: a public client)
 *	refresh-token TOKEN
 *	scope WORD ...			(may be missing)
 */

#ifndef OAUTHTEXT_H
#define OAUTHTEXT_H

#include <stddef.h>

#define OAUTHTEXT_MAX		8192	/* bytes of the text */
#define OAUTHTEXT_VALUE_MAX	4096	/* bytes of a value */

struct oauthtext {
	char	*endpoint;	/* https:// and visible ASCII */
	char	*client_id;
	char	*client_secret;	/* NULL if there is none */
	char	*refresh_token;
	char	*scope;		/* NULL if there is none */
};

/*
 * Takes the text apart.  0; or -1 with a sentence in err, which names the
 * line and quotes no value.  o is then given to oauthtext_free() in either
 * case.
 */
int	oauthtext_parse(struct oauthtext *o, const char *text, char *err,
	    size_t errsize);

/* Writes the text into size bytes: 0, or -1 if it does not fit. */
int	oauthtext_format(const struct oauthtext *o, char *buf, size_t size);

/*
 * Whether the text will fit into OAUTHTEXT_MAX bytes whatever refresh token
 * is put in: 1 or 0.
 */
int	oauthtext_roomy(const struct oauthtext *o);

/* Puts another refresh token in: 0, or -1 (no memory, or it is none). */
int	oauthtext_renew(struct oauthtext *o, const char *token);

/* Wipes and frees what is inside. */
void	oauthtext_free(struct oauthtext *o);

#endif
