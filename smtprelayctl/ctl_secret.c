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

#include <errno.h>
#include <fcntl.h>
#ifdef __linux__
#include <bsd/readpassphrase.h>
#else
#include <readpassphrase.h>
#endif
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto/oauthtext.h"
#include "ctl.h"
#include "ctl_secret.h"
#include "store/accseal.h"

#define ROOM	(ACCSEAL_PASSWORD_MAX + 2)

/*
 * One line without its end, byte by byte: what follows is not ours.  Its
 * length, or -1 when it is too long or cannot be read.
 */
static ssize_t
get_line(int fd, char *buf, size_t size)
{
	size_t	 len = 0;
	ssize_t	 n;
	char	 c;

	while ((n = read(fd, &c, 1)) == 1 && c != '\n') {
		if (len == size - 1)
			return -1;
		buf[len++] = c;
	}
	if (n == -1)
		return -1;
	if (len > 0 && buf[len - 1] == '\r')
		len--;
	buf[len] = '\0';
	return (ssize_t)len;
}

/* What smtpd's lines and AUTH PLAIN (RFC 4616 section 2) can carry. */
static int
fits(const char *p, size_t len)
{
	size_t	 i;

	if (len == 0 || len > ACCSEAL_PASSWORD_MAX)
		return 0;
	for (i = 0; i < len; i++)
		if ((unsigned char)p[i] < 0x20 || p[i] == 0x7f)
			return 0;
	return 1;
}

char *
ctl_password(struct ctl *ctl, const char *prompt)
{
	char	*buf;
	ssize_t	 len = -1;

	if ((buf = calloc(1, ROOM)) == NULL) {
		(void)ctl_fail(ctl, "%s", strerror(errno));
		return NULL;
	}
	if (!isatty(STDIN_FILENO))
		len = get_line(STDIN_FILENO, buf, ROOM);
	else if (readpassphrase(prompt, buf, ROOM, RPP_ECHO_OFF) != NULL)
		len = (ssize_t)strlen(buf);
	/* A NUL byte would end it early, unnoticed. */
	if (len >= 0 && strlen(buf) == (size_t)len && fits(buf, (size_t)len))
		return buf;
	(void)ctl_fail(ctl, "no password: expected one of 1 to %d bytes "
	    "without control characters, on the terminal or as the first "
	    "line of standard input", ACCSEAL_PASSWORD_MAX);
	freezero(buf, ROOM);
	return NULL;
}

/* The whole of a file: 0, or -1 with errno. */
static int
get_file(const char *path, char *buf, size_t size)
{
	struct stat	 st;
	size_t		 len = 0;
	ssize_t		 n = 0;
	int		 fd = STDIN_FILENO;

	if (strcmp(path, "-") != 0 &&
	    (fd = open(path, O_RDONLY | O_CLOEXEC)) == -1)
		return -1;
	if (fd != STDIN_FILENO && fstat(fd, &st) == 0 &&
	    S_ISREG(st.st_mode) && (st.st_mode & 077) != 0)
		(void)fprintf(stderr, "smtprelayctl: warning: others can "
		    "read %s (chmod 600, or remove it when it is sealed)\n",
		    path);
	while (len < size && (n = read(fd, buf + len, size - len)) > 0)
		len += (size_t)n;
	if (fd != STDIN_FILENO)
		close(fd);
	if (n == -1)
		return -1;
	if (len == size) {
		errno = EFBIG;
		return -1;
	}
	buf[len] = '\0';
	return 0;
}

char *
ctl_oauth(struct ctl *ctl, const char *path)
{
	struct oauthtext	 o;
	char			*text, why[256];
	int			 ok = 0;

	if ((text = calloc(1, OAUTHTEXT_MAX + 1)) == NULL ||
	    get_file(path, text, OAUTHTEXT_MAX + 1) == -1)
		(void)ctl_fail(ctl, "%s: %s", path, strerror(errno));
	else {
		ok = oauthtext_parse(&o, text, why, sizeof(why)) == 0;
		if (ok && (!oauthtext_roomy(&o) ||
		    oauthtext_format(&o, text, OAUTHTEXT_MAX + 1) == -1)) {
			(void)strlcpy(why, "too long: there must be room for "
			    "another refresh token of 4096 bytes in 8192",
			    sizeof(why));
			ok = 0;
		}
		if (!ok)
			(void)ctl_fail(ctl, "%s: %s", path, why);
		oauthtext_free(&o);
	}
	if (ok)
		return text;
	freezero(text, text == NULL ? 0 : OAUTHTEXT_MAX + 1);
	return NULL;
}
