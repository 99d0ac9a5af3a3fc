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

/*
 * Fills a database for tests and measurements, with what only mail makes
 * otherwise.  Reads commands from standard input, a line each, and answers
 * with the addresses made, a line each, and a last line "ok" or "error WHY".
 *
 *	storeseed database [key-file]	which seals passwords; made if missing
 *	mailbox ADDRESS			adds one, of worker "alice"
 *	delete ADDRESS			deletes it
 *	handles ADDRESS N SECONDS	issues N handles of that mailbox
 *	rpaths DOMAIN N			makes N return paths
 *	wrap DOMAIN SENDER AGE		makes a return path for a platform's
 *					sender, AGE seconds ago
 *	revoke				voids all of alice's handles
 *	worker NAME LOGIN ADDRESS	adds one
 *	unworker NAME			deletes
 *	account NAME URL [PASSWORD]	adds one or changes it
 *	unaccount NAME			deletes
 *	identity USER ADDRESS ACCOUNT	adds a verified one; account - for none
 *	unverified USER ADDRESS ACCOUNT	adds one that is not
 *	verify ADDRESS			verifies it
 *	unidentity USER ADDRESS		deletes
 *	identities N			adds iN@pM.example of user u(N / 10)
 *					through account a(N / 100)
 *	sends CONF USER			prints what USER may send as
 *	leaves CONF ADDRESS		prints the account of its mail, if any
 *	begin | commit | rollback	holds the database locked in between
 */

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/compat.h"
#include "store/account_seal.h"
#include "store/account_url.h"
#include "store/sender.h"
#include "store/store_identity.h"
#include "store/store_mail.h"

static struct store	*store;
static uint32_t		 alice;
static unsigned long	 serial;
static struct keys	*keys;

static const char *const domains[] = { "company.example",
			    "company.test" };

static int
add_mailbox(const char *address)
{
	const char	*domain = strchr(address, '@');
	uint64_t	 id;

	if (domain == NULL)
		return -1;
	domain++;
	if (store_mailbox_add(store, address, NULL, NULL, &domain, 1,
	    time(NULL), &id) == -1)
		return -1;
	return store_mailbox_join(store, id, alice, time(NULL));
}

static int
delete_mailbox(const char *address)
{
	struct store_mailbox	mb;

	if (store_mailbox_get(store, address, &mb) != 1)
		return -1;
	return store_mailbox_del(store, mb.id);
}

static int
issue_handles(const char *address, unsigned long n, time_t lifetime)
{
	struct store_mailbox	mb;
	struct store_handle	h;
	char			who[64];
	uint64_t		conversation, participant;

	if (store_mailbox_get(store, address, &mb) != 1 ||
	    store_conversation_new(store, mb.id, "seed", time(NULL),
	    &conversation) == -1)
		return -1;
	while (n-- > 0) {
		snprintf(who, sizeof(who), "carol%lu@customer.test", serial++);
		if (store_participant_add(store, conversation, who, "Carol", 0,
		    0, time(NULL), &participant) != 1 ||
		    store_handle_issue(store, alice, conversation,
		    participant, time(NULL), lifetime, &h) == -1)
			return -1;
		puts(h.address);
	}
	return 0;
}

static int
make_rpaths(const char *domain, unsigned long n)
{
	struct store_rpath	rp = { .kind = STORE_RPATH_WORKER };

	rp.worker = alice;
	strcpy(rp.address_to, "alice@home.example");
	while (n-- > 0) {
		if (store_rpath_make(store, domain, time(NULL), &rp) == -1)
			return -1;
		puts(rp.address);
	}
	return 0;
}

static int
wrap(const char *domain, const char *sender, long age)
{
	struct store_rpath	rp;

	if (store_wrap(store, "gate", sender, domain, time(NULL) - age,
	    &rp) != 1)
		return -1;
	puts(rp.address);
	return 0;
}

static int
add_worker(const char *name, const char *login, const char *address)
{
	uint32_t	id;

	return store_worker_add(store, name, name, login, &address, 1,
	    time(NULL), &id);
}

static int
delete_worker(const char *name)
{
	struct store_worker	w;

	if (store_worker_get(store, name, &w) != 1)
		return -1;
	return store_worker_del(store, w.id);
}

static int
add_account(const char *name, const char *url, const char *password)
{
	struct store_account	acc;
	char			sealed[STORE_SECRET_MAX + 1] = "", err[256];

	memset(&acc, 0, sizeof(acc));
	strlcpy(acc.name, name, sizeof(acc.name));
	if (account_url_parse(url, &acc, err, sizeof(err)) == -1)
		errx(2, "%s: %s", url, err);
	if (password != NULL) {
		acc.auth = STORE_AUTH_PASSWORD;
		if (keys == NULL || account_seal_close(keys, &acc, password,
		    sealed, sizeof(sealed)) == -1)
			errx(2, "%s: cannot seal the password", name);
	}
	return store_account_put(store, &acc, sealed, time(NULL));
}

static int
delete_account(const char *name)
{
	struct store_account	acc;

	if (store_account_get(store, name, &acc) != 1)
		return -1;
	return store_account_del(store, acc.id);
}

static int
add_identity(const char *user, const char *address, const char *account,
    int verified)
{
	struct store_account	acc = { .id = 0 };
	uint64_t		id;

	if (strcmp(account, "-") != 0 &&
	    store_account_get(store, account, &acc) != 1)
		errx(2, "%s: no such account", account);
	return store_identity_add(store, user, address, acc.id, verified,
	    domains, 2, time(NULL), &id);
}

