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
/* init: makes what is missing, overwrites nothing, may be repeated. */

#include <sys/stat.h>
#include <sys/wait.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "conf/conf.h"
#include "couriercert.h"
#include "crypto/keys.h"
#include "ctl.h"
#include "ctl_store.h"
#include "ctlcmd.h"
#include "smtpdconf.h"
#include "store/store.h"
#include "sysuser.h"

#define INIT_BUSY_MS	10000

/* Says, for people now and for -j later, what was made. */
static void
init_made(struct ctl *ctl, const char *what, const char *name)
{
	ctl_say(ctl, "made %s %s", what, name);
	json_object(&ctl->js, NULL);
	json_string(&ctl->js, "what", what);
	json_string(&ctl->js, "name", name);
	json_end(&ctl->js);
}

static int
init_users(struct ctl *ctl)
{
	const char	*smtpd;
	char		 why[256];
	int		 r;

	if ((r = sysuser_group(SYSUSER_NAME, why, sizeof(why))) == -1)
		return ctl_fail(ctl, "group %s: %s", SYSUSER_NAME, why);
	if (r == 1)
		init_made(ctl, "group", SYSUSER_NAME);
	r = sysuser_user(SYSUSER_NAME, SYSUSER_NAME, why, sizeof(why));
	if (r == -1)
		return ctl_fail(ctl, "user %s: %s", SYSUSER_NAME, why);
	if (r == 1)
		init_made(ctl, "user", SYSUSER_NAME);
	if ((smtpd = sysuser_smtpd()) == NULL) {
		(void)fprintf(stderr, "smtprelayctl: warning: smtpd's user "
		    "(opensmtpd or _smtpd) does not exist: install OpenSMTPD "
		    "and repeat init\n");
		return CTL_OK;
	}
	if ((r = sysuser_join(smtpd, SYSUSER_NAME, why, sizeof(why))) == -1)
		return ctl_fail(ctl, "user %s: %s", smtpd, why);
	if (r == 1) {
		init_made(ctl, "member of group " SYSUSER_NAME, smtpd);
		(void)fprintf(stderr, "smtprelayctl: smtpd must be restarted, "
		    "so that its tables run in that group\n");
	}
	return CTL_OK;
}

/* Makes a directory and what is missing above it.  1 made, 0, or -1. */
static int
init_mkdir(const char *dir, mode_t mode)
{
	char	 above[PATH_MAX];

	if (mkdir(dir, 0700) == -1) {
		if (errno == EEXIST)
			return 0;
		if (errno != ENOENT || strlcpy(above, dir, sizeof(above)) >=
		    sizeof(above) || init_mkdir(dirname(above), 0755) == -1 ||
		    mkdir(dir, 0700) == -1)
			return -1;
	}
	/* The umask is not for directories that others pass through. */
	return chmod(dir, mode) == 0 ? 1 : -1;
}

/* Whether a directory holds nothing but what may be the database's. */
static int
init_vacant(const char *dir, const char *database)
{
	struct dirent	*de;
	const char	*base = strrchr(database, '/') + 1;
	DIR		*d;
	int		 vacant = 1;

	if ((d = opendir(dir)) == NULL)
		return 0;
	while ((de = readdir(d)) != NULL)
		if (strcmp(de->d_name, ".") != 0 &&
		    strcmp(de->d_name, "..") != 0 &&
		    strncmp(de->d_name, base, strlen(base)) != 0)
			vacant = 0;
	closedir(d);
	return vacant;
}

/*
 * The database's directory: all processes of the group make files there.
 * One that holds something else may not be ours to change.
 */
static int
init_dir(struct ctl *ctl, gid_t gid)
{
	struct stat	 st;
	char		 path[PATH_MAX], *dir;
	int		 made;

	if (strlcpy(path, ctl->conf->database, sizeof(path)) >= sizeof(path))
		return ctl_fail(ctl, "%s: name too long", ctl->conf->database);
	dir = dirname(path);
	if ((made = init_mkdir(dir, 0700)) == -1 || stat(dir, &st) == -1)
		return ctl_fail(ctl, "directory %s: %s", dir, strerror(errno));
	if (!made && S_ISDIR(st.st_mode) && st.st_uid == 0 &&
	    st.st_gid == gid && (st.st_mode & 07777) == 02770)
		return CTL_OK;
	if (!made && !init_vacant(dir, ctl->conf->database))
		return ctl_fail(ctl, "directory %s holds other files, and is "
		    "not root:" SYSUSER_NAME " of mode 2770: name a directory "
		    "of its own in database, or change it with chown and chmod",
		    dir);
	if (chown(dir, 0, gid) == -1 || chmod(dir, 02770) == -1)
		return ctl_fail(ctl, "directory %s: %s", dir, strerror(errno));
	init_made(ctl, "directory", dir);
	return CTL_OK;
}

