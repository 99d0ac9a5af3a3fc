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

/*
 * A report of what is well and what is not: lines, each with a verdict, what
 * it is about, what was found and what to do.
 */

#ifndef REPORT_H
#define REPORT_H

#include "ctl.h"

#define REPORT_PASS	0
#define REPORT_WARN	1
#define REPORT_FAIL	2

struct report {
	struct ctl	*ctl;
	int		 count[REPORT_FAIL + 1];
};

/* Begins one on the command's output. */
void	report_begin(struct report *, struct ctl *);

/*
 * Adds a line: a verdict, what it is about ("example.com"), what was looked
 * at ("SPF"), what to do (NULL: nothing), what was found.
 */
void	report_line(struct report *, int verdict, const char *about,
	    const char *check, const char *todo, const char *fmt, ...)
	    __attribute__((__format__ (printf, 6, 7)));

/* Ends it.  Returns the exit status: CTL_FAIL when a line is a fail. */
int	report_end(struct report *);

/* Begins; `what' is what is counted and must live until progress_end(). */
void	progress_begin(const char *what);

/* How far the work has come. */
void	progress_count(unsigned long count);

/* Ends and wipes the line. */
void	progress_end(void);

#endif
