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

#include "base/base64.h"
#include "oauth/oauthfetch_int.h"

/* A string that may hold secrets, of a size that is known before. */
struct oauthfetch_str {
	char	*data;
	size_t	 len;
};

static int
oauthfetch_isplain(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
	    c == '~';
}

static void
oauthfetch_add(struct oauthfetch_str *s, const char *p)
{
	size_t	 len = strlen(p);

	memcpy(s->data + s->len, p, len + 1);
	s->len += len;
}

/* Appends a value as application/x-www-form-urlencoded has it. */
static void
oauthfetch_encode(struct oauthfetch_str *s, const char *p)
{
	static const char	 hex[] = "0123456789ABCDEF";

	for (; *p != '\0'; p++) {
		if (oauthfetch_isplain(*p)) {
			s->data[s->len++] = *p;
			continue;
		}
		s->data[s->len++] = '%';
		s->data[s->len++] = hex[(unsigned char)*p >> 4];
		s->data[s->len++] = hex[*p & 15];
	}
	s->data[s->len] = '\0';
}

static size_t
oauthfetch_size(const char *p)
{
	return p == NULL ? 0 : 3 * strlen(p);
}

char *
oauthfetch_form(const struct oauthtext *o, int basic)
{
	struct oauthfetch_str	 s = { NULL, 0 };

	s.data = malloc(oauthfetch_size(o->refresh_token) +
	    oauthfetch_size(o->client_id) + oauthfetch_size(o->client_secret) +
	    oauthfetch_size(o->scope) + 128);
	if (s.data == NULL)
		return NULL;
	oauthfetch_add(&s, "grant_type=refresh_token&refresh_token=");
	oauthfetch_encode(&s, o->refresh_token);
	if (!basic) {
		oauthfetch_add(&s, "&client_id=");
		oauthfetch_encode(&s, o->client_id);
	}
	if (!basic && o->client_secret != NULL) {
		oauthfetch_add(&s, "&client_secret=");
		oauthfetch_encode(&s, o->client_secret);
	}
	if (o->scope != NULL) {
		oauthfetch_add(&s, "&scope=");
		oauthfetch_encode(&s, o->scope);
	}
	return s.data;
}

char *
oauthfetch_basic(const struct oauthtext *o)
{
	static const char	 field[] = "Authorization: Basic ";
	struct oauthfetch_str	 s = { NULL, 0 };
	size_t			 size;
	char			*line;

	size = oauthfetch_size(o->client_id) +
	    oauthfetch_size(o->client_secret) + 2;
	if ((s.data = malloc(size)) == NULL)
		return NULL;
	/* RFC 6749 section 2.3.1: each is encoded before they are joined. */
	oauthfetch_encode(&s, o->client_id);
	oauthfetch_add(&s, ":");
	oauthfetch_encode(&s, o->client_secret);
	line = calloc(1, sizeof(field) + (s.len + 2) / 3 * 4);
	if (line != NULL) {
		memcpy(line, field, sizeof(field) - 1);
		base64_encode((unsigned char *)s.data, s.len,
		    line + sizeof(field) - 1);
	}
	freezero(s.data, size);
	return line;
}
