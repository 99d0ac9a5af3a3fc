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
#include <strings.h>

#include "base/base64.h"
#include "base/compat.h"
#include "smtp/sasl.h"

static const struct {
	const char	*name;
	unsigned int	 bit;
} mechanisms[] = {
	{ "PLAIN",		SASL_PLAIN },
	{ "LOGIN",		SASL_LOGIN },
	{ "XOAUTH2",		SASL_XOAUTH2 },
	{ "OAUTHBEARER",	SASL_OAUTHBEARER },
};

#define NMECHANISMS	(sizeof(mechanisms) / sizeof(mechanisms[0]))

unsigned int
sasl_mechanism(const char *name, size_t len)
{
	size_t	 i;

	for (i = 0; i < NMECHANISMS; i++)
		if (strlen(mechanisms[i].name) == len &&
		    strncasecmp(mechanisms[i].name, name, len) == 0)
			return mechanisms[i].bit;
	return 0;
}

void
sasl_names(unsigned int mechs, char *buf, size_t size)
{
	size_t	 i;

	buf[0] = '\0';
	for (i = 0; i < NMECHANISMS; i++) {
		if ((mechs & mechanisms[i].bit) == 0)
			continue;
		if (buf[0] != '\0')
			(void)strlcat(buf, " ", size);
		(void)strlcat(buf, mechanisms[i].name, size);
	}
}

unsigned int
sasl_choose(unsigned int mechs, int token)
{
	unsigned int	 first = token ? SASL_OAUTHBEARER : SASL_PLAIN;
	unsigned int	 second = token ? SASL_XOAUTH2 : SASL_LOGIN;

	return mechs & first ? first : mechs & second;
}

/* A saslname, RFC 5801 section 4: ',' and '=' are written in another way. */
static void
put_name(char *out, const char *name)
{
	for (; *name != '\0'; name++)
		if (*name == ',' || *name == '=') {
			memcpy(out, *name == ',' ? "=2C" : "=3D", 3);
			out += 3;
		} else
			*out++ = *name;
	*out = '\0';
}

/* The message itself in size bytes, which are enough.  Its length. */
static int
put_message(unsigned int mech, int step, const struct sasl *s, char *buf,
    size_t size)
{
	int	 n;

	switch (mech) {
	case SASL_PLAIN:
		return snprintf(buf, size, "%c%s%c%s", 0, s->user, 0,
		    s->secret);
	case SASL_LOGIN:
		return snprintf(buf, size, "%s", step == 1 ? s->user :
		    s->secret);
	case SASL_XOAUTH2:
		return snprintf(buf, size, "user=%s\001auth=Bearer %s"
		    "\001\001", s->user, s->secret);
	default:			/* RFC 7628 section 3.1 */
		n = snprintf(buf, size, "n,a=");
		put_name(buf + n, s->user);
		n += strlen(buf + n);
		return n + snprintf(buf + n, size - n, ",\001host=%s"
		    "\001port=%d\001auth=Bearer %s\001\001", s->host,
		    s->port, s->secret);
	}
}

char *
sasl_message(unsigned int mech, int step, const struct sasl *s)
{
	size_t	 size;
	char	*raw, *text;
	int	 len;

	size = 3 * strlen(s->user) + strlen(s->secret) + strlen(s->host) + 80;
	if ((raw = calloc(1, size)) == NULL)
		return NULL;
	len = put_message(mech, step, s, raw, size);
	if ((text = calloc(1, ((size_t)len + 2) / 3 * 4 + 1)) != NULL)
		(void)base64_encode((unsigned char *)raw, (size_t)len, text);
	freezero(raw, size);
	return text;
}

void
sasl_wipe(char *s)
{
	if (s != NULL)
		freezero(s, strlen(s));
}
