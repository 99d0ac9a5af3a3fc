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
 * What the tables answer for, and how to learn of a change without asking
 * the database.  The keeper enumerates or tells the difference; the front,
 * which has neither database nor files, holds the answers in memory and
 * compares 96 bytes of shared memory before each use:
 *
 *	if (store_watch_changed(w)) {
 *		store_watch_begin(w);
 *		... ask the keeper, take over its answer ...
 *		store_watch_end(w);
 *	}
 *
 * What begin saw is older than what the keeper answers from, so a commit in
 * between only makes the next comparison say "changed" once more.  A front
 * whose keeper was started again must load everything anew.
 */

#ifndef STORE_WATCH_H
#define STORE_WATCH_H

#include "store/store.h"

/* ---------------------------------------------------- in the keeper */

#define STORE_FOREVER	INT64_MAX

/* A key that is answered until expires; expires 0: no longer. */
struct store_key {
	char		 key[STORE_ADDR_MAX + 1];	/* lower case */
	int64_t		 expires;	/* or STORE_FOREVER */
};

/*
 * Walks over every address of ours that is answered at now (mailboxes, live
 * handle addresses, live return paths), and sets *seq to the number to ask
 * for changes since.
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

/* ----------------------------------------------------- in the front */

#define STORE_WATCH_LEN	96	/* two copies of the header, 48 bytes each */

struct store_watch {
	const volatile uint64_t *map;
	size_t		 maplen;
	int		 valid;		/* seen holds something */
	uint64_t	 next[STORE_WATCH_LEN / 8];
	uint64_t	 seen[STORE_WATCH_LEN / 8];
};

/*
 * Maps fd, which may be closed afterwards unless this process has the
 * database open.  store_watch_changed() is true at first.  0, or -1 with
 * errno; nothing is mapped then.
 */
int	store_watch_map(struct store_watch *w, int fd);
void	store_watch_unmap(struct store_watch *w);

/* Has anything been committed since the last begin that came to its end? */
int	store_watch_changed(const struct store_watch *w);

/* Before and after a refresh, as above; without an end nothing was seen. */
void	store_watch_begin(struct store_watch *w);
void	store_watch_end(struct store_watch *w);

#endif
