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

/* What OpenBSD's libc has and other systems keep in libbsd. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#include "base/log.h"

static const char	*log_name = "relay";
static const char	*log_proc;
static int		 log_debugging = 1;	/* until log_init() is called */
static int		 log_verbose;

static void	log_out(int, int, const char *, va_list)
		    __attribute__((__format__ (printf, 3, 0)));

void
log_init(const char *name, int debug)
{
	log_name = name;
	log_debugging = debug;
	tzset();
	if (!debug)
		openlog(name, LOG_PID | LOG_NDELAY, LOG_MAIL);
}

void
log_procinit(const char *procname)
{
	log_proc = procname;
}

void
log_setverbose(int verbose)
{
	log_verbose = verbose;
}

/*
 * A line break would forge a second log line, and an escape sequence would
 * reach the terminal of whoever reads the log.
 */
static void
log_clean(char *line)
{
	for (; *line != '\0'; line++)
		if ((unsigned char)*line < 0x20 ||
		    (unsigned char)*line > 0x7e)
			*line = '?';
}

static void __attribute__((__format__ (printf, 3, 0)))
log_out(int priority, int error, const char *fmt, va_list ap)
{
	char	 text[LOG_LINE_MAX], line[LOG_LINE_MAX + 64];
	int	 saved = errno;

	if (vsnprintf(text, sizeof(text), fmt, ap) < 0)
		(void)strlcpy(text, fmt, sizeof(text));
	log_clean(text);
	(void)snprintf(line, sizeof(line), "%s%s%s%s%s",
	    log_proc != NULL ? log_proc : "", log_proc != NULL ? ": " : "",
	    text, error ? ": " : "", error ? strerror(error) : "");
	if (log_debugging)
		(void)fprintf(stderr, "%s: %s\n", log_name, line);
	else
		syslog(priority, "%s", line);
	errno = saved;
}

void
log_info(const char *fmt, ...)
{
	va_list	 ap;

	va_start(ap, fmt);
	log_out(LOG_INFO, 0, fmt, ap);
	va_end(ap);
}

void
log_warn(const char *fmt, ...)
{
	va_list	 ap;

	va_start(ap, fmt);
	log_out(LOG_ERR, errno, fmt, ap);
	va_end(ap);
}

void
log_warnx(const char *fmt, ...)
{
	va_list	 ap;

	va_start(ap, fmt);
	log_out(LOG_ERR, 0, fmt, ap);
	va_end(ap);
}

void
log_debug(const char *fmt, ...)
{
	va_list	 ap;

	if (!log_verbose)
		return;
	va_start(ap, fmt);
	log_out(LOG_DEBUG, 0, fmt, ap);
	va_end(ap);
}

void
fatal(const char *fmt, ...)
{
	va_list	 ap;

	va_start(ap, fmt);
	log_out(LOG_CRIT, errno, fmt, ap);
	va_end(ap);
	exit(1);
}

void
fatalx(const char *fmt, ...)
{
	va_list	 ap;

	va_start(ap, fmt);
	log_out(LOG_CRIT, 0, fmt, ap);
	va_end(ap);
	exit(1);
}
