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

/* Several processes at once, dead ones, and everything a disk can do. */

#include <sys/stat.h>

#include <fcntl.h>
#include <grp.h>

#include "store/store_db.h"
#include "store/store_sqlite.h"
#include "store_util.h"

#define WRITERS	4
#define ROUNDS	40

static uint64_t	 box, conv;
static uint32_t	 alice;

static struct store *
fresh(const char *name)
{
	struct store	*s;

	(void)snprintf(test_path, sizeof(test_path), "%s/%s.db", test_dir,
	    name);
	s = test_open(STORE_CREATE);
	box = test_mailbox(s, "support@company.example");
	alice = test_worker(s, "alice", "alice@home.example");
	OK(s, store_conversation_new(s, box, NULL, NOW, &conv));
	return s;
}

static int
wait_for(pid_t pid)
{
	int	 status;

	if (waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) :
	    128 + WTERMSIG(status);
}

/* One process of several that write: each round is three rows at once. */
static void
write_rounds(int me)
{
	struct store		*s;
	struct store_handle	 h;
	struct store_message	 m;
	char			 address[64];
	uint64_t		 id;
	int			 i;

	s = test_open(0);
	for (i = 0; i < ROUNDS; i++) {
		(void)snprintf(address, sizeof(address), "c%d.%d@customer.test",
		    me, i);
		memset(&m, 0, sizeof(m));
		m.conversation = conv;
		m.kind = STORE_MSG_IN;
		(void)snprintf(m.smtpd, sizeof(m.smtpd), "%08x", i);
		(void)snprintf(m.outside, sizeof(m.outside), "%d@x", i);
		if (store_begin(s) == -1 ||
		    store_participant_add(s, conv, address, NULL, 0, 0, NOW,
		    &id) != 1 ||
		    store_handle_issue(s, alice, conv, id, NOW, LIFE,
		    &h) == -1 || store_message_add(s, &m, NOW) == -1 ||
		    store_commit(s) == -1) {
			fprintf(stderr, "%d: %s\n", me, store_error(s)->text);
			_exit(1);
		}
	}
	store_close(s);
	_exit(0);
}

static void
several(void)
{
	struct store_counts	 c;
	struct store		*s;
	pid_t			 pid[WRITERS];
	int			 i;

	store_close(fresh("several"));
	for (i = 0; i < WRITERS; i++)
		if ((pid[i] = fork()) == 0)
			write_rounds(i);
	for (i = 0; i < WRITERS; i++)
		CHECK(wait_for(pid[i]) == 0);
	s = test_open(0);
	OK(s, store_counts(s, NOW, &c));
	CHECK(c.participants == WRITERS * ROUNDS);
	CHECK(c.handles_live == WRITERS * ROUNDS);
	CHECK(c.messages == ROUNDS);	/* the same for all of them */
	CHECK(store_sound(s) == 1);
	store_close(s);
}

/* A process that is in the middle of a transaction, and tells so. */
static pid_t
in_transaction(int *to)
{
	struct store	*s;
	pid_t		 pid;
	uint64_t	 id;
	int		 up[2], down[2];
	char		 c = 'x';

	if (pipe(up) == -1 || pipe(down) == -1 || (pid = fork()) == -1)
		exit(1);
	if (pid == 0) {
		close(down[1]);
		s = test_open(0);
		if (store_begin(s) == -1 || store_mailbox_add(s,
		    "half@company.example", NULL, NULL, test_domains, 2, NOW,
		    &id) == -1 || write(up[1], &c, 1) != 1)
			_exit(1);
		if (read(down[0], &c, 1) != 1)
			_exit(1);
		_exit(store_commit(s) == 0 ? 0 : 1);
	}
	close(up[1]);
	close(down[0]);
	CHECK(read(up[0], &c, 1) == 1);
	close(up[0]);
	*to = down[1];
	return pid;
}

static void
killed(void)
{
	struct store_mailbox	 mb;
	struct store		*s;
	pid_t			 pid;
	int			 to;

	s = fresh("killed");
	store_close(s);
	pid = in_transaction(&to);
	CHECK(kill(pid, SIGKILL) == 0);
	CHECK(wait_for(pid) == 128 + SIGKILL);
	close(to);
	s = test_open(0);
	CHECK(store_mailbox_get(s, "half@company.example", &mb) == 0);
	CHECK(store_mailbox_get(s, "support@company.example", &mb) == 1);
	(void)test_mailbox(s, "half@company.example");
	CHECK(store_sound(s) == 1);
	store_close(s);
}

