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
#include <time.h>

#include "answer.h"
#include "compat.h"
#include "keyset.h"
#include "table-relay.h"

#define UNSURE	"what the database holds is not known at the moment"

struct answerer {
	struct mirror	*mirror;
	struct keyset	*domains;
	int		 senders;
	size_t		 lastlen;	/* of the domain asked for last, */
	char		 last[CONF_DOMAIN_MAX];	/* which was one of ours */
	char		 key[REQUEST_KEY_MAX];	/* in lower case */
};

static int
add(struct answerer *a, const char *domain)
{
	return keyset_put(a->domains, domain, strlen(domain), KEYSET_FOREVER);
}

struct answerer *
answer_new(const struct conf *conf, struct mirror *m, int senders)
{
	struct answerer	*a;
	size_t		 i;

	if ((a = calloc(1, sizeof(*a))) == NULL ||
	    (a->domains = keyset_new()) == NULL)
		return NULL;
	a->mirror = m;
	a->senders = senders;
	for (i = 0; i < conf->domains.count; i++)
		if (add(a, conf->domains.item[i]) == -1)
			return NULL;
	if (conf->bounce_domain != NULL && add(a, conf->bounce_domain) == -1)
		return NULL;
	return a;
}

static void
say(struct answer *ans, enum req_result result, const char *value, size_t len)
{
	ans->result = result;
	ans->value = value;
	ans->vallen = len;
}

static void
say_error(struct answer *ans, const char *why)
{
	say(ans, RESULT_ERROR, why, strlen(why));
}

static void
answer_update(struct answerer *a, struct answer *ans)
{
	if (mirror_reload(a->mirror, MIRROR_WAIT_ALL))
		say(ans, RESULT_FOUND, NULL, 0);
	else
		say_error(ans, "the database could not be read");
}

/* Whether it is one of ours; mostly it is the one that was asked for last. */
static int
is_ours(struct answerer *a, const char *domain, size_t len)
{
	if (len == 0 || len > sizeof(a->last))
		return 0;
	if (len == a->lastlen && memcmp(domain, a->last, len) == 0)
		return 1;
	if (!keyset_has(a->domains, domain, len, 0))
		return 0;
	memcpy(a->last, domain, len);
	a->lastlen = len;
	return 1;
}

static void
answer_address(struct answerer *a, const struct request *req,
    struct answer *ans)
{
	const char	*at;

	say(ans, RESULT_NOTFOUND, NULL, 0);
	if ((at = memrchr(a->key, '@', req->keylen)) == NULL ||
	    !is_ours(a, at + 1, a->key + req->keylen - at - 1))
		return;
	if (!mirror_fresh(a->mirror, MIRROR_WAIT)) {
		say_error(ans, UNSURE);
		return;
	}
	if (!mirror_has(a->mirror, a->key, req->keylen, time(NULL)))
		return;
	if (req->service == SERVICE_ALIAS)
		say(ans, RESULT_FOUND, TABLE_USER, strlen(TABLE_USER));
	else
		say(ans, RESULT_FOUND, a->key, req->keylen);
}

static void
answer_key(struct answerer *a, const struct request *req, struct answer *ans)
{
	size_t	i;
	char	c;

	for (i = 0; i < req->keylen; i++) {
		c = req->key[i];
		a->key[i] = c >= 'A' && c <= 'Z' ? c + 'a' - 'A' : c;
	}
	switch (req->service) {
	case SERVICE_ALIAS:
	case SERVICE_MAILADDR:
		answer_address(a, req, ans);
		return;
	case SERVICE_DOMAIN:
		if (is_ours(a, a->key, req->keylen)) {
			say(ans, RESULT_FOUND, a->key, req->keylen);
			return;
		}
		break;
	case SERVICE_OTHER:
		break;
	}
	say(ans, RESULT_NOTFOUND, NULL, 0);
}

void
answer_request(struct answerer *a, const struct request *req,
    struct answer *ans)
{
	if (req->op == REQ_BAD || req->keylen > REQUEST_KEY_MAX) {
		say_error(ans, "not a request that this table knows");
		return;
	}
	if (a->senders) {
		say_error(ans, "this release does not serve such a table");
		return;
	}
	switch (req->op) {
	case REQ_UPDATE:
		answer_update(a, ans);
		break;
	case REQ_CHECK:
	case REQ_LOOKUP:
		answer_key(a, req, ans);
		break;
	case REQ_FETCH:
		say(ans, RESULT_NOTFOUND, NULL, 0);
		break;
	default:
		say(ans, RESULT_FOUND, NULL, 0);
	}
}
