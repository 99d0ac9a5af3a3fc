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

/* Message ids: each is fit to be written, and is read back. */

#include "base/sbuf.h"
#include "fuzz.h"
#include "header/msgid.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct msgids	 l, again;
	struct sbuf	 b;
	size_t		 i;

	memset(&l, 0, sizeof(l));
	memset(&again, 0, sizeof(again));
	sbuf_init(&b, 1000000);
	CLAIM(msgid_parse(&l, (const char *)data, size, 50) == 0);
	CLAIM(l.n <= 50);
	for (i = 0; i < l.n; i++) {
		CLAIM(msgid_valid(l.v[i]));
		CLAIM(sbuf_printf(&b, "<%s>\n ", l.v[i]) == 0);
	}
	CLAIM(msgid_parse(&again, sbuf_str(&b), b.len, 50) == 0);
	CLAIM(again.n == l.n);
	for (i = 0; i < l.n; i++)
		CLAIM(strcmp(l.v[i], again.v[i]) == 0);
	msgids_free(&l);
	msgids_free(&again);
	sbuf_free(&b);
	return 0;
}
