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

#include <stdint.h>
#include <stdio.h>

#include "base/compat.h"

#include "base/base32.h"
#include "header/handle.h"

#define HANDLE_BYTES	10
#define RPATH_BYTES	16

static void
lower(char *s)
{
	for (; *s != '\0'; s++)
		if (*s >= 'A' && *s <= 'Z')
			*s += 'a' - 'A';
}

void
handle_make(char name[HANDLE_LEN + 1])
{
	uint8_t	 raw[HANDLE_BYTES];

	arc4random_buf(raw, sizeof(raw));
	(void)base32_encode(raw, sizeof(raw), name, HANDLE_LEN + 1);
}

int
handle_addr(const char *mailbox, const char *name, char *buf, size_t size)
{
	const char	*at;
	int		 n;

	if ((at = strrchr(mailbox, '@')) == NULL || at == mailbox ||
	    at[1] == '\0' || at - mailbox > HANDLE_ADDR_MAX)
		return -1;
	n = snprintf(buf, size, "%.*s+%s%s", (int)(at - mailbox), mailbox,
	    name, at);
	if (n < 0 || (size_t)n >= size)
		return -1;
	lower(buf);
	return 0;
}

int
handle_addr_parse(const char *addr, char *mailbox, size_t size,
    char name[HANDLE_LEN + 1])
{
	const char	*at, *plus;
	size_t		 local;
	int		 n;

	if ((at = strrchr(addr, '@')) == NULL || at[1] == '\0')
		return 0;
	local = at - addr;
	if (local < HANDLE_LEN + 2 || local > HANDLE_ADDR_MAX)
		return 0;
	plus = at - HANDLE_LEN - 1;
	if (*plus != '+' || !base32_valid(plus + 1, HANDLE_LEN))
		return 0;
	n = snprintf(mailbox, size, "%.*s%s", (int)(plus - addr), addr, at);
	if (n < 0 || (size_t)n >= size)
		return 0;
	lower(mailbox);
	memcpy(name, plus + 1, HANDLE_LEN);
	name[HANDLE_LEN] = '\0';
	lower(name);
	return 1;
}

void
rpath_make(char name[RPATH_LEN + 1])
{
	uint8_t	 raw[RPATH_BYTES];

	arc4random_buf(raw, sizeof(raw));
	(void)base32_encode(raw, sizeof(raw), name, RPATH_LEN + 1);
}

int
rpath_addr(const char *name, const char *domain, char *buf, size_t size)
{
	int	 n;

	n = snprintf(buf, size, "r-%s@%s", name, domain);
	if (n < 0 || (size_t)n >= size)
		return -1;
	lower(buf);
	return 0;
}

int
rpath_addr_parse(const char *addr, char name[RPATH_LEN + 1],
    const char **domain)
{
	if ((addr[0] != 'r' && addr[0] != 'R') || addr[1] != '-')
		return 0;
	addr += 2;
	if (strnlen(addr, RPATH_LEN + 1) <= RPATH_LEN ||
	    !base32_valid(addr, RPATH_LEN) || addr[RPATH_LEN] != '@' ||
	    addr[RPATH_LEN + 1] == '\0' ||
	    strchr(addr + RPATH_LEN + 1, '@') != NULL)
		return 0;
	memcpy(name, addr, RPATH_LEN);
	name[RPATH_LEN] = '\0';
	lower(name);
	*domain = addr + RPATH_LEN + 1;
	return 1;
}
