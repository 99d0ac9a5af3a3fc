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

/* Identities: whose an address is, and how it is proved. */

#include <ctype.h>

#include "conf/conf.h"
#include "store/sender.h"
#include "store_util.h"

static uint64_t
identity(struct store *s, const char *user, const char *address,
    uint64_t account, int verified)
{
	uint64_t	 id = 0;

	OK(s, store_identity_add(s, user, address, account, verified,
	    test_domains, 2, NOW, &id));
	return id;
}

static void
refused(struct store *s, const char *user, const char *address,
    const char *why)
{
	uint64_t	 id;

	FAILS(s, store_identity_add(s, user, address, 0, 1, test_domains, 2,
	    NOW, &id), STORE_REFUSED);
	if (strstr(store_error(s)->text, why) == NULL)
		fprintf(stderr, "%s: %s\n", address, store_error(s)->text);
	CHECK(strstr(store_error(s)->text, why) != NULL);
}

static void
whose(struct store *s)
{
	static const char *const addr[] = { "amy@home.example" };
	uint32_t	 w;

	(void)test_mailbox(s, "support@company.example");
	OK(s, store_worker_add(s, "amy", "Amy", "Amy", addr, 1, NOW, &w));
	(void)test_worker(s, "bill", "bill@shop.example");

	refused(s, "bob", "support@company.example", "is a mailbox");
	refused(s, "bob", "amy@home.example", "worker amy's");
	refused(s, "bob", "amy@company.example", "login amy");
	refused(s, "bob", "@company.TEST", "domain of relay.conf");
	refused(s, "bob", "@home.example", "worker amy's");
	refused(s, "bob", "@shop.example", "worker bill's");
	refused(s, "bob", "a b@x.example", "no address");
	refused(s, "bob", "ab", "no address");
	refused(s, "bob", "@", "no domain");
	refused(s, "bob", "@-x.example", "no domain");
	refused(s, "bob", "_b@x.example", "begins with `_'");
	refused(s, "bob", "b!c@x.example", "carry `!'");
	refused(s, "", "b@x.example", "user is empty");
	refused(s, "b\nb", "b@x.example", "control");
}

static void
found(struct store *s)
{
	struct store_identity	 idt;

	(void)identity(s, "Bob", "Bob@Partner.example", 0, 1);
	refused(s, "amy", "bob@partner.example", "identity of bob's");
	refused(s, "bob", "BOB@partner.example", "identity of bob's");
	refused(s, "amy", "@partner.example", "bob@partner.example is");
	refused(s, "amy", "bob@company.example", "login bob");
	(void)identity(s, "bob", "@partner.example", 0, 1);
	refused(s, "amy", "amy@partner.example", "all of @partner.example");
	(void)identity(s, "bob", "bob.o'hara@partner.example", 0, 1);
	(void)identity(s, "amy", "@home.example", 0, 1);
	(void)identity(s, "bob", "bob@company.example", 0, 1);

	CHECK(store_identity_find(s, "bOb@partner.example", &idt) == 1);
	CHECK_STR(idt.address, "Bob@Partner.example");
	CHECK_STR(idt.user, "bob");
	CHECK(store_identity_find(s, "bob+x@partner.example", &idt) == 1);
	CHECK_STR(idt.folded, "bob@partner.example");
	CHECK(store_identity_find(s, "x+y@partner.example", &idt) == 1);
	CHECK_STR(idt.folded, "@partner.example");
	CHECK(store_identity_find(s, "x@sub.partner.example", &idt) == 0);
	CHECK(store_identity_find(s, "", &idt) == 0);
	CHECK(store_identity_find(s, "@partner.example", &idt) == 0);

	CHECK(store_is_ours(s, "bob@partner.example") == 0);
}

