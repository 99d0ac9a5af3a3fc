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

/* Accounts and how they fare, and the bytes that they leave behind. */

#include "smtprelayctl/store_export.h"
#include "store/store_account.h"
#include "store/store_identity.h"
#include "store/store_db.h"
#include "store_util.h"

#define SEALED	"c2VhbGVkLWJ5LXRoZS10ZXN0"	/* base64 of no secret */
#define AGAIN	"YW5vdGhlci1zZWFsLWFuZXc="

static struct store_account
account(const char *name, const char *host, const char *user)
{
	struct store_account	 acc;

	memset(&acc, 0, sizeof(acc));
	(void)strlcpy(acc.name, name, sizeof(acc.name));
	(void)strlcpy(acc.host, host, sizeof(acc.host));
	(void)strlcpy(acc.user, user, sizeof(acc.user));
	acc.transport = *host == '\0' ? STORE_NULL : STORE_SMTP_TLS;
	acc.port = *host == '\0' ? 0 : 587;
	acc.auth = *user == '\0' ? STORE_AUTH_NONE : STORE_AUTH_PASSWORD;
	return acc;
}

static int
count(const struct store_account *acc, void *arg)
{
	(void)acc;
	(*(int *)arg)++;
	return 0;
}

static void
rules(struct store *s)
{
	static const char *const	 names[] = {
		"", "-a", "a b", "a.b", "courier", "Courier", "a@b", "a:b",
		"\xc3\xa4"
	};
	struct store_account	 acc;
	size_t			 i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		acc = account(names[i], "", "");
		FAILS(s, store_account_put(s, &acc, NULL, NOW),
		    STORE_REFUSED);
	}
	acc = account("a", "smtp.partner.example", "al:ice");
	FAILS(s, store_account_put(s, &acc, SEALED, NOW), STORE_REFUSED);
	acc = account("a", "smtp.partner.example", "al\nice");
	FAILS(s, store_account_put(s, &acc, SEALED, NOW), STORE_REFUSED);
	acc = account("a", "smtp.partner.example", "alice");
	FAILS(s, store_account_put(s, &acc, NULL, NOW), STORE_REFUSED);
	FAILS(s, store_account_put(s, &acc, "", NOW), STORE_REFUSED);
	acc = account("a", "smtp.partner.example", "");
	FAILS(s, store_account_put(s, &acc, SEALED, NOW), STORE_REFUSED);
	acc.port = 0;
	FAILS(s, store_account_put(s, &acc, NULL, NOW), STORE_REFUSED);
	acc = account("a", "", "");
	acc.port = 25;
	FAILS(s, store_account_put(s, &acc, NULL, NOW), STORE_REFUSED);
	acc = account("a", "evil host", "");
	FAILS(s, store_account_put(s, &acc, NULL, NOW), STORE_REFUSED);
	CHECK(store_account_get(s, "a", &acc) == 0);
}

static void
life(struct store *s)
{
	struct store_account	 acc, old;
	char			 buf[STORE_SECRET_MAX + 1];
	int			 n = 0;

	acc = account("Partner", "smtp.partner.example", "alice");
	CHECK(store_account_put(s, &acc, SEALED, NOW) == 1);
	CHECK(store_account_get(s, "pARTNER", &old) == 1);
	CHECK_STR(old.name, "Partner");
	CHECK(old.id == acc.id && old.generation == acc.generation);
	CHECK(old.port == 587 && old.auth == STORE_AUTH_PASSWORD);
	CHECK(old.transport == STORE_SMTP_TLS && old.created == NOW);
	CHECK(store_account_secret(s, old.id, old.generation, buf,
	    sizeof(buf)) == 1);
	CHECK_STR(buf, SEALED);
	CHECK(store_account_secret(s, old.id, old.generation, buf, 4) == -1);

	/* The same name again changes it, and nobody takes it for the old. */
	acc = account("partner", "smtp.other.example", "alice");
	CHECK(store_account_put(s, &acc, AGAIN, NOW + 1) == 0);
	CHECK(acc.id == old.id && acc.generation != old.generation);
	CHECK(store_account_secret(s, old.id, old.generation, buf,
	    sizeof(buf)) == 0);
	CHECK(store_account_failed(s, old.id, old.generation, "auth", "x", 0,
	    NOW) == 0);
	CHECK(store_account_worked(s, old.id, old.generation, NOW) == 0);
	CHECK(store_account_byid(s, acc.id, &acc) == 1);
	CHECK(acc.created == NOW && acc.changed == NOW + 1);
	CHECK_STR(acc.host, "smtp.other.example");

	CHECK(store_account_reseal(s, acc.id, SEALED, AGAIN) == 0);
	CHECK(store_account_reseal(s, acc.id, AGAIN, SEALED) == 1);
	CHECK(store_account_secret(s, acc.id, acc.generation, buf,
	    sizeof(buf)) == 1);
	CHECK_STR(buf, SEALED);
	OK(s, store_account_each(s, count, &n));
	CHECK(n == 1);
}

static int
last_event(const struct store_event *ev, void *arg)
{
	*(struct store_event *)arg = *ev;
	return 0;
}

