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

#include <sys/time.h>

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "report.h"

static const char		*progress_what;
static volatile sig_atomic_t	 progress_now;	/* a bigger count wraps */
static volatile sig_atomic_t	 progress_seconds;
static int			 progress_on;

/* Only what signal-safety(7) allows. */
static void
progress_write(const char *s)
{
	ssize_t	 n;

	n = write(STDERR_FILENO, s, strlen(s));
	(void)n;
}

static void
progress_number(unsigned long n)
{
	char	 buf[24];
	size_t	 i = sizeof(buf) - 1;

	buf[i] = '\0';
	do {
		buf[--i] = (char)('0' + n % 10);
		n /= 10;
	} while (n != 0);
	progress_write(buf + i);
}

static void
progress_tick(int sig)
{
	int	 saved = errno;

	(void)sig;
	progress_seconds++;
	progress_write("\r");
	if (progress_now > 0) {
		progress_number((unsigned long)progress_now);
		progress_write(" ");
	}
	progress_write(progress_what);
	progress_write(", ");
	progress_number((unsigned long)progress_seconds);
	progress_write(" s ");
	errno = saved;
}

void
progress_begin(const char *what)
{
	struct sigaction	 sa;
	struct itimerval	 it;

	if (!isatty(STDERR_FILENO))
		return;
	progress_what = what;
	progress_now = progress_seconds = 0;
	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = progress_tick;
	sa.sa_flags = SA_RESTART;
	sigemptyset(&sa.sa_mask);
	memset(&it, 0, sizeof(it));
	it.it_interval.tv_sec = it.it_value.tv_sec = 1;
	if (sigaction(SIGALRM, &sa, NULL) == -1 ||
	    setitimer(ITIMER_REAL, &it, NULL) == -1)
		return;
	progress_on = 1;
}

void
progress_count(unsigned long count)
{
	progress_now = (sig_atomic_t)(count & 0x7fffffff);
}

void
progress_end(void)
{
	struct itimerval	 it;

	if (!progress_on)
		return;
	memset(&it, 0, sizeof(it));
	(void)setitimer(ITIMER_REAL, &it, NULL);
	if (progress_seconds > 0)
		progress_write("\r\033[K");
	progress_on = 0;
}

#define LINE_MAX_TEXT	1024

static const char *const verdicts[] = { "pass", "warn", "fail" };

void
report_begin(struct report *r, struct ctl *ctl)
{
	memset(r, 0, sizeof(*r));
	r->ctl = ctl;
	/* A fail is what was asked for, too. */
	ctl->show_anyway = 1;
	json_object(&ctl->js, NULL);
	json_array(&ctl->js, "lines");
}

void
report_line(struct report *r, int verdict, const char *about,
    const char *check, const char *todo, const char *fmt, ...)
{
	struct json	*js = &r->ctl->js;
	char		 text[LINE_MAX_TEXT];
	va_list		 ap;

	va_start(ap, fmt);
	/* What is cut is a name server's, and for people. */
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	r->count[verdict]++;
	json_object(js, NULL);
	json_string(js, "result", verdicts[verdict]);
	json_string(js, "about", about);
	json_string(js, "check", check);
	json_string(js, "text", text);
	json_string(js, "todo", todo);
	json_end(js);
	ctl_say(r->ctl, "%s  %s: %s: %s", verdicts[verdict], about, check,
	    text);
	if (todo != NULL)
		ctl_say(r->ctl, "      %s", todo);
}

int
report_end(struct report *r)
{
	struct json	*js = &r->ctl->js;
	int		 worst = REPORT_PASS, i;

	json_end(js);
	for (i = REPORT_PASS; i <= REPORT_FAIL; i++) {
		json_int(js, verdicts[i], r->count[i]);
		if (r->count[i] > 0)
			worst = i;
	}
	json_string(js, "result", verdicts[worst]);
	json_end(js);
	ctl_say(r->ctl, "%d passed, %d to look at, %d failed",
	    r->count[REPORT_PASS], r->count[REPORT_WARN],
	    r->count[REPORT_FAIL]);
	return worst == REPORT_FAIL ? CTL_FAIL : CTL_OK;
}
