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

/* Authentication-Results: RFC 8601. */

#ifndef AUTHRES_H
#define AUTHRES_H

#include <sys/types.h>

#define AUTHRES_MAX	32	/* passing results kept of one message */

/* Which passes: dkim header.d or header.i, spf smtp.mailfrom, dmarc. */
#define AUTHRES_DKIM	1
#define AUTHRES_SPF	2
#define AUTHRES_DMARC	3

struct authres_pass {
	int	 method;
	char	*domain;	/* lower case; of the identity that passed */
};

struct authres {
	struct authres_pass	 v[AUTHRES_MAX];
	size_t			 n;
};

/*
 * Reads one field's value; when it was written under the name authserv_id
 * (ASCII case does not matter) its passes are added to *r, which the caller
 * has zeroed.  1 it was, 0 another's or malformed (nothing is added: one
 * broken result voids the field).  A pass that does not fit is left out.
 */
int	 authres_parse(struct authres *r, const char *authserv_id,
	    const char *value, size_t len);

/*
 * Reads the first line of a header field.  1 when it begins an
 * Authentication-Results field that is, or that some reader may take to be,
 * written under the name authserv_id: its own line does not say who wrote a
 * field that is folded before the name, and that is 1.  Else 0.
 */
int	 authres_line(const char *authserv_id, const char *line, size_t len);

/* Frees what *r owns and zeroes it. */
void	 authres_free(struct authres *r);

/*
 * 1 when a pass in *r is for domain, that of a From address, else 0: dmarc
 * for the very domain; dkim and spf relaxed, see authres_aligned().
 */
int	 authres_passes(const struct authres *r, const char *domain);

/*
 * 1 when a and b are the same or one is the other's subdomain, the upper one
 * having at least two labels.  This stands in for RFC 9989's organisational
 * domain, which needs the DNS: sibling subdomains do not align here, though
 * they may there; a subdomain that its parent gave to somebody else does.
 */
int	 authres_aligned(const char *a, const char *b);

#endif
