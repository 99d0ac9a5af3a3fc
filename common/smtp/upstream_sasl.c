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

#include "base/base64.h"
#include "base/traces.h"
#include "smtp/upstream_int.h"

#define UPSTREAM_LINE	510	/* of a command, RFC 5321 section 4.5.3.1.4 */

/* Bytes that may hold the secret: made and wiped here. */
struct upstream_blob {
	char		*data;
	size_t		 len;
	size_t		 cap;
};

static void
upstream_blob_wipe(struct upstream_blob *b)
{
	freezero(b->data, b->cap);
	b->data = NULL;
	b->len = b->cap = 0;
}

static int
upstream_blob_make(struct upstream_blob *b, size_t cap)
{
	b->len = 0;
	b->cap = cap;
	return (b->data = calloc(1, cap)) == NULL ? -1 : 0;
}

static void
upstream_blob_add(struct upstream_blob *b, const char *p, size_t len)
{
	if (b->cap - b->len < len)
		return;		/* cannot be: caps are made for the worst */
	memcpy(b->data + b->len, p, len);
	b->len += len;
}

static void
upstream_blob_str(struct upstream_blob *b, const char *s)
{
	upstream_blob_add(b, s, strlen(s));
}

/* A saslname, RFC 5801 section 4: ',' and '=' are written in another way. */
static void
upstream_blob_name(struct upstream_blob *b, const char *s)
{
	for (; *s != '\0'; s++)
		if (*s == ',')
			upstream_blob_str(b, "=2C");
		else if (*s == '=')
			upstream_blob_str(b, "=3D");
		else
			upstream_blob_add(b, s, 1);
}

/*
 * The message of a mechanism's only step, or of LOGIN's step: 1 the user,
 * 2 the password.
 */
static int
upstream_sasl_message(const struct upstream *up, int step,
    struct upstream_blob *b)
{
	char	 port[16];

	if (upstream_blob_make(b, 3 * strlen(up->user) + strlen(up->secret) +
	    strlen(up->host) + 64) == -1)
		return -1;
	switch (up->caps.used) {
	case UPSTREAM_PLAIN:		/* RFC 4616 */
		upstream_blob_add(b, "", 1);
		upstream_blob_str(b, up->user);
		upstream_blob_add(b, "", 1);
		upstream_blob_str(b, up->secret);
		break;
	case UPSTREAM_LOGIN:
		upstream_blob_str(b, step == 1 ? up->user : up->secret);
		break;
	case UPSTREAM_XOAUTH2:
		upstream_blob_str(b, "user=");
		upstream_blob_str(b, up->user);
		upstream_blob_str(b, "\001auth=Bearer ");
		upstream_blob_str(b, up->secret);
		upstream_blob_str(b, "\001\001");
		break;
	case UPSTREAM_OAUTHBEARER:	/* RFC 7628 section 3.1 */
		snprintf(port, sizeof(port), "%d", up->port);
		upstream_blob_str(b, "n,a=");
		upstream_blob_name(b, up->user);
		upstream_blob_str(b, ",\001host=");
		upstream_blob_str(b, up->host);
		upstream_blob_str(b, "\001port=");
		upstream_blob_str(b, port);
		upstream_blob_str(b, "\001auth=Bearer ");
		upstream_blob_str(b, up->secret);
		upstream_blob_str(b, "\001\001");
		break;
	}
	return 0;
}

/* The same as it goes over the wire. */
static int
upstream_sasl_encoded(const struct upstream *up, int step,
    struct upstream_blob *b)
{
	struct upstream_blob	 raw;

	if (upstream_sasl_message(up, step, &raw) == -1)
		return -1;
	if (upstream_blob_make(b, (raw.len + 2) / 3 * 4 + 1) == -1) {
		upstream_blob_wipe(&raw);
		return -1;
	}
	b->len = base64_encode((unsigned char *)raw.data, raw.len, b->data);
	upstream_blob_wipe(&raw);
	return 0;
}