/* Who has an address has it with all tags, as smtpd sees it. */
static void
tags(struct store *s)
{
	(void)identity(s, "amy", "shop@tag.example", 0, 1);
	refused(s, "bob", "shop+x@tag.example", "identity of amy's");
	(void)identity(s, "amy", "shop+x@tag.example", 0, 1);
	(void)identity(s, "bob", "desk+y@tag.example", 0, 1);
	refused(s, "amy", "desk@tag.example", "desk+y@tag.example is");
	(void)identity(s, "amy", "desk@other.example", 0, 1);
	(void)identity(s, "amy", "des@tag.example", 0, 1);
	(void)identity(s, "bob", "desk@tag.example", 0, 1);
	refused(s, "bob", "support+x@company.example", "is a mailbox");
	refused(s, "bob", "bill+x@shop.example", "worker bill's");
	refused(s, "bob", "amy+x@company.example", "login amy");
	(void)identity(s, "bob", "gate+z@company.example", 0, 1);
	OK(s, store_identity_del(s, "amy", "shop@tag.example") - 1);
	OK(s, store_identity_del(s, "amy", "shop+x@tag.example") - 1);
	OK(s, store_identity_del(s, "amy", "desk@other.example") - 1);
	OK(s, store_identity_del(s, "amy", "des@tag.example") - 1);
}

/* And nobody else may come to it later. */
static void
kept(struct store *s)
{
	uint64_t	 id;
	uint32_t	 w;

	FAILS(s, store_mailbox_add(s, "bob@company.example", NULL, NULL,
	    test_domains, 2, NOW, &id), STORE_REFUSED);
	CHECK(strstr(store_error(s)->text, "bob's") != NULL);
	FAILS(s, store_mailbox_add(s, "gate@company.example", NULL, NULL,
	    test_domains, 2, NOW, &id), STORE_REFUSED);
	CHECK(strstr(store_error(s)->text, "gate+z@company.example") != NULL);
	FAILS(s, store_worker_add(s, "eve", "Eve", "eve",
	    (const char *const []){ "gate@company.example" }, 1, NOW, &w),
	    STORE_REFUSED);
	FAILS(s, store_worker_add(s, "eve", "Eve", "eve",
	    (const char *const []){ "bob@partner.example" }, 1, NOW, &w),
	    STORE_REFUSED);
	FAILS(s, store_worker_add(s, "eve", "Eve", "eve",
	    (const char *const []){ "eve@partner.example" }, 1, NOW, &w),
	    STORE_REFUSED);
	OK(s, store_worker_add(s, "bob", "Bob", "BOB",
	    (const char *const []){ "private@partner.example" }, 1, NOW, &w));
	CHECK(store_sound(s) == 1);
}

static void
codes(struct store *s)
{
	struct store_identity	 idt;
	struct store_rcpt	 rcpt;
	char			 code[STORE_CODE_TEXT + 1], wrong[32];
	char			 next[STORE_CODE_TEXT + 1];
	char			 rpath[STORE_ADDR_MAX + 1];
	char			 later[STORE_ADDR_MAX + 1];
	uint64_t		 id, again;
	size_t			 i;

	id = identity(s, "dan", "dan@new.example", 0, 0);
	CHECK(store_identity_byid(s, id, &idt) == 1 && idt.verified == 0);
	/* It is taken up again while it waits, by its user alone. */
	CHECK(store_identity_add(s, "Dan", "DAN@new.example", 0, 0,
	    test_domains, 2, NOW, &again) == 0 && again == id);
	refused(s, "amy", "dan@new.example", "identity of dan's");
	OK(s, store_identity_code(s, id, "company.example", NOW, code,
	    rpath));
	CHECK(strlen(code) == STORE_CODE_TEXT && code[4] == '-');
	CHECK(store_rcpt_get(s, rpath, NOW, &rcpt) == 1);
	CHECK(rcpt.rpath.kind == STORE_RPATH_IDENTITY);
	CHECK_STR(rcpt.rpath.address_to, "DAN@new.example");

	/* A new code makes the old one, and its return path, void. */
	OK(s, store_identity_code(s, id, "company.example", NOW, next,
	    later));
	CHECK(store_rcpt_get(s, rpath, NOW, &rcpt) == 0);
	CHECK(store_identity_verify(s, code, NOW, &idt) == 0);
	(void)strlcpy(wrong, next, sizeof(wrong));
	wrong[18] = wrong[18] == 'a' ? 'b' : 'a';
	CHECK(store_identity_verify(s, wrong, NOW, &idt) == 0);
	CHECK(strstr(store_error(s)->text, "wrong") != NULL);
	CHECK(store_identity_byid(s, id, &idt) == 1 && idt.tries == 1);
	CHECK(store_identity_verify(s, "rubbish", NOW, &idt) == 0);
	CHECK(store_identity_verify(s, "", NOW, &idt) == 0);
	CHECK(store_identity_verify(s, next, NOW + STORE_CODE_LIFE,
	    &idt) == 0);
	CHECK(strstr(store_error(s)->text, "expired") != NULL);
	for (i = 0; next[i] != '\0'; i++)
		next[i] = next[i] == '-' ? ' ' :
		    (char)toupper((unsigned char)next[i]);
	CHECK(store_identity_verify(s, next, NOW + 1, &idt) == 1);
	CHECK(idt.id == id && idt.verified == NOW + 1 && idt.expires == 0);
	CHECK(store_identity_verify(s, next, NOW + 1, &idt) == 0);
	FAILS(s, store_identity_code(s, id, "company.example", NOW, code,
	    rpath), STORE_REFUSED);

}

