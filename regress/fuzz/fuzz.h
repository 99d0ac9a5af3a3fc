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

/* What the harnesses share: a claim that ends the run where it is false. */

#ifndef FUZZ_H
#define FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CLAIM(expr) do {						\
	if (!(expr)) {							\
		fprintf(stderr, "%s:%d: not true: %s\n",		\
		    __FILE__, __LINE__, #expr);				\
		abort();						\
	}								\
} while (0)

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*
 * Claims that s is one header field, or several where many: lines of at most
 * 998 bytes that end in LF, continuations that are not blank, no control
 * characters but tab.
 */
static inline void
claim_field(const char *s, size_t len, int many)
{
	size_t	 i, from = 0, k;
	int	 blank;

	CLAIM(len > 0 && s[len - 1] == '\n');
	for (i = 0; i < len; i++) {
		if (s[i] != '\n') {
			CLAIM((unsigned char)s[i] >= ' ' || s[i] == '\t');
			CLAIM(s[i] != 127);
			continue;
		}
		CLAIM(i - from <= 998);
		blank = 1;
		for (k = from; k < i; k++)
			blank &= s[k] == ' ' || s[k] == '\t';
		CLAIM(!blank);
		CLAIM(many || from == 0 || s[from] == ' ' || s[from] == '\t');
		from = i + 1;
	}
}

#endif
