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

#include <sys/stat.h>
#include <sys/wait.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <libgen.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/compat.h"
#include "conf/conf.h"
#include "couriercert.h"
#include "crypto/keys.h"
#include "ctl.h"
#include "ctl_store.h"
#include "ctlcmd.h"
#include "store/store.h"
#include "sysuser.h"

/* The lines that smtpd.conf(5) needs, and which of them it has. */

#define SMTPDCONF_LINES	11	/* at most */
#define SMTPDCONF_MAX	1024		/* bytes of a line */

struct smtpdconf {
	const char	*path;		/* of smtpd.conf; NULL: there is none */
	struct {
		char	 text[SMTPDCONF_MAX];
		int	 present;
	}		 line[SMTPDCONF_LINES];
	size_t		 lines;
	int		 mailboxes;	/* some are for mailboxes */
	size_t		 outbound;	/* first of those for accounts */
};

struct conf;

#ifndef LIBEXECDIR
#error "LIBEXECDIR is not defined"
#endif

static int	add_line(struct smtpdconf *, const char *, ...)
		    __attribute__((__format__ (printf, 2, 3)));

static int
add_line(struct smtpdconf *sc, const char *fmt, ...)
{
	va_list	 ap;
	int	 r;

	if (sc->lines >= SMTPDCONF_LINES)
		return -1;
	va_start(ap, fmt);
	r = vsnprintf(sc->line[sc->lines].text, SMTPDCONF_MAX, fmt, ap);
	va_end(ap);
	if (r < 0 || r >= SMTPDCONF_MAX)
		return -1;
	sc->lines++;
	return 0;
}

/*
 * A line of smtpd.conf in the form that is compared: blanks made one, quotes
 * and comments left out.
 */
static void
squeeze(const char *line, char *buf, size_t size)
{
	size_t	 n = 0;

	for (; *line != '\0' && *line != '#' && n + 1 < size; line++) {
		if (strchr(" \t\r\n", *line) != NULL) {
			if (n > 0 && buf[n - 1] != ' ')
				buf[n++] = ' ';
		} else if (*line != '"')
			buf[n++] = *line;
	}
	if (n > 0 && buf[n - 1] == ' ')
		n--;
	buf[n] = '\0';
}

/* Whether `line', squeezed, does what our line number `i' is for. */
static int
says_same(const struct smtpdconf *sc, size_t i, const char *line)
{
	char	 own[SMTPDCONF_MAX];

	squeeze(sc->line[i].text, own, sizeof(own));
	if (strcmp(own, line) == 0)
		return 1;
	/* The one for users, whatever else it has. */
	if (strstr(own, " senders ") != NULL)
		return strncmp(line, "listen on ", 10) == 0 &&
		    strstr(line, " senders <mail_senders>") != NULL &&
		    strstr(line, " filter ") != NULL &&
		    strstr(line, " tag SUBMISSION") != NULL;
	/* Any listener will do, and its filter may be a chain. */
	return strncmp(own, "listen ", 7) == 0 &&
	    strncmp(line, "listen on ", 10) == 0 &&
	    strncmp(line + 10, "socket", 6) != 0 &&
	    strstr(line, " filter ") != NULL;
}

/*
 * Reads a line as smtpd does, which takes no notice of a newline behind a
 * backslash.  One that is longer than any of ours is cut.
 */
static int
read_line(FILE *fp, char *buf, size_t size)
{
	size_t	 n = 0;
	int	 c, next;

	if ((c = getc(fp)) == EOF)
		return 0;
	for (; c != EOF && c != '\n'; c = getc(fp)) {
		if (c == '\\' && (next = getc(fp)) != EOF) {
			if (next == '\n')
				continue;
			c = next;
		}
		if (n + 1 < size)
			buf[n++] = (char)c;
	}
	buf[n] = '\0';
	return 1;
}

static void
look_for_lines(struct smtpdconf *sc)
{
	char	 line[SMTPDCONF_MAX], squeezed[SMTPDCONF_MAX];
	size_t	 i;
	FILE	*fp;

	if (sc->path == NULL || (fp = fopen(sc->path, "re")) == NULL)
		return;
	while (read_line(fp, line, sizeof(line))) {
		squeeze(line, squeezed, sizeof(squeezed));
		for (i = 0; i < sc->lines; i++)
			if (says_same(sc, i, squeezed))
				sc->line[i].present = 1;
	}
	(void)fclose(fp);
}

/* What smtpd and the shell take as it is, without quotes. */
static int
plain_path(const char *path)
{
	return path[strspn(path, "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./")] == '\0';
}

