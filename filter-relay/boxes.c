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

#include "boxes.h"
#include "header/addr.h"
#include "header/handle.h"
#include "header/startaddr.h"
#include "store/store.h"

int
boxes_maybe(const struct address_cache *c, const char *address)
{
	char addr[STORE_ADDR_MAX + 1], mailbox[HANDLE_ADDR_MAX + 1];
	char handle[HANDLE_LEN + 1], rpath[RPATH_LEN + 1];
	char box[ADDR_MAX + 1], whom[ADDR_MAX + 1];
	const char *domain;

	/* One that is too long is the keeper's to judge. */
	if (store_fold(address, addr, sizeof(addr)) == -1)
		return 1;
	return handle_addr_parse(addr, mailbox, sizeof(mailbox),
	    handle) == 1 || rpath_addr_parse(addr, rpath, &domain) == 1 ||
	    startaddr_parse(addr, box, whom) == 1 ||
	    keyset_number(address_cache_sets(c)->addresses, addr,
	    strlen(addr)) != 0;
}
