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
 * What is typed for an account: a URL or OAuth 2 data.  What is taken is
 * within its limits, and written out it is taken again as the same.
 */

#include <stdlib.h>
#include <string.h>

#include "crypto/oauthtext.h"
#include "fuzz.h"
#include "store/account_url.h"

static void
url(const char *text)
{
	struct store_account	 a, b;
	char			 err[256] = "", one[ACCOUNT_URL_MAX * 4];
	char			 two[ACCOUNT_URL_MAX * 4];

	memset(&a, 0, sizeof(a));
	memset(&b, 0, sizeof(b));
	if (account_url_parse(text, &a, err, sizeof(err)) == -1) {
		CLAIM(err[0] != '\0');
		return;
	}
	CLAIM((a.transport == STORE_NULL) == (a.host[0] == '\0'));
	CLAIM((a.transport == STORE_NULL) == (a.port == 0));
	CLAIM((a.auth == STORE_AUTH_NONE) == (a.user[0] == '\0'));
	CLAIM(strpbrk(a.user, ":\r\n") == NULL);
	CLAIM(strpbrk(a.host, " \r\n@[]/") == NULL);
	CLAIM(account_url_format(&a, one, sizeof(one)) == 0);
	/* What is encoded may be longer than what may be typed. */
	if (strlen(one) > ACCOUNT_URL_MAX)
		return;
	CLAIM(account_url_parse(one, &b, err, sizeof(err)) == 0);
	CLAIM(account_url_format(&b, two, sizeof(two)) == 0);
	CLAIM(strcmp(one, two) == 0 && strcmp(a.user, b.user) == 0);
}

static void
oauth(const char *text)
{
	struct oauthtext	 a, b;
	char			 err[256] = "", one[OAUTHTEXT_MAX * 2];
	char			 two[OAUTHTEXT_MAX * 2];

	if (oauthtext_parse(&a, text, err, sizeof(err)) == 0) {
		CLAIM(oauthtext_format(&a, one, sizeof(one)) == 0);
		if (strlen(one) <= OAUTHTEXT_MAX) {
			CLAIM(oauthtext_parse(&b, one, err,
			    sizeof(err)) == 0);
			CLAIM(oauthtext_format(&b, two, sizeof(two)) == 0);
			CLAIM(strcmp(one, two) == 0);
			oauthtext_free(&b);
		}
	} else
		CLAIM(err[0] != '\0');
	oauthtext_free(&a);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char	*text;

	if ((text = malloc(size + 1)) == NULL)
		abort();
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	url(text);
	oauth(text);
	free(text);
	return 0;
}
