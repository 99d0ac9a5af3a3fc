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

/* Stores that another release made, and what is no store. */

#include <sqlite3.h>

#include <libgen.h>

#include "store/store_identity.h"
#include "store/store_mail.h"
#include "store_util.h"

/* Runs SQL on the file at test_path, without the store. */
static void
raw(const char *sql)
{
	sqlite3	*db;

	CHECK(sqlite3_open(test_path, &db) == SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK) {
		fprintf(stderr, "%.40s: %s\n", sql, sqlite3_errmsg(db));
		exit(1);
	}
	CHECK(sqlite3_close(db) == SQLITE_OK);
}

static char *
read_file(const char *name)
{
	char	 path[512], here[] = __FILE__;
	char	*buf;
	FILE	*fp;
	size_t	 n;

	(void)snprintf(path, sizeof(path), "%s/%s", dirname(here), name);
	if ((fp = fopen(path, "r")) == NULL ||
	    (buf = calloc(1, 65536)) == NULL) {
		perror(path);
		exit(1);
	}
	n = fread(buf, 1, 65535, fp);
	CHECK(n > 0 && n < 65535);
	fclose(fp);
	return buf;
}

static int
count_event(const struct store_event *ev, void *arg)
{
	(void)ev;
	(*(int *)arg)++;
	return 0;
}

static void
refuse(const char *path, enum store_kind kind, const char *why)
{
	struct store_err	 err;

	CHECK(store_open(path, 0, 1000, &err) == NULL);
	if (err.kind != kind || strstr(err.text, why) == NULL)
		fprintf(stderr, "%s: %s\n", store_kind_name(err.kind),
		    err.text);
	CHECK(err.kind == kind);
	CHECK(strstr(err.text, why) != NULL);
	CHECK(strstr(err.text, path) != NULL);
}

/* What version 2 brought, logs that go; and 3, a count of the open ones. */
static void
brought(struct store *s)
{
	struct store_mailbox	 mb;
	uint64_t		 id;
	int			 n = 0;

	OK(s, store_event_each(s, 0, 0, count_event, &n));
	CHECK(n == 2);
	CHECK(store_mailbox_byid(s, 1, &mb) == 1 && mb.open == 1);
	CHECK(store_conversation_open(s, 1, 0) == 1);
	CHECK(store_mailbox_byid(s, 1, &mb) == 1 && mb.open == 0);
	CHECK(store_conversation_open(s, 1, 1) == 1);
	OK(s, store_conversation_new(s, 1, NULL, NOW, &id));
	CHECK(store_mailbox_byid(s, 1, &mb) == 1 && mb.open == 2);
	CHECK(store_conversation_prune(s, NOW + 1, 1) == 1);
	CHECK(store_mailbox_byid(s, 1, &mb) == 1 && mb.open == 1);
	CHECK(store_conversation_prune(s, NOW + 1, 0) >= 1);
	CHECK(store_mailbox_byid(s, 1, &mb) == 1 && mb.open == 0);
	n = 0;
	OK(s, store_event_each(s, 0, 0, count_event, &n));
	CHECK(n == 1);
	OK(s, store_conversation_new(s, 1, NULL, NOW, &id));
	CHECK(store_mailbox_del(s, 1) == 1);
}

static int
count_change(const struct store_change *c, void *arg)
{
	(void)c;
	(*(int *)arg)++;
	return 0;
}

/* And version 5: accounts, and a log of who may send as whom. */
static void
outbound(struct store *s)
{
	struct store_account	 acc;
	struct store_worker	 w;
	struct store_identity	 idt;
	int64_t			 seq = 0;
	uint64_t		 id;
	int			 n = 0;

	OK(s, store_changes_newest(s, STORE_SENDERS, &seq));
	CHECK(store_worker_byuser(s, "AL ICE", &w) == 1);
	CHECK(store_worker_enable(s, w.id, 0) == 1);
	memset(&acc, 0, sizeof(acc));
	(void)strcpy(acc.name, "partner");
	acc.transport = STORE_NULL;
	CHECK(store_account_put(s, &acc, NULL, NOW) == 1);
	OK(s, store_identity_add(s, "al", "al@partner.example", acc.id, 1,
	    test_domains, 2, NOW, &id));
	CHECK(store_identity_find(s, "al@partner.example", &idt) == 1);
	FAILS(s, store_identity_add(s, "al", w.address, 0, 1, test_domains, 2,
	    NOW, &id), STORE_REFUSED);
	CHECK(store_changes_since(s, STORE_SENDERS, &seq, count_change,
	    &n) == 1);
	CHECK(n == 2);
}

#define OLD_RPATH	"r-6w67yzds2e2fl45ikg7sx6rdme@company.example"

