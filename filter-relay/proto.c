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

#include <string.h>

#include "proto.h"

int
proto_is_id(const char *s)
{
	int i;

	for (i = 0; i < PROTO_ID; i++)
		if (!((s[i] >= '0' && s[i] <= '9') ||
		    (s[i] >= 'a' && s[i] <= 'f') ||
		    (s[i] >= 'A' && s[i] <= 'F')))
			return 0;
	return 1;
}

/* Takes the field up to the next `|' off; NULL if there is none. */
static const char *
take_field(const char **pos, const char *end, size_t *len)
{
	const char *field = *pos, *bar;

	if ((bar = memchr(field, '|', end - field)) == NULL)
		return NULL;
	*len = bar - field;
	*pos = bar + 1;
	return field;
}

static int
is_word(const char *field, size_t len, const char *word)
{
	return len == strlen(word) && memcmp(field, word, len) == 0;
}

/* Takes 16 digits and, unless the line ends there, a `|' off. */
static const char *
take_id(const char **pos, const char *end, int last)
{
	const char *id = *pos;

	if (end - id < PROTO_ID || !proto_is_id(id))
		return NULL;
	*pos = id + PROTO_ID;
	if (*pos == end)
		return last ? id : NULL;
	if (**pos != '|')
		return NULL;
	(*pos)++;
	return id;
}

/* Protocol versions are 0.N. */
static int
take_version(const char *v, size_t len, int *old)
{
	int minor = 0;
	size_t i;

	if (len < 3 || len > 5 || v[0] != '0' || v[1] != '.')
		return -1;
	for (i = 2; i < len; i++) {
		if (v[i] < '0' || v[i] > '9')
			return -1;
		minor = minor * 10 + v[i] - '0';
	}
	*old = minor < 7;
	return 0;
}

static enum proto_kind
parse_request(const char *phase, size_t len)
{
	if (is_word(phase, len, "data-line"))
		return PROTO_DATA_LINE;
	if (is_word(phase, len, "mail-from"))
		return PROTO_MAIL_FROM;
	if (is_word(phase, len, "rcpt-to"))
		return PROTO_RCPT_TO;
	if (is_word(phase, len, "commit"))
		return PROTO_COMMIT;
	return PROTO_REQUEST;
}

static enum proto_kind
parse_event(const char *event, size_t len)
{
	if (is_word(event, len, "link-connect"))
		return PROTO_CONNECT;
	if (is_word(event, len, "link-disconnect"))
		return PROTO_DISCONNECT;
	if (is_word(event, len, "link-auth"))
		return PROTO_AUTH;
	if (is_word(event, len, "link-tls"))
		return PROTO_TLS;
	if (is_word(event, len, "tx-rcpt"))
		return PROTO_TX_RCPT;
	return PROTO_OTHER;
}

void
proto_parse(const char *line, size_t len, struct proto_line *pl)
{
	const char *pos = line, *end = line + len, *f;
	size_t n;
	int filter;

	memset(pl, 0, sizeof(*pl));
	if ((f = take_field(&pos, end, &n)) == NULL)
		return;
	if (is_word(f, n, "config")) {
		pl->param = pos;
		pl->paramlen = end - pos;
		pl->kind = is_word(pos, pl->paramlen, "ready") ?
		    PROTO_READY : PROTO_CONFIG;
		return;
	}
	filter = is_word(f, n, "filter");
	if ((!filter && !is_word(f, n, "report")) ||
	    (f = take_field(&pos, end, &n)) == NULL ||
	    take_version(f, n, &pl->old) == -1 ||
	    take_field(&pos, end, &n) == NULL ||
	    (f = take_field(&pos, end, &n)) == NULL ||
	    !is_word(f, n, "smtp-in") ||
	    (f = take_field(&pos, end, &n)) == NULL)
		return;
	pl->kind = filter ? parse_request(f, n) : parse_event(f, n);
	if ((pl->sid = take_id(&pos, end, !filter)) == NULL ||
	    (filter && (pl->token = take_id(&pos, end, 0)) == NULL)) {
		pl->kind = PROTO_JUNK;
		return;
	}
	pl->param = pos;
	pl->paramlen = end - pos;
}

/* The last `|' before end, or NULL. */
static const char *
take_last(const char *s, const char *end)
{
	while (end > s)
		if (*--end == '|')
			return end;
	return NULL;
}

int
proto_host(const struct proto_line *pl, const char **name, size_t *len)
{
	const char *src, *end;
	size_t n;

	if (proto_source(pl, &src, &n) == -1 ||
	    (end = take_last(pl->param, src - 1)) == NULL)
		return -1;
	*name = pl->param;
	*len = end - pl->param;
	return is_word(end + 1, src - 1 - (end + 1), "pass");
}

int
proto_source(const struct proto_line *pl, const char **src, size_t *len)
{
	const char *dest, *bar;

	if ((dest = take_last(pl->param, pl->param + pl->paramlen)) == NULL ||
	    (bar = take_last(pl->param, dest)) == NULL ||
	    take_last(pl->param, bar) == NULL)
		return -1;
	*src = bar + 1;
	*len = dest - *src;
	return 0;
}

int
proto_listener(const struct proto_line *pl, const char **dest, size_t *len)
{
	const char *end = pl->param + pl->paramlen, *bar;

	if ((bar = take_last(pl->param, end)) == NULL)
		return -1;
	*dest = bar + 1;
	*len = end - *dest;
	return 0;
}

int
proto_login(const struct proto_line *pl, const char **name, size_t *len)
{
	const char *end = pl->param + pl->paramlen, *bar;
	const char *result;
	size_t n;

	if (pl->old) {
		if ((bar = take_last(pl->param, end)) == NULL)
			return -1;
		result = bar + 1;
		n = end - result;
		*name = pl->param;
		*len = bar - *name;
	} else {
		if ((bar = memchr(pl->param, '|', pl->paramlen)) == NULL)
			return -1;
		result = pl->param;
		n = bar - result;
		*name = bar + 1;
		*len = end - *name;
	}
	return is_word(result, n, "pass");
}

/* MESSAGE-ID|RESULT|ADDRESS in all protocols */
int
proto_rcpt_taken(const struct proto_line *pl)
{
	const char *pos = pl->param, *end = pos + pl->paramlen, *f;
	size_t n;

	return take_field(&pos, end, &n) != NULL &&
	    (f = take_field(&pos, end, &n)) != NULL && is_word(f, n, "ok");
}