/* Sends one message in base64, behind `prefix' when it fits there. */
static void
upstream_sasl_send(struct upstream *up, const char *prefix)
{
	struct upstream_blob	 b;

	if (upstream_sasl_encoded(up, up->step, &b) == -1) {
		upstream_fail(up, 0, "no memory");
		return;
	}
	if (b.len > UPSTREAM_SASL_MAX)
		upstream_fail(up, 0, "the secret is too long");
	else if (tlsio_write(up->io, prefix, strlen(prefix)) == -1)
		upstream_fail(up, 0, "no memory");
	else
		upstream_say(up, b.data, b.len);
	upstream_blob_wipe(&b);
}

/* Which mechanism: the first that we like and the server has. */
static unsigned int
upstream_sasl_choose(const struct upstream *up)
{
	static const unsigned int	 order[2][2] = {
		{ UPSTREAM_PLAIN, UPSTREAM_LOGIN },
		{ UPSTREAM_OAUTHBEARER, UPSTREAM_XOAUTH2 },
	};
	const unsigned int		*o;

	o = order[up->login == UPSTREAM_BEARER];
	return up->caps.mechs & o[0] ? o[0] : up->caps.mechs & o[1];
}

void
upstream_sasl_start(struct upstream *up)
{
	struct upstream_blob	 b;
	char			 line[80], name[64];
	size_t			 len;

	up->caps.used = upstream_sasl_choose(up);
	up->step = 0;
	if (up->caps.used == 0) {
		upstream_fail(up, 0, "the server offers no login with %s "
		    "(but: %s)", up->login == UPSTREAM_BEARER ? "OAuth 2" :
		    "a password", up->caps.mechlist[0] == '\0' ? "nothing" :
		    up->caps.mechlist);
		return;
	}
	upstream_mechnames(up->caps.used, name, sizeof(name));
	snprintf(line, sizeof(line), "AUTH %s", name);
	if (up->caps.used == UPSTREAM_LOGIN) {
		upstream_say(up, line, strlen(line));
		return;
	}
	if (upstream_sasl_encoded(up, 1, &b) == -1) {
		upstream_fail(up, 0, "no memory");
		return;
	}
	len = b.len;
	upstream_blob_wipe(&b);
	if (strlen(line) + 1 + len > UPSTREAM_LINE) {
		/* Too long for a command: it follows, RFC 4954 section 4. */
		upstream_say(up, line, strlen(line));
		return;
	}
	strlcat(line, " ", sizeof(line));
	up->step = 1;
	upstream_sasl_send(up, line);
}

/* 334: the server wants more. */
void
upstream_sasl_reply(struct upstream *up)
{
	up->step++;
	if (up->step == 1 || (up->step == 2 &&
	    up->caps.used == UPSTREAM_LOGIN))
		upstream_sasl_send(up, "");
	else if (up->step == 2 && up->caps.used == UPSTREAM_OAUTHBEARER)
		/* The error is in the challenge, and this has the server say
		 * 535: RFC 7628 section 3.2.3. */
		upstream_say(up, "AQ==", 4);
	else if (up->step == 2 && up->caps.used == UPSTREAM_XOAUTH2)
		upstream_say(up, "", 0);
	else
		upstream_fail(up, 0, "the server does not stop asking");
}

int
upstream_sasl_leaks(const struct upstream *up, const char *text)
{
	struct upstream_blob	 b;
	int			 rv, step;

	if (up->secret == NULL || up->stage != UPSTREAM_AUTH ||
	    strlen(up->secret) < TRACES_SHORT)
		return 0;
	rv = traces_of(up->secret, text);
	for (step = 1; step <= 2 && rv == 0 && up->caps.used != 0; step++) {
		if (upstream_sasl_encoded(up, step, &b) == -1)
			return 1;
		/* A user's name in base64 is none. */
		if (up->caps.used != UPSTREAM_LOGIN || step == 2)
			rv = traces_of(b.data, text);
		upstream_blob_wipe(&b);
	}
	return rv;
}

void
upstream_sasl_wipe(struct upstream *up)
{
	if (up->secret != NULL)
		freezero(up->secret, strlen(up->secret));
	up->secret = NULL;
}
