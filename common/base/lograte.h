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
/*
 * Log lines that a stranger can provoke.  Each source key (an address, a
 * worker, a mailbox) gets LOGRATE_LINES lines a minute; what comes beyond is
 * counted, and the count is written when the minute is over.
 */

#ifndef LOGRATE_H
#define LOGRATE_H

#include <time.h>

#include "base/compat.h"

#define LOGRATE_LINES	10	/* lines for one key in one window */
#define LOGRATE_WINDOW	60	/* seconds */
#define LOGRATE_KEYS	1024	/* keys remembered at once */
#define LOGRATE_KEY_MAX	256	/* bytes of a key that count, with the NUL */

struct lograte;

/* A new limiter, to be freed by the caller; NULL without memory. */
struct lograte	*lograte_new(void);

/* Writes the counts that are due and frees; NULL is allowed. */
void		 lograte_free(struct lograte *);

/*
 * Writes the line with log_info() unless `key' has had its share since the
 * window of LOGRATE_WINDOW seconds began.  `now' is seconds of a clock that
 * does not run backwards.  A key seen while LOGRATE_KEYS others are
 * remembered displaces the one whose window began first.  Without memory
 * the line is written.  Returns 1 when the line was written, else 0.
 */
int		 lograte_info(struct lograte *, time_t now, const char *key,
		    const char *fmt, ...)
		    __attribute__((__format__ (printf, 4, 5)));

/*
 * Forgets windows that are over by `now' and writes the count of each that
 * had lines held back.  To be called now and then, once a minute will do.
 */
void		 lograte_flush(struct lograte *, time_t now);

#endif