static int
init_key(struct ctl *ctl, gid_t gid)
{
	struct keys	*keys;
	char		 path[PATH_MAX], err[512];
	int		 r;

	if (strlcpy(path, ctl->conf->key, sizeof(path)) >= sizeof(path))
		return ctl_fail(ctl, "%s: name too long", ctl->conf->key);
	if (init_mkdir(dirname(path), 0755) == -1)
		return ctl_fail(ctl, "directory %s: %s", path,
		    strerror(errno));
	r = keys_init(ctl->conf->key, 0, gid, time(NULL), err, sizeof(err));
	if (r == -1)
		return ctl_fail(ctl, "%s", err);
	if (r == 1)
		init_made(ctl, "key file", ctl->conf->key);
	/* One that was there must also be one that works. */
	if ((keys = keys_open(ctl->conf->key, err, sizeof(err))) == NULL)
		return ctl_fail(ctl, "%s", err);
	keys_free(keys);
	return CTL_OK;
}

/*
 * What smtpd knows the courier by.  A pair that does not fit (any more) is
 * not replaced, for smtpd has the certificate in memory.
 */
static int
init_courier(struct ctl *ctl, gid_t gid)
{
	const struct conf	*conf = ctl->conf;
	char			 key[PATH_MAX], cert[PATH_MAX], err[512];
	int			 r;

	if (!conf->outbound.present)
		return CTL_OK;
	if (conf_beside(conf, CONF_COURIER_KEY, key, sizeof(key)) == -1 ||
	    conf_beside(conf, CONF_COURIER_CERT, cert, sizeof(cert)) == -1)
		return ctl_fail(ctl, "%s: name too long", conf->key);
	r = couriercert_make(key, cert, conf->outbound.courier, gid,
	    time(NULL), err, sizeof(err));
	if (r == -1)
		return ctl_fail(ctl, "%s", err);
	if (r == 1) {
		init_made(ctl, "courier's key", key);
		init_made(ctl, "courier's certificate", cert);
	}
	if (couriercert_check(key, cert, conf->outbound.courier, time(NULL),
	    err, sizeof(err)) == -1)
		return ctl_fail(ctl, "%s (remove both files, repeat init and "
		    "restart smtpd)", err);
	return CTL_OK;
}

/*
 * Gives one file of the database to the group.  The directory is the group's
 * too, so whatever is there under the name may be a trap: a link to a file
 * that is root's alone.
 */
static int
init_file(const char *file, gid_t gid)
{
	struct stat	 st;
	int		 fd, r = -1;

	fd = open(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd == -1)
		return errno == ENOENT ? 0 : -1;
	if (fstat(fd, &st) == 0) {
		if (!S_ISREG(st.st_mode) || st.st_nlink != 1)
			errno = EPERM;
		else if (fchown(fd, 0, gid) == 0 && fchmod(fd, 0660) == 0)
			r = 0;
	}
	close(fd);
	return r;
}

/* The database and what SQLite keeps beside it, as far as they are there. */
static int
init_files(struct ctl *ctl, gid_t gid)
{
	static const char	*const suffix[] = { "", "-wal", "-shm" };
	const char		*path = ctl->conf->database;
	char			 file[PATH_MAX];
	size_t			 i;
	int			 r;

	for (i = 0; i < sizeof(suffix) / sizeof(suffix[0]); i++) {
		r = snprintf(file, sizeof(file), "%s%s", path, suffix[i]);
		if (r < 0 || (size_t)r >= sizeof(file) ||
		    init_file(file, gid) == -1)
			return ctl_fail(ctl, "%s%s: %s", path, suffix[i],
			    strerror(errno));
	}
	return CTL_OK;
}

/* Makes or migrates the database, not as root: see ctl_open(). */
static int
init_open(struct ctl *ctl)
{
	struct store_err	 err;
	struct store		*s;
	ssize_t			 n;
	pid_t			 pid;
	int			 fds[2], status = 0;

	if (pipe(fds) == -1 || (pid = fork()) == -1)
		return ctl_fail(ctl, "%s", strerror(errno));
	if (pid == 0) {
		if (sysuser_become(SYSUSER_NAME, err.text,
		    sizeof(err.text)) == 0 && (s = store_open(
		    ctl->conf->database, STORE_CREATE, INIT_BUSY_MS,
		    &err)) != NULL) {
			store_close(s);
			_exit(0);
		}
		(void)strlcat(err.text, ctl_why_denied(ctl->conf->database),
		    sizeof(err.text));
		n = write(fds[1], err.text, strlen(err.text));
		_exit(n == -1 ? 2 : 1);
	}
	close(fds[1]);
	n = read(fds[0], err.text, sizeof(err.text) - 1);
	err.text[n > 0 ? n : 0] = '\0';
	close(fds[0]);
	while (waitpid(pid, &status, 0) == -1)
		if (errno != EINTR)
			return ctl_fail(ctl, "%s", strerror(errno));
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return CTL_OK;
	return ctl_fail(ctl, "%s", err.text[0] != '\0' ? err.text :
	    "the database cannot be made");
}

