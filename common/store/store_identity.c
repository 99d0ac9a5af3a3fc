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

#include <stdio.h>

#include "store/store_identity.h"
#include "store/store_identity_int.h"

int
identity_fill(struct store *s, sqlite3_stmt *st, struct store_identity *idt)
{
	memset(idt, 0, sizeof(*idt));
	idt->id = sqlite3_column_int64(st, 0);
	idt->account = sqlite3_column_int64(st, 4);
	idt->verified = sqlite3_column_int64(st, 6);
	idt->expires = sqlite3_column_int64(st, 7);
	idt->tries = sqlite3_column_int64(st, 8);
	idt->rpath = sqlite3_column_int64(st, 9);
	idt->created = sqlite3_column_int64(st, 10);
	if (db_text(s, st, 1, idt->user, sizeof(idt->user)) == -1 ||
	    db_text(s, st, 2, idt->address, sizeof(idt->address)) == -1 ||
	    db_text(s, st, 3, idt->folded, sizeof(idt->folded)) == -1 ||
	    db_text(s, st, 5, idt->account_name,
	    sizeof(idt->account_name)) == -1 ||
	    db_text(s, st, 11, idt->bounced, sizeof(idt->bounced)) == -1)
		return -1;
	return 0;
}

int
identity_one(struct store *s, sqlite3_stmt *st, struct store_identity *idt)
{
	int	 ret;

	if (st == NULL)
		return -1;
	if ((ret = db_step(s, st)) == 1 && identity_fill(s, st, idt) == -1)
		ret = -1;
	db_done(s, st);
	return ret;
}

int
store_identity_byid(struct store *s, uint64_t id, struct store_identity *idt)
{
	return identity_one(s, db_get(s, IDENTITY "WHERE i.id = ?", "i",
	    (int64_t)id), idt);
}

int
store_identity_get(struct store *s, const char *address,
    struct store_identity *idt)
{
	char	 folded[STORE_ADDR_MAX + 1];

	if (store_fold(address, folded, sizeof(folded)) == -1)
		return 0;
	return identity_one(s, db_get(s, IDENTITY "WHERE i.folded = ?", "t",
	    folded), idt);
}

/*
 * smtpd compares in the same way: a tag is taken off unless the address in
 * the table has one itself.
 */
int
store_identity_find(struct store *s, const char *sender,
    struct store_identity *idt)
{
	char		 bare[STORE_ADDR_MAX + 1];
	const char	*at, *plus;
	int		 ret;

	if ((at = strrchr(sender, '@')) == NULL || at == sender)
		return 0;
	if ((ret = store_identity_get(s, sender, idt)) != 0)
		return ret;
	plus = strchr(sender, '+');
	if (plus != NULL && plus < at && plus != sender) {
		if (strlcpy(bare, sender, sizeof(bare)) >= sizeof(bare))
			return 0;
		(void)strlcpy(bare + (plus - sender), at,
		    sizeof(bare) - (plus - sender));
		if ((ret = store_identity_get(s, bare, idt)) != 0)
			return ret;
	}
	return store_identity_get(s, at, idt);
}

int
store_identity_each(struct store *s, const char *user,
    int (*cb)(const struct store_identity *, void *), void *arg)
{
	struct store_identity	 idt;
	sqlite3_stmt		*st;
	char			 folded[STORE_LOGIN_MAX + 1];
	int			 ret;

	if (user != NULL && store_fold(user, folded, sizeof(folded)) == -1)
		return 0;
	if (user == NULL)
		st = db_get(s, IDENTITY "ORDER BY i.user, i.folded", "");
	else
		st = db_get(s, IDENTITY "WHERE i.user = ? ORDER BY i.folded",
		    "t", folded);
	if (st == NULL)
		return -1;
	while ((ret = db_step(s, st)) == 1) {
		if (identity_fill(s, st, &idt) == -1) {
			ret = -1;
			break;
		}
		if (cb(&idt, arg) != 0) {
			ret = db_fail(s, STORE_REFUSED, "stopped");
			break;
		}
	}
	db_done(s, st);
	return ret;
}

static int
check_account(struct store *s, uint64_t account)
{
	struct store_account	 acc;
	int			 ret;

	if (account == 0)
		return 0;
	if ((ret = store_account_byid(s, account, &acc)) == 0)
		return db_fail(s, STORE_REFUSED, "there is no such account");
	return ret == -1 ? -1 : 0;
}

/* The user's own that is not verified yet: 1 and *id, 0 or -1. */
static int
pending(struct store *s, const char *user, const char *folded,
    const char *address, uint64_t account, int verified, time_t now,
    uint64_t *id)
{
	struct store_identity	 idt;
	int			 ret;

	if ((ret = store_identity_get(s, folded, &idt)) != 1)
		return ret;
	if (strcmp(idt.user, user) != 0 || idt.verified != 0)
		return 0;
	*id = idt.id;
	if (db_run(s, "UPDATE identity SET address = ?, "
	    "account = nullif(?, 0), verified = nullif(?, 0) WHERE id = ?",
	    "tiii", address, (int64_t)account,
	    verified ? (int64_t)now : (int64_t)0, (int64_t)idt.id) == -1)
		return -1;
	if (verified && db_run(s, "DELETE FROM identity_code "
	    "WHERE identity = ?", "i", (int64_t)idt.id) == -1)
		return -1;
	return 1;
}

