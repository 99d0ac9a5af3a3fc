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

/* Return paths that stand for a platform's sender. */

#include "header/handle.h"
#include "smtprelayctl/store_export.h"
#include "store/store_limit.h"
#include "store/store_mail.h"
#include "store_util.h"

#define VERP	"Jo=company.example__x@X.bnc.salesforce.com"

static int
find_key(const struct store_change *key, void *arg)
{
	const struct store_rpath	*rp = arg;

	return strcmp(key->address, rp->address) == 0 &&
	    key->expires == rp->expires;
}

static void
one(struct store *s, struct store_rpath *rp)
{
	struct store_rcpt	 rcpt;
	char			 name[RPATH_LEN + 1];
	const char		*domain;
	int64_t			 seq, all;

	OK(s, store_keys_all(s, NOW, &seq, find_key, rp));
	CHECK(store_wrap(s, "sf", VERP, "Company.Example", NOW, rp) == 1);
	CHECK(rpath_addr_parse(rp->address, name, &domain) == 1);
	CHECK_STR(domain, "company.example");
	CHECK_STR(rp->address_to, VERP);
	/* The tables learn of it, whether they follow or begin. */
	CHECK(store_changes_since(s, STORE_KEYS, &seq, find_key, rp) == -1);
	CHECK(store_keys_all(s, NOW, &all, find_key, rp) == -1);
	CHECK(store_rcpt_get(s, rp->address, NOW + 29 * DAY, &rcpt) == 1);
	CHECK(rcpt.kind == STORE_RCPT_RPATH && rcpt.mailbox.id == 0);
	CHECK(rcpt.rpath.kind == STORE_RPATH_WRAPPED);
	CHECK(rcpt.rpath.id == rp->id && rcpt.rpath.created == NOW);
	CHECK(rcpt.rpath.expires == NOW + 30 * DAY);
	CHECK(rcpt.rpath.worker == 0 && rcpt.rpath.conversation == 0);
	CHECK_STR(rcpt.rpath.address_to, VERP);
	CHECK_STR(rcpt.rpath.gate, "sf");
	CHECK(store_rcpt_get(s, rp->address, NOW + 30 * DAY, &rcpt) == 0);
}

/* Used again within a day, at one domain, by one gate, for one sender. */
static void
again(struct store *s, const struct store_rpath *rp)
{
	struct store_rpath	 other;
	int			 i;

#define SAME(gate, sender, domain, at)					\
	(store_wrap(s, gate, sender, domain, at, &other) == 1 &&	\
	    strcmp(other.address, rp->address) == 0)
	CHECK(SAME("sf", VERP, "company.example", NOW + DAY - 1));
	CHECK(other.id == rp->id && other.expires == rp->expires);
	CHECK(SAME("sf", VERP, "company.example", NOW - 10));
	CHECK(!SAME("sf", VERP, "company.example", NOW - 100));
	CHECK(!SAME("other", VERP, "company.example", NOW));
	CHECK(!SAME("sf", "jo=company.example__x@X.bnc.salesforce.com",
	    "company.example", NOW));
	CHECK(!SAME("sf", VERP, "bounce.example", NOW + 1));
	/* It is of the last domain now; of the first again: a third one. */
	CHECK(!SAME("sf", VERP, "company.example", NOW + 2));
	CHECK(!SAME("sf", VERP, "company.example", NOW + DAY + 2));
	rp = &other;
	CHECK(store_wrap(s, "five", VERP, "company.example", NOW,
	    &other) == 1);
	for (i = 0; i < STORE_RPATH_QUOTES; i++) {
		CHECK(SAME("five", VERP, "company.example", NOW));
		CHECK(store_rpath_quote(s, other.id) == 1);
	}
	CHECK(store_rpath_quote(s, other.id) == 0);
	i = (int)other.id;
	CHECK(store_wrap(s, "five", VERP, "company.example", NOW,
	    &other) == 1 && (int)other.id != i && other.quoted == 0);
}

