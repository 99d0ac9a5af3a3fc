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
 * Account URLs: smtp+tls://user@host[:587], smtps://user@host[:465], null:
 * and lmtp://host:port.  The user may hold percent-encoded bytes (RFC 3986
 * section 2.1), the host may be an IPv6 address in brackets (section 3.2.2).
 */

#ifndef ACCOUNT_URL_H
#define ACCOUNT_URL_H

#include "store/store_account.h"

#define ACCOUNT_URL_MAX	1024	/* bytes of a URL */

/*
 * Takes url apart into transport, host, port, user and auth of acc, and
 * leaves the rest of it alone.  auth is STORE_AUTH_PASSWORD where a user
 * stands.  0; or -1 with a sentence in err that names what was wrong and
 * what was expected, and never quotes a password that stands in the URL.
 */
int	account_url_parse(const char *url, struct store_account *acc,
	    char *err, size_t errsize);

/* Writes acc's URL: 0, or -1 if it does not fit.  Parses to the same. */
int	account_url_format(const struct store_account *acc, char *buf,
	    size_t size);

/* Writes host:port, [host]:port for IPv6, "null" for null. */
int	account_url_server(const struct store_account *acc, char *buf,
	    size_t size);

#endif