static void
locked(void)
{
	struct store_mailbox	 mb;
	struct store		*s;
	pid_t			 pid;
	uint64_t		 id;
	int			 to;

	store_close(fresh("locked"));
	pid = in_transaction(&to);
	s = test_open(0);
	store_timeout(s, 50);
	FAILS(s, store_mailbox_add(s, "x@company.example", NULL, NULL,
	    test_domains, 2, NOW, &id), STORE_BUSY);
	FAILS(s, store_begin(s), STORE_BUSY);
	/* Whoever only reads is not kept waiting. */
	CHECK(store_mailbox_get(s, "support@company.example", &mb) == 1);
	CHECK(store_mailbox_get(s, "half@company.example", &mb) == 0);
	CHECK(write(to, "x", 1) == 1);
	CHECK(wait_for(pid) == 0);
	close(to);
	CHECK(store_mailbox_get(s, "half@company.example", &mb) == 1);
	(void)test_mailbox(s, "x@company.example");
	store_close(s);
}

static void
full(void)
{
	struct store_conversation c;
	struct store_mailbox	 mb;
	struct store		*s;
	char			 name[64];
	uint64_t		 id;
	int			 i;

	s = fresh("full");
	CHECK(sqlite3_exec(s->db, "PRAGMA max_page_count = 1", NULL, NULL,
	    NULL) == SQLITE_OK);	/* means: no page more than now */
	for (i = 0; i < 5000; i++) {
		(void)snprintf(name, sizeof(name), "full%d@company.example",
		    i);
		if (store_mailbox_add(s, name, "A name that takes room",
		    NULL, test_domains, 2, NOW, &id) == -1)
			break;
	}
	CHECK(i < 5000);
	CHECK(store_error(s)->kind == STORE_FULL);
	CHECK(store_mailbox_get(s, name, &mb) == 0);
	CHECK(store_conversation_get(s, conv, &c) == 1);
	/* Within a transaction nothing of it stays. */
	OK(s, store_begin(s));
	for (i = 0; i < 5000; i++)
		if (store_conversation_new(s, box, "xxxxxxxxxxxxxxxxxxxxxxxx",
		    NOW, &id) == -1)
			break;
	CHECK(i < 5000 && store_error(s)->kind == STORE_FULL);
	store_rollback(s);
	CHECK(store_error(s)->kind == STORE_FULL);
	CHECK(store_mailbox_get(s, "support@company.example", &mb) ==
	    1 && mb.open == 1);
	CHECK(sqlite3_exec(s->db, "PRAGMA max_page_count = 1000000", NULL,
	    NULL, NULL) == SQLITE_OK);
	(void)test_mailbox(s, "room@company.example");
	CHECK(store_sound(s) == 1);
	store_close(s);
}

/* --------------------------------------------------- damaged files */

static void
spoil(off_t at, const char *bytes, size_t len)
{
	int	 fd;

	if ((fd = open(test_path, O_RDWR)) == -1)
		exit(1);
	CHECK(pwrite(fd, bytes, len, at) == (ssize_t)len);
	close(fd);
}

static void
copy_main(const char *name)
{
	char	 cmd[400], old[128];

	(void)strcpy(old, test_path);
	(void)snprintf(test_path, sizeof(test_path), "%s/%s.db", test_dir,
	    name);
	(void)snprintf(cmd, sizeof(cmd), "cp '%s' '%s'", old, test_path);
	CHECK(system(cmd) == 0);
}

/* Opens, and if that works reads everything: it must say DAMAGED. */
static void
is_damaged(void)
{
	struct store_err	 err;
	struct store		*s;

	if ((s = store_open(test_path, 0, 100, &err)) == NULL) {
		if (err.kind != STORE_DAMAGED)
			fprintf(stderr, "%s: %s\n",
			    store_kind_name(err.kind), err.text);
		CHECK(err.kind == STORE_DAMAGED);
		return;
	}
	CHECK(store_sound(s) == 0);
	CHECK(store_error(s)->kind == STORE_DAMAGED);
	store_close(s);
}

