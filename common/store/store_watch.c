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
struct change_log {
	const char	*newest;	/* the number of the last, ever */
	const char	*oldest;	/* of those that are kept, or NULL */
	const char	*forget;	/* all up to a number */
};

static const struct change_log	 key_log = {
	"SELECT seq FROM sqlite_sequence WHERE name = 'change'",
	"SELECT min(seq) FROM change",
	"DELETE FROM change WHERE seq <= ?"
};

static const struct change_log	 sender_log = {
	"SELECT seq FROM sqlite_sequence WHERE name = 'sender_change'",
	"SELECT min(seq) FROM sender_change",
	"DELETE FROM sender_change WHERE seq <= ?"
};

static int
get_newest(struct store *s, const struct change_log *log, int64_t *seq)
{
	*seq = 0;
	return db_number(s, seq, log->newest, "") == -1 ? -1 : 0;
}

/* Whether all changes since seq, up to *last, are still known: 1, 0 or -1. */
static int
look_back(struct store *s, const struct change_log *log, int64_t seq,
    int64_t *last)
{
	int64_t	 first = 0;
	int	 ret;

	if (get_newest(s, log, last) == -1)
		return -1;
	if (seq == *last)
		return 1;
	if ((ret = db_number(s, &first, log->oldest, "")) == -1)
		return -1;
	return ret == 1 && seq <= *last && seq >= first - 1;
}

static int
forget_changes(struct store *s, const struct change_log *log,
    unsigned int keep)
{
	int64_t	 last;
	int	 ret;

	if (db_enter(s) == -1)
		return -1;
	if ((ret = get_newest(s, log, &last)) == 0)
		ret = db_run(s, log->forget, "i", last - keep);
	return db_leave(s, ret == -1 ? -1 : 0);
}

static const struct db_column	 key_columns[] = {
	DB_TEXT(store_key, key), DB_INT(store_key, expires), DB_END
};

static int
walk_keys(struct store *s, struct db_query *q,
    int (*cb)(const struct store_key *, void *), void *arg)
{
	struct store_key	 key;
	int			 ret;

	while ((ret = db_next(s, q, key_columns, &key)) == 1)
		if (cb(&key, arg) != 0)
			return db_stop(s, q);
	return ret;
}

int
store_keys_all(struct store *s, time_t now, int64_t *seq,
    int (*cb)(const struct store_key *, void *), void *arg)
{
	int	 fixed, ret;

	if ((fixed = db_fix(s)) == -1)
		return -1;
	if ((ret = get_newest(s, &key_log, seq)) == 0)
		ret = walk_keys(s, db_get(s, "SELECT address, ?2 FROM mailbox "
		    "UNION ALL SELECT address, expires FROM handle WHERE "
		    "?1 < ?2 AND revoked = 0 AND expires > ?1 UNION ALL "
		    "SELECT address, expires FROM rpath WHERE expires > ?1",
		    "di", now, STORE_FOREVER), cb, arg);
	return db_unfix(s, fixed, ret);
}

int
store_keys_since(struct store *s, int64_t *seq,
    int (*cb)(const struct store_key *, void *), void *arg)
{
	int64_t	 last;
	int	 fixed, ret;

	if ((fixed = db_fix(s)) == -1)
		return -1;
	ret = look_back(s, &key_log, *seq, &last);
	if (ret == 1 && walk_keys(s, db_get(s, "SELECT address, expires "
	    "FROM change WHERE seq > ? ORDER BY seq", "i", *seq), cb,
	    arg) == -1)
		ret = -1;
	if (ret == 1)
		*seq = last;
	return db_unfix(s, fixed, ret);
}

static int
tell_key(const struct store_key *k, void *arg)
{
	return k->expires == 0 ?
	    address_feed_add(arg, ADDRESS_DEL, k->key, 0, NULL) :
	    address_feed_add(arg, ADDRESS_PUT, k->key, (uint64_t)k->expires,
	    NULL);
}

/* What changed, but no handle or return path that came. */
static int
tell_mailbox(const struct store_key *k, void *arg)
{
	return k->expires != 0 && k->expires != STORE_FOREVER ? 0 :
	    tell_key(k, arg);
}

int
store_keys_tell(struct store *s, struct address_feed *f, time_t now,
    int64_t *seq)
{
	int	 ret = 0;

	if (*seq >= 0)
		ret = store_keys_since(s, seq, now == STORE_FOREVER ?
		    tell_mailbox : tell_key, f);
	if (ret != 0)
		return ret == 1 ? 0 : -1;
	if (address_feed_add(f, ADDRESS_CLEAR, NULL, 0, NULL) == -1)
		return -1;
	return store_keys_all(s, now, seq, tell_key, f);
}

int
store_keys_prune(struct store *s, unsigned int keep)
{
	return forget_changes(s, &key_log, keep);
}

int
store_senders_seq(struct store *s, int64_t *seq)
{
	return get_newest(s, &sender_log, seq);
}

static const struct db_column	 sender_columns[] = {
	DB_TEXT(store_sender_change, user),
	DB_TEXT(store_sender_change, address), DB_END
};

static int
walk_senders(struct store *s, struct db_query *q,
    int (*cb)(const struct store_sender_change *, void *), void *arg)
{
	struct store_sender_change	 c;
	int				 ret;

	while ((ret = db_next(s, q, sender_columns, &c)) == 1)
		if (cb(&c, arg) != 0)
			return db_stop(s, q);
	return ret;
}

int
store_senders_since(struct store *s, int64_t *seq,
    int (*cb)(const struct store_sender_change *, void *), void *arg)
{
	int64_t	 last;
	int	 fixed, ret;

	if ((fixed = db_fix(s)) == -1)
		return -1;
	ret = look_back(s, &sender_log, *seq, &last);
	if (ret == 1 && walk_senders(s, db_get(s, "SELECT user, address "
	    "FROM sender_change WHERE seq > ? ORDER BY seq", "i", *seq), cb,
	    arg) == -1)
		ret = -1;
	if (ret == 1)
		*seq = last;
	return db_unfix(s, fixed, ret);
}

int
store_senders_prune(struct store *s, unsigned int keep)
{
	return forget_changes(s, &sender_log, keep);
}

