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

/* What the files behind store_identity.h share. */

#ifndef STORE_IDENTITY_INT_H
#define STORE_IDENTITY_INT_H

#include "store/store_identity.h"
#include "store/store_int.h"

#define IDENTITY							\
	"SELECT i.id, i.user, i.address, i.folded, i.account, a.name,"	\
	" i.verified, c.expires, c.tries, c.rpath, i.created,"		\
	" c.bounced"							\
	" FROM identity i LEFT JOIN account a ON a.id = i.account"	\
	" LEFT JOIN identity_code c ON c.identity = i.id "

/* Takes over a row of IDENTITY; or the first one, and ends st. */
int	identity_fill(struct store *s, sqlite3_stmt *st,
	    struct store_identity *idt);
int	identity_one(struct store *s, sqlite3_stmt *st,
	    struct store_identity *idt);

/* Checks a login, and writes it in lower case: smtpd's tables fold it. */
int	identity_user(struct store *s, const char *user,
	    char buf[STORE_LOGIN_MAX + 1]);

/* Checks the form of an address or @domain. */
int	identity_form(struct store *s, const char *address);

/* Says who has the address already, or all around it; 0 if nobody. */
int	identity_free(struct store *s, const char *user, const char *folded,
	    const char *const *domains, size_t n);

/* Checks that the user may have one more. */
int	identity_room(struct store *s, const char *user);

#endif
