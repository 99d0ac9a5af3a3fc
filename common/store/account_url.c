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

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/charset.h"
#include "base/compat.h"
#include "base/hostport.h"
#include "base/lex.h"
#include "store/account_url.h"

#define FORMS	"smtp+tls://user@host, smtps://user@host, lmtp://host:port " \
		"or null:"

struct err {
	char	*buf;
	size_t	 size;
};

static int	fail(const struct err *, const char *, ...)
		    __attribute__((__format__ (printf, 2, 3)));

static int
fail(const struct err *err, const char *fmt, ...)
{
	va_list	 ap;

	va_start(ap, fmt);
	(void)vsnprintf(err->buf, err->size, fmt, ap);
	va_end(ap);
	return -1;
}

/* Undoes percent-encoding (RFC 3986 section 2.1) of len characters. */
static int
get_user(const char *p, size_t len, char *user, size_t size,
    const struct err *err)
{
	unsigned int	 cp;
	size_t		 i, o = 0, n;

	/* Nothing of it is quoted: there may be a password behind the `:'. */
	if (memchr(p, ':', len) != NULL)
		return fail(err, "a password does not belong into the URL: "
		    "it comes from the terminal or from standard input");
	for (i = 0; i < len; i++, o++) {
		if (o + 1 >= size)
			return fail(err, "the user is longer than %zu bytes",
			    size - 1);
		user[o] = p[i];
		if (p[i] != '%')
			continue;
		if (len - i < 3 || lex_hex(p[i + 1]) == -1 ||
		    lex_hex(p[i + 2]) == -1)
			return fail(err, "after a %% in the user two "
			    "hexadecimal digits were expected");
		user[o] = (char)(lex_hex(p[i + 1]) << 4 | lex_hex(p[i + 2]));
		i += 2;
	}
	if (o == 0)
		return fail(err, "the user before the @ is empty");
	for (i = 0; i < o; i += n)
		if ((n = charset_next(user + i, o - i, &cp)) == 0 ||
		    cp < 0x20 || (cp >= 0x7f && cp < 0xa0))
			return fail(err, "the user is no UTF-8 without "
			    "control characters");
	user[o] = '\0';
	if (strchr(user, ':') != NULL)
		return fail(err, "smtpd cannot carry a `:' in the user");
	return 0;
}

/* What stands behind the scheme. */
static int
get_rest(const char *rest, struct store_account *acc, const struct err *err)
{
	struct hostport	 hp;
	char		 why[HOSTPORT_WHY];
	const char	*at;
	unsigned int	 port = 0;

	if (strncmp(rest, "//", 2) != 0)
		return fail(err, "`//' was expected after %s:",
		    store_transport_name(acc->transport));
	rest += 2;
	if ((at = strrchr(rest, '@')) != NULL) {
		if (get_user(rest, (size_t)(at - rest), acc->user,
		    sizeof(acc->user), err) == -1)
			return -1;
		acc->auth = STORE_AUTH_PASSWORD;
		rest = at + 1;
	}
	if (acc->transport == STORE_LMTP && at != NULL)
		return fail(err, "lmtp is in the clear and has no user");
	if (acc->transport != STORE_LMTP && at == NULL)
		return fail(err, "the user is missing: %s://user@host",
		    store_transport_name(acc->transport));
	if (acc->transport == STORE_SMTP_TLS)
		port = 587;
	else if (acc->transport == STORE_SMTPS)
		port = 465;
	/* A `/' may end the host, and nothing follows it. */
	if (strcspn(rest, "/?#") != strlen(rest))
		return fail(err, "nothing may follow the host and port");
	if (hostport_parse(rest, port, &hp, why, sizeof(why)) == -1)
		return fail(err, "%s", why);
	(void)strlcpy(acc->host, hp.host, sizeof(acc->host));
	acc->port = hp.port;
	return 0;
}

int
account_url_parse(const char *url, struct store_account *acc, char *errbuf,
    size_t errsize)
{
	const struct err	 err = { errbuf, errsize };
	char			 scheme[16];
	size_t			 len;

	acc->host[0] = acc->user[0] = '\0';
	acc->port = 0;
	acc->auth = STORE_AUTH_NONE;
	if (strlen(url) > ACCOUNT_URL_MAX)
		return fail(&err, "the URL is longer than %d bytes",
		    ACCOUNT_URL_MAX);
	len = strcspn(url, ":");
	if (url[len] == '\0' || len >= sizeof(scheme))
		return fail(&err, "this is no account's URL, expected "
		    FORMS);
	memcpy(scheme, url, len);
	scheme[len] = '\0';
	if (strcasecmp(scheme, "smtp") == 0 ||
	    strcasecmp(scheme, "smtp+notls") == 0)
		return fail(&err, "%s would send the password in the clear, "
		    "expected smtp+tls (STARTTLS) or smtps", scheme);
	if (store_transport_parse(scheme, &acc->transport) == -1)
		return fail(&err, "this is no account's URL, expected "
		    FORMS);
	if (acc->transport != STORE_NULL)
		return get_rest(url + len + 1, acc, &err);
	if (url[len + 1] != '\0')
		return fail(&err, "nothing may follow null:");
	return 0;
}

int
account_url_server(const struct store_account *acc, char *buf, size_t size)
{
	struct hostport	 hp;

	if (acc->transport == STORE_NULL)
		return strlcpy(buf, "null", size) >= size ? -1 : 0;
	if (strlcpy(hp.host, acc->host, sizeof(hp.host)) >= sizeof(hp.host))
		return -1;
	hp.port = acc->port;
	return hostport_format(&hp, buf, size);
}

int
account_url_format(const struct store_account *acc, char *buf, size_t size)
{
	char		 user[STORE_AUTHUSER_MAX * 3 + 2] = "";
	char		 server[HOSTPORT_TEXT_MAX + 1];
	const char	*p;
	size_t		 o = 0;
	int		 r;

	if (acc->transport == STORE_NULL)
		return strlcpy(buf, "null:", size) >= size ? -1 : 0;
	if (account_url_server(acc, server, sizeof(server)) == -1)
		return -1;
	/* What is not unreserved (RFC 3986 section 2.3) is encoded. */
	for (p = acc->user; *p != '\0'; p++) {
		if ((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
		    (*p >= '0' && *p <= '9') || strchr("-._~", *p) != NULL)
			user[o++] = *p;
		else
			o += (size_t)snprintf(user + o, sizeof(user) - o,
			    "%%%02X", (unsigned char)*p);
	}
	if (o > 0)
		user[o++] = '@';
	user[o] = '\0';
	r = snprintf(buf, size, "%s://%s%s",
	    store_transport_name(acc->transport), user, server);
	return r < 0 || (size_t)r >= size ? -1 : 0;
}
