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

/* What the store's tests share: a store of its own in a fresh directory. */

#ifndef STORE_UTIL_H
#define STORE_UTIL_H

#include <sys/wait.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "store/store_mail.h"
#include "store/store_watch.h"

#include "lib/store_sound.h"
#include "test.h"

#define NOW	((time_t)1790000000)	/* a day in 2026 */
#define DAY	86400
#define LIFE	(400 * DAY)

static char test_dir[64], test_path[128];

static const char *const test_domains[] = {
	"company.example", "company.test"
};

/* Claims that a call did not fail, and says why it did. */
#define OK(s, expr) do {						\
	test_claims++;							\
	if ((expr) == -1) {						\
		test_failures++;					\
		fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__,	\
		    #expr, store_error(s)->text);			\
	}								\
} while (0)

/* Claims that a call failed with this kind of error. */
#define FAILS(s, expr, want) do {					\
	test_claims++;							\
	if ((expr) != -1 || store_error(s)->kind != (want)) {		\
		test_failures++;					\
		fprintf(stderr, "%s:%d: %s: not %s but %s (%s)\n",	\
		    __FILE__, __LINE__, #expr, store_kind_name(want),	\
		    store_kind_name(store_error(s)->kind),		\
		    store_error(s)->text);				\
	}								\
} while (0)

static inline void
test_begin(void)
{
	(void)strcpy(test_dir, "/tmp/store_test.XXXXXXXX");
	if (mkdtemp(test_dir) == NULL) {
		perror("mkdtemp");
		exit(1);
	}
	(void)snprintf(test_path, sizeof(test_path), "%s/relay.db", test_dir);
}

static inline void
test_end(void)
{
	char	 cmd[128];

	(void)snprintf(cmd, sizeof(cmd), "rm -rf '%s'", test_dir);
	if (system(cmd) != 0)
		fprintf(stderr, "%s: not removed\n", test_dir);
}

static inline struct store *
test_open(int flags)
{
	struct store_err	 err;
	struct store		*s;

	if ((s = store_open(test_path, flags, 5000, &err)) == NULL) {
		fprintf(stderr, "%s\n", err.text);
		exit(1);
	}
	return s;
}

static inline uint64_t
test_mailbox(struct store *s, const char *address)
{
	uint64_t	 id = 0;

	OK(s, store_mailbox_add(s, address, "Company Support", NULL,
	    test_domains, 2, NOW, &id));
	return id;
}

static inline uint32_t
test_worker(struct store *s, const char *name, const char *address)
{
	uint32_t	 id = 0;

	OK(s, store_worker_add(s, name, name, NULL, &address, 1, NOW, &id));
	return id;
}

static inline uint64_t
test_message(struct store *s, uint64_t conv, enum store_msgkind kind,
    uint32_t worker, const char *smtpd, const char *outside, const char *own,
    time_t when)
{
	struct store_message	 m;

	memset(&m, 0, sizeof(m));
	m.conversation = conv;
	m.kind = kind;
	m.worker = worker;
	(void)strcpy(m.smtpd, smtpd);
	(void)strcpy(m.outside, outside);
	(void)strcpy(m.own, own);
	CHECK(store_message_add(s, &m, when) == 1);
	return m.id;
}

static inline uint64_t
test_copy(struct store *s, uint64_t msg, uint32_t worker, const char *msgid)
{
	struct store_copy	 c;

	memset(&c, 0, sizeof(c));
	(void)strcpy(c.msgid, msgid);
	(void)strcpy(c.rpath, "r-x@company.example");
	OK(s, store_copy_begin(s, msg, worker, NOW, &c));
	CHECK(!c.begun && !c.queued);
	return c.id;
}

#endif