static void
refused(struct store *s)
{
	static const char *const	 bad[] = {
		"", "jo", "a,b@c.example", "a b@c.example", "<a@c.example>",
		"a@c.example\nx", "\"a\"@c.example", "a@[192.0.2.1]"
	};
	struct store_rpath	 rp;
	char			 gate[STORE_GATE_MAX + 2];
	size_t			 i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		FAILS(s, store_wrap(s, "sf", bad[i], "company.example", NOW,
		    &rp), STORE_REFUSED);
	memset(gate, 'g', sizeof(gate));
	gate[STORE_GATE_MAX + 1] = '\0';
	FAILS(s, store_wrap(s, gate, VERP, "company.example", NOW, &rp),
	    STORE_REFUSED);
	FAILS(s, store_wrap(s, "", VERP, "company.example", NOW, &rp),
	    STORE_REFUSED);
	gate[STORE_GATE_MAX] = '\0';
	CHECK(store_wrap(s, gate, VERP, "company.example", NOW, &rp) == 1);
}

/* A gate that has made too many makes no more, but what there is serves. */
static void
bounded(struct store *s)
{
	struct store_limit	 most = { "wrapped", "full", STORE_WRAPS_DAY,
				    DAY, STORE_WRAPS_DAY - 1 };
	struct store_rpath	 rp;
	size_t			 which;

	CHECK(store_limit_take(s, &most, 1, NOW, &which) == 1);
	CHECK(store_wrap(s, "full", "a@x.example", "company.example", NOW,
	    &rp) == 1);
	CHECK(store_wrap(s, "full", "b@x.example", "company.example", NOW,
	    &rp) == 0);
	CHECK(store_wrap(s, "full", "a@x.example", "company.example", NOW,
	    &rp) == 1);
	CHECK(store_wrap(s, "fuller", "b@x.example", "company.example", NOW,
	    &rp) == 1);
	CHECK(store_wrap(s, "full", "b@x.example", "company.example",
	    NOW + DAY, &rp) == 1);
}

static void
pruned(struct store *s, struct store_rpath *rp)
{
	int64_t	 seq;
	int	 more;

	OK(s, store_expire(s, NOW + 29 * DAY, 800 * DAY, 1000, &more));
	CHECK(store_keys_all(s, 0, &seq, find_key, rp) == -1);
	OK(s, store_expire(s, NOW + 31 * DAY, 800 * DAY, 1000, &more));
	CHECK(store_keys_all(s, 0, &seq, find_key, rp) == 0);
}

#define ROW	"relay-export 1\nrpath\tid=1\tcreated=1\texpires=2\tquoted=0" \
		"\taddress=r-abcdefghijklmnopqrstuvwxyz@company.example\t"

static const struct {
	const char	*text;
	int		 good;
} imports[] = {
	{ ROW "kind=4\tgate=sf\tsent_to=a@b.example\nend 1\n", 1 },
	{ ROW "kind=4\tsent_to=a@b.example\nend 1\n", 0 },
	{ ROW "kind=4\tgate=\tsent_to=a@b.example\nend 1\n", 0 },
	{ ROW "kind=4\tgate=sf\nend 1\n", 0 },
	{ ROW "kind=4\tgate=sf\tsent_to=ab\nend 1\n", 0 },
	{ ROW "kind=4\tgate=sf\tsent_to=a@b,c\nend 1\n", 0 },
	{ ROW "kind=4\tgate=sf\tsent_to=a@b\\n\nend 1\n", 0 },
	{ ROW "kind=1\tgate=sf\tsent_to=a@b.example\nend 1\n", 0 }
};

static void
imported(void)
{
	struct store	*s;
	FILE		*fp;
	uint64_t	 rows;
	size_t		 i;
	int		 ret;

	for (i = 0; i < sizeof(imports) / sizeof(imports[0]); i++) {
		(void)snprintf(test_path, sizeof(test_path), "%s/%zu.db",
		    test_dir, i);
		s = test_open(STORE_CREATE);
		if ((fp = fmemopen((void *)(uintptr_t)imports[i].text,
		    strlen(imports[i].text), "r")) == NULL)
			exit(1);
		ret = store_import(s, fp, &rows);
		fclose(fp);
		if ((ret == 0) != imports[i].good)
			fprintf(stderr, "%zu: %s\n", i,
			    ret == 0 ? "" : store_error(s)->text);
		CHECK((ret == 0) == imports[i].good);
		store_close(s);
	}
}

int
main(void)
{
	struct store		*s;
	struct store_rpath	 rp;

	test_begin();
	memset(&rp, 0, sizeof(rp));
	s = test_open(STORE_CREATE);
	one(s, &rp);
	again(s, &rp);
	refused(s);
	bounded(s);
	CHECK(store_sound(s) == 1);
	pruned(s, &rp);
	store_close(s);
	imported();
	test_end();
	return test_done();
}
