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

#include <sys/types.h>
#include <sys/socket.h>
#include <netinet/in.h>

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/compat.h"
#include "spf/spf_int.h"

const char *
spf_word(int result)
{
	static const char *const words[] = {
		[SPF_NONE] = "none",
		[SPF_NEUTRAL] = "neutral",
		[SPF_PASS] = "pass",
		[SPF_FAIL] = "fail",
		[SPF_SOFTFAIL] = "softfail",
		[SPF_TEMPERROR] = "temperror",
		[SPF_PERMERROR] = "permerror",
	};

	if (result < 0 || result > SPF_PERMERROR)
		return "?";
	return words[result];
}

void
spf_cancel(struct spf *s)
{
	if (s == NULL)
		return;
	dns_cancel(s->query);
	while (s->depth > 0)
		spf_record_free(&s->frames[--s->depth].record);
	free(s->exp);
	free(s);
}

void
spf_finish(struct spf *s, int result, const char *why)
{
	if (s->phase != SPF_EVALUATE) {
		/* No explanation then, but the result stands. */
		s->phase = SPF_OVER;
		return;
	}
	s->r.result = result;
	if (why != NULL)
		strlcpy(s->r.why, why, sizeof(s->r.why));
	s->phase = result == SPF_FAIL ? SPF_EXP_NAME : SPF_OVER;
}

void
spf_ask(struct spf *s, const char *name, int type, dns_callback *cb)
{
	s->query = dns_query(s->dns, name, type, cb, s);
	if (s->query == NULL)
		spf_finish(s, SPF_TEMPERROR, "too many questions");
}

void
spf_asked(struct spf *s)
{
	s->query = NULL;
}

void
spf_continue(struct spf *s)
{
	void (*cb)(const struct spf_result *, void *) = s->cb;
	struct spf_result r;
	void *arg = s->arg;

	while (s->query == NULL && s->phase != SPF_OVER) {
		if (s->phase == SPF_EVALUATE)
			spf_term_next(s);
		else
			spf_exp_step(s);
	}
	if (s->query != NULL)
		return;
	r = s->r;
	spf_cancel(s);
	cb(&r, arg);
}

int
spf_count(struct spf *s)
{
	int max = s->flags & SPF_WALK ? SPF_WALK_MAX : SPF_LOOKUPS_MAX;

	if (++s->r.lookups <= max)
		return 0;
	spf_finish(s, SPF_PERMERROR, "more than 10 terms that ask the DNS");
	return -1;
}

int
spf_count_void(struct spf *s, const struct dns_answer *a)
{
	int max = s->flags & SPF_WALK ? SPF_WALK_MAX : SPF_VOIDS_MAX;

	if (a->status != DNS_NXDOMAIN && a->status != DNS_NODATA)
		return 0;
	if (++s->r.voids <= max)
		return 0;
	spf_finish(s, SPF_PERMERROR, "more than 2 lookups without an answer");
	return -1;
}

int
spf_addr_match(const void *a, const void *b, int prefix)
{
	const unsigned char *p = a, *q = b;
	int bytes = prefix / 8, bits = prefix % 8;

	if (memcmp(p, q, bytes) != 0)
		return 0;
	return bits == 0 || ((p[bytes] ^ q[bytes]) >> (8 - bits)) == 0;
}

int
spf_answer_match(const struct spf *s, const struct dns_answer *a, int prefix)
{
	const struct dns_record *r;
	size_t i;

	for (i = 0; i < a->n; i++) {
		r = &a->v[i];
		if (spf_addr_match(s->addr, s->family == AF_INET ?
		    (const void *)&r->in : (const void *)&r->in6, prefix))
			return 1;
	}
	return 0;
}

void
spf_macros(const struct spf *s, const char *domain, struct spf_macros *m)
{
	size_t len, dlen = strlen(domain);
	int i, below = -1;

	memset(m, 0, sizeof(*m));
	m->sender = s->sender;
	m->local = s->local;
	m->sender_domain = s->sender_domain;
	m->domain = domain;
	m->helo = s->helo;
	m->receiver = s->receiver;
	m->family = s->family;
	m->addr = s->addr;
	m->now = time(NULL);
	if (s->nvalidated > 0)
		m->validated = s->validated[0];
	for (i = s->nvalidated - 1; i >= 0; i--) {
		len = strlen(s->validated[i]);
		if (strcasecmp(s->validated[i], domain) == 0) {
			m->validated = s->validated[i];
			return;
		}
		if (len > dlen && s->validated[i][len - dlen - 1] == '.' &&
		    strcasecmp(s->validated[i] + len - dlen, domain) == 0)
			below = i;
	}
	if (below != -1)
		m->validated = s->validated[below];
}

/* Splits the sender, or makes one of the greeting (2.4, 4.3); 0 or -1. */
static int
spf_sender(struct spf *s, const char *sender)
{
	const char *at;

	if (sender == NULL || *sender == '\0') {
		strlcpy(s->local, "postmaster", sizeof(s->local));
		strlcpy(s->sender_domain, s->helo, sizeof(s->sender_domain));
	} else if ((at = strrchr(sender, '@')) == NULL) {
		strlcpy(s->local, "postmaster", sizeof(s->local));
		if (strlcpy(s->sender_domain, sender,
		    sizeof(s->sender_domain)) >= sizeof(s->sender_domain))
			return -1;
	} else {
		if ((size_t)(at - sender) >= sizeof(s->local) ||
		    strlcpy(s->sender_domain, at + 1,
		    sizeof(s->sender_domain)) >= sizeof(s->sender_domain))
			return -1;
		memcpy(s->local, sender, at - sender);
		if (at == sender)
			strlcpy(s->local, "postmaster", sizeof(s->local));
	}
	snprintf(s->sender, sizeof(s->sender), "%s@%s", s->local,
	    s->sender_domain);
	return 0;
}

static void
spf_address(struct spf *s, const struct spf_request *req)
{
	static const unsigned char mapped[12] =
	    { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

	s->family = req->family;
	if (req->family == AF_INET)
		memcpy(s->addr, req->addr, 4);
	else if (memcmp(req->addr, mapped, sizeof(mapped)) == 0) {
		s->family = AF_INET;
		memcpy(s->addr, (const char *)req->addr + 12, 4);
	} else
		memcpy(s->addr, req->addr, 16);
}

struct spf *
spf_check(struct dns *d, const struct spf_request *req,
    void (*cb)(const struct spf_result *, void *), void *arg)
{
	struct spf *s;
	const char *domain;

	if ((s = calloc(1, sizeof(*s))) == NULL)
		return NULL;
	s->dns = d;
	s->cb = cb;
	s->arg = arg;
	s->flags = req->flags;
	spf_address(s, req);
	if (req->helo != NULL)
		strlcpy(s->helo, req->helo, sizeof(s->helo));
	strlcpy(s->receiver, req->receiver == NULL ? "unknown" :
	    req->receiver, sizeof(s->receiver));
	/* A sender that is too long has no domain that can be asked for. */
	domain = spf_sender(s, req->sender) == -1 ? "" : s->sender_domain;
	spf_enter(s, domain, 0);
	if (s->query == NULL) {
		spf_cancel(s);
		return NULL;
	}
	return s;
}
