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

#include "base/compat.h"
#include "base/jsonread.h"
#include "base/traces.h"
#include "oauth/oauthanswer.h"

/* The members that count, each at most once. */
enum oauthanswer_field {
	OAUTHANSWER_ACCESS,
	OAUTHANSWER_TYPE,
	OAUTHANSWER_REFRESH,
	OAUTHANSWER_EXPIRES,
	OAUTHANSWER_ERROR,
	OAUTHANSWER_DESCRIPTION,
	OAUTHANSWER_FIELDS
};

static const char *const oauthanswer_names[OAUTHANSWER_FIELDS] = {
	"access_token", "token_type", "refresh_token", "expires_in", "error",
	"error_description"
};

/* Errors that no second request mends. */
static const char *const oauthanswer_final[] = {
	"invalid_grant", "invalid_client", "unauthorized_client",
	"invalid_scope", "unsupported_grant_type", "invalid_request",
	"access_denied", "interaction_required", NULL
};

struct oauthanswer_fields {
	char	*value[OAUTHANSWER_FIELDS];
};

static void
wipe_string(char **p)
{
	if (*p != NULL)
		freezero(*p, strlen(*p));
	*p = NULL;
}

void
oauthanswer_free(struct oauthanswer *a)
{
	wipe_string(&a->token);
	wipe_string(&a->refresh);
}

void
oauthanswer_set(struct oauthanswer *a, enum oauthanswer_state state,
    const struct oauthtext *o, const char *text)
{
	const char	*p;
	size_t		 n = 0;

	memset(a, 0, sizeof(*a));
	a->state = state;
	if (traces_of(o->refresh_token, text) ||
	    traces_of(o->client_secret, text))
		text = "(the token server repeats the secret)";
	for (p = text; *p != '\0' && n + 1 < sizeof(a->text); p++)
		a->text[n++] = *p < ' ' || *p > '~' ? '?' : *p;
	a->text[n] = '\0';
}

static int
take_member(const char *name, enum jsonread_type type,
    const char *value, void *arg)
{
	struct oauthanswer_fields	*f = arg;
	int				 i;

	for (i = 0; i < OAUTHANSWER_FIELDS; i++)
		if (strcmp(name, oauthanswer_names[i]) == 0)
			break;
	if (i == OAUTHANSWER_FIELDS || type == JSONREAD_NULL)
		return 0;
	/* Twice: two readers could take two different ones. */
	if (f->value[i] != NULL)
		return -1;
	/* Some servers write the number as a string. */
	if (type != JSONREAD_STRING &&
	    (i != OAUTHANSWER_EXPIRES || type != JSONREAD_NUMBER))
		return -1;
	return (f->value[i] = strdup(value)) == NULL ? -1 : 0;
}

/* RFC 6750 section 2.1: visible ASCII, and nothing that would end it. */
static int
is_token(const char *s)
{
	size_t	 len = strlen(s);

	if (len == 0 || len > OAUTHANSWER_TOKEN_MAX)
		return 0;
	for (; *s != '\0'; s++)
		if (*s <= ' ' || *s > '~')
			return 0;
	return 1;
}

/* Seconds; a fraction is cut off.  What makes no sense is the default. */
static int64_t
get_life(const char *s)
{
	int64_t	 n = 0;

	if (s == NULL)
		return OAUTHANSWER_LIFE;
	for (; *s >= '0' && *s <= '9'; s++)
		if (n <= OAUTHANSWER_LIFE_MAX)
			n = n * 10 + *s - '0';
	if (*s != '\0' && *s != '.')
		return OAUTHANSWER_LIFE;
	return n > OAUTHANSWER_LIFE_MAX ? OAUTHANSWER_LIFE_MAX : n;
}

static void
read_good(struct oauthanswer *a, const struct oauthtext *o,
    struct oauthanswer_fields *f)
{
	char	*access = f->value[OAUTHANSWER_ACCESS];
	char	*type = f->value[OAUTHANSWER_TYPE];
	char	*refresh = f->value[OAUTHANSWER_REFRESH];

	if (access == NULL || !is_token(access)) {
		oauthanswer_set(a, OAUTHANSWER_LATER, o,
		    "the token server's answer has no access token");
		return;
	}
	if (type == NULL || strcasecmp(type, "bearer") != 0) {
		oauthanswer_set(a, OAUTHANSWER_LATER, o,
		    "the token server gives no token of type Bearer");
		return;
	}
	a->state = OAUTHANSWER_GOOD;
	a->life = get_life(f->value[OAUTHANSWER_EXPIRES]);
	a->token = access;
	f->value[OAUTHANSWER_ACCESS] = NULL;
	if (refresh != NULL && is_token(refresh) &&
	    strlen(refresh) <= OAUTHTEXT_VALUE_MAX &&
	    strcmp(refresh, o->refresh_token) != 0) {
		a->refresh = refresh;
		f->value[OAUTHANSWER_REFRESH] = NULL;
	}
}

static void
read_bad(struct oauthanswer *a, const struct oauthtext *o, int basic,
    long status, struct oauthanswer_fields *f)
{
	enum oauthanswer_state	 state = OAUTHANSWER_LATER;
	const char		*error = f->value[OAUTHANSWER_ERROR];
	const char		*more = f->value[OAUTHANSWER_DESCRIPTION];
	char			 text[OAUTHANSWER_TEXT_MAX];
	int			 i;

	if (error == NULL) {
		snprintf(text, sizeof(text),
		    "the token server answers with status %ld", status);
		oauthanswer_set(a, state, o, text);
		return;
	}
	for (i = 0; oauthanswer_final[i] != NULL; i++)
		if (strcmp(error, oauthanswer_final[i]) == 0)
			state = OAUTHANSWER_REFUSED;
	/* Who knows us in one form only says so in this way. */
	if (strcmp(error, "invalid_client") == 0 && !basic &&
	    o->client_secret != NULL)
		state = OAUTHANSWER_BASIC;
	snprintf(text, sizeof(text), "the token server says %.60s%s%.200s",
	    error, more == NULL ? "" : ": ", more == NULL ? "" : more);
	oauthanswer_set(a, state, o, text);
}

void
oauthanswer_parse(struct oauthanswer *a, const struct oauthtext *o, int basic,
    long status, const char *body, size_t len)
{
	struct oauthanswer_fields	 f;
	char				 text[OAUTHANSWER_TEXT_MAX];
	int				 i;

	memset(&f, 0, sizeof(f));
	memset(a, 0, sizeof(*a));
	if (jsonread_object(body, len, take_member, &f) == -1) {
		snprintf(text, sizeof(text), "the token server's answer, with "
		    "status %ld, makes no sense", status);
		oauthanswer_set(a, OAUTHANSWER_LATER, o, text);
	} else if (status == 200 && f.value[OAUTHANSWER_ERROR] == NULL)
		read_good(a, o, &f);
	else
		read_bad(a, o, basic, status, &f);
	for (i = 0; i < OAUTHANSWER_FIELDS; i++)
		wipe_string(&f.value[i]);
}
