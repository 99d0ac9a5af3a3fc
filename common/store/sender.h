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
 * Who may send as whom.  A user, by the name of the login, owns
 *
 *	the login itself when it holds @, else login@ each domain of ours;
 *	the addresses of the worker whose login it is;
 *	every mailbox, if relay.conf lists it under helpdesk;
 *	the identities added for the user, once they are verified.
 */

#ifndef SENDER_H
#define SENDER_H

#include "conf/conf.h"
#include "store/store_identity.h"

enum sender_kind {
	SENDER_OWN = 1,
	SENDER_WORKER,
	SENDER_MAILBOX,
	SENDER_IDENTITY
};

struct sender_addr {
	enum sender_kind kind;
	char		 address[STORE_ADDR_MAX + 1];	/* lower case, or
							 * "@domain" */
	struct store_identity identity;	/* of SENDER_IDENTITY */
};

enum sender_verdict {
	SENDER_ALLOWED = 1,
	SENDER_FOREIGN,		/* not the user's, nor anyone's identity */
	SENDER_OTHERS,		/* another user's identity, or mailbox */
	SENDER_UNVERIFIED,	/* the user's, but not verified yet */
	SENDER_HOST		/* the user's, but relay.conf's hosts do not
				 * list the server of its account */
};

/*
 * Walks over every address that user may send from now, each once; ones
 * whose account's server policy does not list are left out, unless
 * alternates are denied, when accounts are not used at all.  Callbacks as in
 * store_admin.h.
 */
int	sender_each(struct store *s, const struct conf *conf,
	    const char *user, int (*cb)(const struct sender_addr *, void *),
	    void *arg);

/*
 * Judges whether user may send from address, in any case, with or without a
 * +tag.  *verdict says; *who, unless NULL, gets what it falls under when
 * that is one of the user's.  0 or -1.
 */
int	sender_check(struct store *s, const struct conf *conf,
	    const char *user, const char *address,
	    enum sender_verdict *verdict, struct sender_addr *who);

/*
 * Finds the account through which mail from `sender' leaves: 1; 0 if there
 * is none: no verified identity, one without an account, alternates are
 * denied, or its server is not listed.
 */
int	sender_account(struct store *s, const struct conf *conf,
	    const char *sender, struct store_identity *idt,
	    struct store_account *acc);

/*
 * Whether an identity is all of a domain that became one of ours after it
 * was added: everybody's addresses are in it, and it is good for nothing.
 */
int	sender_identity_void(const struct conf *conf,
	    const struct store_identity *idt);

/* Whether policy lets mail leave through this account's server: 1 or 0. */
int	sender_host_allowed(const struct conf *conf,
	    const struct store_account *acc);

#endif
