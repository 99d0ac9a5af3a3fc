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

#include <sys/types.h>

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/compat.h"
#include "base/log.h"
#include "proc/sandbox.h"
#ifdef __linux__
#include "proc/landlock.h"
#include "proc/seccomp.h"
#endif

static char sandbox_text[64] = "none";
static int sandbox_must;

const char *
sandbox_level(void)
{
	return sandbox_text;
}

#ifdef __linux__

static int sandbox_landlock, sandbox_seccomp;

int
sandbox_init(int required, int logit)
{
	char ll[32] = "no landlock";

	/* Log lines have a time, and its zone is in a file. */
	tzset();
	sandbox_must = required;
	sandbox_landlock = landlock_abi();
	sandbox_seccomp = seccomp_works();
	if (sandbox_landlock > 0)
		snprintf(ll, sizeof(ll), "landlock %d", sandbox_landlock);
	snprintf(sandbox_text, sizeof(sandbox_text), "%s, %s", ll,
	    sandbox_seccomp ? "seccomp" : "no seccomp");
	if (logit)
		log_info("sandbox: %s", sandbox_text);
	if (required && (sandbox_landlock == 0 || !sandbox_seccomp)) {
		log_warnx("sandbox required, but the system has: %s",
		    sandbox_text);
		return -1;
	}
	return 0;
}

static const struct landlock_tcp sandbox_no_tcp;

static int
apply(const struct landlock_path *paths, size_t npaths,
    const struct landlock_tcp *tcp, int groups)
{
	if (sandbox_landlock > 0 && landlock_confine(paths, npaths,
	    tcp) == -1) {
		log_warn("sandbox: landlock");
		return -1;
	}
	if (sandbox_seccomp && seccomp_confine(groups) == -1) {
		log_warn("sandbox: seccomp");
		return -1;
	}
	return 0;
}

/* The directory of a file, in buf of PATH_MAX bytes; NULL for NULL. */
static const char *
allow_dir(const char *path, char *buf)
{
	if (path == NULL || strlcpy(buf, path, PATH_MAX) >= PATH_MAX)
		return NULL;
	return dirname(buf);
}

/* What a client of the network reads when it starts; many of them are links,
 * and what they lead to must be named, too. */
#define SANDBOX_SYSTEM							\
	{ "/etc/resolv.conf", LANDLOCK_READ },				\
	{ "/run/systemd/resolve", LANDLOCK_READ },			\
	{ "/run/NetworkManager", LANDLOCK_READ },			\
	{ "/run/resolvconf", LANDLOCK_READ },				\
	{ "/etc/hosts", LANDLOCK_READ },				\
	{ "/etc/host.conf", LANDLOCK_READ },				\
	{ "/etc/nsswitch.conf", LANDLOCK_READ },			\
	{ "/etc/ssl", LANDLOCK_READ },					\
	{ "/etc/pki", LANDLOCK_READ },					\
	{ "/usr/lib/ssl", LANDLOCK_READ },				\
	{ "/usr/share/ca-certificates", LANDLOCK_READ },		\
	{ "/usr/local/share/ca-certificates", LANDLOCK_READ }

static const struct landlock_path sandbox_system[] = { SANDBOX_SYSTEM };
#define SANDBOX_NSYSTEM	(sizeof(sandbox_system) / sizeof(sandbox_system[0]))
#define SANDBOX_FIXED	4	/* paths that are always there */

/*
 * Adds the directory of a file, and that to which a link leads, to p: a list
 * is replaced by renaming another file over it.  How many they are.
 */
static size_t
allow_list(const char *file, struct landlock_path *p, char buf[][PATH_MAX])
{
	char real[PATH_MAX];
	size_t n = 0;

	p[n].access = LANDLOCK_READ;
	p[n].path = allow_dir(file, buf[n]);
	n += p[n].path != NULL;
	p[n].access = LANDLOCK_READ;
	p[n].path = realpath(file, real) == NULL ? NULL :
	    allow_dir(real, buf[n]);
	return n + (p[n].path != NULL);
}

