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
/* The store, as the commands use it, and how they show what is in it. */

#ifndef CTL_STORE_H
#define CTL_STORE_H

#include <time.h>

#include "ctl.h"
#include "store/store_admin.h"

#define CTL_BUSY_MS	10000	/* how long to wait for other processes */

/*
 * What to say behind the reason why a store did not open: of a directory that
 * does not let this process pass, who may; otherwise "".
 */
const char	*ctl_why_denied(const char *database);

/*
 * Opens the store that relay.conf names; NULL after saying what is wrong.  A
 * process that was root's is _smtprelay's from here on, unless the directory
 * is root's alone.
 */
struct store	*ctl_open(struct ctl *);

/* The same, and begins a transaction, to write or only to read. */
struct store	*ctl_begin(struct ctl *, int writing);

/*
 * Ends what ctl_begin() began: keeps the changes when `status' is CTL_OK,
 * else none.  Returns the exit status.
 */
int		 ctl_end(struct ctl *, struct store *, int status);

/* Says what the store's last failure was.  Returns CTL_FAIL. */
int		 ctl_store_fail(struct ctl *, struct store *);

/*
 * Find what was named on the command line.  Return CTL_OK, or CTL_FAIL
 * after saying that there is no such thing.
 */
int		 ctl_find_mailbox(struct ctl *, struct store *,
		    const char *address, struct store_mailbox *);
int		 ctl_find_worker(struct ctl *, struct store *,
		    const char *name, struct store_worker *);
int		 ctl_find_conversation(struct ctl *, struct store *,
		    const char *id, struct store_conversation *);

/*
 * Warns of mailboxes whose mail is refused for now, because no member can
 * get it and there is no archive.
 */
void		 ctl_warn_mailboxes(struct ctl *, struct store *);

/* "2026-03-01 12:30" in local time; "-" for 0. */
const char	*ctl_time(time_t, char *buf, size_t size);

/* One of each for -j; `name' as in json.h. */
void		 ctl_json_mailbox(struct ctl *, const char *name,
		    const struct store_mailbox *);
void		 ctl_json_worker(struct ctl *, const char *name,
		    const struct store_worker *);
void		 ctl_json_conversation(struct ctl *, const char *name,
		    const struct store_conversation *);

/* A time for -j: seconds since 1970, or null for 0. */
void		 ctl_json_time(struct ctl *, const char *name, time_t);

#endif
