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

/* Lists of tags: what the strict reader takes, the lenient one reads alike. */

#include "dkim/taglist.h"
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct taglist		 a, b;
	const char		*s = (const char *)data, *word;
	char			 out[64];
	long long		 v;
	size_t			 i, k, len, n;

	taglist_parse_lenient(&b, s, size);
	if (taglist_parse(&a, s, size) == 0) {
		CLAIM(a.n == b.n);
		for (i = 0; i < a.n; i++)
			CLAIM(a.v[i].name == b.v[i].name &&
			    a.v[i].value == b.v[i].value);
	}
	CLAIM(b.n <= TAGLIST_MAX);
	for (i = 0; i < b.n; i++) {
		CLAIM(b.v[i].name >= s && b.v[i].namelen > 0);
		CLAIM(b.v[i].value >= b.v[i].raw && b.v[i].value +
		    b.v[i].valuelen <= b.v[i].raw + b.v[i].rawlen);
		CLAIM(b.v[i].raw + b.v[i].rawlen <= s + size);
		CLAIM(memchr(b.v[i].raw, ';', b.v[i].rawlen) == NULL);
		for (k = n = 0; taglist_word(&b.v[i], &k, &word, &len); n++)
			CLAIM(memchr(word, ':', len) == NULL);
		CLAIM(n <= b.v[i].valuelen + 1);
		if (taglist_copy(&b.v[i], out, sizeof(out)) == 0)
			CLAIM(strlen(out) <= b.v[i].valuelen);
		if (taglist_number(&b.v[i], 1000, &v) == 0)
			CLAIM(v >= 0 && v <= 1000);
	}
	return 0;
}
