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

/* The keys that tables answer, and how their change is seen from outside. */

#include <sys/socket.h>
#include <sys/stat.h>

#include <fcntl.h>

#include "common/proc/address_cache.c"
#include "store_util.h"

struct known {
	int	 added, removed;
	char	 last[STORE_ADDR_MAX + 1];
};

static int
learn(const struct store_change *key, void *arg)
{
	struct known	*k = arg;

	if (key->expires == 0)
		k->removed++;
	else
		k->added++;
	(void)strcpy(k->last, key->address);
	return 0;
}

static void
since(struct store *s, int64_t *seq, int added, int removed)
{
	struct known	 k = { 0, 0, "" };

	CHECK(store_changes_since(s, STORE_KEYS, seq, learn, &k) == 1);
	CHECK(k.added == added);
	CHECK(k.removed == removed);
}

static void
removals(struct store *s, int64_t *seq, uint32_t alice, uint64_t conv,
    uint64_t carol, uint64_t other)
{
	struct store_handle	 h;
	struct store_mailbox	 mb;

	CHECK(store_worker_revoke(s, alice, NOW) == 1);
	since(s, seq, 0, 1);
	OK(s, store_handle_issue(s, alice, conv, carol, NOW, LIFE, &h));
	since(s, seq, 1, 0);
	CHECK(store_mailbox_del(s, other) == 1);
	since(s, seq, 0, 1);
	CHECK(store_worker_del(s, alice) == 1);
	since(s, seq, 0, 2);		/* the handle, the return path */
	CHECK(store_mailbox_get(s, "support@company.example", &mb) == 1);
	CHECK(store_mailbox_del(s, mb.id) == 1);
	since(s, seq, 0, 1);
}

/* A log cut short sends its readers back to the start. */
static void
cut_short(struct store *s, int64_t seq)
{
	struct known	 k = { 0, 0, "" };
	int64_t		 old;

	old = seq;
	(void)test_mailbox(s, "one@company.example");
	(void)test_mailbox(s, "two@company.example");
	OK(s, store_changes_prune(s, STORE_KEYS, 2));
	since(s, &old, 2, 0);
	OK(s, store_changes_prune(s, STORE_KEYS, 1));
	CHECK(store_changes_since(s, STORE_KEYS, &seq, learn, &k) == 0);
	OK(s, store_changes_prune(s, STORE_KEYS, 0));
	CHECK(store_changes_since(s, STORE_KEYS, &seq, learn, &k) == 0);
	since(s, &old, 0, 0);
	seq = old + 5;			/* from another database */
	CHECK(store_changes_since(s, STORE_KEYS, &seq, learn, &k) == 0);
}

/* The records that a front is told, one letter each, and their first name. */
static const char *
records(struct ipc *front, char *name, size_t size)
{
	static const char	 letter[] = "?CPDAFE";
	static char		 got[64];
	char			 text[8], other[STORE_ADDR_MAX + 1];
	struct ipc_msg		 msg;
	struct ipc_unpack	 u;
	size_t			 n = 0;

	*name = '\0';
	if (ipc_recv_wait(front, &msg, 10000) != 1)
		return "nothing";
	ipc_unpack_init(&u, msg.data, msg.len);
	while (u.left > 0 && n < sizeof(got) - 1) {
		got[n++] = letter[ipc_get_u8(&u) % 7];
		(void)ipc_get_u64(&u);
		ipc_get_str(&u, other, sizeof(other));
		ipc_get_str(&u, text, sizeof(text));
		if (*name == '\0')
			strlcpy(name, other, size);
	}
	CHECK(ipc_unpack_end(&u) == 0);
	got[n] = '\0';
	return got;
}

/* What a front is told: all keys, or the mailboxes alone. */
static void
told(struct store *s, int64_t seq)
{
	struct address_feed	 f;
	struct ipc_msg		 msg = { .type = ADDRESS_ASK, .fd = -1 };
	struct ipc_pack		 p;
	struct ipc		*keeper, *front;
	char			 name[STORE_ADDR_MAX + 1];
	int			 fds[2];
	static const struct {
		time_t		 now;
		int		 back;	/* so many changes, -1: all */
		const char	*records;
	} t[] = {
		{ NOW, -1, "CPPPPE" }, { STORE_FOREVER, -1, "CPPE" },
		{ NOW, 1, "PE" }, { STORE_FOREVER, 1, "E" },
		{ NOW, 0, "E" }, { NOW, 4, "PPPPE" },
		{ STORE_FOREVER, 4, "PE" }, { STORE_FOREVER, 1000, "CPPE" }
	};
	size_t			 i;
	int64_t			 at;

	CHECK(ipc_pair(fds) == 0);
	keeper = ipc_new(fds[0], IPC_MAX_DATA, IPC_MAX_DATA);
	front = ipc_new(fds[1], IPC_MAX_DATA, IPC_MAX_DATA);
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		ipc_pack_init(&p);
		ipc_put_u8(&p, t[i].back != -1);
		ipc_put_u64(&p, t[i].back > seq ? (uint64_t)seq + 1000 :
		    (uint64_t)(seq - (t[i].back == -1 ? 0 : t[i].back)));
		msg.data = p.buf;
		msg.len = p.len;
		CHECK(address_feed_begin(&f, keeper, &msg, 1000, &at) == 0);
		OK(s, store_keys_tell(s, &f, t[i].now, &at));
		CHECK(at == seq && address_feed_done(&f, at) == 0);
		CHECK_STR(records(front, name, sizeof(name)), t[i].records);
		ipc_pack_free(&p);
	}
	ipc_free(keeper);
	ipc_free(front);
}

