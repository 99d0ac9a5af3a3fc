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

/* A renewed refresh token takes the place of the old one in an account. */

#ifndef ACCOAUTH_H
#define ACCOAUTH_H

#include "store/accseal.h"

/*
 * Puts the refresh token into text, the account's OAuth data (oauthtext.h)
 * as accseal_read() gave it, seals that and stores it, with the account's
 * generation unchanged.  Returns 0, or -1: it is no token, or the account
 * has another secret by now, or an error of the store or lack of memory.
 */
int	accoauth_renew(const struct keys *keys, struct store *s,
	    const struct store_account *acc, const char *text,
	    const char *refresh);

#endif
