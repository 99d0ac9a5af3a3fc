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

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compat.h"
#include "crypto/oauthtext.h"
#include "store/account_seal.h"
#include "store/account_url.h"

#define PURPOSE	"account secret"

/*
 * What a secret is for: the name as it is compared, the server, who logs in
 * and how.  A newline cannot stand in any of them.
 */
static int
format_context(const struct store_account *acc, char *buf, size_t size)
{
	char	 name[STORE_ACCOUNT_MAX + 1], server[ACCOUNT_URL_MAX + 1];
	int	 r;

	if (store_fold(acc->name, name, sizeof(name)) == -1 ||
	    account_url_server(acc, server, sizeof(server)) == -1)
		return -1;
	r = snprintf(buf, size, "%s\n%s\n%s\n%s\n%d", name,
	    store_transport_name(acc->transport), server, acc->user,
	    (int)acc->auth);
	return r < 0 || (size_t)r >= size ? -1 : 0;
}

int
account_seal_close(const struct keys *keys, const struct store_account *acc,
    const char *secret, char *out, size_t size)
{
	char	 ad[SEAL_AD_MAX + 1];

	if (format_context(acc, ad, sizeof(ad)) == -1)
		return -1;
	return seal_close(keys, PURPOSE, ad, strlen(ad), secret,
	    strlen(secret), out, size);
}

int
account_seal_open(const struct keys *keys, const struct store_account *acc,
    const char *sealed, char **secret)
{
	char	 ad[SEAL_AD_MAX + 1], *plain;
	size_t	 len;
	int	 ret;

	*secret = NULL;
	if (format_context(acc, ad, sizeof(ad)) == -1 ||
	    (plain = malloc(SEAL_PLAIN_MAX + 1)) == NULL)
		return -1;
	ret = seal_open(keys, PURPOSE, ad, strlen(ad), sealed, plain,
	    SEAL_PLAIN_MAX, &len);
	if (ret == 1) {
		plain[len] = '\0';
		if (strlen(plain) != len)
			ret = 0;
		else if ((*secret = strdup(plain)) == NULL)
			ret = -1;
	}
	freezero(plain, SEAL_PLAIN_MAX + 1);
	return ret;
}

void
account_seal_wipe(char *secret)
{
	if (secret != NULL)
		freezero(secret, strlen(secret));
}

int
account_seal_read(const struct keys *keys, struct store *s,
    const struct store_account *acc, char **secret)
{
	char	*sealed;
	int	 ret;

	*secret = NULL;
	if ((sealed = malloc(STORE_SECRET_MAX + 1)) == NULL)
		return -1;
	ret = store_account_secret(s, acc->id, acc->generation, sealed,
	    STORE_SECRET_MAX + 1);
	if (ret == 1)
		ret = account_seal_open(keys, acc, sealed, secret);
	free(sealed);
	return ret;
}

int
account_seal_renew(const struct keys *keys, struct store *s,
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
	    account_seal_close(keys, acc, plain, sealed, sizeof(sealed)) == 0 &&
	    store_account_secret(s, acc->id, acc->generation, before,
	    sizeof(before)) == 1 &&
	    store_account_reseal(s, acc->id, before, sealed) == 1)
		rv = 0;
	explicit_bzero(plain, sizeof(plain));
	oauthtext_free(&o);
	return rv;
}
