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
 *	storeseed database
 *	mailbox ADDRESS			adds one, of worker "alice"
 *	delete ADDRESS			deletes it
 *	handles ADDRESS N SECONDS	issues N handles of that mailbox
 *	rpaths DOMAIN N			makes N return paths
 *	revoke				voids all of alice's handles
 *	begin | commit | rollback	holds the database locked in between
 */

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "store_mail.h"

static struct store	*store;
static uint32_t		 alice;
static unsigned long	 serial;

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
command(char *line, int *open)
{
	char		*word = strsep(&line, " "), *name = strsep(&line, " ");
	unsigned long	 n = line == NULL ? 0 : strtoul(line, &line, 10);
	long		 seconds = line == NULL ? 0 : strtol(line, NULL, 10);

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
	errx(2, "%s: no such command", word);
}

int
main(int argc, char **argv)
{
	static const char *const addresses[] = { "alice@home.example" };
	struct store_worker	 w;
	struct store_err	 e;
	char			 line[1024];
	int			 open = 0;

	if (argc != 2)
		errx(2, "usage: storeseed database");
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