static int
verify_identity(const char *address)
{
	struct store_identity	idt;
	char			code[STORE_CODE_TEXT + 1];
	char			rpath[STORE_ADDR_MAX + 1];

	if (store_identity_get(store, address, &idt) != 1 ||
	    store_identity_code(store, idt.id, domains[0], time(NULL), code,
	    rpath) == -1)
		return -1;
	return store_identity_verify(store, code, time(NULL), &idt) == 1 ? 0 :
	    -1;
}

static int
add_identities(unsigned long n)
{
	char		user[32], address[64], account[32];
	unsigned long	i;

	for (i = 0; i < n; i++) {
		snprintf(account, sizeof(account), "a%lu", i / 100);
		if (i % 100 == 0 && add_account(account,
		    "smtp+tls://u@smtp.partner.example", "secret") == -1)
			return -1;
		snprintf(user, sizeof(user), "u%lu", i / 10);
		snprintf(address, sizeof(address), "i%lu@p%lu.example", i,
		    i % 1000);
		if (add_identity(user, address, account, 1) == -1)
			return -1;
	}
	return 0;
}

static const struct conf *
the_conf(const char *path)
{
	static struct conf	*conf;

	if (conf == NULL && (conf = conf_load_log(path, 0)) == NULL)
		errx(1, "%s: is wrong", path);
	return conf;
}

static int
print_sender(const struct sender_addr *a, void *arg)
{
	(void)arg;
	puts(a->address);
	return 0;
}

static int
print_account(const struct conf *conf, const char *address)
{
	struct store_identity	idt;
	struct store_account	acc;
	int			r;

	if ((r = sender_account(store, conf, address, &idt, &acc)) == 1)
		puts(acc.name);
	return r;
}

/* About who sends; -2 when it is another command. */
static int
sender_command(const char *word, char *a, char *b, char *c)
{
	if (strcmp(word, "identities") == 0)
		return add_identities(strtoul(a, NULL, 10));
	if (strcmp(word, "unworker") == 0)
		return delete_worker(a);
	if (strcmp(word, "unaccount") == 0)
		return delete_account(a);
	if (strcmp(word, "verify") == 0)
		return verify_identity(a);
	if (b == NULL)
		return -2;
	if (strcmp(word, "sends") == 0)
		return sender_each(store, the_conf(a), b, print_sender, NULL);
	if (strcmp(word, "leaves") == 0)
		return print_account(the_conf(a), b);
	if (strcmp(word, "account") == 0)
		return add_account(a, b, c);
	if (strcmp(word, "unidentity") == 0)
		return store_identity_del(store, a, b);
	if (c == NULL)
		return -2;
	if (strcmp(word, "worker") == 0)
		return add_worker(a, b, c);
	if (strcmp(word, "identity") == 0)
		return add_identity(a, b, c, 1);
	if (strcmp(word, "unverified") == 0)
		return add_identity(a, b, c, 0);
	return -2;
}

static int
command(char *line, int *open)
{
	char		*word = strsep(&line, " "), *name = strsep(&line, " ");
	char		*b = strsep(&line, " "), *c = line;
	unsigned long	 n = b == NULL ? 0 : strtoul(b, NULL, 10);
	long		 seconds = c == NULL ? 0 : strtol(c, NULL, 10);
	int		 r;

	if (strcmp(word, "begin") == 0) {
		*open = 1;
		return store_begin(store);
	}
	if (strcmp(word, "rollback") == 0) {
		*open = 0;
		store_rollback(store);
		return 0;
	}
	if (strcmp(word, "commit") == 0) {
		*open = 0;
		return store_commit(store);
	}
	if (strcmp(word, "revoke") == 0)
		return store_worker_revoke(store, alice, time(NULL));
	if (name == NULL)
		errx(2, "%s: no such command, or no address", word);
	if (strcmp(word, "mailbox") == 0)
		return add_mailbox(name);
	if (strcmp(word, "delete") == 0)
		return delete_mailbox(name);
	if (strcmp(word, "handles") == 0)
		return issue_handles(name, n, seconds);
	if (strcmp(word, "rpaths") == 0)
		return make_rpaths(name, n);
	if (strcmp(word, "wrap") == 0 && b != NULL)
		return wrap(name, b, seconds);
	if ((r = sender_command(word, name, b, c)) != -2)
		return r;
	errx(2, "%s: no such command", word);
}

int
main(int argc, char **argv)
{
	static const char *const addresses[] = { "alice@home.example" };
	struct store_worker	 w;
	struct store_err	 e;
	char			 line[1024], why[256];
	int			 open = 0;

	if (argc != 2 && argc != 3)
		errx(2, "usage: storeseed database [key-file]");
	if (argc == 3 && (keys_init(argv[2], -1, -1, time(NULL), why,
	    sizeof(why)) == -1 ||
	    (keys = keys_open(argv[2], why, sizeof(why))) == NULL))
		errx(1, "%s", why);
	store = store_open(argv[1], STORE_CREATE, 5000, &e);
	if (store == NULL)
		errx(1, "%s", e.text);
	if (store_worker_get(store, "alice", &w) == 1)
		alice = w.id;
	else if (store_worker_add(store, "alice", "Alice", NULL, addresses, 1,
	    time(NULL), &alice) == -1)
		errx(1, "%s", store_error(store)->text);
	while (fgets(line, sizeof(line), stdin) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (command(line, &open) == -1)
			printf("error %s\n", store_error(store)->text);
		else
			puts("ok");
		fflush(stdout);
	}
	store_close(store);
	return 0;
}
