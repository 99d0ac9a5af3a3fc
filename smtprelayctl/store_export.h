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

/* The whole store as text, a line a row, and back. */

#ifndef STORE_EXPORT_H
#define STORE_EXPORT_H

#include <stdio.h>

#include "store/store.h"

/*
 * The form: the first line is `relay-export 1', the last `end COUNT', each
 * line between `TABLE NAME=VALUE ...', separated by tabs.  A NULL is left
 * out; in a value \\ \t \n \r stand for themselves and \xHH for a byte.  Ids
 * are kept, also which were used before.
 */
#define STORE_EXPORT_VERSION	1

#define STORE_EXPORT_SANDBOX	0x01	/* leave out every secret: handles,
					 * return paths, tokens, reply ids,
					 * codes, and where and with what
					 * accounts log in: they become null */

/*
 * Writes everything to fp as of one moment.  *rows gets the number of lines
 * between the first and the last.  0, or -1 with store_error().
 */
int	store_export(struct store *s, FILE *fp, int flags, uint64_t *rows);

/*
 * Reads an export into a store that holds no mailbox, worker, account or
 * identity, in one transaction.  A mistake is STORE_REFUSED with its line,
 * and nothing is kept.
 */
int	store_import(struct store *s, FILE *fp, uint64_t *rows);

#endif