static int
allow_files(const struct sandbox_paths *paths,
    const struct landlock_tcp *tcp, int groups)
{
	size_t i, nfiles = 0, n = SANDBOX_FIXED;
	char dbuf[PATH_MAX], kbuf[PATH_MAX], (*lbuf)[PATH_MAX];
	struct landlock_path p[SANDBOX_FIXED + SANDBOX_NSYSTEM +
	    2 * SANDBOX_FILES_MAX] = {
		{ NULL, LANDLOCK_READ | LANDLOCK_WRITE },
		{ NULL, LANDLOCK_READ },
		{ "/dev/null", LANDLOCK_READ | LANDLOCK_WRITE },
		{ "/dev/urandom", LANDLOCK_READ }
	};
	int rv;

	p[0].path = allow_dir(paths->database, dbuf);
	p[1].path = allow_dir(paths->key, kbuf);
	if (groups & SECCOMP_NET) {
		memcpy(p + n, sandbox_system, sizeof(sandbox_system));
		n += SANDBOX_NSYSTEM;
	}
	while (paths->files != NULL && paths->files[nfiles] != NULL &&
	    nfiles < SANDBOX_FILES_MAX)
		nfiles++;
	if ((lbuf = calloc(2 * nfiles + 1, sizeof(*lbuf))) == NULL) {
		log_warn("sandbox: lists");
		return -1;
	}
	for (i = 0; i < nfiles; i++)
		n += allow_list(paths->files[i], p + n, lbuf + 2 * i);
	rv = apply(p, n, tcp, groups);
	free(lbuf);
	return rv;
}

int
sandbox_parent(const struct sandbox_paths *paths)
{
	return allow_files(paths, &sandbox_no_tcp,
	    SECCOMP_FILES | SECCOMP_FORK);
}

int
sandbox_parent_network(const struct sandbox_paths *paths, uint16_t port)
{
	struct landlock_tcp tcp = { 1, NULL, 0, port };

	return allow_files(paths, &tcp,
	    SECCOMP_FILES | SECCOMP_FORK | SECCOMP_NET);
}

int
sandbox_front(void)
{
	return apply(NULL, 0, &sandbox_no_tcp, 0);
}

int
sandbox_table_front(void)
{
	return apply(NULL, 0, &sandbox_no_tcp, 0);
}

int
sandbox_engine(void)
{
	return apply(NULL, 0, &sandbox_no_tcp, 0);
}

int
sandbox_keeper(const struct sandbox_paths *paths)
{
	return allow_files(paths, &sandbox_no_tcp, SECCOMP_FILES);
}

int
sandbox_courier(uint16_t port, const uint16_t *servers, size_t n)
{
	struct landlock_tcp tcp = { 1, servers, n, port };

	return apply(NULL, 0, &tcp, SECCOMP_NET);
}

int
sandbox_network(void)
{
	struct landlock_tcp tcp = { 1, NULL, 0, 0 };

	return apply(NULL, 0, &tcp, SECCOMP_NET);
}

int
sandbox_sender(const struct sandbox_paths *paths, const char *socket)
{
	(void)paths;
	(void)socket;
	return 0;
}

#elif defined(__OpenBSD__)

int
sandbox_init(int required, int logit)
{
	tzset();
	sandbox_must = required;
	strlcpy(sandbox_text, "pledge, unveil", sizeof(sandbox_text));
	if (logit)
		log_info("sandbox: %s", sandbox_text);
	return 0;
}

static int
apply(const char *promises)
{
	if (pledge(promises, NULL) == -1) {
		log_warn("pledge");
		return -1;
	}
	return 0;
}

