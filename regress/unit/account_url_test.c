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

/* Account URLs, and the OAuth 2 data beside them. */

#include "crypto/oauthtext.h"
#include "store/account_url.h"
#include "test.h"

static void
good(const char *url, enum store_transport transport, const char *user,
    const char *host, unsigned int port, const char *canonical)
{
	struct store_account	 acc, again;
	char			 err[256] = "", buf[ACCOUNT_URL_MAX * 2];

	memset(&acc, 0, sizeof(acc));
	memset(&again, 0, sizeof(again));
	if (account_url_parse(url, &acc, err, sizeof(err)) == -1)
		fprintf(stderr, "%s: %s\n", url, err);
	CHECK(acc.transport == transport && acc.port == port);
	CHECK_STR(acc.user, user);
	CHECK_STR(acc.host, host);
	CHECK(acc.auth == (*user ? STORE_AUTH_PASSWORD : STORE_AUTH_NONE));
	CHECK(account_url_format(&acc, buf, sizeof(buf)) == 0);
	CHECK_STR(buf, canonical);
	CHECK(account_url_parse(buf, &again, err, sizeof(err)) == 0);
	CHECK_STR(again.user, user);
	CHECK_STR(again.host, host);
}

static void
bad(const char *url, const char *why)
{
	struct store_account	 acc;
	char			 err[256] = "";

	memset(&acc, 0, sizeof(acc));
	CHECK(account_url_parse(url, &acc, err, sizeof(err)) == -1);
	if (strstr(err, why) == NULL)
		fprintf(stderr, "%s: %s\n", url, err);
	CHECK(strstr(err, why) != NULL);
	CHECK(strstr(err, "hunter2") == NULL);
}

static void
urls(void)
{
	good("smtp+tls://alice@smtp.partner.example", STORE_SMTP_TLS, "alice",
	    "smtp.partner.example", 587,
	    "smtp+tls://alice@smtp.partner.example:587");
	good("SMTPS://al%40ice@SMTP.Partner.Example", STORE_SMTPS, "al@ice",
	    "smtp.partner.example", 465,
	    "smtps://al%40ice@smtp.partner.example:465");
	good("smtps://alice@partner.example@[2001:DB8::0:1]:2465",
	    STORE_SMTPS, "alice@partner.example", "2001:db8::1", 2465,
	    "smtps://alice%40partner.example@[2001:db8::1]:2465");
	good("smtp+tls://%c3%a4%20b@192.0.2.1:25", STORE_SMTP_TLS,
	    "\xc3\xa4 b", "192.0.2.1", 25,
	    "smtp+tls://%C3%A4%20b@192.0.2.1:25");
	good("lmtp://localhost:24", STORE_LMTP, "", "localhost", 24,
	    "lmtp://localhost:24");
	good("null:", STORE_NULL, "", "", 0, "null:");

	bad("", "no account's URL");
	bad("smtp.partner.example", "no account's URL");
	bad("http://alice@host", "no account's URL");
	bad("smtp://alice@host", "in the clear");
	bad("smtp+tls:alice@host", "`//'");
	bad("smtp+tls://host", "user is missing");
	bad("smtp+tls://@host", "empty");
	bad("smtp+tls://alice@", "host is missing");
	bad("smtp+tls://alice:hunter2@host", "password does not belong");
	bad("smtp+tls://al%3aice@host", "carry a `:'");
	bad("smtp+tls://al%ice@host", "hexadecimal");
	bad("smtp+tls://al%0@host", "hexadecimal");
	bad("smtp+tls://al%00@host", "UTF-8");
	bad("smtp+tls://al%0aice@host", "UTF-8");
	bad("smtp+tls://al%ff@host", "UTF-8");
	bad("smtp+tls://alice@host:", "port is no number");
	bad("smtp+tls://alice@host:0", "port is no number");
	bad("smtp+tls://alice@host:65536", "port is no number");
	bad("smtp+tls://alice@host: 25", "port is no number");
	bad("smtp+tls://alice@host/x", "nothing may follow");
	bad("smtp+tls://alice@host?x", "nothing may follow");
	bad("smtp+tls://alice@ho st", "no host name");
	bad("smtp+tls://alice@[::1", "`]'");
	bad("smtp+tls://alice@[::g]", "IPv6");
	bad("smtp+tls://alice@::1", "between [ and ]");
	bad("smtp+tls://alice@1.2.3", "no host name");
	bad("lmtp://host", "port is missing");
	bad("lmtp://alice@host:24", "no user");
	bad("null://host", "nothing may follow");
}

