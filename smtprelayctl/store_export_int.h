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

/* What an export holds, for the writer and the reader of it. */

#ifndef STORE_EXPORT_INT_H
#define STORE_EXPORT_INT_H

#include "store/store_int.h"
#include "store_export.h"

#define EXPORT_COLUMNS	12
#define EXPORT_LINE_MAX	(32 * 1024)	/* bytes of a line */

struct export_column {
	const char	*name;		/* NULL ends the list */
	size_t		 max;		/* bytes of a text; 0: a number */
};

struct export_table {
	const char	*name;
	int		 secret;	/* not in a sandbox copy */
	const char	*sandbox;	/* SQL of what stands there instead of
					 * the table, or NULL */
	struct export_column column[EXPORT_COLUMNS];
};

/* The tables in the order in which they are written; *n gets their number. */
const struct export_table *export_tables(size_t *n);

#endif
