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
 * Log lines, to syslog(3) as a daemon or to standard error while somebody
 * watches.  Each process of a program says who it is with log_procinit().
 * Bytes from outside never reach the log raw: what is not printable ASCII
 * becomes '?', and a line is cut at LOG_LINE_MAX.
 */

#ifndef LOG_H
#define LOG_H

#include <time.h>

#include "base/compat.h"

#define LOG_LINE_MAX	1024	/* bytes of one line, with its NUL */

/*
 * Opens the log.  `name' is the program's name and must live for ever;
 * with `debug' lines go to standard error, else to syslog's facility mail
 * at once (the socket is opened now, before a sandbox closes).
 */
void	log_init(const char *name, int debug);

/*
 * Names this process ("front", "engine", "keeper"; NULL for none) in front
 * of every line.  The string must live for ever.
 */
void	log_procinit(const char *procname);

/* Whether log_debug() writes (0 no, 1 yes); no by default. */
void	log_setverbose(int verbose);

/* An event that an administrator wants to find again. */
void	log_info(const char *fmt, ...)
	    __attribute__((__format__ (printf, 1, 2)));

/* Something is wrong, and errno says what. */
void	log_warn(const char *fmt, ...)
	    __attribute__((__format__ (printf, 1, 2)));

/* Something is wrong. */
void	log_warnx(const char *fmt, ...)
	    __attribute__((__format__ (printf, 1, 2)));

/* Only with log_setverbose(1). */
void	log_debug(const char *fmt, ...)
	    __attribute__((__format__ (printf, 1, 2)));

/*
 * Ends the process with status 1; errno says why.  For start-up and lack
 * of memory only: nothing that a peer sends may lead here.
 */
__dead void fatal(const char *fmt, ...)
	    __attribute__((__format__ (printf, 1, 2)));

/* The same without errno. */
__dead void fatalx(const char *fmt, ...)
	    __attribute__((__format__ (printf, 1, 2)));

/*
 * Log lines that a stranger can provoke.  Each source key (an address, a
 * worker, a mailbox) gets LOGRATE_LINES lines a minute; what comes beyond is
 * counted, and the count is written when the minute is over.
 */

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
