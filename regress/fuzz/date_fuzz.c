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

/* Dates: what is read can be written and is the same time again. */

#include "fuzz.h"
#include "header/date.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char	 out[DATE_SIZE];
	time_t	 t, u;
	int	 zone;

	if (date_parse((const char *)data, size, &t, &zone) == -1)
		return 0;
	CLAIM(t >= 0 && zone > -24 * 60 && zone < 24 * 60);
	if (t > 253402300799)
		return 0;
	CLAIM(date_format(out, sizeof(out), t) == 0);
	CLAIM(date_parse(out, strlen(out), &u, NULL) == 0 && t == u);
	return 0;
}
