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

/* What the courier knows of accounts, also when there is no memory. */

#include <stdlib.h>
#include <string.h>

#include "base/compat.h"

/* Fails at the one that is `failing' calls away. */
static int	failing;

static char *
strdup_or_not(const char *s)
{
	return failing > 0 && --failing == 0 ? NULL : (strdup)(s);
}

#undef strdup
#define strdup(s)	strdup_or_not(s)
#include "table-relay/courier/courier_pool.c"
#include "test.h"

static struct courier_target
target(uint64_t generation, const char *host, const char *secret)
{
	struct courier_target	t = { .account = 7, .generation = generation,
				    .port = 25 };

	strlcpy(t.name, "work", sizeof(t.name));
	strlcpy(t.host, host, sizeof(t.host));
	strlcpy(t.user, "me", sizeof(t.user));
	strlcpy(t.secret, secret, sizeof(t.secret));
	return t;
}

int
main(void)
{
	struct courier		 c;
	struct courier_target	 t = target(1, "a.example", "one");
	struct account		*a;
	struct link		 l = { .state = LINK_BUSY };
	int			 i;

	memset(&c, 0, sizeof(c));
	RB_INIT(&c.accounts);
	for (i = 1; i <= 4; i++) {
		failing = i;
		CHECK(account_get(&c, &t) == NULL);
		CHECK(RB_EMPTY(&c.accounts));
	}
	failing = 0;
	if ((a = account_get(&c, &t)) == NULL)
		return 1;
	CHECK_STR(a->host, "a.example");
	CHECK(account_get(&c, &t) == a);

	/* A change that does not fit leaves the account as it was, whole. */
	TAILQ_INSERT_TAIL(&a->links, &l, entry);
	t = target(2, "b.example", "two");
	for (i = 1; i <= 4; i++) {
		failing = i;
		CHECK(account_get(&c, &t) == NULL);
		CHECK_STR(a->name, "work");
		CHECK_STR(a->host, "a.example");
		CHECK_STR(a->user, "me");
		CHECK_STR(a->secret, "one");
		CHECK(a->generation == 1);
	}
	CHECK(!l.old);
	failing = 0;
	CHECK(account_get(&c, &t) == a);
	CHECK(l.old && account_count(a, LINK_BUSY) == 0);
	CHECK_STR(a->host, "b.example");
	CHECK_STR(a->secret, "two");

	/* A token is asked for when it is needed. */
	t = target(3, "b.example", "");
	t.oauth = 1;
	CHECK(account_get(&c, &t) == a && a->secret == NULL && a->oauth);
	account_free(&c, a);
	CHECK(RB_EMPTY(&c.accounts));
	return test_done();
}
