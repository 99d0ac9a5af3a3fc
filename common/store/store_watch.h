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

/* The two logs of changes, which triggers of the database write. */
enum store_log {
	STORE_KEYS,	/* an address of ours is answered at until expires, or
			 * STORE_FOREVER; 0: no longer */
	STORE_SENDERS	/* the address of user changed, or any if that is "";
			 * a user "" is every login of `helpdesk': a mailbox
			 * came or went */
};

struct store_change {
	char		 user[STORE_LOGIN_MAX + 1];	/* of STORE_SENDERS */
	char		 address[STORE_ADDR_MAX + 1];	/* lower case */
	int64_t		 expires;			/* of STORE_KEYS */
};

typedef int	store_change_cb(const struct store_change *, void *);

/* The number to ask for changes since.  0 or -1. */
int	store_changes_newest(struct store *s, enum store_log log,
	    int64_t *seq);

/*
 * Walks over what changed since *seq, oldest first, and sets *seq to the
 * new number.  Returns 1; 0 if the changes since *seq are no longer known:
 * load everything anew.  Of senders it tells changes in identities, workers'
 * logins and addresses, and mailboxes; an identity counts as changed, too,
 * when the server of its account did.  Other changes of accounts are not
 * told: ask for one when it is needed.
 */
int	store_changes_since(struct store *s, enum store_log log, int64_t *seq,
	    store_change_cb *cb, void *arg);

/* Forgets all but the newest keep changes. */
int	store_changes_prune(struct store *s, enum store_log log,
	    unsigned int keep);

/*
 * Walks over every address of ours that is answered at now (mailboxes, and if
 * now is not STORE_FOREVER live handle addresses and return paths), and sets
 * *seq to the number to ask for changes since.
 */
int	store_keys_all(struct store *s, time_t now, int64_t *seq,
	    store_change_cb *cb, void *arg);

/*
 * Tells a front what changed since *seq, or everything if *seq is -1 or the
 * changes are no longer known, and sets *seq to the new number.  now is the
 * time, or STORE_FOREVER if it is to know mailboxes alone.  0, or -1: the
 * store failed, or f->failed.
 */
int	store_keys_tell(struct store *s, struct address_feed *f, time_t now,
	    int64_t *seq);

/*
 * A descriptor, open for reading, of the file that the front maps.  It
 * belongs to the store and stays open as long: to close another descriptor of
 * that file in this process would drop the locks that the database holds on
 * it (fcntl(2)).  Send it over a socket, or fork.
 */
int	store_watch_fd(struct store *s);

#endif