static void
oauth_bad(const char *text, const char *why)
{
	struct oauthtext	 o;
	char			 err[256] = "";

	CHECK(oauthtext_parse(&o, text, err, sizeof(err)) == -1);
	if (strstr(err, why) == NULL)
		fprintf(stderr, "%s: %s\n", text, err);
	CHECK(strstr(err, why) != NULL);
	CHECK(strstr(err, "hunter2") == NULL);
	oauthtext_free(&o);
}

#define REST	"client-id me\nrefresh-token hunter2\n"

/* What leaves room for another refresh token can take the longest one. */
static void
oauth_room(void)
{
	struct oauthtext	 o;
	char			 err[256], text[OAUTHTEXT_MAX + 1];
	char			 token[OAUTHTEXT_VALUE_MAX + 2];
	char			 scope[OAUTHTEXT_VALUE_MAX];
	size_t			 n;

	memset(token, 'r', sizeof(token));
	token[OAUTHTEXT_VALUE_MAX + 1] = '\0';
	memset(scope, 's', sizeof(scope));
	/* Five lines' ends, names and blanks, and the values but one. */
	n = OAUTHTEXT_MAX - OAUTHTEXT_VALUE_MAX - strlen("token-endpoint "
	    "https://x/\nclient-id me\nrefresh-token \nscope \n");
	for (; n <= OAUTHTEXT_VALUE_MAX; n++) {
		(void)snprintf(text, sizeof(text), "token-endpoint "
		    "https://x/\n" REST "scope %.*s\n", (int)n, scope);
		CHECK(oauthtext_parse(&o, text, err, sizeof(err)) == 0);
		CHECK(oauthtext_renew(&o, token) == -1);
		CHECK(oauthtext_renew(&o, token + 1) == 0);
		if (!oauthtext_roomy(&o))
			break;
		CHECK(oauthtext_format(&o, text, sizeof(text)) == 0);
		CHECK(strlen(text) == OAUTHTEXT_MAX);
		oauthtext_free(&o);
	}
	CHECK(n <= OAUTHTEXT_VALUE_MAX);
	CHECK(oauthtext_format(&o, text, sizeof(text)) == -1);
	oauthtext_free(&o);
}

static void
oauth(void)
{
	struct oauthtext	 o;
	char			 err[256], buf[OAUTHTEXT_MAX], small[20];

	CHECK(oauthtext_parse(&o, "# from the provider\r\n\n"
	    "  token-endpoint\thttps://login.example/token \r\n"
	    "client-id id-1\nclient-secret s3cret\nrefresh-token r/1+x=\n"
	    "scope a b  c", err, sizeof(err)) == 0);
	CHECK_STR(o.endpoint, "https://login.example/token");
	CHECK_STR(o.scope, "a b  c");
	CHECK(oauthtext_renew(&o, "r2") == 0);
	CHECK(oauthtext_renew(&o, "r 2") == -1);
	CHECK(oauthtext_renew(&o, "r\n2") == -1);
	CHECK(oauthtext_renew(&o, "") == -1);
	CHECK(oauthtext_format(&o, small, sizeof(small)) == -1);
	CHECK(oauthtext_format(&o, buf, sizeof(buf)) == 0);
	CHECK_STR(buf, "token-endpoint https://login.example/token\n"
	    "client-id id-1\nclient-secret s3cret\nrefresh-token r2\n"
	    "scope a b  c\n");
	oauthtext_free(&o);
	CHECK(o.client_secret == NULL);
	CHECK(oauthtext_parse(&o, "token-endpoint https://x/\n" REST, err,
	    sizeof(err)) == 0);
	CHECK(o.client_secret == NULL && o.scope == NULL);
	oauthtext_free(&o);
	oauth_bad("", "token-endpoint is missing");
	oauth_bad("token-endpoint https://x/\nclient-id a\n",
	    "refresh-token is missing");
	oauth_bad("token-endpoint http://x/\n" REST, "https://");
	oauth_bad(REST "client-id you\n", "line 3: client-id stands");
	oauth_bad(REST "password hunter2\n", "line 3: expected");
	oauth_bad("client-id\n", "line 1: client-id needs");
	oauth_bad("client-id hunter2 x\n", "line 1: client-id needs");
	oauth_bad("scope a\001b\n", "line 1: scope needs");
}

int
main(void)
{
	urls();
	oauth();
	oauth_room();
	return test_done();
}
