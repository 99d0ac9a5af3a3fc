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

/* The date and time of RFC 5322 3.3, obsolete forms of 4.3. */

#ifndef DATE_H
#define DATE_H

#include <sys/types.h>
#include <time.h>

#define DATE_SIZE	40	/* of a buffer for date_format() */

/*
 * Reads a date: time in *t, offset from UTC in minutes in *zone (NULL
 * allowed).  Years 1970 to 9999.  0, or -1 when it is none.
 */
int	date_parse(const char *s, size_t len, time_t *t, int *zone);

/* Writes "Thu, 19 Nov 2026 10:00:00 +0000".  0, or -1 as snprintf fails. */
int	date_format(char *out, size_t outsz, time_t t);

#endif