static int
unveil_paths(const char *file, const char *permissions)
{
	char buf[PATH_MAX];

	if (file == NULL)
		return 0;
	if (strlcpy(buf, file, sizeof(buf)) >= sizeof(buf) ||
	    unveil(dirname(buf), permissions) == -1) {
		log_warn("unveil %s", file);
		return -1;
	}
	return 0;
}

static int
allow_files(const struct sandbox_paths *paths, const char *promises)
{
	char real[PATH_MAX];
	size_t i;

	for (i = 0; paths->files != NULL && paths->files[i] != NULL; i++)
		if (unveil_paths(paths->files[i], "r") == -1 ||
		    (realpath(paths->files[i], real) != NULL &&
		    unveil_paths(real, "r") == -1))
			return -1;
	if (unveil_paths(paths->database, "rwc") == -1 ||
	    unveil_paths(paths->key, "r") == -1)
		return -1;
	return apply(promises);
}

int
sandbox_parent(const struct sandbox_paths *paths)
{
	return allow_files(paths, "stdio rpath wpath cpath flock fattr "
	    "unveil proc sendfd recvfd");
}

int
sandbox_parent_network(const struct sandbox_paths *paths, uint16_t port)
{
	(void)port;
	if (unveil("/etc/resolv.conf", "r") == -1 ||
	    unveil("/etc/hosts", "r") == -1 || unveil("/etc/ssl", "r") == -1) {
		log_warn("unveil");
		return -1;
	}
	return allow_files(paths, "stdio rpath wpath cpath flock fattr "
	    "unveil proc sendfd recvfd inet dns");
}

int
sandbox_front(void)
{
	return apply("stdio recvfd");
}

int
sandbox_table_front(void)
{
	return apply("stdio recvfd");
}

int
sandbox_engine(void)
{
	return apply("stdio recvfd");
}

int
sandbox_keeper(const struct sandbox_paths *paths)
{
	return allow_files(paths, "stdio rpath wpath cpath flock fattr "
	    "sendfd recvfd");
}

int
sandbox_courier(uint16_t port, const uint16_t *servers, size_t n)
{
	(void)port;
	(void)servers;
	(void)n;
	return apply("stdio recvfd inet");
}

int
sandbox_network(void)
{
	return apply("stdio recvfd inet");
}

int
sandbox_sender(const struct sandbox_paths *paths, const char *socket)
{
	if (unveil(paths->sendmail, "x") == -1 || unveil(socket, "rw") == -1) {
		log_warn("unveil");
		return -1;
	}
	return apply("stdio proc exec unix");
}

#else

int
sandbox_init(int required, int logit)
{
	tzset();
	sandbox_must = required;
	if (logit)
		log_warnx("sandbox: none on this system");
	if (required)
		log_warnx("sandbox required, but this system has none");
	return required ? -1 : 0;
}

int
sandbox_parent(const struct sandbox_paths *paths)
{
	(void)paths;
	return sandbox_must ? -1 : 0;
}

int
sandbox_front(void)
{
	return sandbox_must ? -1 : 0;
}

int
sandbox_table_front(void)
{
	return sandbox_must ? -1 : 0;
}

int
sandbox_engine(void)
{
	return sandbox_must ? -1 : 0;
}

int
sandbox_keeper(const struct sandbox_paths *paths)
{
	(void)paths;
	return sandbox_must ? -1 : 0;
}

int
sandbox_parent_network(const struct sandbox_paths *paths, uint16_t port)
{
	(void)paths;
	(void)port;
	return sandbox_must ? -1 : 0;
}

int
sandbox_courier(uint16_t port, const uint16_t *servers, size_t n)
{
	(void)port;
	(void)servers;
	(void)n;
	return sandbox_must ? -1 : 0;
}

int
sandbox_network(void)
{
	return sandbox_must ? -1 : 0;
}

int
sandbox_sender(const struct sandbox_paths *paths, const char *socket)
{
	(void)paths;
	(void)socket;
	return 0;
}

#endif
