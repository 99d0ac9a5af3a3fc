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
 * Identities: the other addresses that a user may send from.  An address, or
 * a domain in the form @partner.example, belongs to one user only.
 */

#ifndef STORE_IDENTITY_H
#define STORE_IDENTITY_H

#include "store/store_account.h"

#define STORE_CODE_LEN		16	/* characters, 20 bits tell which,
					 * 60 bits are the secret */
#define STORE_CODE_TEXT		(STORE_CODE_LEN + 3)	/* abcd-efgh-... */
#define STORE_CODE_LIFE		(7 * 86400)	/* seconds */
#define STORE_CODE_TRIES	10		/* wrong ones */
#define STORE_USER_IDENTITIES	1000		/* of one user */

struct store_identity {
	uint64_t	 id;
	char		 user[STORE_LOGIN_MAX + 1];	/* in lower case */
	char		 address[STORE_ADDR_MAX + 1];	/* as typed */
	char		 folded[STORE_ADDR_MAX + 1];	/* or "@domain" */
	uint64_t	 account;	/* or 0: leaves by the default route */
	char		 account_name[STORE_ACCOUNT_MAX + 1];
	time_t		 verified;	/* since; 0: it does not work yet */
	time_t		 expires;	/* of the code, 0 if there is none */
	unsigned int	 tries;		/* wrong ones so far */
	uint64_t	 rpath;		/* of the code's mail, or 0 */
	char		 bounced[STORE_DIAG_MAX + 1];	/* why that mail came
						 * back, or "" */
	time_t		 created;
};

/*
 * Adds an identity.  address is one that smtpd's tables carry: a dot-atom
 * that begins with a letter or digit and a domain, or @domain; it must not
 * be a mailbox, a worker's address, or another identity, nor fall under
 * another user's @domain (an @domain: over another user's identity or over
 * a worker's address other than that user's).  domains are the n of
 * relay.conf: @domain may be none of them, and an address there may not be
 * that of another login that is known.  account may be 0.  verified: it
 * works at once; else only after store_identity_verify() or _confirm().
 * One of the same user's that is not verified yet is taken up again, with
 * this account.  What is against the rules is STORE_REFUSED.  Returns 1 if
 * it is new, 0 if it was there, -1.
 */
int	store_identity_add(struct store *s, const char *user,
	    const char *address, uint64_t account, int verified,
	    const char *const *domains, size_t n, time_t now, uint64_t *id);

/* Deletes: 1, or 0 if that user has no such identity. */
int	store_identity_del(struct store *s, const char *user,
	    const char *address);

/* Finds by id, or by exactly this address or @domain (any case). */
int	store_identity_byid(struct store *s, uint64_t id,
	    struct store_identity *idt);
int	store_identity_get(struct store *s, const char *address,
	    struct store_identity *idt);

/*
 * Finds the identity under which a sender's address falls, verified or not:
 * the address exactly, else without a +tag, else its @domain.
 */
int	store_identity_find(struct store *s, const char *sender,
	    struct store_identity *idt);

/*
 * Walks over the identities of a user (NULL: of all), by user and address
 * (callbacks as in store_admin.h).
 */
int	store_identity_each(struct store *s, const char *user,
	    int (*cb)(const struct store_identity *, void *), void *arg);

/* ------------------------------------------------------- verification */

/*
 * Makes a new code for an identity that is not verified, good until now +
 * STORE_CODE_LIFE, and a return path at domain whose kind is
 * STORE_RPATH_IDENTITY, to which the owner may answer.  Earlier ones are
 * void.  Only a hash of the code is kept.  code is the caller's to wipe;
 * rpath gets the address.
 */
int	store_identity_code(struct store *s, uint64_t id, const char *domain,
	    time_t now, char code[STORE_CODE_TEXT + 1],
	    char rpath[STORE_ADDR_MAX + 1]);

/*
 * Makes a sender for the mail with the identity's code: what comes back to it
 * is for store_identity_bounced(), and an answer verifies nothing, for command
 * lines and logs show senders.  idt->rpath is that of store_identity_code().
 * Returns 0 or -1.
 */
int	store_identity_sender(struct store *s,
	    const struct store_identity *idt, const char *domain, time_t now,
	    char sender[STORE_ADDR_MAX + 1]);

/*
 * The address to which the code is mailed: the identity's own; postmaster
 * (RFC 5321 section 4.5.1) of an @domain.  0, or -1 if it does not fit.
 */
int	store_identity_mailto(const struct store_identity *idt, char *buf,
	    size_t size);

/*
 * Tries a code, typed in any case, with or without hyphens and spaces.
 * Returns 1, and *idt is verified now; 0 if it is wrong, expired or used up:
 * STORE_REFUSED says which.  A wrong one counts against the identity that it
 * names, and after STORE_CODE_TRIES of them that one's code is void.
 */
int	store_identity_verify(struct store *s, const char *code, time_t now,
	    struct store_identity *idt);

/*
 * Takes a mail from `from' to the return path `rpath' (its id) for the
 * owner's word: 1, and *idt is verified now; 0 if no identity waits for it,
 * or `from' is not the address of store_identity_mailto().  What proves the
 * owner is the return path, which only a reader of the code's mail knows;
 * `from' itself is not authenticated.
 */
int	store_identity_confirm(struct store *s, uint64_t rpath,
	    const char *from, time_t now, struct store_identity *idt);

/*
 * Notes why the code's mail, with the return path `rpath' (its id), came
 * back: 1, and *idt is the identity; 0 if none waits for it.  reason is cut
 * where it is too long.
 */
int	store_identity_bounced(struct store *s, uint64_t rpath,
	    const char *reason, struct store_identity *idt);

/*
 * Checks a login, and writes it in lower case, as smtpd's tables fold it: 0,
 * or -1 and the store's error says what is wrong with it.
 */
int	store_identity_user(struct store *, const char *user,
	    char buf[STORE_LOGIN_MAX + 1]);

/* The same for the form of an address or @domain: smtpd must carry it. */
int	store_identity_form(struct store *, const char *address);

#endif
