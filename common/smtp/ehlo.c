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

#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "smtp/ehlo.h"
#include "smtp/sasl.h"

static const struct {
	const char	*word;
	unsigned int	 bit;
} words[] = {
	{ "PIPELINING",		EHLO_PIPELINING },
	{ "8BITMIME",		EHLO_8BITMIME },
	{ "DSN",		EHLO_DSN },
	{ "SIZE",		EHLO_SIZE },
	{ "ENHANCEDSTATUSCODES", EHLO_ENHANCED },
	{ "SMTPUTF8",		EHLO_SMTPUTF8 },
	{ "STARTTLS",		EHLO_STARTTLS },
	{ "AUTH",		EHLO_AUTH },
};

#define NITEMS(a)	(sizeof(a) / sizeof((a)[0]))

/* The next word of a line; 0 at its end. */
static int
next_word(const char **p, size_t *left, const char **word,
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
is_word(const char *word, size_t len, const char *want)
{
	return len == strlen(want) && strncasecmp(word, want, len) == 0;
}

/* Mechanisms that we do not know are for `account test' to show. */
static void
add_name(struct ehlo *e, const char *word, size_t len)
{
	size_t	 i, used = strlen(e->mechlist);

	if (used + len + 2 > sizeof(e->mechlist))
		return;
	if (used > 0)
		e->mechlist[used++] = ' ';
	for (i = 0; i < len; i++)
		e->mechlist[used++] = word[i] < ' ' || word[i] > '~' ?
		    '?' : word[i];
	e->mechlist[used] = '\0';
}

static void
parse_auth(struct ehlo *e, const char *p, size_t left)
{
	const char	*word;
	unsigned int	 bit;
	size_t		 len;

	while (next_word(&p, &left, &word, &len)) {
		bit = sasl_mechanism(word, len);
		if (bit == 0 || (e->mechs & bit) == 0)
			add_name(e, word, len);
		e->mechs |= bit;
	}
}

static void
parse_size(struct ehlo *e, const char *p, size_t left)
{
	const char	*word;
	uint64_t	 n = 0;
	size_t		 i, len;

	if (!next_word(&p, &left, &word, &len))
		return;
	for (i = 0; i < len; i++) {
		if (word[i] < '0' || word[i] > '9' || n > UINT64_MAX / 10 - 1)
			return;
		n = n * 10 + (word[i] - '0');
	}
	e->size = n;
}

void
ehlo_parse(struct ehlo *e, const struct smtpreply *r)
{
	const char	*p, *word;
	size_t		 i, left, len;
	int		 n;

	memset(e, 0, sizeof(*e));
	/* The first line is the server's name and greeting. */
	for (n = 1; (p = smtpreply_line(r, n, &left)) != NULL; n++) {
		if (left > 5 && strncasecmp(p, "AUTH=", 5) == 0) {
			/* As servers wrote it before there was an RFC. */
			e->extensions |= EHLO_AUTH;
			parse_auth(e, p + 5, left - 5);
			continue;
		}
		if (!next_word(&p, &left, &word, &len))
			continue;
		for (i = 0; i < NITEMS(words); i++)
			if (is_word(word, len,
			    words[i].word))
				break;
		if (i == NITEMS(words))
			continue;
		e->extensions |= words[i].bit;
		if (words[i].bit == EHLO_AUTH)
			parse_auth(e, p, left);
		else if (words[i].bit == EHLO_SIZE)
			parse_size(e, p, left);
	}
}
