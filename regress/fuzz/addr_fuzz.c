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

/* Address lists: every address is valid and survives being written again. */

#include "fuzz.h"
#include "header/addr.h"
#include "header/displayname.h"
#include "header/hdr.h"

/* One address and its name, cleaned, written and read again. */
static void
again(const struct addr *a)
{
	struct addrlist	 l;
	struct sbuf	 b, f;
	char		 name[DISPLAYNAME_SIZE], fold[ADDR_MAX + 1];

	CLAIM(addr_valid(a->addr));
	CLAIM(addr_fold(a->addr, fold, sizeof(fold)) == 0);
	CLAIM(addr_equal(a->addr, fold));
	CLAIM(displayname_clean(a->name, name, sizeof(name)) == 0);
	CLAIM(strchr(name, '@') == NULL);
	sbuf_init(&b, 10000);
	sbuf_init(&f, 10000);
	CLAIM(displayname_mailbox(&b, name, a->addr) == 0);
	CLAIM(hdr_write(&f, "To", sbuf_str(&b)) == 0);
	claim_field(f.data, f.len, 0);
	memset(&l, 0, sizeof(l));
	CLAIM(addrlist_parse(&l, f.data + 3, f.len - 4, 10) == 0);
	CLAIM(l.n == 1 && addr_equal(l.v[0].addr, a->addr));
	if (addr_valid_dotatom(a->addr) && strstr(a->addr, "=?") == NULL)
		CLAIM(l.flags == 0);
	CLAIM((l.v[0].name == NULL) == (name[0] == '\0'));
	addrlist_free(&l);
	sbuf_free(&b);
	sbuf_free(&f);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct addrlist	 l;
	size_t		 i;

	memset(&l, 0, sizeof(l));
	CLAIM(addrlist_parse(&l, (const char *)data, size, 50) == 0);
	CLAIM((l.why != NULL) == ((l.flags & ADDRLIST_AMBIGUOUS) != 0));
	CLAIM(l.n <= 50);
	for (i = 0; i < l.n; i++)
		again(&l.v[i]);
	addrlist_free(&l);
	return 0;
}
