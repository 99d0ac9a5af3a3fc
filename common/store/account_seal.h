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

/* An account's secret, sealed for that account and server alone. */

#ifndef ACCOUNT_SEAL_H
#define ACCOUNT_SEAL_H

#include "crypto/keys.h"
#include "crypto/seal.h"
#include "store/store_account.h"

#define ACCOUNT_SEAL_PASSWORD_MAX	512	/* bytes of a password */

/*
 * Seals a secret for acc: its name, transport, host, port, user and kind of
 * authentication are associated data, so that the secret does not open for
 * another.  secret is text, of at most SEAL_PLAIN_MAX bytes; out gets the
 * sealed text.  0 or -1.
 */
int	account_seal_close(const struct keys *keys,
	    const struct store_account *acc, const char *secret, char *out,
	    size_t size);

/*
 * Opens it.  Returns 1 and *secret, which the caller gives to
 * account_seal_wipe(); 0 if it does not open (seal.h); -1 without memory.
 */
int	account_seal_open(const struct keys *keys,
	    const struct store_account *acc, const char *sealed,
	    char **secret);

/* Wipes and frees; NULL is allowed. */
void	account_seal_wipe(char *secret);

/*
 * Reads and opens the secret that is stored for acc, as of acc->generation.
 * Returns 1; 0 if there is none or it does not open; -1 on an error of the
 * store or without memory.
 */
int	account_seal_read(const struct keys *keys, struct store *s,
	    const struct store_account *acc, char **secret);

/* A renewed refresh token takes the place of the old one in an account. */

/*
 * Puts the refresh token into text, the account's OAuth data (oauthtext.h)
 * as account_seal_read() gave it, seals that and stores it, with the account's
 * generation unchanged.  Returns 0, or -1: it is no token, or the account
 * has another secret by now, or an error of the store or lack of memory.
 */
int	account_seal_renew(const struct keys *keys, struct store *s,
	    const struct store_account *acc, const char *text,
	    const char *refresh);

#endif