/* Guessing ends, and the owner's answer does as well as the code. */
static void
guessed(struct store *s)
{
	struct store_identity	 idt;
	struct store_rcpt	 rcpt, seen;
	char			 code[STORE_CODE_TEXT + 1], wrong[32];
	char			 rpath[STORE_ADDR_MAX + 1];
	char			 sender[STORE_ADDR_MAX + 1];
	uint64_t		 id;
	int			 i;

	id = identity(s, "dan", "@new.example", 0, 0);
	OK(s, store_identity_code(s, id, "company.example", NOW, code,
	    rpath));
	(void)strlcpy(wrong, code, sizeof(wrong));
	wrong[18] = wrong[18] == 'a' ? 'b' : 'a';
	for (i = 0; i < STORE_CODE_TRIES; i++)
		CHECK(store_identity_verify(s, wrong, NOW, &idt) == 0);
	CHECK(store_identity_verify(s, code, NOW, &idt) == 0);
	CHECK(strstr(store_error(s)->text, "void") != NULL);

	CHECK(store_rcpt_get(s, rpath, NOW, &rcpt) == 1);
	CHECK(store_identity_confirm(s, rcpt.rpath.id, "dan@new.example", NOW,
	    &idt) == 0);
	/* That which is in sight is for bounces alone. */
	CHECK(store_identity_byid(s, id, &idt) == 1);
	OK(s, store_identity_sender(s, &idt, "company.example", NOW, sender));
	CHECK(store_rcpt_get(s, sender, NOW, &seen) == 1);
	CHECK(seen.rpath.kind == STORE_RPATH_IDENTITY);
	CHECK_STR(seen.rpath.address_to, "postmaster@new.example");
	CHECK(strcmp(sender, rpath) != 0);
	CHECK(store_identity_confirm(s, seen.rpath.id,
	    "postmaster@new.example", NOW, &idt) == 0);
	CHECK(store_identity_bounced(s, seen.rpath.id, "5.1.1 unknown",
	    &idt) == 1);
	CHECK(idt.id == id);
	CHECK_STR(idt.bounced, "5.1.1 unknown");
	CHECK(store_identity_confirm(s, rcpt.rpath.id + 1000,
	    "postmaster@new.example", NOW, &idt) == 0);
	CHECK(store_identity_confirm(s, rcpt.rpath.id,
	    "Postmaster@new.example", NOW, &idt) == 1);
	CHECK(idt.verified == NOW);
	CHECK(store_identity_confirm(s, rcpt.rpath.id,
	    "postmaster@new.example", NOW, &idt) == 0);
}

static int
collect(const struct sender_addr *a, void *arg)
{
	(void)strlcat(arg, a->address, 4096);
	(void)strlcat(arg, "\n", 4096);
	return 0;
}

static enum sender_verdict
check(struct store *s, const struct conf *conf, const char *user,
    const char *address)
{
	enum sender_verdict	 v = 0;

	OK(s, sender_check(s, conf, user, address, &v, NULL));
	return v;
}