/*
 * All this mail goes to a single host, where smtpd's own limits would put one
 * mail after the other.  The table's relayhost gives the mail of each moment
 * a relay of its own, which is what the limits of relay and connector count.
 */
#define LIMITS	"max-conn-per-relay 5 max-conn-per-connector 5 " \
	"max-conn-per-route 200 max-conn-per-host 200 " \
	"max-conn-per-source 200 max-conn-per-domain 200 " \
	"conn-delay-route 0 conn-delay-relay 0 reconn-delay-route 0 " \
	"session-keepalive 0 " \
	"task-hiwat 10000 task-lowat 5000 task-release 5000"

/* The routes of accounts, by sender. */
static int
add_outbound(struct smtpdconf *sc, const struct conf *conf,
    const char *path)
{
	const struct conf_outbound	*o = &conf->outbound;
	char				 cert[CONF_PATH_MAX + 32];

	sc->outbound = sc->lines;
	if (!o->present)
		return 0;
	if (conf_beside(conf, CONF_COURIER_CERT, cert, sizeof(cert)) == -1 ||
	    !plain_path(cert))
		return -1;
	if (add_line(sc, "table mail_senders relay:%s", path) == -1 ||
	    add_line(sc, "ca courier cert \"%s\"", cert) == -1 ||
	    add_line(sc, "mta limit for domain \"%s\" " LIMITS,
	    o->courier) == -1 ||
	    add_line(sc, "listen on 0.0.0.0 port 587 "
	    "tls-require pki mail.company.example auth "
	    "senders <mail_senders> filter replies tag SUBMISSION") == -1 ||
	    add_line(sc, "action alternates relay host <mail_senders> "
	    "ca courier auth <mail_senders>") == -1 ||
	    add_line(sc, "match tag SUBMISSION from auth "
	    "mail-from <mail_senders> for any action alternates") == -1)
		return -1;
	return 0;
}

/* Does anything come back to return paths that a gate makes? */
static int
has_wrap(const struct conf *conf)
{
	size_t	 i;

	for (i = 0; i < conf->ngates; i++)
		if (conf->gate[i].return_path == CONF_RETURN_WRAP)
			return 1;
	return 0;
}

/*
 * Makes the lines for the relay.conf at `path', which is absolute, and looks
 * for each of them in smtpd's configuration.  Those for mailboxes are left out
 * when relay.conf has other blocks but no `replies'.  Returns 0, or -1 when a
 * line would be too long, or `path' or the path of the courier's certificate
 * has a character that smtpd or the shell would not take as it is.
 */
static int
make_lines(struct smtpdconf *sc, const struct conf *conf,
    const char *path)
{
	static const char	*const files[] = {
		"/etc/smtpd.conf", "/etc/mail/smtpd.conf"
	};
	const char		*f = "", *file = "";
	size_t			 i;
	int			 incoming;

	memset(sc, 0, sizeof(*sc));
	if (!plain_path(path))
		return -1;
	for (i = 0; sc->path == NULL && i < 2; i++)
		if (access(files[i], F_OK) == 0)
			sc->path = files[i];
	if (strcmp(path, CONF_PATH) != 0) {
		f = " -f ";
		file = path;
	}
	/* Accounts and gates do not need what is for mailboxes. */
	incoming = conf->ngates > 0 || conf->nhandoffs > 0;
	sc->mailboxes = conf->replies.present || has_wrap(conf) ||
	    (!conf->outbound.present && !incoming);
	if (sc->mailboxes && add_line(sc, "table mailboxes relay:%s",
	    path) == -1)
		return -1;
	if (add_line(sc, "filter replies proc-exec "
	    "\"filter-relay%s%s\" user _smtprelay", f, file) == -1)
		return -1;
	if ((sc->mailboxes || incoming) &&
	    add_line(sc, "listen on 0.0.0.0 filter replies") == -1)
		return -1;
	if (sc->mailboxes && (add_line(sc, "action copies mda "
	    "\"exec 2>/dev/null; " LIBEXECDIR "/mda-relay%s%s %%{dest} "
	    "|| exit 75\" user _smtprelay virtual <mailboxes>", f,
	    file) == -1 || add_line(sc, "match from any for rcpt-to "
	    "<mailboxes> action copies") == -1))
		return -1;
	if (add_outbound(sc, conf, path) == -1)
		return -1;
	look_for_lines(sc);
	return 0;
}

/* init: makes what is missing, overwrites nothing, may be repeated. */

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
	if (make_lines(sc, ctl->conf, path) == -1)
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
