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

/*
 * Scrubbing: the same text in other pieces, some of which the fast path
 * takes, gives the same changes, in order and within the text.
 */

#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "scrub/bodycmd.h"
#include "scrub/scrub.h"

static const struct secrets *
secrets(void)
{
	static struct secrets *l;

	if (l == NULL) {
		l = secrets_new();
		secrets_add_address(l, "a@b.c");
		secrets_add_address(l, "alice@private.example");
		secrets_add_mailbox(l, "s@b.d");
		secrets_add_handle(l, "zyxwvuts765432ba");
	}
	return l;
}

static size_t
scrub(const uint8_t *data, size_t size, size_t piece, int kind,
    struct edits *edits)
{
	static const unsigned char seed[16] = "0123456789abcde";
	static struct scrub	 s;
	struct bodycmd		 cmd;
	struct bodycmd_found	 found;
	size_t			 i, n;
	uint64_t		 at = 0;

	memset(edits, 0, sizeof(*edits));
	memset(&found, 0, sizeof(found));
	bodycmd_init(&cmd, kind & 8, &found);
	scrub_init(&s, secrets(), kind & 16 ? seed : NULL, edits,
	    kind & 32 ? &cmd : NULL);
	scrub_kind(&s, (enum textlex_charset)(kind % TEXTLEX_OPAQUE),
	    kind & 8);
	for (i = 0; i < size; i += n) {
		n = size - i < piece ? size - i : piece;
		CLAIM(scrub_put(&s, data + i, n) == 0);
		CLAIM(scrub_settled(&s) >= at);
		at = scrub_settled(&s);
		CLAIM(at <= i + n);
	}
	CLAIM(scrub_end(&s) == 0);
	return s.job.leaks;
}

static void
claim_edits(const struct edits *e, size_t size)
{
	uint64_t	at = 0;
	size_t		i;

	for (i = e->first; i < e->n; i++) {
		CLAIM(e->v[i].off >= at);
		CLAIM(e->v[i].len > 0);
		at = e->v[i].off + e->v[i].len;
	}
	CLAIM(at <= size);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const size_t pieces[] = { 1, 2, 3, 5, 11, 40 };
	struct edits	a, b;
	size_t		i, leaks;
	int		kind;

	if (size == 0)
		return 0;
	kind = *data++;
	size--;
	leaks = scrub(data, size, size + 1, kind, &a);
	claim_edits(&a, size);
	for (i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		CLAIM(scrub(data, size, pieces[i], kind, &b) == leaks);
		CLAIM(a.n == b.n);
		CLAIM(a.n == 0 || memcmp(a.v, b.v, a.n * sizeof(*a.v)) == 0);
		edits_free(&b);
	}
	edits_free(&a);
	return 0;
}
