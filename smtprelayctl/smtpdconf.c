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
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf/conf.h"
#include "smtpdconf.h"

#ifndef LIBEXECDIR
#error "LIBEXECDIR is not defined"
#endif

static int	smtpdconf_add(struct smtpdconf *, const char *, ...)
		    __attribute__((__format__ (printf, 2, 3)));

static int
smtpdconf_add(struct smtpdconf *sc, const char *fmt, ...)
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
smtpdconf_squeeze(const char *line, char *buf, size_t size)
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
smtpdconf_same(const struct smtpdconf *sc, size_t i, const char *line)
{
	char	 own[SMTPDCONF_MAX];

	smtpdconf_squeeze(sc->line[i].text, own, sizeof(own));
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
smtpdconf_read(FILE *fp, char *buf, size_t size)
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
smtpdconf_look(struct smtpdconf *sc)
{
	char	 line[SMTPDCONF_MAX], squeezed[SMTPDCONF_MAX];
	size_t	 i;
	FILE	*fp;

	if (sc->path == NULL || (fp = fopen(sc->path, "re")) == NULL)
		return;
	while (smtpdconf_read(fp, line, sizeof(line))) {
		smtpdconf_squeeze(line, squeezed, sizeof(squeezed));
		for (i = 0; i < sc->lines; i++)
			if (smtpdconf_same(sc, i, squeezed))
				sc->line[i].present = 1;
	}
	(void)fclose(fp);
}

/* What smtpd and the shell take as it is, without quotes. */
static int
smtpdconf_plain(const char *path)
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
smtpdconf_outbound(struct smtpdconf *sc, const struct conf *conf,
    const char *path)
{
	const struct conf_outbound	*o = &conf->outbound;
	char				 cert[CONF_PATH_MAX + 32];

	sc->outbound = sc->lines;
	if (!o->present)
		return 0;
	if (conf_beside(conf, CONF_COURIER_CERT, cert, sizeof(cert)) == -1 ||
	    !smtpdconf_plain(cert))
		return -1;
	if (smtpdconf_add(sc, "table mail_senders relay:%s", path) == -1 ||
	    smtpdconf_add(sc, "ca courier cert \"%s\"", cert) == -1 ||
	    smtpdconf_add(sc, "mta limit for domain \"%s\" " LIMITS,
	    o->courier) == -1 ||
	    smtpdconf_add(sc, "listen on 0.0.0.0 port 587 "
	    "tls-require pki mail.company.example auth "
	    "senders <mail_senders> filter replies tag SUBMISSION") == -1 ||
	    smtpdconf_add(sc, "action alternates relay host <mail_senders> "
	    "ca courier auth <mail_senders>") == -1 ||
	    smtpdconf_add(sc, "match tag SUBMISSION from auth "
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

int
smtpdconf_make(struct smtpdconf *sc, const struct conf *conf,
    const char *path)
{
	static const char	*const files[] = {
		"/etc/smtpd.conf", "/etc/mail/smtpd.conf"
	};
	const char		*f = "", *file = "";
	size_t			 i;
	int			 incoming;

	memset(sc, 0, sizeof(*sc));
	if (!smtpdconf_plain(path))
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
	if (sc->mailboxes && smtpdconf_add(sc, "table mailboxes relay:%s",
	    path) == -1)
		return -1;
	if (smtpdconf_add(sc, "filter replies proc-exec "
	    "\"filter-relay%s%s\" user _smtprelay", f, file) == -1)
		return -1;
	if ((sc->mailboxes || incoming) &&
	    smtpdconf_add(sc, "listen on 0.0.0.0 filter replies") == -1)
		return -1;
	if (sc->mailboxes && (smtpdconf_add(sc, "action copies mda "
	    "\"exec 2>/dev/null; " LIBEXECDIR "/mda-relay%s%s %%{dest} "
	    "|| exit 75\" user _smtprelay virtual <mailboxes>", f,
	    file) == -1 || smtpdconf_add(sc, "match from any for rcpt-to "
	    "<mailboxes> action copies") == -1))
		return -1;
	if (smtpdconf_outbound(sc, conf, path) == -1)
		return -1;
	smtpdconf_look(sc);
	return 0;
}
