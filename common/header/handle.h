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
 * The two kinds of random address of ours: handle addresses
 * (support+HANDLE@company.example) and return paths (r-NAME@company.example).
 */

#ifndef HANDLE_H
#define HANDLE_H

#include <stddef.h>

#define HANDLE_LEN	16	/* characters: 80 random bits */
#define RPATH_LEN	26	/* characters: 128 random bits */
#define HANDLE_ADDR_MAX	320	/* an address, without the final NUL */

/* Makes a random handle. */
void	handle_make(char name[HANDLE_LEN + 1]);

/*
 * Writes the handle address for mailbox (local@domain) and handle, in lower
 * case.  Returns 0, or -1 if it does not fit or mailbox is no address.
 */
int	handle_addr(const char *mailbox, const char *name, char *buf,
	    size_t size);

/*
 * Takes support+HANDLE@company.example apart, case-insensitively: mailbox
 * becomes support@company.example and name HANDLE, both in lower case.  The
 * last `+' of the local part splits.  Returns 1; 0 if addr has not that form
 * or does not fit.  That such a handle was issued only the store knows.
 */
int	handle_addr_parse(const char *addr, char *mailbox, size_t size,
	    char name[HANDLE_LEN + 1]);

/* Makes the random name of a return path, without its "r-". */
void	rpath_make(char name[RPATH_LEN + 1]);

/* Writes r-NAME@domain in lower case; 0, or -1 if it does not fit. */
int	rpath_addr(const char *name, const char *domain, char *buf,
	    size_t size);

/*
 * Takes r-NAME@domain apart, case-insensitively; domain points into addr.
 * Returns 1, or 0 if addr has not that form.
 */
int	rpath_addr_parse(const char *addr, char name[RPATH_LEN + 1],
	    const char **domain);

#endif
