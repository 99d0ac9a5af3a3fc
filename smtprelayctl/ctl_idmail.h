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

/* The mail that asks an identity's owner for a word. */

#ifndef CTL_IDMAIL_H
#define CTL_IDMAIL_H

#include "crypto/keys.h"
#include "ctl.h"
#include "store/store_identity.h"

struct idmail {
	struct store_identity	 identity;
	struct store_account	 account;	/* id 0: by the default route */
	char			 code[STORE_CODE_TEXT + 1];
	char			 rpath[STORE_ADDR_MAX + 1]; /* for answers: a
							     * secret */
	char			 sender[STORE_ADDR_MAX + 1]; /* "" through an
							      * account */
};

/*
 * Mails the code to the identity's address, through the identity's own
 * account, which proves that login and address belong together; without an
 * account through sendmail(8).  CTL_OK, or CTL_FAIL after saying why.
 */
int	ctl_idmail(struct ctl *, struct store *, const struct keys *,
	    const struct idmail *);

#endif
