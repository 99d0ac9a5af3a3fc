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

#include "base/compat.h"
#include "header/handle.h"
#include "header/startaddr.h"

/* Where the mark is in the local part of addr, or NULL. */
static const char *
find_mark(const char *addr, const char *at)
{
	const size_t	 len = strlen(STARTADDR_MARK);

	for (; addr + len <= at; addr++)
		if (strncasecmp(addr, STARTADDR_MARK, len) == 0)
			return addr;
	return NULL;
}

/* A mailbox has not the form of what is made for conversations. */
static int
is_made(const char *box)
{
	char		 other[ADDR_MAX + 1], name[RPATH_LEN + 1];
	const char	*domain;

	return handle_addr_parse(box, other, sizeof(other), name) == 1 ||
	    rpath_addr_parse(box, name, &domain) == 1;
}

int
startaddr_parse(const char *addr, char *box, char *whom)
{
	const char	*at, *mark, *p, *equals = NULL;
	size_t		 n;

	if ((at = strrchr(addr, '@')) == NULL || !addr_valid_dotatom(addr) ||
	    (mark = find_mark(addr, at)) == NULL)
		return 0;
	n = mark - addr;
	memcpy(box, addr, n);
	memcpy(box + n, at, strlen(at) + 1);
	if (addr_fold(box, box, ADDR_MAX + 1) == -1 || is_made(box))
		return 0;
	mark += strlen(STARTADDR_MARK);
	for (p = mark; p < at; p++)
		if (*p == '=')
			equals = p;
	if (equals == NULL)
		return 0;
	n = at - mark;
	memcpy(whom, mark, n);
	whom[n] = '\0';
	whom[equals - mark] = '@';
	return addr_valid_dotatom(whom);
}