static struct conf *
parse(const char *text)
{
	struct conf_errors	 errors = { NULL, 0, 0 };
	struct conf		*conf;

	conf = conf_parse("t", text, strlen(text), &errors);
	if (conf == NULL) {
		fprintf(stderr, "%s\n", errors.message[0]);
		exit(1);
	}
	return conf;
}

static const char	 allow[] = "domain { \"company.example\" }\n"
    "replies { helpdesk \"help\" }\n"
    "outbound { alternates allow\nhosts { \"smtp.ok.example:587\" } }\n";

static void
judged(struct store *s)
{
	struct store_account	 acc;
	struct conf		*conf = parse(allow);

	memset(&acc, 0, sizeof(acc));
	(void)strlcpy(acc.name, "bad", sizeof(acc.name));
	(void)strlcpy(acc.host, "smtp.bad.example", sizeof(acc.host));
	acc.transport = STORE_LMTP;
	acc.port = 587;
	CHECK(store_account_put(s, &acc, NULL, NOW) == 1);
	(void)identity(s, "zoe", "zoe@bad.example", acc.id, 1);
	(void)strlcpy(acc.name, "good", sizeof(acc.name));
	(void)strlcpy(acc.host, "smtp.ok.example", sizeof(acc.host));
	CHECK(store_account_put(s, &acc, NULL, NOW) == 1);
	(void)identity(s, "zoe", "zoe@ok.example", acc.id, 1);
	(void)identity(s, "zoe", "zoe@wait.example", acc.id, 0);
	(void)identity(s, "zoe", "@zoe.example", 0, 1);

	CHECK(check(s, conf, "zoe", "ZOE+x@company.example") ==
	    SENDER_ALLOWED);
	CHECK(check(s, conf, "zoe", "zoe@company.test") == SENDER_FOREIGN);
	CHECK(check(s, conf, "zoe", "zoe@ok.example") == SENDER_ALLOWED);
	CHECK(check(s, conf, "zoe", "zoe@bad.example") == SENDER_HOST);
	CHECK(check(s, conf, "zoe", "zoe@wait.example") == SENDER_UNVERIFIED);
	CHECK(check(s, conf, "zoe", "any.one@zoe.example") == SENDER_ALLOWED);
	CHECK(check(s, conf, "bob", "zoe@ok.example") == SENDER_OTHERS);
	CHECK(check(s, conf, "bob", "any@zoe.example") == SENDER_OTHERS);
	CHECK(check(s, conf, "help", "support@company.example") ==
	    SENDER_ALLOWED);
	CHECK(check(s, conf, "bob", "support@company.example") ==
	    SENDER_OTHERS);
	CHECK(check(s, conf, "amy", "amy@home.example") == SENDER_ALLOWED);
	CHECK(check(s, conf, "zoe", "amy@home.example") == SENDER_OTHERS);
	CHECK(check(s, conf, "zoe", "") == SENDER_FOREIGN);
	CHECK(check(s, conf, "z@y.example", "z@y.example") == SENDER_ALLOWED);
	CHECK(check(s, conf, "support", "support@company.example") ==
	    SENDER_OTHERS);
	conf_free(conf);
}

