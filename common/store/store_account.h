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
 * Accounts: SMTP servers with credentials, through which identities' mail
 * leaves.  Secrets come and go sealed (account_seal.h): the store knows no key.
 */

#ifndef STORE_ACCOUNT_H
#define STORE_ACCOUNT_H

#include "store/store.h"

#define STORE_ACCOUNT_MAX	32	/* an account's name */
#define STORE_HOST_MAX		253	/* RFC 1035 section 2.3.4 */
#define STORE_AUTHUSER_MAX	255	/* who logs in there */
#define STORE_SECRET_MAX	16384	/* sealed, in base64 */
#define STORE_STAGE_MAX		16	/* "connect", "tls", "auth", ... */
#define STORE_REASON_MAX	400	/* what the server said */
#define STORE_ACCOUNT_OK_EVERY	60	/* seconds between notes of success */

enum store_transport {
	STORE_SMTP_TLS = 1,	/* smtp+tls: STARTTLS, never without */
	STORE_SMTPS,		/* TLS from the first byte */
	STORE_NULL,		/* accept and discard */
	STORE_LMTP		/* in the clear, without credentials */
};

enum store_auth {
	STORE_AUTH_NONE = 0,	/* null and lmtp; or a secret was lost */
	STORE_AUTH_PASSWORD,	/* AUTH PLAIN or LOGIN */
	STORE_AUTH_OAUTH	/* XOAUTH2 or OAUTHBEARER; see oauthtext.h */
};

struct store_account {
	uint64_t	 id;
	char		 name[STORE_ACCOUNT_MAX + 1];	/* as typed */
	enum store_transport transport;
	char		 host[STORE_HOST_MAX + 1]; /* lower case, no brackets;
						    * "" for null */
	unsigned int	 port;		/* 0 for null */
	char		 user[STORE_AUTHUSER_MAX + 1];	/* "" if none */
	enum store_auth	 auth;
	uint64_t	 generation;	/* another one after every change of
					 * what stands above; never again */
	time_t		 created;
	time_t		 changed;

	/* How it went.  A change of the account forgets it. */
	unsigned int	 failures;	/* in a row; 0: all is well */
	char		 stage[STORE_STAGE_MAX + 1];	/* of the last one */
	char		 reason[STORE_REASON_MAX + 1];
	time_t		 failed;	/* the last time, or 0 */
	time_t		 retry;		/* not before, or 0 */
	time_t		 succeeded;	/* the last time noted, or 0 */
};

/*
 * Adds an account, or changes the one of that name, whose identities then
 * leave through the new server.  Of acc the caller sets name, transport,
 * host, port, user and auth; id and generation are set.  secret is sealed,
 * NULL or "" for STORE_AUTH_NONE.  What is against the rules (a name other
 * than 1 to STORE_ACCOUNT_MAX letters, digits, - and _, or "courier"; what
 * smtpd cannot carry) is STORE_REFUSED.  Returns 1 if it is new, 0 if it
 * was changed, -1.
 */
int	store_account_put(struct store *s, struct store_account *acc,
	    const char *secret, time_t now);

/* Deletes: 1, 0 if there is none; STORE_REFUSED while identities use it. */
int	store_account_del(struct store *s, uint64_t id);

/* Finds an account by name in any case, or by id. */
int	store_account_get(struct store *s, const char *name,
	    struct store_account *acc);
int	store_account_byid(struct store *s, uint64_t id,
	    struct store_account *acc);

/* Counts the identities that use an account. */
int	store_account_uses(struct store *s, uint64_t id,
	    unsigned int *identities);

/* Walks over all accounts by name (callbacks as in store_admin.h). */
int	store_account_each(struct store *s,
	    int (*cb)(const struct store_account *, void *), void *arg);

/*
 * Reads the sealed secret of an account in this generation: 1; 0 if it has
 * none, or is of another generation by now.
 */
int	store_account_secret(struct store *s, uint64_t id,
	    uint64_t generation, char *buf, size_t size);

/*
 * Keeps the secret sealed anew, with the same generation: under another key,
 * or OAuth data with a renewed refresh token.  `before' is the sealed secret
 * that it replaces.  Returns 1; 0 if that is no longer what is stored, and
 * then nothing was changed.
 */
int	store_account_reseal(struct store *s, uint64_t id,
	    const char *before, const char *secret);

/*
 * Records that something failed: one more in a row, at a stage ("connect",
 * "tls", "auth", "oauth", ...), with what was said (cut, and cleaned of
 * control characters), not to be tried again before retry (0: any time).
 * 1, or 0 if the account is of another generation by now.
 */
int	store_account_failed(struct store *s, uint64_t id,
	    uint64_t generation, const char *stage, const char *reason,
	    time_t retry, time_t now);

/*
 * Records success.  Writes only if that ends a row of failures or the last
 * note is older than STORE_ACCOUNT_OK_EVERY, so it is cheap.  As above.
 */
int	store_account_worked(struct store *s, uint64_t id,
	    uint64_t generation, time_t now);

/* What is wrong with an account's name, a sentence, or NULL. */
const char *store_account_misnamed(const char *name);

/* "smtp+tls", "smtps", "null" or "lmtp"; the other way 0, or -1. */
const char *store_transport_name(enum store_transport transport);
int	store_transport_parse(const char *name,
	    enum store_transport *transport);

#endif