/* Version 7: return paths of gates, among those of before. */
static void
gates(struct store *s)
{
	struct store_rpath	 rp;
	struct store_rcpt	 rcpt;

	CHECK(store_rcpt_get(s, OLD_RPATH, NOW, &rcpt) == 1);
	CHECK(rcpt.rpath.kind == STORE_RPATH_WORKER);
	CHECK_STR(rcpt.rpath.gate, "");
	CHECK(store_wrap(s, "sf", "a=b.example__x@verp.test",
	    "company.example", NOW, &rp) == 1);
	CHECK(store_rcpt_get(s, rp.address, NOW, &rcpt) == 1);
	CHECK(rcpt.rpath.kind == STORE_RPATH_WRAPPED);
	CHECK_STR(rcpt.rpath.gate, "sf");
}

static void
version_one(void)
{
	struct store		*s;
	struct store_err	 err;
	struct store_worker	 w;
	struct store_rcpt	 rcpt;
	char			*sql;
	uint32_t		 next;

	sql = read_file("store_v1.sql");
	raw(sql);
	free(sql);
	/* Whoever may only read cannot mend it. */
	CHECK(store_open(test_path, STORE_RDONLY, 1000, &err) == NULL);
	CHECK(err.kind == STORE_READONLY);
	s = test_open(0);
	CHECK(store_version(s) == store_version_newest());
	CHECK(store_version_newest() > 1);
	CHECK(store_sound(s) == 1);
	CHECK(store_worker_get(s, "alice", &w) == 1);
	CHECK_STR(w.login, "al ice");
	CHECK(store_rcpt_get(s, "support+cyvcyktgzsddwg5w@company.example",
	    NOW, &rcpt) == 1);
	CHECK(rcpt.handle.live && rcpt.handle.worker == w.id);
	next = test_worker(s, "next", "next@home.example");
	CHECK(next == 4);
	gates(s);
	brought(s);
	outbound(s);
	CHECK(store_sound(s) == 1);
	store_close(s);
	s = test_open(0);		/* once is enough */
	CHECK(store_version(s) == store_version_newest());
	store_close(s);
}

/* A migration that fails leaves the old version as it was. */
static void
half_way(void)
{
	struct store_err	 err;
	char			*sql;

	(void)snprintf(test_path, sizeof(test_path), "%s/half.db", test_dir);
	sql = read_file("store_v1.sql");
	raw(sql);
	free(sql);
	raw("CREATE TRIGGER conversation_out AFTER DELETE ON conversation "
	    "BEGIN SELECT 1; END");
	CHECK(store_open(test_path, 0, 1000, &err) == NULL);
	raw("DROP TRIGGER conversation_out");
	store_close(test_open(0));
}

/* Several programs start at once, on what is old or not there at all. */
static void
at_once(const char *name, int flags, const char *old)
{
	struct store_err	 err;
	struct store		*s;
	char			*sql;
	pid_t			 pid[6];
	int			 i, status;

	(void)snprintf(test_path, sizeof(test_path), "%s/%s.db", test_dir,
	    name);
	if (old != NULL) {
		sql = read_file(old);
		raw(sql);
		free(sql);
	}
	for (i = 0; i < 6; i++) {
		if ((pid[i] = fork()) == -1)
			exit(1);
		if (pid[i] != 0)
			continue;
		if ((s = store_open(test_path, flags, 10000, &err)) == NULL) {
			fprintf(stderr, "%s\n", err.text);
			_exit(1);
		}
		store_close(s);
		_exit(0);
	}
	for (i = 0; i < 6; i++)
		CHECK(waitpid(pid[i], &status, 0) == pid[i] && status == 0);
	s = test_open(0);
	CHECK(store_version(s) == store_version_newest());
	CHECK(store_sound(s) == 1);
	store_close(s);
}

static void
others(void)
{
	struct store		*s;
	char			 dir[200], sql[100];
	uint64_t		 id;

	(void)snprintf(test_path, sizeof(test_path), "%s/new.db", test_dir);
	s = test_open(STORE_CREATE);
	raw("PRAGMA user_version = 99");
	FAILS(s, store_mailbox_add(s, "a@company.example", NULL, NULL,
	    test_domains, 2, NOW, &id), STORE_NEWER);
	FAILS(s, store_begin(s), STORE_NEWER);
	store_close(s);
	refuse(test_path, STORE_NEWER, "schema 99");
	(void)snprintf(sql, sizeof(sql), "PRAGMA user_version = %d;"
	    "PRAGMA application_id = 1", store_version_newest());
	raw(sql);
	refuse(test_path, STORE_DAMAGED, "not a database of this program");
	raw("PRAGMA application_id = 1919249529");
	s = test_open(0);
	store_close(s);

	(void)snprintf(test_path, sizeof(test_path), "%s/other.db", test_dir);
	raw("CREATE TABLE x (y)");
	refuse(test_path, STORE_DAMAGED, "not a database of this program");
	refuse(test_dir, STORE_DAMAGED, "not a regular file");
	(void)snprintf(dir, sizeof(dir), "%s/none/relay.db", test_dir);
	refuse(dir, STORE_MISSING, "No such file");
}

int
main(void)
{
	test_begin();
	version_one();
	half_way();
	at_once("old", 0, "store_v1.sql");
	at_once("none", STORE_CREATE, NULL);
	others();
	test_end();
	return test_done();
}
