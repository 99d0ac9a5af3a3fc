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

/* See landlock(7).  The numbers are the kernel's, whatever headers the
 * system has, because a binary may run on a newer kernel. */

#ifdef __linux__

#include <sys/types.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "proc/landlock.h"

#define LL_CREATE_RULESET	444
#define LL_ADD_RULE		445
#define LL_RESTRICT_SELF	446
#define LL_VERSION		1
#define LL_PATH_BENEATH		1
#define LL_NET_PORT		2

#define LL_FS_EXECUTE		(1ULL << 0)
#define LL_FS_WRITE_FILE	(1ULL << 1)
#define LL_FS_READ_FILE		(1ULL << 2)
#define LL_FS_READ_DIR		(1ULL << 3)
#define LL_FS_REMOVE_FILE	(1ULL << 5)
#define LL_FS_MAKE_REG		(1ULL << 8)
#define LL_FS_ALL_1		((1ULL << 13) - 1)
#define LL_FS_REFER		(1ULL << 13)	/* since 2 */
#define LL_FS_TRUNCATE		(1ULL << 14)	/* since 3 */
#define LL_FS_IOCTL_DEV		(1ULL << 15)	/* since 5 */
#define LL_NET_BIND		(1ULL << 0)	/* since 4 */
#define LL_NET_CONNECT		(1ULL << 1)	/* since 4 */
#define LL_SCOPE_ALL		3ULL		/* sockets, signals; since 6 */

#define LL_FILE_ACCESS	(LL_FS_EXECUTE | LL_FS_WRITE_FILE |		\
	LL_FS_READ_FILE | LL_FS_TRUNCATE)

struct landlock_attr {
	uint64_t	fs;
	uint64_t	net;
	uint64_t	scope;
};

struct landlock_beneath {
	uint64_t	access;
	int32_t		fd;
} __attribute__((__packed__));

struct landlock_port {
	uint64_t	access;
	uint64_t	port;
};

int
landlock_abi(void)
{
	long n = syscall(LL_CREATE_RULESET, NULL, 0, LL_VERSION);

	return n < 0 ? 0 : (int)n;
}

/* Allows what is beneath a path, as far as the ruleset knows it. */
static int
allow_path(int ruleset, const struct landlock_path *p, uint64_t known)
{
	struct landlock_beneath b;
	struct stat st;
	int save, rv;

	memset(&b, 0, sizeof(b));
	if ((b.fd = open(p->path, O_PATH | O_CLOEXEC)) == -1)
		return errno == ENOENT || errno == ENOTDIR ? 0 : -1;
	if (p->access & LANDLOCK_READ)
		b.access |= LL_FS_READ_FILE | LL_FS_READ_DIR;
	if (p->access & LANDLOCK_WRITE)
		b.access |= LL_FS_WRITE_FILE | LL_FS_REMOVE_FILE |
		    LL_FS_MAKE_REG | LL_FS_TRUNCATE;
	if (p->access & LANDLOCK_EXEC)
		b.access |= LL_FS_EXECUTE;
	b.access &= known;
	if (fstat(b.fd, &st) == 0 && !S_ISDIR(st.st_mode))
		b.access &= LL_FILE_ACCESS;
	rv = (int)syscall(LL_ADD_RULE, ruleset, LL_PATH_BENEATH, &b, 0);
	save = errno;
	close(b.fd);
	errno = save;
	return rv;
}

/* Allows what the ruleset restricts of TCP. */
static int
allow_tcp(int ruleset, const struct landlock_tcp *tcp)
{
	struct landlock_port p = { LL_NET_BIND, tcp->bind };
	size_t i;

	if (tcp->bind != 0 &&
	    syscall(LL_ADD_RULE, ruleset, LL_NET_PORT, &p, 0) == -1)
		return -1;
	p.access = LL_NET_CONNECT;
	for (i = 0; i < tcp->nports; i++) {
		p.port = tcp->ports[i];
		if (syscall(LL_ADD_RULE, ruleset, LL_NET_PORT, &p, 0) == -1)
			return -1;
	}
	return 0;
}

int
landlock_confine(const struct landlock_path *paths, size_t npaths,
    const struct landlock_tcp *tcp)
{
	struct landlock_attr attr;
	size_t i, size = sizeof(attr.fs);
	int abi = landlock_abi(), fd, rv = 0, save;

	memset(&attr, 0, sizeof(attr));
	attr.fs = LL_FS_ALL_1;
	if (abi >= 2)
		attr.fs |= LL_FS_REFER;
	if (abi >= 3)
		attr.fs |= LL_FS_TRUNCATE;
	if (abi >= 4) {
		attr.net = LL_NET_BIND |
		    (tcp->connect && tcp->nports == 0 ? 0 : LL_NET_CONNECT);
		size += sizeof(attr.net);
	}
	if (abi >= 5)
		attr.fs |= LL_FS_IOCTL_DEV;
	if (abi >= 6) {
		attr.scope = LL_SCOPE_ALL;
		size += sizeof(attr.scope);
	}
	if ((fd = (int)syscall(LL_CREATE_RULESET, &attr, size, 0)) == -1)
		return -1;
	for (i = 0; i < npaths && rv == 0; i++)
		if (paths[i].path != NULL)
			rv = allow_path(fd, &paths[i], attr.fs);
	if (rv == 0 && abi >= 4)
		rv = allow_tcp(fd, tcp);
	if (rv == 0)
		rv = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (rv == 0)
		rv = (int)syscall(LL_RESTRICT_SELF, fd, 0);
	save = errno;
	close(fd);
	errno = save;
	return rv;
}

#endif