static void
keys(void)
{
	struct store		*s;
	struct store_handle	 h;
	struct store_rpath	 rp;
	struct known		 k = { 0, 0, "" };
	uint64_t		 box, other, conv, carol;
	uint32_t		 alice;
	int64_t			 seq, old;

	s = test_open(STORE_CREATE);
	OK(s, store_keys_all(s, NOW, &seq, learn, &k));
	CHECK(seq == 0 && k.added == 0);
	since(s, &seq, 0, 0);
	box = test_mailbox(s, "support@company.example");
	other = test_mailbox(s, "sales@company.example");
	since(s, &seq, 2, 0);
	since(s, &seq, 0, 0);
	alice = test_worker(s, "alice", "alice@home.example");
	since(s, &seq, 0, 0);
	OK(s, store_conversation_new(s, box, NULL, NOW, &conv));
	CHECK(store_participant_add(s, conv, "carol@customer.test", NULL, 0,
	    0, NOW, &carol) == 1);
	OK(s, store_handle_issue(s, alice, conv, carol, NOW, LIFE, &h));
	since(s, &seq, 1, 0);
	OK(s, store_handle_issue(s, alice, conv, carol, NOW + 1, LIFE, &h));
	since(s, &seq, 0, 0);
	OK(s, store_handle_issue(s, alice, conv, carol, NOW + 200 * DAY,
	    LIFE, &h));
	since(s, &seq, 1, 0);
	memset(&rp, 0, sizeof(rp));
	rp.kind = STORE_RPATH_WORKER;
	rp.conversation = conv;
	rp.worker = alice;
	OK(s, store_rpath_make(s, "company.example", NOW, &rp));
	since(s, &seq, 1, 0);

	k.added = 0;
	OK(s, store_keys_all(s, NOW, &old, learn, &k));
	CHECK(k.added == 4 && old == seq);
	k.added = 0;
	OK(s, store_keys_all(s, NOW + 31 * DAY, &old, learn, &k));
	CHECK(k.added == 3);
	k.added = 0;
	OK(s, store_keys_all(s, NOW + 700 * DAY, &old, learn, &k));
	CHECK(k.added == 2);
	k.added = 0;
	OK(s, store_keys_all(s, STORE_FOREVER, &old, learn, &k));
	CHECK(k.added == 2 && old == seq);
	told(s, seq);
	removals(s, &seq, alice, conv, carol, other);
	cut_short(s, seq);
	store_close(s);
}

/* ------------------------------------------------------- processes */

static void
send_fd(int sock, int fd)
{
	struct msghdr	 msg;
	struct cmsghdr	*cmsg;
	struct iovec	 iov;
	union {
		struct cmsghdr	 hdr;
		char		 buf[CMSG_SPACE(sizeof(int))];
	} u;
	char		 c = 'f';

	memset(&msg, 0, sizeof(msg));
	memset(&u, 0, sizeof(u));
	iov.iov_base = &c;
	iov.iov_len = 1;
	msg.msg_iov = &iov;
	msg.msg_iovlen = 1;
	msg.msg_control = u.buf;
	msg.msg_controllen = sizeof(u.buf);
	cmsg = CMSG_FIRSTHDR(&msg);
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
	if (sendmsg(sock, &msg, 0) != 1)
		_exit(1);
}

static int
receive_fd(int sock)
{
	struct msghdr	 msg;
	struct cmsghdr	*cmsg;
	struct iovec	 iov;
	union {
		struct cmsghdr	 hdr;
		char		 buf[CMSG_SPACE(sizeof(int))];
	} u;
	char		 c;
	int		 fd = -1;

	memset(&msg, 0, sizeof(msg));
	iov.iov_base = &c;
	iov.iov_len = 1;
	msg.msg_iov = &iov;
	msg.msg_iovlen = 1;
	msg.msg_control = u.buf;
	msg.msg_controllen = sizeof(u.buf);
	if (recvmsg(sock, &msg, 0) == 1 &&
	    (cmsg = CMSG_FIRSTHDR(&msg)) != NULL)
		memcpy(&fd, CMSG_DATA(cmsg), sizeof(fd));
	return fd;
}

/* Sends the descriptor, then tells how much changed whenever it is asked. */
static void
keeper(int sock)
{
	struct store	*s;
	struct known	 k;
	int64_t		 seq;
	char		 c;

	s = test_open(0);
	if (store_keys_all(s, NOW, &seq, learn, &k) == -1)
		_exit(1);
	send_fd(sock, store_watch_fd(s));
	while (read(sock, &c, 1) == 1) {
		memset(&k, 0, sizeof(k));
		if (store_changes_since(s, STORE_KEYS, &seq, learn, &k) != 1)
			_exit(1);
		c = k.added + k.removed;
		if (write(sock, &c, 1) != 1)
			_exit(1);
	}
	store_close(s);
	_exit(0);
}

