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

/* Each kind of process tries what it may do, and what it may not. */

#include <sys/types.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <netinet/in.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/compat.h"
#include "base/log.h"
#include "proc/ipc.h"
#include "proc/sandbox.h"
#include "proc/seccomp.h"
#include "test.h"

enum kind { PARENT, FRONT, TABLE_FRONT, ENGINE, KEEPER, PARENT_NETWORK,
	COURIER, NETWORK, COURIER_FEW };

static char dir[] = "/tmp/sandbox.XXXXXX";
static char database[64], key[64], outside[64], wal[64];
static int pair[2];
static const uint16_t servers[] = { 10, 9 };
static uint16_t port;		/* that the courier may have */
static pid_t victim;

static int
confine(enum kind kind)
{
	struct sandbox_paths paths = { database, key, NULL, NULL };

	if (kind == PARENT)
		return sandbox_parent(&paths);
	/* All others are forked by a parent that is confined already. */
	if ((kind >= PARENT_NETWORK ? sandbox_parent_network(&paths, port) :
	    sandbox_parent(&paths)) == -1)
		return -1;
	switch (kind) {
	case PARENT_NETWORK:
		return 0;
	case COURIER:
		return sandbox_courier(port, NULL, 0);
	case COURIER_FEW:
		return sandbox_courier(port, servers, 2);
	case NETWORK:
		return sandbox_network();
	case FRONT:
		return sandbox_front();
	case TABLE_FRONT:
		return sandbox_table_front();
	case ENGINE:
		return sandbox_engine();
	default:
		return sandbox_keeper(&paths);
	}
}

static int
open_close(const char *path, int flags)
{
	int fd;

	if ((fd = open(path, flags, 0600)) == -1)
		return -1;
	return close(fd);
}

static int
do_pipe(void)
{
	char c;

	return write(pair[0], "x", 1) == 1 && read(pair[1], &c, 1) == 1 ?
	    0 : -1;
}

static int
do_passwd(void)
{
	return open_close("/etc/passwd", O_RDONLY);
}

static int
do_outside(void)
{
	return open_close(outside, O_WRONLY | O_CREAT);
}

static int
do_etc(void)
{
	return open_close("/etc/sandbox_test", O_WRONLY | O_CREAT);
}

static int
do_database(void)
{
	return open_close(database, O_RDWR) == -1 ||
	    open_close(wal, O_RDWR | O_CREAT) == -1 ? -1 : unlink(wal);
}

static int
do_key(void)
{
	return open_close(key, O_RDONLY);
}

static int
do_key_write(void)
{
	return open_close(key, O_WRONLY);
}

static int
connect_to(uint16_t number)
{
	struct sockaddr_in sin;
	int s;

	memset(&sin, 0, sizeof(sin));
	sin.sin_family = AF_INET;
	sin.sin_port = htons(number);
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if ((s = socket(AF_INET, SOCK_STREAM, 0)) == -1)
		return -1;
	/* Refused by the peer means that the system let it through. */
	return connect(s, (struct sockaddr *)&sin, sizeof(sin)) == 0 ||
	    errno == ECONNREFUSED ? 0 : -1;
}

static int
do_connect(void)
{
	return connect_to(9);
}

static int
do_connect_other(void)
{
	return connect_to(11);
}

static int
listen_on(uint16_t number)
{
	struct sockaddr_in sin;
	int s, one = 1;

	memset(&sin, 0, sizeof(sin));
	sin.sin_family = AF_INET;
	sin.sin_port = htons(number);
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if ((s = socket(AF_INET, SOCK_STREAM, 0)) == -1 ||
	    setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one,
	    sizeof(one)) == -1 ||
	    bind(s, (struct sockaddr *)&sin, sizeof(sin)) == -1)
		return -1;
	return listen(s, 1);
}

static int
do_listen(void)
{
	return listen_on(port) == 0 || errno == EADDRINUSE ? 0 : -1;
}

/* Next to it: nobody has that one for long, and it is never ours. */
static int
do_listen_other(void)
{
	return listen_on(port + 1) == 0 || errno == EADDRINUSE ? 0 : -1;
}

static int
do_udp(void)
{
	struct sockaddr_in sin;
	int s;

	memset(&sin, 0, sizeof(sin));
	sin.sin_family = AF_INET;
	sin.sin_port = htons(9);
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if ((s = socket(AF_INET, SOCK_DGRAM, 0)) == -1)
		return -1;
	return connect(s, (struct sockaddr *)&sin, sizeof(sin));
}

static int
do_hosts(void)
{
	return open_close("/etc/hosts", O_RDONLY);
}

static int
do_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM, 0) == -1 ? -1 : 0;
}

static int
do_exec(void)
{
	char *argv[] = { "true", NULL };
	extern char **environ;

	execve("/bin/true", argv, environ);
	return -1;
}

static int
do_fork(void)
{
	pid_t pid;
	int status;

	if ((pid = fork()) == 0)
		_exit(0);
	return pid != -1 && waitpid(pid, &status, 0) == pid ? 0 : -1;
}

static int
do_ptrace(void)
{
#ifdef __linux__
	return ptrace(PTRACE_ATTACH, victim, NULL, NULL) == -1 ? -1 : 0;
#else
	return ptrace(PT_ATTACH, victim, NULL, 0);
#endif
}

static int
do_kill(void)
{
	return kill(victim, SIGUSR1);
}

/* SIGIO to somebody else, by way of a descriptor. */
static int
do_own(void)
{
	return fcntl(pair[0], F_SETOWN, victim);
}

#ifndef SANDBOX_LOOSE
static int
do_wx(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANON, -1, 0) == MAP_FAILED ? -1 : 0;
}
#endif

static int
do_chmod(void)
{
	return chmod(outside, 0777);
}

