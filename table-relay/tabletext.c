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

#include "tabletext.h"

struct cursor {
	const char	*p;
	size_t		 left;
};

struct output {
	char	*buf;
	size_t	 size, len;
	int	 failed;
};

/* Takes the field up to the next `|' and the bar; 0 when there is none. */
static int
field(struct cursor *c, const char **s, size_t *len)
{
	const char	*bar;

	if ((bar = memchr(c->p, '|', c->left)) == NULL)
		return 0;
	*s = c->p;
	*len = bar - c->p;
	c->left -= *len + 1;
	c->p = bar + 1;
	return 1;
}

static int
is(const char *s, size_t len, const char *word)
{
	return strlen(word) == len && memcmp(s, word, len) == 0;
}

/* The table's name is the one field that might hold a bar. */
static int
skip_name(struct cursor *c, const char *name)
{
	const char	*s;
	size_t		 len = strlen(name);

	if (c->left > len && c->p[len] == '|' && memcmp(c->p, name, len) == 0) {
		c->p += len + 1;
		c->left -= len + 1;
		return 1;
	}
	return field(c, &s, &len);
}

static enum req_service
service_of(const char *s, size_t len)
{
	if (is(s, len, "alias"))
		return SERVICE_ALIAS;
	if (is(s, len, "mailaddr"))
		return SERVICE_MAILADDR;
	if (is(s, len, "domain"))
		return SERVICE_DOMAIN;
	if (is(s, len, "mailaddrmap"))
		return SERVICE_MAILADDRMAP;
	if (is(s, len, "credentials"))
		return SERVICE_CREDENTIALS;
	if (is(s, len, "relayhost"))
		return SERVICE_RELAYHOST;
	return SERVICE_OTHER;
}

static enum req_op
op_of(const char *s, size_t len)
{
	if (is(s, len, "lookup"))
		return REQ_LOOKUP;
	if (is(s, len, "check"))
		return REQ_CHECK;
	if (is(s, len, "fetch"))
		return REQ_FETCH;
	if (is(s, len, "update"))
		return REQ_UPDATE;
	return REQ_BAD;
}

/* What stands behind the operation: the id, or a service, an id, a key. */
static int
parse_rest(struct cursor *c, struct request *req)
{
	const char	*s;
	size_t		 len;

	if (!field(c, &s, &len)) {
		if (req->op != REQ_UPDATE)
			req->op = REQ_BAD;
		req->id = c->p;
		req->idlen = c->left;
		return 1;
	}
	if (req->op == REQ_UPDATE) {
		req->id = s;
		req->idlen = len;
		return 1;
	}
	req->service = service_of(s, len);
	if (!field(c, &req->id, &req->idlen)) {
		if (req->op != REQ_FETCH)
			req->op = REQ_BAD;
		req->id = c->p;
		req->idlen = c->left;
		return 1;
	}
	req->key = c->p;
	req->keylen = c->left;
	if (c->left > REQUEST_KEY_MAX)
		req->op = REQ_BAD;
	return 1;
}

int
tabletext_parse(const char *line, size_t len, const char *name,
    struct request *req)
{
	struct cursor	 c = { line, len };
	const char	*s;
	size_t		 n;

	memset(req, 0, sizeof(*req));
	req->service = SERVICE_OTHER;
	if (!field(&c, &s, &n) || !is(s, n, "table"))
		return 0;
	if (!field(&c, &s, &n) || !field(&c, &s, &n))
		return 0;
	if (!skip_name(&c, name))
		return 0;
	if (!field(&c, &req->opname, &req->opnamelen))
		return 0;
	req->op = op_of(req->opname, req->opnamelen);
	if (!parse_rest(&c, req))
		return 0;
	return req->idlen > 0 && req->idlen <= TABLETEXT_ID_MAX &&
	    req->opnamelen > 0 && req->opnamelen <= TABLETEXT_OP_MAX;
}

static void
put(struct output *o, const char *s, size_t len)
{
	if (o->failed || len > o->size - o->len) {
		o->failed = 1;
		return;
	}
	memcpy(o->buf + o->len, s, len);
	o->len += len;
}

static void
put_word(struct output *o, const char *s)
{
	put(o, s, strlen(s));
}

/* The last field: the only one where a stranger's bytes may be. */
static void
put_value(struct output *o, const char *s, size_t len)
{
	if (len == 0 || len > TABLETEXT_VALUE_MAX ||
	    memchr(s, '\r', len) != NULL || memchr(s, '\n', len) != NULL ||
	    memchr(s, '\0', len) != NULL)
		o->failed = 1;
	put(o, "|", 1);
	put(o, s, len);
}

ssize_t
tabletext_answer(char *buf, size_t size, const struct request *req,
    enum req_result result, const char *value, size_t vallen)
{
	struct output	o = { buf, size, 0, 0 };

	put(&o, req->opname, req->opnamelen);
	put_word(&o, "-result|");
	put(&o, req->id, req->idlen);
	put(&o, "|", 1);
	switch (result) {
	case RESULT_FOUND:
		put_word(&o, req->op == REQ_UPDATE ? "ok" : "found");
		if (req->op == REQ_LOOKUP || req->op == REQ_FETCH)
			put_value(&o, value, vallen);
		break;
	case RESULT_NOTFOUND:
		put_word(&o, "not-found");
		break;
	case RESULT_ERROR:
		put_word(&o, "error");
		put_value(&o, value, vallen);
		break;
	}
	put(&o, "\n", 1);
	return o.failed ? -1 : (ssize_t)o.len;
}