static void
listed(struct store *s)
{
	struct store_account	 acc;
	struct store_identity	 idt;
	struct conf		*conf = parse(allow);
	char			 all[4096] = "";

	OK(s, sender_each(s, conf, "zoe", collect, all));
	CHECK_STR(all, "zoe@company.example\n@zoe.example\nzoe@ok.example\n");
	all[0] = '\0';
	OK(s, sender_each(s, conf, "amy", collect, all));
	CHECK_STR(all, "amy@company.example\namy@home.example\n"
	    "@home.example\n");
	all[0] = '\0';
	OK(s, sender_each(s, conf, "help", collect, all));
	CHECK_STR(all, "help@company.example\nsupport@company.example\n");

	CHECK(sender_account(s, conf, "zoe+t@ok.example", &idt, &acc) == 1);
	CHECK_STR(acc.name, "good");
	CHECK(sender_account(s, conf, "zoe@bad.example", &idt, &acc) == 0);
	CHECK(sender_account(s, conf, "zoe@wait.example", &idt, &acc) == 0);
	CHECK(sender_account(s, conf, "x@zoe.example", &idt, &acc) == 0);
	conf_free(conf);
	/* A whole domain is nobody's once it is one of ours. */
	conf = parse("domain { \"zoe.example\" }\n"
	    "outbound { alternates allow }\n");
	CHECK(check(s, conf, "zoe", "any@zoe.example") == SENDER_FOREIGN);
	CHECK(check(s, conf, "zoe", "zoe@zoe.example") == SENDER_ALLOWED);
	all[0] = '\0';
	OK(s, sender_each(s, conf, "zoe", collect, all));
	CHECK(strstr(all, "@zoe.example\nzoe@bad") == all + 3);
	conf_free(conf);
	conf = parse("domain { \"company.example\" }\n");
	CHECK(sender_account(s, conf, "zoe@ok.example", &idt, &acc) == 0);
	CHECK(check(s, conf, "zoe", "zoe@bad.example") == SENDER_ALLOWED);
	conf_free(conf);
}

static int
note(const struct store_change *c, void *arg)
{
	(void)strlcat(arg, c->user, 4096);
	(void)strlcat(arg, " ", 4096);
	(void)strlcat(arg, c->address, 4096);
	(void)strlcat(arg, "\n", 4096);
	return 0;
}

static void
changes(struct store *s)
{
	struct store_account	 acc;
	char			 all[4096] = "";
	int64_t			 seq = 0, old;
	uint64_t		 id;
	uint32_t		 w;

	CHECK(store_changes_since(s, STORE_SENDERS, &seq, note, all) == 1 &&
	    seq > 0);
	CHECK(store_changes_since(s, STORE_SENDERS, &seq, note, all) == 1);
	all[0] = '\0';
	/* Another server is for policy to judge, another secret is not. */
	CHECK(store_account_get(s, "good", &acc) == 1);
	acc.port = 588;
	CHECK(store_account_put(s, &acc, NULL, NOW) == 0);
	CHECK(store_changes_since(s, STORE_SENDERS, &seq, note, all) == 1);
	CHECK_STR(all, "zoe zoe@ok.example\nzoe zoe@wait.example\n");
	old = seq;
	all[0] = '\0';
	id = identity(s, "Pat", "pat@p.example", 0, 0);
	OK(s, store_worker_add(s, "pat", "Pat", "PAT",
	    (const char *const []){ "pat@home2.example" }, 1, NOW, &w));
	CHECK(store_worker_enable(s, w, 0) == 1);
	CHECK(store_worker_del(s, w) == 1);
	CHECK(store_identity_del(s, "pat", "pat@p.example") == 1);
	OK(s, store_mailbox_add(s, "sales@company.example", NULL, NULL,
	    test_domains, 2, NOW, &id));
	CHECK(store_changes_since(s, STORE_SENDERS, &seq, note, all) == 1);
	CHECK_STR(all, "pat pat@p.example\npat pat@home2.example\npat \n"
	    "pat \npat pat@p.example\n sales@company.example\n");
	OK(s, store_changes_prune(s, STORE_SENDERS, 2));
	CHECK(store_changes_since(s, STORE_SENDERS, &old, note, all) == 0);
	all[0] = '\0';
	old = seq - 2;
	CHECK(store_changes_since(s, STORE_SENDERS, &old, note, all) == 1);
	CHECK_STR(all, "pat pat@p.example\n sales@company.example\n");
	old = seq + 100;
	CHECK(store_changes_since(s, STORE_SENDERS, &old, note, all) == 0);
}

int
main(void)
{
	struct store	*s;

	test_begin();
	s = test_open(STORE_CREATE);
	whose(s);
	found(s);
	tags(s);
	kept(s);
	codes(s);
	guessed(s);
	judged(s);
	listed(s);
	changes(s);
	store_close(s);
	test_end();
	return test_done();
}
