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

#include <string.h>

#include "smtp/dotguard.h"

int
dotguard(enum dotguard *at, const char *p, size_t len)
{
	enum dotguard	 pos = *at;
	const char	*end = p + len, *nl, *cr;

	while (p < end) {
		if (pos == DOTGUARD_BOL && *p == '.') {
			pos = DOTGUARD_BOLDOT;
			p++;
			continue;
		}
		if ((pos == DOTGUARD_BOLDOT && *p != '.') ||
		    (pos == DOTGUARD_CR && *p == '.'))
			return -1;
		nl = memchr(p, '\n', end - p);
		if (nl != NULL && (nl == p ? pos != DOTGUARD_CR :
		    nl[-1] != '\r'))
			return -1;
		/* A CR before that of the line's end. */
		for (cr = p; (cr = memchr(cr, '\r', (nl == NULL ? end : nl) -
		    cr)) != NULL; cr++)
			if (cr + 1 < end && cr[1] == '.')
				return -1;
		p = nl == NULL ? end : nl + 1;
		pos = nl != NULL ? DOTGUARD_BOL : p[-1] == '\r' ?
		    DOTGUARD_CR : DOTGUARD_TEXT;
	}
	*at = pos;
	return 0;
}
