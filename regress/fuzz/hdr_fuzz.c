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

/* Headers: bounded memory, raw bytes kept, nothing forged when written. */

#include "fuzz.h"
#include "header/hdr.h"

static const char *const	 keep[] = { "From", "Subject", "C*", NULL };

static void
field(const struct hdr_field *f)
{
	struct sbuf	 b;

	CLAIM(strlen(f->raw) == f->rawlen || f->flags & HDR_NUL);
	CLAIM(f->valuelen < f->rawlen);
	CLAIM(f->value[f->valuelen] == '\0');
	sbuf_init(&b, 1000000);
	if (hdr_write_raw(&b, f) == 0) {
		CLAIM(b.len == f->rawlen + 1);
		CLAIM(memcmp(b.data, f->raw, f->rawlen) == 0);
	}
	sbuf_reset(&b);
	if (hdr_write(&b, "X", f->value) == 0)
		claim_field(b.data, b.len, 0);
	sbuf_reset(&b);
	CLAIM(hdr_write_text(&b, "X", f->value) == 0);
	claim_field(b.data, b.len, 0);
	sbuf_free(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hdr	 h;
	const char	*p = (const char *)data, *nl;
	size_t		 i;
	int		 r = HDR_MORE;

	hdr_init(&h, keep, NULL, NULL);
	while (size > 0 && r == HDR_MORE) {
		nl = memchr(p, '\n', size);
		i = nl == NULL ? size : (size_t)(nl - p);
		r = hdr_line(&h, p, i);
		CLAIM(r != -1);
		if (nl == NULL)
			break;
		size -= i + 1;
		p = nl + 1;
	}
	CLAIM(hdr_finish(&h) == 0);
	CLAIM(h.used <= HDR_TOTAL_MAX && h.n <= HDR_FIELDS_MAX);
	for (i = 0; i < h.n; i++)
		field(&h.v[i]);
	hdr_free(&h);
	return 0;
}
