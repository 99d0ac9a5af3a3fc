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
 * Fills a database and a key file for tests of filter-relay and shows what
 * it recorded.  Reads commands from standard input, a line each, and answers
 * with what was made, a line each, and a last line "ok" or "error WHY".
 *
 *	filterseed database key
 *	mailbox ADDRESS ARCHIVE|-
 *	worker NAME LOGIN|- ADDRESS
 *	join MAILBOX WORKER, leave MAILBOX WORKER
 *	enable WORKER, disable WORKER, revoke WORKER
 *	conversation MAILBOX		prints its id
 *	handle WORKER ID ADDRESS SECONDS	prints the handle address
 *	token WORKER ID MAILBOX AGE	prints a Message-Id, AGE seconds old
 *	copy WORKER ID MAILBOX OUTSIDE	the same, of a copy of OUTSIDE
 *	rpath WORKER DOMAIN		prints a return path
 *	account NAME HOST PORT
 *	identity USER ADDRESS ACCOUNT|- yes|no	verified or not
 *	unidentity USER ADDRESS
 *	record ID			prints what was recorded of a reply
 *	rotate, retire ID		of keys
 *	begin, rollback			holds the database locked in between
 */

#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/compat.h"
#include "crypto/keys.h"
#include "crypto/token.h"
#include "header/addr.h"
#include "store/store_identity.h"
#include "store/store_mail.h"

#define WORDS	6

static struct store	*store;
static const char	*keyfile;

static int
find(const char *mailbox, const char *worker, struct store_mailbox *mb,
    struct store_worker *w)
{
	if (mailbox != NULL && store_mailbox_get(store, mailbox, mb) != 1)
		return -1;
	return worker != NULL && store_worker_get(store, worker, w) != 1 ?
	    -1 : 0;
}

static int
do_mailbox(char **v)
{
	const char *domain = addr_domain(v[1]);
	uint64_t id;

	return store_mailbox_add(store, v[1], "Company Support",
	    strcmp(v[2], "-") == 0 ? NULL : v[2], &domain, 1, time(NULL), &id);
}

static int
do_worker(char **v)
{
	const char *addr = v[3];
	uint32_t id;

	return store_worker_add(store, v[1], v[1],
	    strcmp(v[2], "-") == 0 ? NULL : v[2], &addr, 1, time(NULL), &id);
}

static int
do_join(char **v)
{
	struct store_mailbox mb;
	struct store_worker w;

	if (find(v[1], v[2], &mb, &w) == -1)
		return -1;
	return strcmp(v[0], "join") == 0 ?
	    store_mailbox_join(store, mb.id, w.id, time(NULL)) :
	    store_mailbox_leave(store, mb.id, w.id);
}

static int
do_state(char **v)
{
	struct store_worker w;

	if (find(NULL, v[1], NULL, &w) == -1)
		return -1;
	if (strcmp(v[0], "revoke") == 0)
		return store_worker_revoke(store, w.id, time(NULL));
	return store_worker_enable(store, w.id, strcmp(v[0], "enable") == 0);
}

static int
do_conversation(char **v)
{
	struct store_mailbox mb;
	uint64_t id;

	if (find(v[1], NULL, &mb, NULL) == -1 || store_conversation_new(store,
	    mb.id, "A question", time(NULL), &id) == -1)
		return -1;
	printf("%" PRIu64 "\n", id);
	return 0;
}

static int
do_handle(char **v)
{
	struct store_worker w;
	struct store_handle h;
	uint64_t participant, id = strtoull(v[2], NULL, 10);

	if (find(NULL, v[1], NULL, &w) == -1 || store_participant_add(store,
	    id, v[3], "Carol", 0, 0, time(NULL), &participant) != 1 ||
	    store_handle_issue(store, w.id, id, participant, time(NULL),
	    atol(v[4]), &h) == -1)
		return -1;
	puts(h.address);
	return 0;
}

/* A token's Message-Id, into buf. */
static int
make_token(const struct store_worker *w, uint64_t id, const char *mailbox,
    long age, char *buf, size_t size)
{
	struct keys *keys;
	char token[TOKEN_LEN + 1], why[256];
	int rv = -1;

	if ((keys = keys_open(keyfile, why, sizeof(why))) == NULL)
		errx(1, "%s", why);
	if (token_make(keys, w->id, id, age == 0 ? token_time(time(NULL),
	    w->revoked) : time(NULL) - age, mailbox, token,
	    sizeof(token)) == 0)
		rv = token_msgid(token, addr_domain(mailbox), buf, size);
	keys_free(keys);
	return rv;
}

static int
do_token(char **v)
{
	struct store_worker w;
	char msgid[TOKEN_MSGID_MAX];

	if (find(NULL, v[1], NULL, &w) == -1 || make_token(&w,
	    strtoull(v[2], NULL, 10), v[3], atol(v[4]), msgid,
	    sizeof(msgid)) == -1)
		return -1;
	puts(msgid);
	return 0;
}

