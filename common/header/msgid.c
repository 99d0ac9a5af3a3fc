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

#include "base/compat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/lex.h"
#include "base/sbuf.h"
#include "header/addr.h"
#include "header/msgid.h"

#define RANDOM_LEN	26	/* 130 bits */

int
msgid_valid(const char *id)
{
	size_t	 n;

	for (n = 0; id[n] != '\0'; n++)
		if (id[n] <= ' ' || id[n] >= 127 || id[n] == '<' ||
		    id[n] == '>')
			return 0;
	return n > 0 && n <= MSGID_MAX;
}

int
msgids_has(const struct msgids *l, const char *id)
{
	size_t	 i;

	for (i = 0; i < l->n; i++)
		if (strcmp(l->v[i], id) == 0)
			return 1;
	return 0;
}

void
msgids_free(struct msgids *l)
{
	size_t	 i;

	for (i = 0; i < l->n; i++)
		free(l->v[i]);
	free(l->v);
	memset(l, 0, sizeof(*l));
}

/* Appends an id unless it is none or known already. */
static int
add_id(struct msgids *l, const struct sbuf *id, size_t max)
{
	char	**v;

	if (id->failed) {
		l->truncated = 1;
		return 0;
	}
	if (strlen(sbuf_str(id)) != id->len || !msgid_valid(sbuf_str(id)) ||
	    msgids_has(l, sbuf_str(id)))
		return 0;
	if (l->n >= max) {
		l->truncated = 1;
		return 0;
	}
	if ((v = reallocarray(l->v, l->n + 1, sizeof(*v))) == NULL)
		return -1;
	l->v = v;
	if ((v[l->n] = strdup(sbuf_str(id))) == NULL)
		return -1;
	l->n++;
	return 0;
}

/*
 * Reads the id behind the '<' at *i.  Another '<' before the '>' begins
 * anew; an id that does not end is none.
 */
static int
read_id(struct msgids *l, const char *s, size_t len, size_t *i, size_t max)
{
	struct sbuf	 id;
	int		 r = 0;

	sbuf_init(&id, MSGID_MAX);
	for ((*i)++; *i < len && s[*i] != '>'; (*i)++) {
		if (s[*i] == '<')
			sbuf_reset(&id);
		else if (!lex_ws(s[*i]))
			sbuf_addch(&id, s[*i]);
	}
	if (*i < len) {
		(*i)++;
		r = add_id(l, &id, max);
	}
	sbuf_free(&id);
	return r;
}

/* Programs that leave the brackets out: words with one '@' (RFC 822 style). */
static int
read_bare(struct msgids *l, const char *s, size_t len, size_t max)
{
	struct sbuf	 id;
	size_t		 i, nat;
	int		 r = 0;

	sbuf_init(&id, MSGID_MAX);
	for (i = 0; i < len && r == 0; ) {
		sbuf_reset(&id);
		nat = 0;
		while (i < len && (lex_ws(s[i]) || s[i] == ','))
			i++;
		for (; i < len && !lex_ws(s[i]) && s[i] != ','; i++) {
			nat += s[i] == '@';
			sbuf_addch(&id, s[i]);
		}
		if (nat == 1)
			r = add_id(l, &id, max);
	}
	sbuf_free(&id);
	return r;
}

int
msgid_parse(struct msgids *l, const char *value, size_t len, size_t max)
{
	size_t	 i, from;

	if (memchr(value, '<', len) == NULL)
		return read_bare(l, value, len, max);
	for (i = 0; i < len; ) {
		if (value[i] == '<') {
			if (read_id(l, value, len, &i, max) == -1)
				return -1;
		} else if (value[i] == '(') {
			from = i;
			if (lex_cfws(value, len, &i, NULL) == -1)
				i = from + 1;
		} else
			i++;
	}
	return 0;
}

int
msgid_make(const char *domain, char *out, size_t outsz)
{
	static const char	 set[] = "abcdefghijklmnopqrstuvwxyz234567";
	unsigned char		 rnd[RANDOM_LEN];
	char			 id[RANDOM_LEN + 1];
	size_t			 i;
	int			 n;

	arc4random_buf(rnd, sizeof(rnd));
	for (i = 0; i < sizeof(rnd); i++)
		id[i] = set[rnd[i] & 31];
	id[i] = '\0';
	n = snprintf(out, outsz, "%s@%s", id, domain);
	if (n < 0 || (size_t)n >= outsz || !addr_valid_dotatom(out))
		return -1;
	return 0;
}
