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
 * What the fronts answer for, which have no database: the keeper tells them
 * what there is or what has changed, and lends them what says that something
 * has (proc/address_cache.h).
 */

#ifndef STORE_WATCH_H
#define STORE_WATCH_H

#include "proc/address_cache.h"
#include "store/store.h"

#define STORE_FOREVER	INT64_MAX

/* A key that is answered until expires; expires 0: no longer. */
struct store_key {
	char		 key[STORE_ADDR_MAX + 1];	/* lower case */
	int64_t		 expires;	/* or STORE_FOREVER */
};

/*
 * Walks over every address of ours that is answered at now (mailboxes, and if
 * now is not STORE_FOREVER live handle addresses and return paths), and sets
 * *seq to the number to ask for changes since.
 */
int	store_keys_all(struct store *s, time_t now, int64_t *seq,
	    int (*cb)(const struct store_key *, void *), void *arg);

/*
 * Walks over what changed since *seq, oldest first, and sets *seq to the
 * new number.  Returns 1; 0 if the changes since *seq are no longer known:
 * load everything anew with store_keys_all().
 */
int	store_keys_since(struct store *s, int64_t *seq,
	    int (*cb)(const struct store_key *, void *), void *arg);

/*
 * Tells a front what changed since *seq, or everything if *seq is -1 or the
 * changes are no longer known, and sets *seq to the new number.  now is the
 * time, or STORE_FOREVER if it is to know mailboxes alone.  0, or -1: the
 * store failed, or f->failed.
 */
int	store_keys_tell(struct store *s, struct address_feed *f, time_t now,
	    int64_t *seq);

/* Forgets all but the newest keep changes. */
int	store_keys_prune(struct store *s, unsigned int keep);

/*
 * The addresses of user changed: address, or any of them if that is "".
 * A user "" is every login of `helpdesk': a mailbox came or went.
 */
struct store_sender_change {
	char		 user[STORE_LOGIN_MAX + 1];
	char		 address[STORE_ADDR_MAX + 1];	/* folded */
};

/* The number to ask for changes of senders since. */
int	store_senders_seq(struct store *s, int64_t *seq);

/*
 * Walks over what changed since *seq, oldest first, in identities, workers'
 * logins and addresses, and mailboxes; sets *seq to the new number.  Returns
 * 1; 0 if the changes since *seq are no longer known: load everything anew.
 * An identity counts as changed, too, when the server of its account did;
 * other changes of accounts are not told: ask for one when it is needed.
 */
int	store_senders_since(struct store *s, int64_t *seq,
	    int (*cb)(const struct store_sender_change *, void *), void *arg);

/* Forgets all but the newest keep changes. */
int	store_senders_prune(struct store *s, unsigned int keep);

/*
 * A descriptor, open for reading, of the file that the front maps.  It
 * belongs to the store and stays open as long: to close another descriptor of
 * that file in this process would drop the locks that the database holds on
 * it (fcntl(2)).  Send it over a socket, or fork.
 */
int	store_watch_fd(struct store *s);

#endif
