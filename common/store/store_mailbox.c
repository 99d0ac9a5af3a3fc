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

#include "store/store_int.h"
#include "store/store_mail.h"

#define COLUMNS								\
	"SELECT m.id, m.address, m.name, m.archive, m.created,"		\
	" (SELECT count(*) FROM member b WHERE b.mailbox = m.id),"	\
	" (SELECT count(*) FROM member b JOIN worker w ON w.id = b.worker" \
	"  WHERE b.mailbox = m.id AND w.enabled = 1),"			\
	" m.open FROM mailbox m "

static int
fill(struct store *s, sqlite3_stmt *st, struct store_mailbox *mb)
{
	mb->id = sqlite3_column_int64(st, 0);
	mb->created = sqlite3_column_int64(st, 4);
	mb->members = sqlite3_column_int64(st, 5);
	mb->able = sqlite3_column_int64(st, 6);
	mb->open = sqlite3_column_int64(st, 7);
	if (db_text(s, st, 1, mb->address, sizeof(mb->address)) == -1 ||
	    db_text(s, st, 2, mb->name, sizeof(mb->name)) == -1 ||
	    db_text(s, st, 3, mb->archive, sizeof(mb->archive)) == -1)
		return -1;
	return 0;
}

static int
get(struct store *s, sqlite3_stmt *st, struct store_mailbox *mb)
{
	int	 ret;

	if (st == NULL)
		return -1;
	if ((ret = db_step(s, st)) == 1 && fill(s, st, mb) == -1)
		ret = -1;
	db_done(s, st);
	return ret;
}

int
store_mailbox_get(struct store *s, const char *address,
    struct store_mailbox *mb)
{
	char	 folded[STORE_ADDR_MAX + 1];

	if (store_fold(address, folded, sizeof(folded)) == -1)
		return 0;
	return get(s, db_get(s, COLUMNS "WHERE m.address = ?", "t", folded),
	    mb);
}

int
store_mailbox_byid(struct store *s, uint64_t id, struct store_mailbox *mb)
{
	return get(s, db_get(s, COLUMNS "WHERE m.id = ?", "i", (int64_t)id),
	    mb);
}

int
store_mailbox_each(struct store *s, uint32_t worker,
    int (*cb)(const struct store_mailbox *, void *), void *arg)
{
	struct store_mailbox	 mb;
	sqlite3_stmt		*st;
	int			 ret;

	if (worker == 0)
		st = db_get(s, COLUMNS "ORDER BY m.address", "");
	else
		st = db_get(s, COLUMNS "JOIN member j ON j.mailbox = m.id "
		    "WHERE j.worker = ? ORDER BY m.address", "i",
		    (int64_t)worker);
	if (st == NULL)
		return -1;
	while ((ret = db_step(s, st)) == 1) {
		if (fill(s, st, &mb) == -1) {
			ret = -1;
			break;
		}
		if (cb(&mb, arg) != 0) {
			ret = db_fail(s, STORE_REFUSED, "stopped");
			break;
		}
	}
	db_done(s, st);
	return ret;
}

/* Says who has the address already.  0 if nobody. */
static int
check_free(struct store *s, const char *folded)
{
	struct store_mailbox	 mb;
	struct store_worker	 w;
	int			 ret;

	if ((ret = store_mailbox_get(s, folded, &mb)) == 1)
		return db_fail(s, STORE_REFUSED, "%s is a mailbox already",
		    folded);
	if (ret == 0 && (ret = store_worker_byaddr(s, folded, &w)) == 1)
		return db_fail(s, STORE_REFUSED, "%s is the worker %s's "
		    "address", folded, w.name);
	return ret;
}

/*
 * An archive that is a mailbox would get its own copies, and a worker's
 * address would show all mail to one worker, unlike what the list of members
 * says.
 */
static int
check_archive(struct store *s, const char *folded, const char *archive)
{
	char	 low[STORE_ADDR_MAX + 1];
	int	 ret;

	if (rule_address(s, archive) == -1 || rule_fold(s, archive, low) == -1)
		return -1;
	ret = strcmp(low, folded) == 0 ? 1 : store_is_ours(s, low);
	if (ret == 1)
		return db_fail(s, STORE_REFUSED, "%s: a mailbox or a worker's "
		    "address cannot be an archive", archive);
	return ret;
}

int
rule_not_archive(struct store *s, const char *folded)
{
	int64_t	 n;
	int	 ret;

	if ((ret = db_number(s, &n, "SELECT id FROM mailbox "
	    "WHERE lower(archive) = ?", "t", folded)) == 1)
		return db_fail(s, STORE_REFUSED, "%s is a mailbox's archive",
		    folded);
	return ret;
}

int
store_mailbox_add(struct store *s, const char *address, const char *name,
    const char *archive, const char *const *domains, size_t n, time_t now,
    uint64_t *id)
{
	char	 folded[STORE_ADDR_MAX + 1];
	int	 ret = -1;

	if (rule_fold(s, address, folded) == -1 ||
	    rule_mailbox(s, folded, domains, n) == -1 ||
	    (name != NULL && rule_text(s, "the name", name,
	    STORE_NAME_MAX) == -1) || db_enter(s) == -1)
		return -1;
	if (check_free(s, folded) == -1 ||
	    rule_not_archive(s, folded) == -1 ||
	    rule_not_identity(s, folded, NULL) == -1)
		goto out;
	if (archive != NULL && *archive != '\0' &&
	    check_archive(s, folded, archive) == -1)
		goto out;
	if (db_run(s, "INSERT INTO mailbox (address, name, archive, created) "
	    "VALUES (?, ?, ?, ?)", "teei", folded, name, archive,
	    (int64_t)now) == -1)
		goto out;
	*id = sqlite3_last_insert_rowid(s->db);
	ret = 0;
 out:
	return db_leave(s, ret);
}

int
store_mailbox_del(struct store *s, uint64_t id)
{
	int	 ret;

	if (db_enter(s) == -1)
		return -1;
	ret = db_run(s, "DELETE FROM mailbox WHERE id = ?", "i", (int64_t)id);
	return db_leave(s, ret);
}

int
store_mailbox_join(struct store *s, uint64_t mailbox, uint32_t worker,
    time_t now)
{
	int	 ret;

	if (db_enter(s) == -1)
		return -1;
	ret = db_run(s, "INSERT INTO member (mailbox, worker, since) "
	    "VALUES (?, ?, ?) ON CONFLICT DO NOTHING", "iii",
	    (int64_t)mailbox, (int64_t)worker, (int64_t)now);
	return db_leave(s, ret);
}

int
store_mailbox_leave(struct store *s, uint64_t mailbox, uint32_t worker)
{
	int	 ret;

	if (db_enter(s) == -1)
		return -1;
	ret = db_run(s, "DELETE FROM member WHERE mailbox = ? AND worker = ?",
	    "ii", (int64_t)mailbox, (int64_t)worker);
	return db_leave(s, ret);
}

int
store_is_member(struct store *s, uint64_t mailbox, uint32_t worker)
{
	int64_t	 n;

	return db_number(s, &n, "SELECT 1 FROM member WHERE mailbox = ? AND "
	    "worker = ?", "ii", (int64_t)mailbox, (int64_t)worker);
}

int
store_is_ours(struct store *s, const char *address)
{
	char	 folded[STORE_ADDR_MAX + 1];
	int64_t	 n;

	if (store_fold(address, folded, sizeof(folded)) == -1)
		return 0;
	return db_number(s, &n, "SELECT 1 FROM address WHERE folded = ? AND "
	    "kind <> 'identity'", "t", folded);
}
