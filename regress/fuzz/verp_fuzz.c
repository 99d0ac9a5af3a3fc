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

/* Envelope senders: whatever is found inside is an address. */

#include <stdlib.h>

#include "fuzz.h"
#include "header/verp.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct verp	 v;
	char		*s;

	if ((s = malloc(size + 1)) == NULL)
		abort();
	if (size > 0)
		memcpy(s, data, size);
	s[size] = '\0';
	if (verp_find(s, &v) == 1) {
		CLAIM(verp_valid(s));
		CLAIM(addr_valid_dotatom(v.address));
		CLAIM(strchr(addr_domain(v.address), '.') != NULL);
		CLAIM(v.form != VERP_NONE);
		/* its name is a part of the local part */
		*strchr(v.address, '@') = '\0';
		CLAIM(strstr(s, v.address) != NULL);
	} else
		CLAIM(v.form == VERP_NONE && v.address[0] == '\0');
	free(s);
	return 0;
}
