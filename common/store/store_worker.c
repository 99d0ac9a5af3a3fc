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

#include "store/store_admin.h"
#include "store/store_int.h"

#define COLUMNS								\
	"SELECT w.id, w.name, w.display, w.login, w.enabled,"		\
	" w.revoked, w.created,"					\
	" (SELECT a.address FROM worker_address a"			\
	"  WHERE a.worker = w.id ORDER BY a.id LIMIT 1) FROM worker w "

static int
fill(struct store *s, sqlite3_stmt *st, struct store_worker *w)
{
	w->id = sqlite3_column_int64(st, 0);
	w->enabled = sqlite3_column_int64(st, 4) != 0;
	w->revoked = sqlite3_column_int64(st, 5);
	w->created = sqlite3_column_int64(st, 6);
	if (db_text(s, st, 1, w->name, sizeof(w->name)) == -1 ||
	    db_text(s, st, 2, w->display, sizeof(w->display)) == -1 ||
	    db_text(s, st, 3, w->login, sizeof(w->login)) == -1 ||
	    db_text(s, st, 7, w->address, sizeof(w->address)) == -1)
		return -1;
	return 0;
}

static int
get(struct store *s, sqlite3_stmt *st, struct store_worker *w)
{
	int	 ret;

	if (st == NULL)
		return -1;
	if ((ret = db_step(s, st)) == 1 && fill(s, st, w) == -1)
		ret = -1;
	db_done(s, st);
	return ret;
}

int
store_worker_get(struct store *s, const char *name, struct store_worker *w)
{
	return get(s, db_get(s, COLUMNS "WHERE w.name = ?", "t", name), w);
}

int
store_worker_byid(struct store *s, uint32_t id, struct store_worker *w)
{
	return get(s, db_get(s, COLUMNS "WHERE w.id = ?", "i", (int64_t)id),
	    w);
}

int
store_worker_byaddr(struct store *s, const char *address,
    struct store_worker *w)
{
	char	 folded[STORE_ADDR_MAX + 1];

	if (store_fold(address, folded, sizeof(folded)) == -1)
		return 0;
	return get(s, db_get(s, COLUMNS "WHERE w.id = (SELECT worker "
	    "FROM worker_address WHERE folded = ?)", "t", folded), w);
}

int
store_worker_bylogin(struct store *s, const char *login,
    struct store_worker *w)
{
	if (*login == '\0')
		return 0;
	return get(s, db_get(s, COLUMNS "WHERE w.login = ?", "t", login), w);
}

int
store_worker_byuser(struct store *s, const char *login,
    struct store_worker *w)
{
	if (*login == '\0')
		return 0;
	return get(s, db_get(s, COLUMNS "WHERE w.login = ?1 COLLATE NOCASE "
	    "ORDER BY w.login <> ?1 LIMIT 1", "t", login), w);
}

static int
each(struct store *s, sqlite3_stmt *st,
    int (*cb)(const struct store_worker *, void *), void *arg)
{
	struct store_worker	 w;
	int			 ret;

	if (st == NULL)
		return -1;
	while ((ret = db_step(s, st)) == 1) {
		if (fill(s, st, &w) == -1) {
			ret = -1;
			break;
		}
		if (cb(&w, arg) != 0) {
			ret = db_fail(s, STORE_REFUSED, "stopped");
			break;
		}
	}
	db_done(s, st);
	return ret;
}

int
store_worker_each(struct store *s,
    int (*cb)(const struct store_worker *, void *), void *arg)
{
	return each(s, db_get(s, COLUMNS "ORDER BY w.name", ""), cb, arg);
}

int
store_mailbox_members(struct store *s, uint64_t mailbox,
    int (*cb)(const struct store_worker *, void *), void *arg)
{
	return each(s, db_get(s, COLUMNS "JOIN member j ON j.worker = w.id "
	    "WHERE j.mailbox = ? ORDER BY w.name", "i", (int64_t)mailbox), cb,
	    arg);
}

int
store_worker_addrs(struct store *s, uint32_t worker,
    int (*cb)(const struct store_worker_addr *, void *), void *arg)
{
	struct store_worker_addr	 a;
	sqlite3_stmt			*st;
	int				 ret;

	if (worker == 0)
		st = db_get(s, "SELECT worker, failing, address, folded, "
		    "status, diagnostic FROM worker_address "
		    "ORDER BY worker, id", "");
	else
		st = db_get(s, "SELECT worker, failing, address, folded, "
		    "status, diagnostic FROM worker_address WHERE worker = ? "
		    "ORDER BY id", "i", (int64_t)worker);
	if (st == NULL)
		return -1;
	while ((ret = db_step(s, st)) == 1) {
		a.worker = sqlite3_column_int64(st, 0);
		a.failing = sqlite3_column_int64(st, 1);
		if (db_text(s, st, 2, a.address, sizeof(a.address)) == -1 ||
		    db_text(s, st, 3, a.folded, sizeof(a.folded)) == -1 ||
		    db_text(s, st, 4, a.status, sizeof(a.status)) == -1 ||
		    db_text(s, st, 5, a.diagnostic,
		    sizeof(a.diagnostic)) == -1) {
			ret = -1;
			break;
		}
		if (cb(&a, arg) != 0) {
			ret = db_fail(s, STORE_REFUSED, "stopped");
			break;
		}
	}
	db_done(s, st);
	return ret;
}

