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

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compat.h"
#include "crypto/oauthtext.h"

static const struct {
	const char	*name;
	size_t		 offset;
	int		 needed;
	int		 blanks;	/* may stand within */
} settings[] = {
	{ "token-endpoint", offsetof(struct oauthtext, endpoint), 1, 0 },
	{ "client-id", offsetof(struct oauthtext, client_id), 1, 0 },
	{ "client-secret", offsetof(struct oauthtext, client_secret), 0, 0 },
	{ "refresh-token", offsetof(struct oauthtext, refresh_token), 1, 0 },
	{ "scope", offsetof(struct oauthtext, scope), 0, 1 }
};

#define NSETTINGS	(sizeof(settings) / sizeof(settings[0]))

static char **
where(const struct oauthtext *o, size_t i)
{
	return (char **)((uintptr_t)o + settings[i].offset);
}

static void
wipe(char **value)
{
	if (*value != NULL)
		freezero(*value, strlen(*value));
	*value = NULL;
}

void
oauthtext_free(struct oauthtext *o)
{
	size_t	 i;

	for (i = 0; i < NSETTINGS; i++)
		wipe(where(o, i));
}

/* Visible ASCII (RFC 6749 appendix A), and single words but for scope. */
static int
check(const char *value, size_t len, int blanks)
{
	size_t	 i;

	for (i = 0; i < len; i++)
		if (value[i] < 0x20 || value[i] > 0x7e ||
		    (value[i] == ' ' && !blanks))
			return -1;
	return len > 0 && len <= OAUTHTEXT_VALUE_MAX ? 0 : -1;
}

static int
set(char **to, const char *value, size_t len)
{
	char	*copy;

	if ((copy = malloc(len + 1)) == NULL)
		return -1;
	memcpy(copy, value, len);
	copy[len] = '\0';
	wipe(to);
	*to = copy;
	return 0;
}

static int
get_line(struct oauthtext *o, const char *p, size_t len, int line, char *err,
    size_t errsize)
{
	size_t	 i, n;

	while (len > 0 && strchr(" \t\r", p[len - 1]) != NULL)
		len--;
	for (; len > 0 && (*p == ' ' || *p == '\t'); len--)
		p++;
	if (len == 0 || *p == '#')
		return 0;
	for (n = 0; n < len && p[n] != ' ' && p[n] != '\t'; n++)
		continue;
	for (i = 0; i < NSETTINGS; i++)
		if (strlen(settings[i].name) == n &&
		    memcmp(settings[i].name, p, n) == 0)
			break;
	if (i == NSETTINGS) {
		(void)snprintf(err, errsize, "line %d: expected "
		    "token-endpoint, client-id, client-secret, refresh-token "
		    "or scope, and a value", line);
		return -1;
	}
	for (p += n, len -= n; len > 0 && (*p == ' ' || *p == '\t'); len--)
		p++;
	if (*where(o, i) != NULL || check(p, len, settings[i].blanks) == -1) {
		(void)snprintf(err, errsize, *where(o, i) != NULL ?
		    "line %d: %s stands here for the second time" :
		    "line %d: %s needs a value of printable ASCII characters",
		    line, settings[i].name);
		return -1;
	}
	if (set(where(o, i), p, len) == 0)
		return 0;
	(void)strlcpy(err, "no memory", errsize);
	return -1;
}

static int
complete(const struct oauthtext *o, char *err, size_t errsize)
{
	size_t	 i;

	for (i = 0; i < NSETTINGS; i++)
		if (settings[i].needed && *where(o, i) == NULL) {
			(void)snprintf(err, errsize, "%s is missing",
			    settings[i].name);
			return -1;
		}
	if (strncmp(o->endpoint, "https://", 8) != 0 ||
	    o->endpoint[8] == '\0') {
		(void)strlcpy(err, "token-endpoint does not begin with "
		    "https://", errsize);
		return -1;
	}
	return 0;
}

int
oauthtext_parse(struct oauthtext *o, const char *text, char *err,
    size_t errsize)
{
	size_t	 len;
	int	 line = 1;

	memset(o, 0, sizeof(*o));
	if (strlen(text) > OAUTHTEXT_MAX) {
		(void)snprintf(err, errsize, "longer than %d bytes",
		    OAUTHTEXT_MAX);
		return -1;
	}
	for (; *text != '\0'; text += len, line++) {
		len = strcspn(text, "\n");
		if (get_line(o, text, len, line, err, errsize) == -1)
			return -1;
		if (text[len] == '\n')
			len++;
	}
	return complete(o, err, errsize);
}

int
oauthtext_format(const struct oauthtext *o, char *buf, size_t size)
{
	size_t	 i, n = 0;
	int	 r;

	for (i = 0; i < NSETTINGS; i++) {
		if (*where(o, i) == NULL)
			continue;
		r = snprintf(buf + n, size - n, "%s %s\n", settings[i].name,
		    *where(o, i));
		if (r < 0 || (size_t)r >= size - n) {
			explicit_bzero(buf, size);
			return -1;
		}
		n += (size_t)r;
	}
	return 0;
}

int
oauthtext_roomy(const struct oauthtext *o)
{
	size_t	 i, n = 0;

	for (i = 0; i < NSETTINGS; i++) {
		if (*where(o, i) == NULL)
			continue;
		/* A blank and a newline. */
		n += strlen(settings[i].name) + 2;
		n += *where(o, i) == o->refresh_token ?
		    OAUTHTEXT_VALUE_MAX : strlen(*where(o, i));
	}
	return n <= OAUTHTEXT_MAX;
}

int
oauthtext_renew(struct oauthtext *o, const char *token)
{
	if (check(token, strlen(token), 0) == -1)
		return -1;
	return set(&o->refresh_token, token, strlen(token));
}
