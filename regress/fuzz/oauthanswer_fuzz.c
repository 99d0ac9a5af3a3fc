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
 * JSON, and what a token endpoint could answer: a token that is taken is one,
 * and a text that is shown is clean.
 */

#include "base/jsonread.h"
#include "base/traces.h"
#include "fuzz.h"
#include "oauth/oauthanswer.h"

static int
on_member(const char *name, enum jsonread_type type, const char *value,
    void *arg)
{
	(void)arg;
	CLAIM(strlen(name) <= JSONREAD_STRING_MAX);
	CLAIM(strlen(value) <= JSONREAD_STRING_MAX);
	CLAIM(type <= JSONREAD_NESTED);
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char			 endpoint[] = "https://login.example/token";
	char			 id[] = "client", secret[] = "client-s3cret";
	char			 refresh[] = "refresh-s3cret";
	struct oauthtext	 o = { endpoint, id, secret, refresh, NULL };
	struct oauthanswer	 a;
	const char		*p;

	if (size < 1)
		return 0;
	(void)jsonread_object((const char *)data + 1, size - 1, on_member,
	    NULL);
	oauthanswer_parse(&a, &o, data[0] & 1, data[0] & 2 ? 400 : 200,
	    (const char *)data + 1, size - 1);
	CLAIM((a.state == OAUTHANSWER_GOOD) == (a.token != NULL));
	for (p = a.token; p != NULL && *p != '\0'; p++)
		CLAIM(*p > ' ' && *p <= '~');
	for (p = a.refresh; p != NULL && *p != '\0'; p++)
		CLAIM(*p > ' ' && *p <= '~');
	CLAIM(a.life >= 0 && a.life <= OAUTHANSWER_LIFE_MAX);
	for (p = a.text; *p != '\0'; p++)
		CLAIM(*p >= ' ' && *p <= '~');
	CLAIM(!traces_of(secret, a.text) && !traces_of(refresh, a.text));
	oauthanswer_free(&a);
	return 0;
}
