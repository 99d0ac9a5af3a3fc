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
 * The list of what must not leave: private addresses, handle addresses and
 * tokens.  Built once, then only read, by any number of rewriters.
 */

#ifndef SECRETS_H
#define SECRETS_H

#include <stddef.h>

#define SECRETS_MAX		65536	/* entries of each kind */
#define SECRETS_ADDR_MAX	254	/* bytes of an address, RFC 5321 */
#define SECRETS_HANDLE_LEN	16	/* base32 characters of a handle */
#define SECRETS_TOKEN_LEN	53	/* base32 characters of a token */

/* What an entry is; a bit each, all strings in lower case. */
enum secrets_kind {
	SECRETS_ADDRESS,	/* a worker's private address */
	SECRETS_DOMAIN,		/* the domain of one */
	SECRETS_BOX_LOCAL,	/* the local part of a mailbox */
	SECRETS_BOX_DOMAIN,	/* the domain of one */
	SECRETS_HANDLE		/* a live handle */
};

struct secrets;

/* An empty list, or NULL without memory.  The caller frees it. */
struct secrets *secrets_new(void);

/* Frees a list; NULL is allowed.  No rewriter may use it any more. */
void secrets_free(struct secrets *);

/*
 * Adds a worker's private address.  Upper and lower case are the same.
 * 0, or -1: no address of the form local@domain, too long, too many, or
 * no memory.
 */
int secrets_add_address(struct secrets *, const char *addr);

/*
 * Adds one of our mailboxes: local+HANDLE@domain with any 16 characters of
 * base32 as the handle is a secret then, the plain address is not.
 * 0 or -1 as above.
 */
int secrets_add_mailbox(struct secrets *, const char *addr);

/*
 * Adds a live handle, 16 characters of base32, which is a secret then even
 * where it stands alone.  0, or -1: no handle, too many, or no memory.
 */
int secrets_add_handle(struct secrets *, const char *handle);

/* Whether the len bytes at s, in lower case, are on the list: 1 or 0. */
int secrets_has(const struct secrets *, enum secrets_kind, const char *s,
    size_t len);

#endif
