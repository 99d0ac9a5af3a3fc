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

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/lex.h"
#include "header/date.h"

static const char	*months[] = {
	"Jan", "Feb", "Mar", "Apr", "May", "Jun",
	"Jul", "Aug", "Sep", "Oct", "Nov", "Dec"
};

static const char	*days[] = {
	"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"
};

/* RFC 5322 4.3; the letters of one character mean nothing certain. */
static const struct {
	const char	*name;
	int		 minutes;
} zones[] = {
	{ "UT", 0 }, { "UTC", 0 }, { "GMT", 0 },
	{ "EST", -300 }, { "EDT", -240 }, { "CST", -360 }, { "CDT", -300 },
	{ "MST", -420 }, { "MDT", -360 }, { "PST", -480 }, { "PDT", -420 },
};

struct reader {
	const char	*s;
	size_t		 len, i;
};

/* Reads 1 to max digits after white space; how many, or 0. */
static int
read_number(struct reader *r, int max, int *v)
{
	int	 n = 0;

	lex_cfws(r->s, r->len, &r->i, NULL);
	for (*v = 0; n < max && r->i < r->len && r->s[r->i] >= '0' &&
	    r->s[r->i] <= '9'; n++)
		*v = *v * 10 + r->s[r->i++] - '0';
	return n;
}

/* Reads letters after white space; how many. */
static size_t
read_letters(struct reader *r, const char **p)
{
	size_t	 n = 0;
	int	 ch;

	lex_cfws(r->s, r->len, &r->i, NULL);
	*p = r->s + r->i;
	for (; r->i < r->len; r->i++, n++) {
		ch = r->s[r->i] | 0x20;
		if (ch < 'a' || ch > 'z')
			break;
	}
	return n;
}

/* Moves over one character after white space: 1, or 0 when not there. */
static int
read_char(struct reader *r, int ch)
{
	lex_cfws(r->s, r->len, &r->i, NULL);
	if (r->i == r->len || r->s[r->i] != ch)
		return 0;
	r->i++;
	return 1;
}

static int
is_leap(int y)
{
	return (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
}

static int
month_days(int y, int m)
{
	static const int	 n[] = {
		31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31
	};

	return m == 1 && is_leap(y) ? 29 : n[m];
}

/* Reads "19 Nov 2026" into days since 1970. */
static int
read_day(struct reader *r, long long *out)
{
	const char	*p;
	int		 d, m, y, n, i;

	if (read_number(r, 2, &d) == 0)
		return -1;
	if (read_letters(r, &p) < 3)
		return -1;
	for (m = 0; m < 12; m++)
		if (strncasecmp(p, months[m], 3) == 0)
			break;
	n = read_number(r, 4, &y);
	/* Two and three digits: RFC 5322 4.3. */
	if (n == 2)
		y += y < 50 ? 2000 : 1900;
	else if (n == 3)
		y += 1900;
	if (m == 12 || n < 2 || y < 1970 || d < 1 || d > month_days(y, m))
		return -1;
	for (*out = 0, i = 1970; i < y; i++)
		*out += is_leap(i) ? 366 : 365;
	for (i = 0; i < m; i++)
		*out += month_days(y, i);
	*out += d - 1;
	return 0;
}

/* Reads "10:00:00" into seconds. */
static int
read_time(struct reader *r, int *out)
{
	int	 h, m, s = 0;

	if (read_number(r, 2, &h) == 0 || !read_char(r, ':') ||
	    read_number(r, 2, &m) == 0)
		return -1;
	if (read_char(r, ':') && read_number(r, 2, &s) == 0)
		return -1;
	if (h > 23 || m > 59 || s > 60)
		return -1;
	*out = h * 3600 + m * 60 + s;
	return 0;
}

/* Reads a zone into minutes; an unknown or missing one is UTC. */
static int
read_zone(struct reader *r, int *out)
{
	const char	*p;
	size_t		 n, i;
	int		 sign = 0, v;

	*out = 0;
	if (read_char(r, '+'))
		sign = 1;
	else if (read_char(r, '-'))
		sign = -1;
	if (sign != 0) {
		if (read_number(r, 4, &v) != 4 || v / 100 > 23 ||
		    v % 100 > 59)
			return -1;
		*out = sign * (v / 100 * 60 + v % 100);
		return 0;
	}
	n = read_letters(r, &p);
	for (i = 0; i < sizeof(zones) / sizeof(zones[0]); i++)
		if (lex_is(p, n, zones[i].name))
			*out = zones[i].minutes;
	return 0;
}

int
date_parse(const char *s, size_t len, time_t *t, int *zone)
{
	struct reader	 r = { s, len, 0 };
	const char	*p;
	long long	 day, v;
	int		 sec, minutes;

	if (read_letters(&r, &p) > 0)
		read_char(&r, ',');
	if (read_day(&r, &day) == -1 || read_time(&r, &sec) == -1 ||
	    read_zone(&r, &minutes) == -1)
		return -1;
	v = day * 86400 + sec - minutes * 60LL;
	if (v < 0 || (long long)(time_t)v != v)
		return -1;
	*t = (time_t)v;
	if (zone != NULL)
		*zone = minutes;
	return 0;
}

int
date_format(char *out, size_t outsz, time_t t)
{
	struct tm	 tm;
	int		 n;

	/* Not strftime(3), which would write a locale's names. */
	if (gmtime_r(&t, &tm) == NULL)
		return -1;
	n = snprintf(out, outsz, "%s, %02d %s %04d %02d:%02d:%02d +0000",
	    days[tm.tm_wday], tm.tm_mday, months[tm.tm_mon],
	    tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
	return n < 0 || (size_t)n >= outsz ? -1 : 0;
}