static int
add(struct store *s, const char *user, const char *address,
    const char *folded, uint64_t account, int verified, time_t now,
    uint64_t *id)
{
	if (db_run(s, "INSERT INTO identity (user, address, folded, account, "
	    "verified, created) VALUES (?, ?, ?, nullif(?, 0), nullif(?, 0), "
	    "?)", "tttiii", user, address, folded, (int64_t)account,
	    verified ? (int64_t)now : (int64_t)0, (int64_t)now) == -1)
		return -1;
	*id = sqlite3_last_insert_rowid(s->db);
	return 1;
}

int
store_identity_add(struct store *s, const char *user, const char *address,
    uint64_t account, int verified, const char *const *domains, size_t n,
    time_t now, uint64_t *id)
{
	char	 folded[STORE_ADDR_MAX + 1], who[STORE_LOGIN_MAX + 1];
	int	 ret;

	if (identity_user(s, user, who) == -1 ||
	    identity_form(s, address) == -1 ||
	    rule_fold(s, address, folded) == -1 || db_enter(s) == -1)
		return -1;
	if ((ret = check_account(s, account)) == 0)
		ret = pending(s, who, folded, address, account, verified,
		    now, id);
	if (ret == 1)
		return db_leave(s, 0);
	if (ret == 0 && identity_room(s, who) == 0 &&
	    identity_free(s, who, folded, domains, n) == 0)
		ret = add(s, who, address, folded, account, verified, now,
		    id);
	else
		ret = -1;
	return db_leave(s, ret);
}

int
store_identity_del(struct store *s, const char *user, const char *address)
{
	char	 folded[STORE_ADDR_MAX + 1], who[STORE_LOGIN_MAX + 1];
	int	 ret;

	if (store_fold(user, who, sizeof(who)) == -1 ||
	    store_fold(address, folded, sizeof(folded)) == -1)
		return 0;
	if (db_enter(s) == -1)
		return -1;
	ret = db_run(s, "DELETE FROM identity WHERE user = ? AND folded = ?",
	    "tt", who, folded);
	return db_leave(s, ret);
}

/* The number of the newest change that ever was. */
int
store_senders_seq(struct store *s, int64_t *seq)
{
	*seq = 0;
	return db_number(s, seq, "SELECT seq FROM sqlite_sequence "
	    "WHERE name = 'sender_change'", "") == -1 ? -1 : 0;
}

static int
walk(struct store *s, int64_t seq,
    int (*cb)(const struct store_sender_change *, void *), void *arg)
{
	struct store_sender_change	 c;
	sqlite3_stmt			*st;
	int				 ret;

	if ((st = db_get(s, "SELECT user, address FROM sender_change "
	    "WHERE seq > ? ORDER BY seq", "i", seq)) == NULL)
		return -1;
	while ((ret = db_step(s, st)) == 1) {
		if (db_text(s, st, 0, c.user, sizeof(c.user)) == -1 ||
		    db_text(s, st, 1, c.address, sizeof(c.address)) == -1) {
			ret = -1;
			break;
		}
		if (cb(&c, arg) != 0) {
			ret = db_fail(s, STORE_REFUSED, "stopped");
			break;
		}
	}
	db_done(s, st);
	return ret;
}

int
store_senders_since(struct store *s, int64_t *seq,
    int (*cb)(const struct store_sender_change *, void *), void *arg)
{
	int64_t	 last, first = 0;
	int	 fixed, ret;

	if ((fixed = db_fix(s)) == -1)
		return -1;
	if (store_senders_seq(s, &last) == -1)
		return db_unfix(s, fixed, -1);
	if (*seq == last)
		return db_unfix(s, fixed, 1);
	ret = db_number(s, &first, "SELECT min(seq) FROM sender_change", "");
	if (ret == -1)
		return db_unfix(s, fixed, -1);
	if (ret == 0 || *seq > last || *seq < first - 1)
		return db_unfix(s, fixed, 0);
	if ((ret = walk(s, *seq, cb, arg)) == 0)
		*seq = last;
	return db_unfix(s, fixed, ret == -1 ? -1 : 1);
}

int
store_senders_prune(struct store *s, unsigned int keep)
{
	int64_t	 last;
	int	 ret;

	if (db_enter(s) == -1)
		return -1;
	if ((ret = store_senders_seq(s, &last)) == 0)
		ret = db_run(s, "DELETE FROM sender_change WHERE seq <= ?",
		    "i", last - (int64_t)keep);
	return db_leave(s, ret == -1 ? -1 : 0);
}
