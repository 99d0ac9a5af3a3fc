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
/* Numbers with units, as relay.conf(5) and smtprelayctl(8) take them. */

#include <ctype.h>
#include <stdint.h>
#include <string.h>

#include "conf/conf.h"

/*
 * Digits and at most one letter of `units', whose factors are in `factors';
 * without a letter `bare' is the factor (0: a letter must stand).
 */
static int
conf_scaled(const char *text, const char *units, const int64_t *factors,
    int64_t bare, int64_t *result)
{
	const char	*unit;
	int64_t		 n = 0, factor = bare;

	if (!isdigit((unsigned char)*text))
		return -1;
	for (; isdigit((unsigned char)*text); text++) {
		if (n > (INT64_MAX - (*text - '0')) / 10)
			return -1;
		n = n * 10 + (*text - '0');
	}
	if (*text != '\0') {
		if ((unit = strchr(units, *text)) == NULL || text[1] != '\0')
			return -1;
		factor = factors[unit - units];
	}
	if (factor == 0 || n > INT64_MAX / factor)
		return -1;
	*result = n * factor;
	return 0;
}

int
conf_duration(const char *text, int64_t *seconds)
{
	static const int64_t	 factors[] = { 1, 60, 3600, 86400, 604800 };

	return conf_scaled(text, "smhdw", factors, 0, seconds);
}

int
conf_size(const char *text, int64_t *bytes)
{
	static const int64_t	 factors[] = {
		1024, 1024 * 1024, 1024 * 1024 * 1024
	};

	return conf_scaled(text, "KMG", factors, 1, bytes);
}
