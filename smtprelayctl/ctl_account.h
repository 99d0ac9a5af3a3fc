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

/* Accounts, as the commands use them and show them. */

#ifndef CTL_ACCOUNT_H
#define CTL_ACCOUNT_H

#include "ctl.h"
#include "ctl_store.h"
#include "store/store_identity.h"

/* Finds one that is named on the command line.  CTL_OK or CTL_FAIL. */
int	ctl_find_account(struct ctl *, struct store *, const char *name,
	    struct store_account *);

/* Whether relay.conf lets mail leave through it; says so if not. */
int	ctl_account_allowed(struct ctl *, const struct store_account *);

/*
 * An account for -j; opens: its secret can be opened with the key file (or
 * it has none), 0 if not, -1 if nobody knows; identities: that use it.
 */
void	ctl_json_account(struct ctl *, const char *name,
	    const struct store_account *, int opens,
	    unsigned int identities);

/* An identity for -j. */
void	ctl_json_identity(struct ctl *, const char *name,
	    const struct store_identity *);

/* One line about an identity for people. */
void	ctl_say_identity(struct ctl *, const struct store_identity *);

/* As ctl_end(), and overwrites what was deleted. */
int	ctl_end_shred(struct ctl *, struct store *, int status);

#endif
