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
 * Log lines, to syslog(3) as a daemon or to standard error while somebody
 * watches.  Each process of a program says who it is with log_procinit().
 * Bytes from outside never reach the log raw: what is not printable ASCII
 * becomes '?', and a line is cut at LOG_LINE_MAX.
 */

#ifndef LOG_H
#define LOG_H

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

#endif
