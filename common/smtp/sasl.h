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

/* The mechanisms of AUTH (RFC 4954): their names and what a client sends. */

#ifndef SASL_H
#define SASL_H

#include <stddef.h>

/* Mechanisms, as bits. */
#define SASL_PLAIN		0x01	/* RFC 4616 */
#define SASL_LOGIN		0x02
#define SASL_XOAUTH2		0x04
#define SASL_OAUTHBEARER	0x08	/* RFC 7628 */

#define SASL_NAMES_MAX		64	/* bytes of all names, with the NUL */

/* What a message is made of. */
struct sasl {
	const char	*user;
	const char	*secret;	/* password or access token */
	const char	*host;		/* the server, as it was named */
	int		 port;
};

/* The bit of a name in any case; 0 for one that we do not know. */
unsigned int	 sasl_mechanism(const char *name, size_t len);

/* The names of mechanisms, "PLAIN LOGIN", in size bytes. */
void		 sasl_names(unsigned int mechs, char *buf, size_t size);

/*
 * The mechanism to use of those in mechs: for a password PLAIN, else LOGIN;
 * for an access token OAUTHBEARER, else XOAUTH2.  0 if there is none.
 */
unsigned int	 sasl_choose(unsigned int mechs, int token);

/*
 * The client's message of a mechanism, in base64: the first, and for LOGIN
 * the user's name in step 1 and the password in step 2.  NULL without memory;
 * else to be given to sasl_wipe().
 */
char		*sasl_message(unsigned int mech, int step,
		    const struct sasl *s);

/* Overwrites and frees a string; NULL is allowed. */
void		 sasl_wipe(char *);

#endif
