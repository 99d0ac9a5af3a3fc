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
 * Puts into a store what filter-relay and time do otherwise, for tests of
 * mda-relay.
 *
 *	replyseed database create KEYFILE
 *	    makes both
 *	replyseed database reply WORKER CONVERSATION SMTPD OWN OUTSIDE
 *	    COMMANDS [HANDLE-ADDRESS ...]
 *	    records a reply that passed and writes its id
 *	replyseed database handles WORKER CONVERSATION
 *	    writes each live handle: its address, a blank, the participant's
 *	replyseed database token KEYFILE WORKER CONVERSATION MAILBOX
 *	    writes a Message-Id with a token
 *	replyseed database identity USER ADDRESS DOMAIN
 *	    adds an identity that waits for its owner's word, and writes the
 *	    return path of the mail that asks for it, below DOMAIN
 *	replyseed database wrap GATE SENDER DOMAIN AGE
 *	    writes the return path that a gate put in SENDER's place so many
 *	    seconds ago
 *	replyseed database hold SECONDS
 *	    writes "held", and holds the database locked
 */

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "crypto/keys.h"
#include "crypto/token.h"
#include "store/store_identity.h"
#include "store/store_mail.h"

static struct store	*store;

static void
fail(void)
{
	errx(1, "%s", store_error(store)->text);
}

static uint32_t
worker(const char *name)
{
	struct store_worker	w;

	if (store_worker_get(store, name, &w) != 1)
		errx(1, "no worker %s", name);
	return w.id;
}

static void
text(char *buf, size_t size, const char *from)
{
	if ((size_t)snprintf(buf, size, "%s", from) >= size)
		errx(1, "too long: %s", from);
}

static void
reply(int argc, char **argv)
{
	struct store_conversation	c;
	struct store_rcpt		rcpt;
	struct store_reply		r;
	int				i;

	if (argc < 6)
		errx(2, "reply: arguments");
	memset(&r, 0, sizeof(r));
	store_reply_id(r.id);
	r.worker = worker(argv[0]);
	r.conversation = strtoull(argv[1], NULL, 10);
	if (store_conversation_get(store, r.conversation, &c) != 1)
		errx(1, "no conversation %s", argv[1]);
	r.mailbox = c.mailbox;
	text(r.smtpd, sizeof(r.smtpd), argv[2]);
	text(r.own, sizeof(r.own), argv[3]);
	text(r.dkey, sizeof(r.dkey), argv[3]);
	text(r.outside, sizeof(r.outside), argv[4]);
	text(r.commands, sizeof(r.commands), argv[5]);
	for (i = 6; i < argc; i++) {
		if (store_rcpt_get(store, argv[i], time(NULL), &rcpt) != 1 ||
		    rcpt.kind != STORE_RCPT_HANDLE)
			errx(1, "no handle %s", argv[i]);
		r.handle[r.nhandles++] = rcpt.handle.id;
	}
	if (store_reply_add(store, &r, time(NULL)) == -1)
		fail();
	puts(r.id);
}

static int
show(const struct store_handle *h, void *arg)
{
	struct store_participant	p;

	(void)arg;
	if (store_participant_get(store, h->participant, &p) != 1)
		return -1;
	printf("%s %s\n", h->address, p.folded);
	return 0;
}

static void
token(char **argv)
{
	struct keys	*keys;
	char		 err[256], t[TOKEN_LEN + 1], id[TOKEN_MSGID_MAX + 1];

	if ((keys = keys_open(argv[0], err, sizeof(err))) == NULL)
		errx(1, "%s", err);
	if (token_make(keys, worker(argv[1]), strtoull(argv[2], NULL, 10),
	    time(NULL), argv[3], t, sizeof(t)) == -1 ||
	    token_msgid(t, strchr(argv[3], '@') + 1, id, sizeof(id)) == -1)
		errx(1, "no token");
	puts(id);
	keys_free(keys);
}

static void
identity(char **argv)
{
	char		code[STORE_CODE_TEXT + 1], rpath[STORE_ADDR_MAX + 1];
	const char	*domain = argv[2];
	uint64_t	id;

	if (store_identity_add(store, argv[0], argv[1], 0, 0, &domain, 1,
	    time(NULL), &id) == -1 || store_identity_code(store, id, domain,
	    time(NULL), code, rpath) == -1)
		fail();
	puts(rpath);
}

static void
wrap(char **argv)
{
	struct store_rpath	rp;

	if (store_wrap(store, argv[0], argv[1], argv[2],
	    time(NULL) - atoi(argv[3]), &rp) != 1)
		fail();
	puts(rp.address);
}

static void
create(const char *database, const char *key)
{
	struct store_err	e;
	char			err[256];

	store = store_open(database, STORE_CREATE, 5000, &e);
	if (store == NULL)
		errx(1, "%s", e.text);
	store_close(store);
	if (keys_init(key, (uid_t)-1, (gid_t)-1, time(NULL), err,
	    sizeof(err)) != 1)
		errx(1, "%s", err);
}

int
main(int argc, char **argv)
{
	struct store_err	e;

	if (argc < 4)
		errx(2, "arguments");
	if (strcmp(argv[2], "create") == 0) {
		create(argv[1], argv[3]);
		return 0;
	}
	if ((store = store_open(argv[1], 0, 5000, &e)) == NULL)
		errx(1, "%s", e.text);
	if (strcmp(argv[2], "reply") == 0)
		reply(argc - 3, argv + 3);
	else if (strcmp(argv[2], "handles") == 0 && argc == 5) {
		if (store_handle_each(store, worker(argv[3]),
		    strtoull(argv[4], NULL, 10), time(NULL), show,
		    NULL) == -1)
			fail();
	} else if (strcmp(argv[2], "token") == 0 && argc == 7)
		token(argv + 3);
	else if (strcmp(argv[2], "identity") == 0 && argc == 6)
		identity(argv + 3);
	else if (strcmp(argv[2], "wrap") == 0 && argc == 7)
		wrap(argv + 3);
	else if (strcmp(argv[2], "hold") == 0) {
		if (store_begin(store) == -1)
			fail();
		puts("held");
		fflush(stdout);
		sleep((unsigned int)atoi(argv[3]));
		store_rollback(store);
	} else
		errx(2, "unknown command");
	store_close(store);
	return 0;
}
