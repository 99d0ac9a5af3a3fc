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
 * Addresses by which a worker begins a conversation: mail to
 * support+to-carol=customer.test@company.example is for carol@customer.test.
 */

#ifndef STARTADDR_H
#define STARTADDR_H

#include <stddef.h>

#include "header/addr.h"

#define STARTADDR_MARK	"+to-"	/* behind the mailbox, in any case */

/*
 * Takes such an address apart: box, of ADDR_MAX + 1 bytes, gets the mailbox
 * in lower case, and whom, of the same size, the address that it is for, as
 * it was typed.  The last `=' before the `@' stands for the `@' of whom.
 * Returns 1, or 0 if addr has not that form; only dot-atoms have it, within
 * the limits of RFC 5321 4.5.3.1, for addr as for whom.  Whether the mailbox
 * exists only the store knows.
 */
int	startaddr_parse(const char *addr, char *box, char *whom);

#endif
