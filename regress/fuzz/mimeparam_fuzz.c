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

/* MIME parameters: written again, as they came or anew, they say the same. */

#include "fuzz.h"
#include "mime/mimeparam.h"

/* What f writes reads as the same type and parameters. */
static void
again(const struct mimefield *f, int anew)
{
	struct mimefield	 g;
	struct sbuf		 b;
	size_t			 i;
	const char		*v;

	sbuf_init(&b, 10000000);
	CLAIM(mimefield_write(f, "T", &b) == 0);
	claim_field(b.data, b.len, 0);
	if (b.len > MIMEPARAM_FIELD_MAX) {
		sbuf_free(&b);
		return;
	}
	CLAIM(mimefield_parse(&g, b.data + 2, b.len - 2) == 0);
	CLAIM(strcmp(f->type, g.type) == 0);
	if (anew) {
		CLAIM(g.flags == 0 || f->flags & MIMEFIELD_TRUNCATED);
		CLAIM(g.n == f->n);
		for (i = 0; i < f->n; i++) {
			v = mimefield_get(&g, f->v[i].name);
			CLAIM(v != NULL && strcmp(v, f->v[i].value) == 0);
		}
	}
	mimefield_free(&g);
	sbuf_free(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mimefield	 f;
	char			*boundary;
	size_t			 i;

	if (mimefield_parse(&f, (const char *)data, size) == 0) {
		CLAIM(f.n <= MIMEPARAM_MAX);
		for (i = 0; i < f.n; i++)
			CLAIM(f.v[i].value != NULL);
		/* Half of the input becomes a value. */
		if ((boundary = strndup((const char *)data, size / 2)) == NULL)
			abort();
		again(&f, 0);
		if (mimefield_set(&f, "boundary", boundary) == 0) {
			CLAIM(strcmp(mimefield_get(&f, "Boundary"),
			    boundary) == 0);
			again(&f, 0);
		}
		mimefield_set(&f, "boundary", "x");
		mimefield_renew(&f);
		again(&f, 1);
		free(boundary);
	}
	mimefield_free(&f);
	return 0;
}
