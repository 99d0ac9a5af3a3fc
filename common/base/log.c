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

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#include "base/compat.h"
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
clean_text(char *line)
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
	clean_text(text);
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

/* What OpenBSD's libc has and other systems keep in libbsd. */

struct lograte_key {
	char			 name[LOGRATE_KEY_MAX];
	time_t			 begun;
	unsigned long		 seen;
	RB_ENTRY(lograte_key)	 node;
	TAILQ_ENTRY(lograte_key) entry;
};

RB_HEAD(lograte_tree, lograte_key);
TAILQ_HEAD(lograte_queue, lograte_key);

/* All windows are equally long, so the queue's order is that of their ends. */
struct lograte {
	struct lograte_tree	 tree;
	struct lograte_queue	 queue;
	size_t			 count;
};

RB_PROTOTYPE(lograte_tree, lograte_key, node, lograte_cmp)

static int
lograte_cmp(const struct lograte_key *a, const struct lograte_key *b)
{
	return strcmp(a->name, b->name);
}

RB_GENERATE(lograte_tree, lograte_key, node, lograte_cmp)

struct lograte *
lograte_new(void)
{
	struct lograte	*lr;

	if ((lr = calloc(1, sizeof(*lr))) == NULL)
		return NULL;
	RB_INIT(&lr->tree);
	TAILQ_INIT(&lr->queue);
	return lr;
}

static void
lograte_drop(struct lograte *lr, struct lograte_key *k)
{
	if (k->seen > LOGRATE_LINES)
		log_info("%lu more lines about %s were held back",
		    k->seen - LOGRATE_LINES, k->name);
	RB_REMOVE(lograte_tree, &lr->tree, k);
	TAILQ_REMOVE(&lr->queue, k, entry);
	lr->count--;
	free(k);
}

void
lograte_free(struct lograte *lr)
{
	struct lograte_key	*k;

	if (lr == NULL)
		return;
	while ((k = TAILQ_FIRST(&lr->queue)) != NULL)
		lograte_drop(lr, k);
	free(lr);
}

void
lograte_flush(struct lograte *lr, time_t now)
{
	struct lograte_key	*k;

	while ((k = TAILQ_FIRST(&lr->queue)) != NULL &&
	    now - k->begun >= LOGRATE_WINDOW)
		lograte_drop(lr, k);
}

/* Counts one line for a key.  Returns 1 when it may be written, else 0. */
static int
lograte_count(struct lograte *lr, time_t now, const char *key)
{
	struct lograte_key	 find, *k;

	/* Two keys that differ only behind the cut share one budget. */
	(void)strlcpy(find.name, key, sizeof(find.name));
	lograte_flush(lr, now);
	if ((k = RB_FIND(lograte_tree, &lr->tree, &find)) != NULL)
		return ++k->seen <= LOGRATE_LINES;

	if (lr->count >= LOGRATE_KEYS)
		lograte_drop(lr, TAILQ_FIRST(&lr->queue));
	if ((k = calloc(1, sizeof(*k))) == NULL)
		return 1;
	(void)strlcpy(k->name, find.name, sizeof(k->name));
	k->begun = now;
	k->seen = 1;
	(void)RB_INSERT(lograte_tree, &lr->tree, k);
	TAILQ_INSERT_TAIL(&lr->queue, k, entry);
	lr->count++;
	return 1;
}

int
lograte_info(struct lograte *lr, time_t now, const char *key,
    const char *fmt, ...)
{
	char	 line[LOG_LINE_MAX];
	va_list	 ap;

	if (!lograte_count(lr, now, key))
		return 0;
	va_start(ap, fmt);
	if (vsnprintf(line, sizeof(line), fmt, ap) < 0)
		(void)strlcpy(line, key, sizeof(line));
	va_end(ap);
	log_info("%s", line);
	return 1;
}