/* Runs one attempt in a process of that kind: 1 it could, 0 it could not. */
static int
could(enum kind kind, int (*attempt)(void))
{
	pid_t pid;
	int status;

	if ((pid = fork()) == 0) {
		if (confine(kind) == -1)
			_exit(3);
		_exit(attempt() == 0 ? 0 : 1);
	}
	if (pid == -1 || waitpid(pid, &status, 0) != pid)
		return -1;
	if (WIFSIGNALED(status))
		return WTERMSIG(status) == SIGSYS ||
		    WTERMSIG(status) == SIGABRT ? 0 : -1;
	return WEXITSTATUS(status) == 0 ? 1 : WEXITSTATUS(status) == 1 ?
	    0 : -1;
}

static void
test_all_kinds(void)
{
	int k;

	for (k = PARENT; k <= COURIER_FEW; k++) {
		CHECK(could(k, do_pipe) == 1);
		CHECK(could(k, do_etc) == 0);
		CHECK(could(k, do_connect) == (k >= PARENT_NETWORK));
		CHECK(could(k, do_udp) == (k >= PARENT_NETWORK));
		CHECK(could(k, do_listen) == (k == PARENT_NETWORK ||
		    k == COURIER || k == COURIER_FEW));
		CHECK(could(k, do_hosts) == (k == PARENT_NETWORK));
		CHECK(could(k, do_ptrace) == 0);
		CHECK(could(k, do_chmod) == 0);
		CHECK(could(k, do_outside) == 0);
		CHECK(could(k, do_passwd) == 0);
		CHECK(could(k, do_exec) == 0);
		CHECK(could(k, do_socket) == 0);
		CHECK(could(k, do_own) == 0);
#ifndef SANDBOX_LOOSE
		CHECK(could(k, do_wx) == 0);
#endif
	}
}

static void
test_kinds(void)
{
	static const enum kind narrow[] = { FRONT, TABLE_FRONT, ENGINE,
	    COURIER, NETWORK };
	size_t i;

	for (i = 0; i < sizeof(narrow) / sizeof(narrow[0]); i++) {
		CHECK(could(narrow[i], do_database) == 0);
		CHECK(could(narrow[i], do_key) == 0);
		CHECK(could(narrow[i], do_fork) == 0);
		CHECK(could(narrow[i], do_kill) == 0);
	}
	CHECK(could(KEEPER, do_database) == 1);
	CHECK(could(KEEPER, do_key) == 1);
	CHECK(could(KEEPER, do_key_write) == 0);
	CHECK(could(KEEPER, do_fork) == 0);
	CHECK(could(KEEPER, do_kill) == 0);
	CHECK(could(PARENT, do_fork) == 1);
	CHECK(could(PARENT, do_database) == 1);
	CHECK(could(PARENT_NETWORK, do_fork) == 1);
	CHECK(could(PARENT_NETWORK, do_database) == 1);
	/* Landlock knows ports since its fourth version. */
	if (atoi(sandbox_level() + strlen("landlock ")) >= 4) {
		CHECK(could(PARENT_NETWORK, do_listen_other) == 0);
		CHECK(could(COURIER, do_listen_other) == 0);
		CHECK(could(COURIER, do_connect_other) == 1);
		CHECK(could(COURIER_FEW, do_connect_other) == 0);
	}
}

/* A port that was free just now. */
static int
find_port(void)
{
	struct sockaddr_in sin;
	socklen_t len = sizeof(sin);
	int s;

	memset(&sin, 0, sizeof(sin));
	sin.sin_family = AF_INET;
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if ((s = socket(AF_INET, SOCK_STREAM, 0)) == -1 ||
	    bind(s, (struct sockaddr *)&sin, sizeof(sin)) == -1 ||
	    getsockname(s, (struct sockaddr *)&sin, &len) == -1)
		return -1;
	port = ntohs(sin.sin_port);
	return close(s);
}

int
main(void)
{
	char kdir[64], odir[64];

	log_init("sandbox_test", 1);
	if (mkdtemp(dir) == NULL || socketpair(AF_UNIX, SOCK_STREAM, 0,
	    pair) == -1 || find_port() == -1)
		return 1;
	snprintf(kdir, sizeof(kdir), "%s/k", dir);
	snprintf(odir, sizeof(odir), "%s/d", dir);
	snprintf(database, sizeof(database), "%s/d/relay.db", dir);
	snprintf(wal, sizeof(wal), "%s/d/relay.db-wal", dir);
	snprintf(key, sizeof(key), "%s/k/relay.key", dir);
	snprintf(outside, sizeof(outside), "%s/outside", dir);
	if (mkdir(kdir, 0700) == -1 || mkdir(odir, 0700) == -1 ||
	    open_close(database, O_CREAT | O_WRONLY) == -1 ||
	    open_close(outside, O_CREAT | O_WRONLY) == -1 ||
	    open_close(key, O_CREAT | O_WRONLY) == -1)
		return 1;
	if ((victim = fork()) == 0) {
		signal(SIGUSR1, SIG_IGN);
		for (;;)
			pause();
	}
	if (sandbox_init(0, 1) == -1)
		return 1;
	if (strstr(sandbox_level(), "landlock ") != NULL &&
	    strstr(sandbox_level(), "no ") == NULL) {
		test_all_kinds();
		test_kinds();
	} else {
		printf("sandbox_test: only %s here\n", sandbox_level());
		CHECK(sandbox_init(1, 0) == -1);
	}
	kill(victim, SIGKILL);
	waitpid(victim, NULL, 0);
	unlink(database);
	unlink(key);
	unlink(outside);
	rmdir(kdir);
	rmdir(odir);
	rmdir(dir);
	return test_done();
}