static int
do_copy(char **v)
{
	struct store_mailbox mb;
	struct store_worker w;
	struct store_message m = { .kind = STORE_MSG_IN, .smtpd = "12345678" };
	struct store_copy c = { .queued = 0 };

	if (find(v[3], v[1], &mb, &w) == -1)
		return -1;
	m.conversation = strtoull(v[2], NULL, 10);
	m.mailbox = mb.id;
	strlcpy(m.author, "carol@customer.test", sizeof(m.author));
	strlcpy(m.outside, v[4], sizeof(m.outside));
	if (make_token(&w, m.conversation, v[3], 0, c.msgid,
	    sizeof(c.msgid)) == -1 ||
	    store_message_add(store, &m, time(NULL)) == -1 ||
	    store_copy_begin(store, m.id, w.id, time(NULL), &c) == -1 ||
	    store_copy_queued(store, c.id, time(NULL)) == -1)
		return -1;
	puts(c.msgid);
	return 0;
}

static int
do_rpath(char **v)
{
	struct store_rpath rp = { .kind = STORE_RPATH_WORKER };
	struct store_worker w;

	if (find(NULL, v[1], NULL, &w) == -1)
		return -1;
	rp.worker = w.id;
	strlcpy(rp.address_to, w.address, sizeof(rp.address_to));
	if (store_rpath_make(store, v[2], time(NULL), &rp) == -1)
		return -1;
	puts(rp.address);
	return 0;
}

static int
do_account(char **v)
{
	struct store_account acc = { .transport = STORE_SMTPS };

	strlcpy(acc.name, v[1], sizeof(acc.name));
	strlcpy(acc.host, v[2], sizeof(acc.host));
	strlcpy(acc.user, "someone", sizeof(acc.user));
	acc.port = (unsigned int)atoi(v[3]);
	acc.auth = STORE_AUTH_PASSWORD;
	return store_account_put(store, &acc, "sealed", time(NULL));
}

static int
do_identity(char **v)
{
	static const char *const domain = "company.example";
	struct store_account acc = { .id = 0 };
	uint64_t id;

	if (strcmp(v[3], "-") != 0 &&
	    store_account_get(store, v[3], &acc) != 1)
		return -1;
	return store_identity_add(store, v[1], v[2], acc.id,
	    strcmp(v[4], "yes") == 0, &domain, 1, time(NULL), &id);
}

static int
do_unidentity(char **v)
{
	return store_identity_del(store, v[1], v[2]) == 1 ? 0 : -1;
}

static int
do_record(char **v)
{
	struct store_reply r;
	struct store_worker w;

	if (store_reply_get(store, v[1], time(NULL), &r) != 1) {
		puts("none");
		return 0;
	}
	if (store_worker_byid(store, r.worker, &w) != 1)
		return -1;
	printf("worker %s\nconversation %" PRIu64 "\nsmtpd %s\nown %s\n"
	    "dkey %s\noutside %s\ncommands %s\nhandles %zu\n", w.name,
	    r.conversation, r.smtpd, r.own, r.dkey, r.outside, r.commands,
	    r.nhandles);
	return 0;
}

static int
do_key(char **v)
{
	char why[256];
	uint8_t id;
	int rv;

	if (strcmp(v[0], "rotate") == 0)
		rv = keys_rotate(keyfile, time(NULL), &id, why, sizeof(why));
	else
		rv = keys_retire(keyfile, (uint8_t)atoi(v[1]), why,
		    sizeof(why));
	if (rv == -1)
		errx(1, "%s", why);
	return 0;
}

static int
do_lock(char **v)
{
	if (strcmp(v[0], "begin") == 0)
		return store_begin(store);
	if (strcmp(v[0], "commit") == 0)
		return store_commit(store);
	store_rollback(store);
	return 0;
}

static const struct {
	const char	*word;
	int		 nwords;
	int		(*func)(char **);
} commands[] = {
	{ "mailbox", 3, do_mailbox }, { "worker", 4, do_worker },
	{ "join", 3, do_join }, { "leave", 3, do_join },
	{ "enable", 2, do_state }, { "disable", 2, do_state },
	{ "revoke", 2, do_state }, { "conversation", 2, do_conversation },
	{ "handle", 5, do_handle }, { "token", 5, do_token },
	{ "copy", 5, do_copy }, { "rpath", 3, do_rpath },
	{ "account", 4, do_account }, { "identity", 5, do_identity },
	{ "unidentity", 3, do_unidentity },
	{ "record", 2, do_record }, { "rotate", 1, do_key },
	{ "retire", 2, do_key }, { "begin", 1, do_lock },
	{ "commit", 1, do_lock },
	{ "rollback", 1, do_lock },
};

static int
command(char *line)
{
	char *v[WORDS] = { NULL };
	size_t i;
	int n = 0;

	while (n < WORDS && (v[n] = strsep(&line, " ")) != NULL)
		n++;
	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(v[0], commands[i].word) == 0 &&
		    n == commands[i].nwords)
			return commands[i].func(v);
	errx(2, "%s: no such command, or not so many words", v[0]);
}

int
main(int argc, char **argv)
{
	struct store_err e;
	char line[2048], why[256];

	if (argc != 3)
		errx(2, "usage: filterseed database key");
	keyfile = argv[2];
	if (keys_init(keyfile, (uid_t)-1, (gid_t)-1, time(NULL), why,
	    sizeof(why)) == -1)
		errx(1, "%s", why);
	if ((store = store_open(argv[1], STORE_CREATE, 5000, &e)) == NULL)
		errx(1, "%s", e.text);
	while (fgets(line, sizeof(line), stdin) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (command(line) == -1)
			printf("error %s\n", store_error(store)->text);
		else
			puts("ok");
		fflush(stdout);
	}
	store_close(store);
	return 0;
}
