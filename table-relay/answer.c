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
#include <time.h>

#include "answer.h"
#include "base/clock.h"
#include "base/compat.h"
#include "base/log.h"
#include "header/startaddr.h"
#include "senders.h"
#include "table-relay.h"

#define UNSURE	"what the database holds is not known at the moment"

struct answerer {
	const struct table *table;
	struct mirror	*mirror;
	struct keyset	*domains;
	char		*value;		/* SENDERS_LIST_MAX, about who sends */
	size_t		 used;		/* by the last answer */
	long long	 slice;		/* milliseconds: since when a label is
					 * the same one */
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
answer_new(const struct table *t, struct mirror *m)
{
	const struct conf	*conf = t->conf;
	struct answerer		*a;
	size_t			 i;

	if ((a = calloc(1, sizeof(*a))) == NULL)
		return NULL;
	a->table = t;
	a->mirror = m;
	if ((a->domains = keyset_new()) == NULL ||
	    (t->senders && (a->value = malloc(SENDERS_LIST_MAX)) == NULL))
		goto fail;
	for (i = 0; i < conf->domains.count; i++)
		if (add(a, conf->domains.item[i]) == -1)
			goto fail;
	if (conf->bounce_domain != NULL && add(a, conf->bounce_domain) == -1)
		goto fail;
	return a;
fail:
	keyset_free(a->domains);
	free(a->value);
	free(a);
	return NULL;
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
update(struct answerer *a, struct answer *ans)
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
	if (!keyset_number(a->domains, domain, len))
		return 0;
	memcpy(a->last, domain, len);
	a->lastlen = len;
	return 1;
}

/* Whether the address, in lower case, is answered at now. */
static int
is_known(const struct answerer *a, const char *address, size_t len)
{
	return time(NULL) <
	    keyset_number(mirror_sets(a->mirror)->addresses, address, len);
}

/* One by which a worker may begin a conversation of a mailbox. */
static int
is_start(const struct answerer *a, size_t len)
{
	char	addr[ADDR_MAX + 1], box[ADDR_MAX + 1], whom[ADDR_MAX + 1];

	if (!a->table->conf->replies.start_allow || len >= sizeof(addr) ||
	    memchr(a->key, '\0', len) != NULL)
		return 0;
	memcpy(addr, a->key, len);
	addr[len] = '\0';
	return startaddr_parse(addr, box, whom) == 1 &&
	    is_known(a, box, strlen(box));
}

static void
look_up_address(struct answerer *a, const struct request *req,
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
	if (!is_known(a, a->key, req->keylen) && !is_start(a, req->keylen))
		return;
	if (req->service == SERVICE_ALIAS)
		say(ans, RESULT_FOUND, TABLE_USER, strlen(TABLE_USER));
	else
		say(ans, RESULT_FOUND, a->key, req->keylen);
}

static void
check_key(struct answerer *a, const struct request *req, struct answer *ans)
{
	switch (req->service) {
	case SERVICE_ALIAS:
	case SERVICE_MAILADDR:
		look_up_address(a, req, ans);
		return;
	case SERVICE_DOMAIN:
		if (is_ours(a, a->key, req->keylen)) {
			say(ans, RESULT_FOUND, a->key, req->keylen);
			return;
		}
		break;
	default:
		break;
	}
	say(ans, RESULT_NOTFOUND, NULL, 0);
}

/* Whether mail from the address is the courier's. */
static void
look_up_sender(struct answerer *a, const struct request *req,
    struct answer *ans)
{
	say(ans, RESULT_NOTFOUND, NULL, 0);
	if (!a->table->conf->outbound.alternates ||
	    memchr(a->key, '@', req->keylen) == NULL || req->keylen < 2)
		return;
	if (!mirror_fresh(a->mirror, MIRROR_WAIT))
		say_error(ans, UNSURE);
	else if (senders_routed(mirror_sets(a->mirror), a->key, req->keylen))
		say(ans, RESULT_FOUND, a->key, req->keylen);
}

/* What a login may send as. */
static void
look_up_login(struct answerer *a, const struct request *req,
    struct answer *ans)
{
	ssize_t	n;