int
rule_worker(struct store *s, const char *name)
{
	const char	*p;

	for (p = name; *p != '\0'; p++)
		if (!((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
		    (*p >= '0' && *p <= '9') || *p == '_' ||
		    (*p == '-' && p != name)))
			break;
	if (*p != '\0' || p == name || p - name > STORE_WORKER_MAX)
		return db_fail(s, STORE_REFUSED, "%.40s: a worker's name is 1 "
		    "to %d letters, digits, - and _, not beginning with -",
		    name, STORE_WORKER_MAX);
	return 0;
}

static int
check_name(struct store *s, const char *name)
{
	struct store_worker	 w;
	int			 ret;

	if (rule_worker(s, name) == -1)
		return -1;
	if ((ret = store_worker_get(s, name, &w)) == 1)
		return db_fail(s, STORE_REFUSED, "there is a worker %s "
		    "already", w.name);
	return ret;
}

static int
check_login(struct store *s, const char *login)
{
	struct store_worker	 w;
	int			 ret;

	if (login == NULL)
		return 0;
	if (rule_text(s, "the login", login, STORE_LOGIN_MAX) == -1)
		return -1;
	if ((ret = store_worker_bylogin(s, login, &w)) == 1)
		return db_fail(s, STORE_REFUSED, "the login %s is the worker "
		    "%s's already", login, w.name);
	return ret;
}

static int
add_address(struct store *s, int64_t worker, const char *address,
    const char *login)
{
	struct store_mailbox	 mb;
	struct store_worker	 w;
	char			 folded[STORE_ADDR_MAX + 1];
	int			 ret;

	if (rule_address(s, address) == -1 ||
	    rule_fold(s, address, folded) == -1 ||
	    (ret = store_mailbox_get(s, folded, &mb)) == -1)
		return -1;
	if (ret == 1)
		return db_fail(s, STORE_REFUSED, "%s is a mailbox", address);
	if ((ret = store_worker_byaddr(s, folded, &w)) == -1)
		return -1;
	if (ret == 1 && w.id == worker)
		return db_fail(s, STORE_REFUSED, "%s stands twice", address);
	if (ret == 1)
		return db_fail(s, STORE_REFUSED, "%s is the worker %s's "
		    "address already", address, w.name);
	if (rule_not_archive(s, folded) == -1 ||
	    rule_not_identity(s, folded, login) == -1)
		return -1;
	return db_run(s, "INSERT INTO worker_address (worker, address, "
	    "folded) VALUES (?, ?, ?)", "itt", worker, address,
	    folded) == -1 ? -1 : 0;
}

int
store_worker_add(struct store *s, const char *name, const char *display,
    const char *login, const char *const *addrs, size_t n, time_t now,
    uint32_t *id)
{
	int64_t	 new;
	size_t	 i;
	int	 ret = -1;

	if (n == 0 || n > STORE_WORKER_ADDRS)
		return db_fail(s, STORE_REFUSED, "a worker has 1 to %d "
		    "addresses", STORE_WORKER_ADDRS);
	if (display != NULL && rule_text(s, "the name", display,
	    STORE_NAME_MAX) == -1)
		return -1;
	if (db_enter(s) == -1)
		return -1;
	if (check_name(s, name) == -1 || check_login(s, login) == -1)
		goto out;
	if (db_run(s, "INSERT INTO worker (name, display, login, created) "
	    "VALUES (?, ?, ?, ?)", "teei", name, display, login,
	    (int64_t)now) == -1)
		goto out;
	new = sqlite3_last_insert_rowid(s->db);
	for (i = 0; i < n; i++)
		if (add_address(s, new, addrs[i], login) == -1)
			goto out;
	*id = new;
	ret = 0;
 out:
	return db_leave(s, ret);
}

int
store_worker_del(struct store *s, uint32_t id)
{
	int	 ret;

	if (db_enter(s) == -1)
		return -1;
	ret = db_run(s, "DELETE FROM worker WHERE id = ?", "i", (int64_t)id);
	return db_leave(s, ret);
}

int
store_worker_enable(struct store *s, uint32_t id, int enabled)
{
	int	 mended, ret;

	if (db_enter(s) == -1)
		return -1;
	ret = db_run(s, "UPDATE worker SET enabled = ?1 WHERE id = ?2 AND "
	    "enabled <> ?1", "ii", (int64_t)(enabled != 0), (int64_t)id);
	if (ret != -1 && enabled) {
		mended = db_run(s, "UPDATE worker_address SET failing = NULL, "
		    "status = NULL, diagnostic = NULL WHERE worker = ? AND "
		    "failing IS NOT NULL", "i", (int64_t)id);
		ret = mended == -1 ? -1 : ret == 1 || mended > 0;
	}
	return db_leave(s, ret);
}

int
store_worker_revoke(struct store *s, uint32_t id, time_t now)
{
	int	 ret;

	if (db_enter(s) == -1)
		return -1;
	ret = db_run(s, "UPDATE worker SET revoked = max(revoked, ?) "
	    "WHERE id = ?", "ii", (int64_t)now, (int64_t)id);
	if (ret == 1 && db_run(s, "UPDATE handle SET revoked = ?, current = 0 "
	    "WHERE worker = ? AND revoked = 0", "ii", (int64_t)now,
	    (int64_t)id) == -1)
		ret = -1;
	return db_leave(s, ret);
}
