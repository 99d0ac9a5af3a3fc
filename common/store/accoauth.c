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

#include <stdlib.h>
#include <string.h>

#include "base/compat.h"
#include "crypto/oauthtext.h"
#include "store/accoauth.h"

int
accoauth_renew(const struct keys *keys, struct store *s,
    const struct store_account *acc, const char *text, const char *refresh)
{
	struct oauthtext	 o;
	char			 err[256], plain[OAUTHTEXT_MAX + 1];
	char			 before[STORE_SECRET_MAX + 1];
	char			 sealed[STORE_SECRET_MAX + 1];
	int			 rv = -1;

	if (oauthtext_parse(&o, text, err, sizeof(err)) == 0 &&
	    oauthtext_renew(&o, refresh) == 0 &&
	    oauthtext_format(&o, plain, sizeof(plain)) == 0 &&
	    accseal_close(keys, acc, plain, sealed, sizeof(sealed)) == 0 &&
	    store_account_secret(s, acc->id, acc->generation, before,
	    sizeof(before)) == 1 &&
	    store_account_reseal(s, acc->id, before, sealed) == 1)
		rv = 0;
	explicit_bzero(plain, sizeof(plain));
	oauthtext_free(&o);
	return rv;
}