	if (!mirror_fresh(a->mirror, MIRROR_WAIT)) {
		say_error(ans, UNSURE);
		return;
	}
	n = senders_list(a->table->conf, mirror_sets(a->mirror), a->key,
	    req->keylen, a->value, SENDERS_LIST_MAX);
	if (n == -1)
		say_error(ans, "more addresses than fit");
	else if (n == 0)
		say(ans, RESULT_NOTFOUND, NULL, 0);
	else {
		a->used = n;
		say(ans, RESULT_FOUND, a->value, n);
	}
}

/* smtpd sends no password to whoever else may have the courier's port. */
static int
courier_is_there(const struct answerer *a)
{
	return a->table->courier->listening;
}

static void
look_up_label(struct answerer *a, const struct request *req,
    struct answer *ans)
{
	size_t	len = strlen(COURIER_LABEL);
	int	n;

	if (req->keylen >= len && memcmp(a->key, COURIER_LABEL, len) == 0 &&
	    (req->keylen == len || a->key[len] == '.')) {
		if (!courier_is_there(a)) {
			say_error(ans, "the courier does not have its port");
			return;
		}
		n = snprintf(a->value, SENDERS_LIST_MAX, "%s:%s",
		    COURIER_LABEL, a->table->password);
		a->used = n;
		say(ans, RESULT_FOUND, a->value, n);
		return;
	}
	n = mirror_secret(a->mirror, a->key, req->keylen, a->value,
	    SENDERS_LIST_MAX, &a->used, MIRROR_WAIT);
	if (n == -1)
		say_error(ans, UNSURE);
	else if (n == 0)
		say(ans, RESULT_NOTFOUND, NULL, 0);
	else
		say(ans, RESULT_FOUND, a->value, a->used);
}

/*
 * Where `relay host <table>' leads; nobody says whose mail it is about.
 *
 * To smtpd each label is a relay of its own, with a queue and connections of
 * its own.  It opens connections when a relay is new, and then only when one
 * of its sessions ends, or every ten seconds: when all sessions of a relay
 * have ended, mail that comes later waits for that long.  So the label is
 * another one every COURIER_SLICE, and no relay grows old.  That time begins
 * with a question, for a message whose recipients get two labels leaves
 * twice.  Whether the courier has its port is for the credentials to say.
 */
static void
look_up_relayhost(struct answerer *a, struct answer *ans)
{
	const struct conf_outbound	*o = &a->table->conf->outbound;
	long long			 now;
	int				 n;

	now = clock_ms();
	if (now - a->slice >= COURIER_SLICE)
		a->slice = now;
	n = snprintf(a->value, SENDERS_LIST_MAX, "smtps://%s.%lld@%s:%u",
	    COURIER_LABEL, a->slice / COURIER_SLICE, o->courier,
	    o->courier_port);
	a->used = n;
	say(ans, RESULT_FOUND, a->value, n);
}

/* The same for a table about who sends. */
static void
look_up_senders(struct answerer *a, const struct request *req,
    struct answer *ans)
{
	say(ans, RESULT_NOTFOUND, NULL, 0);
	if (req->op == REQ_FETCH) {
		if (req->service == SERVICE_RELAYHOST)
			look_up_relayhost(a, ans);
		return;
	}
	switch (req->service) {
	case SERVICE_MAILADDR:
		look_up_sender(a, req, ans);
		break;
	case SERVICE_MAILADDRMAP:
		look_up_login(a, req, ans);
		break;
	case SERVICE_CREDENTIALS:
		look_up_label(a, req, ans);
		break;
	default:
		break;
	}
}

void
answer_wipe(struct answerer *a)
{
	explicit_bzero(a->value, a->used);
	a->used = 0;
}

void
answer_request(struct answerer *a, const struct request *req,
    struct answer *ans)
{
	size_t	i;
	char	c;

	if (req->op == REQ_BAD || req->keylen > REQUEST_KEY_MAX) {
		say_error(ans, "not a request that this table knows");
		return;
	}
	for (i = 0; i < req->keylen; i++) {
		c = req->key[i];
		a->key[i] = c >= 'A' && c <= 'Z' ? c + 'a' - 'A' : c;
	}
	switch (req->op) {
	case REQ_UPDATE:
		update(a, ans);
		break;
	case REQ_CHECK:
	case REQ_LOOKUP:
	case REQ_FETCH:
		if (a->table->senders)
			look_up_senders(a, req, ans);
		else if (req->op == REQ_FETCH)
			say(ans, RESULT_NOTFOUND, NULL, 0);
		else
			check_key(a, req, ans);
		break;
	default:
		say(ans, RESULT_FOUND, NULL, 0);
	}
}