/* Commits once for each byte: `m' a mailbox, `r' only reads. */
static void
writer(int sock)
{
	struct store	*s;
	char		 c, name[64];
	uint64_t	 id;
	int		 n = 0;

	s = test_open(0);
	while (read(sock, &c, 1) == 1) {
		(void)snprintf(name, sizeof(name), "w%d@company.example",
		    n++);
		if (c == 'm' && store_mailbox_add(s, name, NULL, NULL,
		    test_domains, 2, NOW, &id) == -1)
			_exit(1);
		if (c == 'r' && store_is_ours(s, name) == -1)
			_exit(1);
		if (write(sock, &c, 1) != 1)
			_exit(1);
	}
	store_close(s);
	_exit(0);
}

static int
start(void (*fn)(int), pid_t *pid)
{
	int	 sv[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv) == -1)
		exit(1);
	if ((*pid = fork()) == -1)
		exit(1);
	if (*pid == 0) {
		close(sv[0]);
		fn(sv[1]);
		_exit(1);
	}
	close(sv[1]);
	return sv[0];
}

static int
ask(int sock, char c)
{
	if (write(sock, &c, 1) != 1 || read(sock, &c, 1) != 1)
		return -1;
	return c;
}

static void
stop(int sock, pid_t pid)
{
	int	 status = -1;

	close(sock);
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* When the last connection is closed the files stay, and maps of them. */
static void
files_stay(struct watch *w)
{
	struct watch	 again;
	struct stat		 st;
	char			 file[160];
	pid_t			 kpid, wpid;
	int			 ks, ws, fd;

	(void)snprintf(file, sizeof(file), "%s-shm", test_path);
	CHECK(stat(file, &st) == 0 && (st.st_mode & 07777) == 0660);
	(void)snprintf(file, sizeof(file), "%s-wal", test_path);
	CHECK(stat(file, &st) == 0 && (st.st_mode & 07777) == 0660);
	CHECK(stat(test_path, &st) == 0 && (st.st_mode & 07777) == 0660);
	ks = start(keeper, &kpid);
	fd = receive_fd(ks);
	begin_watch(w);
	CHECK(map_watch(&again, fd) == 0);
	close(fd);
	begin_watch(&again);
	end_watch(&again);
	ws = start(writer, &wpid);
	CHECK(ask(ws, 'x') == 'x');
	stop(ws, wpid);
	ws = start(writer, &wpid);
	CHECK(ask(ws, 'r') == 'r');
	CHECK(memcmp(again.next, (const void *)(uintptr_t)w->map,
	    sizeof(again.next)) == 0);	/* both map the same file */
	stop(ws, wpid);
	stop(ks, kpid);
	unmap_watch(&again);
	unmap_watch(&again);
	CHECK(watch_changed(&again) == 1);
}

static void
watch(void)
{
	struct watch	 w;
	pid_t			 kpid, wpid;
	int			 ks, ws, fd, i;

	wpid = 0;
	ks = start(keeper, &kpid);
	fd = receive_fd(ks);
	CHECK(fd != -1);
	CHECK(fcntl(fd, F_GETFL) != -1 &&
	    (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDONLY);
	CHECK(map_watch(&w, fd) == 0);
	close(fd);
	CHECK(watch_changed(&w) == 1);
	begin_watch(&w);
	CHECK(ask(ks, '?') == 0);
	end_watch(&w);

	ws = start(writer, &wpid);
	CHECK(ask(ws, 'r') == 'r');	/* it has opened the store */
	begin_watch(&w);
	CHECK(ask(ks, '?') == 0);
	end_watch(&w);
	for (i = 0; i < 50; i++) {
		CHECK(watch_changed(&w) == 0);
		CHECK(ask(ws, 'r') == 'r');
		CHECK(watch_changed(&w) == 0);
		CHECK(ask(ws, 'm') == 'm');
		CHECK(watch_changed(&w) == 1);
		begin_watch(&w);
		CHECK(ask(ks, '?') == 1);
		end_watch(&w);
	}
	/* A commit between begin and the answer is seen, before or after. */
	CHECK(ask(ws, 'm') == 'm');
	begin_watch(&w);
	CHECK(ask(ws, 'm') == 'm');
	CHECK(ask(ks, '?') == 2);
	CHECK(ask(ws, 'm') == 'm');
	end_watch(&w);
	CHECK(watch_changed(&w) == 1);
	begin_watch(&w);
	CHECK(ask(ks, '?') == 1);
	end_watch(&w);
	CHECK(watch_changed(&w) == 0);

	stop(ws, wpid);
	stop(ks, kpid);
	files_stay(&w);
	unmap_watch(&w);
	CHECK(watch_changed(&w) == 1);
}

int
main(void)
{
	test_begin();
	keys();
	watch();
	test_end();
	return test_done();
}
