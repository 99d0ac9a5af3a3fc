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

#include "store/store_db.h"
#include "store/store_watch.h"

/* What is asked of a table that logs changes. */
static const struct {
	const char	*newest;	/* the number of the last, ever */
	const char	*oldest;	/* of those that are kept, or NULL */
	const char	*forget;	/* all up to a number */
	const char	*since;		/* change_columns of those after it */
} logs[] = {
	[STORE_KEYS] = {
		"SELECT seq FROM sqlite_sequence WHERE name = 'change'",
		"SELECT min(seq) FROM change",
		"DELETE FROM change WHERE seq <= ?",
		"SELECT '', address, expires FROM change WHERE seq > ? "
		"ORDER BY seq"
	},
	[STORE_SENDERS] = {
		"SELECT seq FROM sqlite_sequence WHERE name = 'sender_change'",
		"SELECT min(seq) FROM sender_change",
		"DELETE FROM sender_change WHERE seq <= ?",
		"SELECT user, address, 0 FROM sender_change WHERE seq > ? "
		"ORDER BY seq"
	}
};

static const struct db_column	 change_columns[] = {
	DB_TEXT(store_change, user), DB_TEXT(store_change, address),
	DB_INT(store_change, expires), DB_END
};

int
store_changes_newest(struct store *s, enum store_log log, int64_t *seq)
{
	*seq = 0;
	return db_number(s, seq, logs[log].newest, "") == -1 ? -1 : 0;
}

/* Whether all changes since seq, up to *last, are still known: 1, 0 or -1. */
static int
look_back(struct store *s, enum store_log log, int64_t seq, int64_t *last)
{
	int64_t	 first = 0;
	int	 ret;

	if (store_changes_newest(s, log, last) == -1)
		return -1;
	if (seq == *last)
		return 1;
	if ((ret = db_number(s, &first, logs[log].oldest, "")) == -1)
		return -1;
	return ret == 1 && seq <= *last && seq >= first - 1;
}

int
store_changes_prune(struct store *s, enum store_log log, unsigned int keep)
{
	int64_t	 last;
	int	 ret;

	if (db_enter(s) == -1)
		return -1;
	if ((ret = store_changes_newest(s, log, &last)) == 0)
		ret = db_run(s, logs[log].forget, "i", last - keep);
	return db_leave(s, ret == -1 ? -1 : 0);
}

static int
walk_changes(struct store *s, struct db_query *q, store_change_cb *cb,
    void *arg)
{
	struct store_change	 c;
	int			 ret;

	while ((ret = db_next(s, q, change_columns, &c)) == 1)
		if (cb(&c, arg) != 0)
			return db_stop(s, q);
	return ret;
}

int
store_changes_since(struct store *s, enum store_log log, int64_t *seq,
    store_change_cb *cb, void *arg)
{
	int64_t	 last;
	int	 fixed, ret;

	if ((fixed = db_fix(s)) == -1)
		return -1;
	ret = look_back(s, log, *seq, &last);
	if (ret == 1 && walk_changes(s, db_get(s, logs[log].since, "i", *seq),
	    cb, arg) == -1)
		ret = -1;
	if (ret == 1)
		*seq = last;
	return db_unfix(s, fixed, ret);
}

int
store_keys_all(struct store *s, time_t now, int64_t *seq, store_change_cb *cb,
    void *arg)
{
	int	 fixed, ret;

	if ((fixed = db_fix(s)) == -1)
		return -1;
	if ((ret = store_changes_newest(s, STORE_KEYS, seq)) == 0)
		ret = walk_changes(s, db_get(s, "SELECT '', address, ?2 "
		    "FROM mailbox UNION ALL SELECT '', address, expires "
		    "FROM handle WHERE ?1 < ?2 AND revoked = 0 AND "
		    "expires > ?1 UNION ALL SELECT '', address, expires "
		    "FROM rpath WHERE expires > ?1", "di", now,
		    STORE_FOREVER), cb, arg);
	return db_unfix(s, fixed, ret);
}

static int
tell_key(const struct store_change *c, void *arg)
{
	return c->expires == 0 ?
	    address_feed_add(arg, ADDRESS_DEL, c->address, 0, NULL) :
	    address_feed_add(arg, ADDRESS_PUT, c->address,
	    (uint64_t)c->expires, NULL);
}

/* What changed, but no handle or return path that came. */
static int
tell_mailbox(const struct store_change *c, void *arg)
{
	return c->expires != 0 && c->expires != STORE_FOREVER ? 0 :
	    tell_key(c, arg);
}

int
store_keys_tell(struct store *s, struct address_feed *f, time_t now,
    int64_t *seq)
{
	int	 ret = 0;

	if (*seq >= 0)
		ret = store_changes_since(s, STORE_KEYS, seq,
		    now == STORE_FOREVER ? tell_mailbox : tell_key, f);
	if (ret != 0)
		return ret == 1 ? 0 : -1;
	if (address_feed_add(f, ADDRESS_CLEAR, NULL, 0, NULL) == -1)
		return -1;
	return store_keys_all(s, now, seq, tell_key, f);
}