static void
state(struct store *s)
{
	struct store_account	 acc;
	struct store_event	 ev;
	uint64_t		 seen;
	char			 reason[2000];

	CHECK(store_account_get(s, "partner", &acc) == 1);
	CHECK(acc.failures == 0 && acc.succeeded == 0 && acc.failed == 0);
	CHECK(store_account_worked(s, acc.id, acc.generation, NOW) == 1);
	CHECK(store_account_byid(s, acc.id, &acc) == 1);
	CHECK(acc.succeeded == NOW);
	/* Not written again at once, but after a while. */
	CHECK(store_account_worked(s, acc.id, acc.generation, NOW + 1) == 1);
	CHECK(store_account_byid(s, acc.id, &acc) == 1);
	CHECK(acc.succeeded == NOW);
	CHECK(store_account_worked(s, acc.id, acc.generation,
	    NOW + STORE_ACCOUNT_OK_EVERY) == 1);
	CHECK(store_account_byid(s, acc.id, &acc) == 1);
	CHECK(acc.succeeded == NOW + STORE_ACCOUNT_OK_EVERY);

	memset(reason, 'x', sizeof(reason));
	reason[sizeof(reason) - 1] = '\0';
	memcpy(reason, "535 5.7.8\r\nno", 13 - 1);
	CHECK(store_account_failed(s, acc.id, acc.generation, "auth", reason,
	    NOW + 60, NOW + 2) == 1);
	OK(s, store_event_each(s, 0, 1, last_event, &ev));
	CHECK_STR(ev.kind, "account");
	CHECK(strncmp(ev.text, "partner: auth: 535", 18) == 0);
	seen = ev.id;
	CHECK(store_account_failed(s, acc.id, acc.generation, "auth", "two",
	    NOW + 90, NOW + 3) == 1);
	OK(s, store_event_each(s, 0, 1, last_event, &ev));
	CHECK(ev.id == seen);
	CHECK(store_account_byid(s, acc.id, &acc) == 1);
	CHECK(acc.failures == 2 && acc.failed == NOW + 3 &&
	    acc.retry == NOW + 90);
	CHECK_STR(acc.stage, "auth");
	CHECK_STR(acc.reason, "two");
	CHECK(store_account_worked(s, acc.id, acc.generation, NOW + 4) == 1);
	CHECK(store_account_byid(s, acc.id, &acc) == 1);
	CHECK(acc.failures == 0 && acc.retry == 0 && acc.failed == NOW + 3);
	OK(s, store_event_each(s, 0, 1, last_event, &ev));
	CHECK_STR(ev.text, "partner: auth: works again");
	/* A change forgets how the old one fared. */
	CHECK(store_account_failed(s, acc.id, acc.generation, "tls", "no", 0,
	    NOW + 5) == 1);
	CHECK(store_account_put(s, &acc, SEALED, NOW + 6) == 0);
	CHECK(store_account_byid(s, acc.id, &acc) == 1);
	CHECK(acc.failures == 0 && acc.failed == 0 && acc.reason[0] == '\0');
}

static void
in_use(struct store *s)
{
	struct store_account	 acc;
	uint64_t		 id;
	unsigned int		 n = 0;

	CHECK(store_account_get(s, "partner", &acc) == 1);
	OK(s, store_identity_add(s, "alice", "al@partner.example", acc.id, 1,
	    test_domains, 2, NOW, &id));
	FAILS(s, store_account_del(s, acc.id), STORE_REFUSED);
	OK(s, store_account_uses(s, acc.id, &n));
	CHECK(n == 1);
	CHECK(store_identity_del(s, "ALICE", "Al@partner.example") == 1);
	CHECK(store_account_del(s, acc.id) == 1);
	CHECK(store_account_del(s, acc.id) == 0);
	CHECK(store_sound(s) == 1);
}

/* Does the file hold these bytes? */
static int
holds(const char *suffix, const char *what)
{
	char	 path[256], *buf;
	FILE	*fp;
	size_t	 n;
	int	 found;

	(void)snprintf(path, sizeof(path), "%s%s", test_path, suffix);
	if ((fp = fopen(path, "r")) == NULL)
		return 0;
	if ((buf = calloc(1, 4 * 1024 * 1024)) == NULL)
		exit(1);
	n = fread(buf, 1, 4 * 1024 * 1024, fp);
	fclose(fp);
	found = memmem(buf, n, what, strlen(what)) != NULL;
	free(buf);
	return found;
}

/* What was deleted is overwritten, in the file and in its log. */
static void
shredded(struct store *s)
{
	struct store_account	 acc;

	acc = account("gone", "smtp.partner.example", "alice");
	CHECK(store_account_put(s, &acc, SEALED, NOW) == 1);
	CHECK(store_shred(s) == 1);
	CHECK(holds("", SEALED));
	CHECK(store_account_del(s, acc.id) == 1);
	CHECK(store_shred(s) == 1);
	CHECK(!holds("", SEALED) && !holds("-wal", SEALED));
}

int
main(void)
{
	struct store	*s;

	test_begin();
	s = test_open(STORE_CREATE);
	rules(s);
	life(s);
	state(s);
	in_use(s);
	shredded(s);
	store_close(s);
	test_end();
	return test_done();
}