static void
damaged(void)
{
	struct store	*s;
	struct stat	 st;
	char		 junk[4096], sound[128];
	int		 i;

	s = fresh("sound");
	for (i = 0; i < 500; i++)
		OK(s, store_conversation_new(s, box, "filler filler filler",
		    NOW, &conv));
	CHECK(sqlite3_wal_checkpoint_v2(s->db, NULL,
	    SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL) == SQLITE_OK);
	store_close(s);
	(void)strcpy(sound, test_path);
	memset(junk, 0xa5, sizeof(junk));
	CHECK(stat(test_path, &st) == 0 && st.st_size > 100000);

	copy_main("moved");
	s = test_open(0);
	CHECK(!store_replaced(s));
	CHECK(unlink(test_path) == 0);
	CHECK(store_replaced(s));
	(void)strcpy(test_path, sound);
	copy_main("moved");
	CHECK(store_replaced(s));
	store_close(s);
	(void)strcpy(test_path, sound);
	copy_main("cut");
	CHECK(truncate(test_path, st.st_size / 2) == 0);
	is_damaged();
	(void)strcpy(test_path, sound);
	copy_main("empty");
	CHECK(truncate(test_path, 0) == 0);
	is_damaged();
	(void)strcpy(test_path, sound);
	copy_main("short");
	CHECK(truncate(test_path, 50) == 0);
	is_damaged();
	(void)strcpy(test_path, sound);
	copy_main("head");
	spoil(0, junk, 100);
	is_damaged();
	(void)strcpy(test_path, sound);
	copy_main("schema");
	spoil(100, junk, 2000);
	is_damaged();
	(void)strcpy(test_path, sound);
	copy_main("middle");
	for (i = 8; i < 20; i++)
		spoil(i * 4096, junk, sizeof(junk));
	is_damaged();
}

/* ------------------------------------------------------ permissions */

/* What somebody without rights is told, in a process of its own. */
static int
told(int flags, enum store_kind want)
{
	struct store_err	 err;
	struct store		*s;
	pid_t			 pid;

	if ((pid = fork()) == -1)
		exit(1);
	if (pid != 0)
		return wait_for(pid);
	if (geteuid() == 0 && (setgroups(0, NULL) == -1 ||
	    setgid(65534) == -1 || setuid(65534) == -1))
		_exit(2);
	if ((s = store_open(test_path, flags, 100, &err)) != NULL)
		_exit(want == STORE_OK ? 0 : 3);
	if (err.kind != want)
		fprintf(stderr, "%s: %s\n", store_kind_name(err.kind),
		    err.text);
	_exit(err.kind == want ? 0 : 4);
}

static void
permissions(void)
{
	char	 file[160];

	store_close(fresh("perm"));
	CHECK(chmod(test_dir, 0755) == 0);
	CHECK(told(0, STORE_OTHER) == 0);	/* may not even read */
	CHECK(chmod(test_path, 0644) == 0);
	CHECK(told(0, STORE_READONLY) == 0);
	CHECK(chmod(test_path, 0666) == 0);
	/* The database, but not what belongs to it. */
	CHECK(told(0, STORE_OTHER) == 0);
	(void)snprintf(file, sizeof(file), "%s-wal", test_path);
	CHECK(chmod(file, 0666) == 0);
	(void)snprintf(file, sizeof(file), "%s-shm", test_path);
	CHECK(chmod(file, 0666) == 0);
	CHECK(told(0, STORE_OK) == 0);
	CHECK(chmod(test_dir, 0700) == 0);
	CHECK(told(0, STORE_OTHER) == 0);
	CHECK(chmod(test_dir, 0755) == 0);
	(void)snprintf(test_path, sizeof(test_path), "%s/none.db", test_dir);
	CHECK(told(0, STORE_MISSING) == 0);
	CHECK(told(STORE_CREATE, STORE_READONLY) == 0);
}

int
main(void)
{
	test_begin();
	several();
	killed();
	locked();
	full();
	damaged();
	permissions();
	test_end();
	return test_done();
}
