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
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/compat.h"
#include "sysuser.h"

#define ARGS_MAX	16

/*
 * Runs a program of the system; what it prints goes to standard error, for
 * standard output is ours.  Returns 0, or -1 with a sentence.
 */
static int
run_command(const char *const *args, char *why, size_t size)
{
	static char	*const env[] = {
		"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", NULL
	};
	char		*argv[ARGS_MAX];
	pid_t		 pid;
	size_t		 i;
	int		 status;

	for (i = 0; i < ARGS_MAX - 1 && args[i] != NULL; i++)
		argv[i] = (char *)(uintptr_t)args[i];
	argv[i] = NULL;
	if ((pid = fork()) == -1) {
		(void)snprintf(why, size, "fork: %s", strerror(errno));
		return -1;
	}
	if (pid == 0) {
		if (dup2(STDERR_FILENO, STDOUT_FILENO) != -1)
			execve(argv[0], argv, env);
		_exit(127);
	}
	while (waitpid(pid, &status, 0) == -1) {
		if (errno != EINTR) {
			(void)snprintf(why, size, "%s: %s", argv[0],
			    strerror(errno));
			return -1;
		}
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		(void)snprintf(why, size, "%s cannot be run", argv[0]);
	else
		(void)snprintf(why, size, "%s failed, status 0x%x", argv[0],
		    status);
	return -1;
}

int
sysuser_group(const char *group, char *why, size_t size)
{
	const char	*const args[] = {
#if defined(__linux__)
		"/usr/sbin/groupadd", "--system", group, NULL
#elif defined(__FreeBSD__) || defined(__DragonFly__)
		"/usr/sbin/pw", "groupadd", group, NULL
#else
		"/usr/sbin/groupadd", group, NULL
#endif
	};

	if (getgrnam(group) != NULL)
		return 0;
	if (run_command(args, why, size) == -1)
		return -1;
	if (getgrnam(group) == NULL) {
		(void)snprintf(why, size, "%s did not make group %s", args[0],
		    group);
		return -1;
	}
	return 1;
}

int
sysuser_user(const char *user, const char *group, char *why, size_t size)
{
	const char	*const args[] = {
#if defined(__linux__)
		"/usr/sbin/useradd", "--system", "--gid", group,
		"--home-dir", "/nonexistent", "--no-create-home",
		"--shell", "/usr/sbin/nologin",
		"--comment", "OpenSMTPD relay", user, NULL
#elif defined(__FreeBSD__) || defined(__DragonFly__)
		"/usr/sbin/pw", "useradd", user, "-g", group, "-d",
		"/var/empty", "-s", "/usr/sbin/nologin", "-c",
		"OpenSMTPD relay", NULL
#else
		"/usr/sbin/useradd", "-g", group, "-d", "/var/empty",
		"-s", "/sbin/nologin", "-c", "OpenSMTPD relay", user, NULL
#endif
	};

	if (getpwnam(user) != NULL)
		return 0;
	if (run_command(args, why, size) == -1)
		return -1;
	if (getpwnam(user) == NULL) {
		(void)snprintf(why, size, "%s did not make user %s", args[0],
		    user);
		return -1;
	}
	return 1;
}

/* Whether the user is in the group now: 1 or 0. */
static int
add_member(const char *user, const char *group)
{
	struct passwd	*pw;
	struct group	*gr;
	gid_t		 primary;
	size_t		 i;

	if ((pw = getpwnam(user)) == NULL)
		return 0;
	primary = pw->pw_gid;
	if ((gr = getgrnam(group)) == NULL)
		return 0;
	if (gr->gr_gid == primary)
		return 1;
	for (i = 0; gr->gr_mem[i] != NULL; i++)
		if (strcmp(gr->gr_mem[i], user) == 0)
			return 1;
	return 0;
}

int
sysuser_join(const char *user, const char *group, char *why, size_t size)
{
	const char	*const args[] = {
#if defined(__linux__)
		"/usr/sbin/usermod", "--append", "--groups", group, user, NULL
#elif defined(__FreeBSD__) || defined(__DragonFly__)
		"/usr/sbin/pw", "groupmod", group, "-m", user, NULL
#else
		"/usr/sbin/usermod", "-G", group, user, NULL
#endif
	};

	if (add_member(user, group))
		return 0;
	if (run_command(args, why, size) == -1)
		return -1;
	if (!add_member(user, group)) {
		(void)snprintf(why, size, "%s did not put %s into group %s",
		    args[0], user, group);
		return -1;
	}
	return 1;
}

int
sysuser_become(const char *user, char *why, size_t size)
{
	struct passwd	*pw;
	gid_t		 gid;

	if ((pw = getpwnam(user)) == NULL) {
		(void)snprintf(why, size, "there is no such user "
		    "(smtprelayctl init makes it)");
		return -1;
	}
	gid = pw->pw_gid;
	if (setgroups(1, &gid) == -1 || setresgid(gid, gid, gid) == -1 ||
	    setresuid(pw->pw_uid, pw->pw_uid, pw->pw_uid) == -1) {
		(void)snprintf(why, size, "%s", strerror(errno));
		return -1;
	}
	return 0;
}

const char *
sysuser_smtpd(void)
{
	static const char	*const names[] = { "opensmtpd", "_smtpd" };
	size_t			 i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (getpwnam(names[i]) != NULL)
			return names[i];
	return NULL;
}
