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
#include <string.h>
#include <strings.h>

#include "smtp/upstream_int.h"

static const struct {
	const char	*word;
	unsigned int	 bit;
} upstream_words[] = {
	{ "PIPELINING",		UPSTREAM_PIPELINING },
	{ "8BITMIME",		UPSTREAM_8BITMIME },
	{ "DSN",		UPSTREAM_DSN },
	{ "SIZE",		UPSTREAM_SIZE },
	{ "ENHANCEDSTATUSCODES", UPSTREAM_ENHANCED },
	{ "SMTPUTF8",		UPSTREAM_SMTPUTF8 },
	{ "STARTTLS",		UPSTREAM_OFFERS_TLS },
	{ "AUTH",		UPSTREAM_OFFERS_AUTH },
}, upstream_mechs[] = {
	{ "PLAIN",		UPSTREAM_PLAIN },
	{ "LOGIN",		UPSTREAM_LOGIN },
	{ "XOAUTH2",		UPSTREAM_XOAUTH2 },
	{ "OAUTHBEARER",	UPSTREAM_OAUTHBEARER },
};

#define NITEMS(a)	(sizeof(a) / sizeof((a)[0]))

/* The next word of a line; 0 at its end. */
static int
upstream_caps_word(const char **p, size_t *left, const char **word,
    size_t *len)
{
	while (*left > 0 && **p == ' ') {
		(*p)++;
		(*left)--;
	}
	*word = *p;
	while (*left > 0 && **p != ' ') {
		(*p)++;
		(*left)--;
	}
	*len = *p - *word;
	return *len > 0;
}

static int
upstream_caps_is(const char *word, size_t len, const char *want)
{
	return len == strlen(want) && strncasecmp(word, want, len) == 0;
}

/* Mechanisms that we do not know are for `account test' to show. */
static void
upstream_caps_list(struct upstream_caps *caps, const char *word, size_t len)
{
	size_t	 i, used = strlen(caps->mechlist);

	if (used + len + 2 > sizeof(caps->mechlist))
		return;
	if (used > 0)
		caps->mechlist[used++] = ' ';
	for (i = 0; i < len; i++)
		caps->mechlist[used++] = word[i] < ' ' || word[i] > '~' ?
		    '?' : word[i];
	caps->mechlist[used] = '\0';
}

static void
upstream_caps_auth(struct upstream_caps *caps, const char *p, size_t left)
{
	const char	*word;
	size_t		 i, len;

	while (upstream_caps_word(&p, &left, &word, &len)) {
		for (i = 0; i < NITEMS(upstream_mechs); i++)
			if (upstream_caps_is(word, len,
			    upstream_mechs[i].word)) {
				if (caps->mechs & upstream_mechs[i].bit)
					break;
				caps->mechs |= upstream_mechs[i].bit;
				upstream_caps_list(caps, word, len);
				break;
			}
		if (i == NITEMS(upstream_mechs))
			upstream_caps_list(caps, word, len);
	}
}

static void
upstream_caps_size(struct upstream_caps *caps, const char *p, size_t left)
{
	const char	*word;
	uint64_t	 n = 0;
	size_t		 i, len;

	if (!upstream_caps_word(&p, &left, &word, &len))
		return;
	for (i = 0; i < len; i++) {
		if (word[i] < '0' || word[i] > '9' || n > UINT64_MAX / 10 - 1)
			return;
		n = n * 10 + (word[i] - '0');
	}
	caps->size = n;
}

void
upstream_caps_parse(struct upstream_caps *caps, const struct smtpreply *r)
{
	const char	*p, *word;
	size_t		 i, left, len;
	int		 n;

	memset(caps, 0, sizeof(*caps));
	/* The first line is the server's name and greeting. */
	for (n = 1; (p = smtpreply_line(r, n, &left)) != NULL; n++) {
		if (left > 5 && strncasecmp(p, "AUTH=", 5) == 0) {
			/* As servers wrote it before there was an RFC. */
			caps->extensions |= UPSTREAM_OFFERS_AUTH;
			upstream_caps_auth(caps, p + 5, left - 5);
			continue;
		}
		if (!upstream_caps_word(&p, &left, &word, &len))
			continue;
		for (i = 0; i < NITEMS(upstream_words); i++)
			if (upstream_caps_is(word, len,
			    upstream_words[i].word))
				break;
		if (i == NITEMS(upstream_words))
			continue;
		caps->extensions |= upstream_words[i].bit;
		if (upstream_words[i].bit == UPSTREAM_OFFERS_AUTH)
			upstream_caps_auth(caps, p, left);
		else if (upstream_words[i].bit == UPSTREAM_SIZE)
			upstream_caps_size(caps, p, left);
	}
}

void
upstream_mechnames(unsigned int mechs, char *buf, size_t size)
{
	size_t	 i;

	buf[0] = '\0';
	for (i = 0; i < NITEMS(upstream_mechs); i++) {
		if ((mechs & upstream_mechs[i].bit) == 0)
			continue;
		if (buf[0] != '\0')
			strlcat(buf, " ", size);
		strlcat(buf, upstream_mechs[i].word, size);
	}
}