static int
init_database(struct ctl *ctl, gid_t gid)
{
	const char	*path = ctl->conf->database;
	int		 made = access(path, F_OK) == -1;

	/* Before it is opened too: a backup may have come back as root's. */
	if (init_files(ctl, gid) != CTL_OK || init_open(ctl) != CTL_OK ||
	    init_files(ctl, gid) != CTL_OK)
		return CTL_FAIL;
	if (made)
		init_made(ctl, "database", path);
	return CTL_OK;
}

/* Programs that smtpd will look for. */
static void
init_programs(struct ctl *ctl)
{
	static const char	*const programs[] = {
		LIBEXECDIR "/filter-relay", LIBEXECDIR "/table-relay",
		LIBEXECDIR "/mda-relay"
	};
	size_t			 i;

	json_array(&ctl->js, "not_installed");
	for (i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		if (access(programs[i], X_OK) == 0)
			continue;
		(void)fprintf(stderr, "smtprelayctl: warning: %s is not "
		    "installed\n", programs[i]);
		json_string(&ctl->js, NULL, programs[i]);
	}
	json_end(&ctl->js);
}

/* The lines for smtpd.conf, before anything is made: they must be possible. */
static int
init_prepare(struct ctl *ctl, struct smtpdconf *sc)
{
	char	 path[PATH_MAX];

	if (realpath(ctl->path, path) == NULL)
		return ctl_fail(ctl, "%s: %s", ctl->path, strerror(errno));
	if (smtpdconf_make(sc, ctl->conf, path) == -1)
		return ctl_fail(ctl, "%s: a name that smtpd.conf cannot carry "
		    "(too long, or with other characters than letters, digits "
		    "and _-./; the courier's certificate, beside %s, counts, "
		    "too)", path, ctl->conf->key);
	return CTL_OK;
}

static void
init_lines(struct ctl *ctl, const struct smtpdconf *sc)
{
	size_t	 i;
	int	 missing = 0;

	json_string(&ctl->js, "smtpd_conf", sc->path);
	json_array(&ctl->js, "lines");
	for (i = 0; i < sc->lines; i++) {
		json_object(&ctl->js, NULL);
		json_string(&ctl->js, "text", sc->line[i].text);
		json_bool(&ctl->js, "present", sc->line[i].present);
		json_end(&ctl->js);
		missing += !sc->line[i].present;
	}
	json_end(&ctl->js);
	if (missing == 0) {
		ctl_say(ctl, "# %s has all lines it needs", sc->path);
		return;
	}
	if (sc->mailboxes) {
		ctl_say(ctl, "# Lines for smtpd.conf; the match stands before "
		    "others that take mail for");
		ctl_say(ctl, "# these domains, and the listener is the one "
		    "for mail from outside.");
	} else
		ctl_say(ctl, "# Lines for smtpd.conf:");
	for (i = 0; i < sc->lines; i++) {
		if (i == sc->outbound) {
			ctl_say(ctl, "# For users' other addresses: the name "
			    "of the pki is yours, and the match");
			ctl_say(ctl, "# stands before others that take mail "
			    "from users.");
		}
		ctl_say(ctl, "%s%s%s", sc->line[i].text,
		    sc->line[i].present ? "\t# is in " : "",
		    sc->line[i].present ? sc->path : "");
	}
}

int
ctl_init(struct ctl *ctl)
{
	struct smtpdconf	 sc;
	struct group		*gr;
	gid_t			 gid;

	if (geteuid() != 0)
		return ctl_fail(ctl, "init must be run by root");
	if (init_prepare(ctl, &sc) != CTL_OK)
		return CTL_FAIL;
	json_object(&ctl->js, NULL);
	json_array(&ctl->js, "made");
	if (init_users(ctl) != CTL_OK)
		return CTL_FAIL;
	if ((gr = getgrnam(SYSUSER_NAME)) == NULL)
		return ctl_fail(ctl, "group %s is not there", SYSUSER_NAME);
	gid = gr->gr_gid;
	if (init_dir(ctl, gid) != CTL_OK || init_key(ctl, gid) != CTL_OK ||
	    init_courier(ctl, gid) != CTL_OK ||
	    init_database(ctl, gid) != CTL_OK)
		return CTL_FAIL;
	json_end(&ctl->js);
	init_programs(ctl);
	init_lines(ctl, &sc);
	json_end(&ctl->js);
	return CTL_OK;
}
