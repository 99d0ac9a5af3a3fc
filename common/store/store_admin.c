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

#include "base/charset.h"
#include "header/addr.h"
#include "header/handle.h"
#include "store/store_admin.h"
#include "store/store_db.h"

static int
is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9');
}

int
store_fold(const char *address, char *buf, size_t size)
{
	char	*p;

	if (strlcpy(buf, address, size) >= size)
		return -1;
	for (p = buf; *p != '\0'; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p += 'a' - 'A';
	return 0;
}

int
rule_fold(struct store *s, const char *address, char buf[STORE_ADDR_MAX + 1])
{
	if (store_fold(address, buf, STORE_ADDR_MAX + 1) == -1)
		return db_fail(s, STORE_REFUSED, "an address is longer than "
		    "%d bytes", STORE_ADDR_MAX);
	return 0;
}

int
rule_address(struct store *s, const char *address)
{
	if (!addr_valid_dotatom(address))
		return db_fail(s, STORE_REFUSED, "%.100s: is no address that "
		    "can be used here (name@domain, in ASCII, without quotes "
		    "or spaces)", address);
	return 0;
}

int
rule_mailbox(struct store *s, const char *folded,
    const char *const *domains, size_t n)
{
	const char	*at, *p, *rest;
	char		 name[RPATH_LEN + 1], box[STORE_ADDR_MAX + 1];
	size_t		 i;

	if (rule_address(s, folded) == -1)
		return -1;
	at = strrchr(folded, '@');
	for (i = 0; i < n; i++)
		if (strcasecmp(domains[i], at + 1) == 0)
			break;
	if (i == n)
		return db_fail(s, STORE_REFUSED, "%s: %s is not one of the "
		    "domains in relay.conf", folded, at + 1);
	if (!is_alnum(folded[0]))
		return db_fail(s, STORE_REFUSED, "%s: a mailbox begins with "
		    "a letter or a digit", folded);
	p = folded + strcspn(folded, "!#$%&'*?`{|}~");
	if (p < at)
		return db_fail(s, STORE_REFUSED, "%s: smtpd cannot carry `%c' "
		    "in a mailbox", folded, *p);
	if (at - folded > STORE_LOCAL_MAX)
		return db_fail(s, STORE_REFUSED, "%s: the part before the @ "
		    "is longer than %d characters", folded, STORE_LOCAL_MAX);
	if (handle_addr_parse(folded, box, sizeof(box), name) ||
	    rpath_addr_parse(folded, name, &rest) ||
	    ((p = strstr(folded, "+to-")) != NULL && p < at))
		return db_fail(s, STORE_REFUSED, "%s: looks like an address "
		    "that is made for conversations", folded);
	return 0;
}

int
rule_text(struct store *s, const char *what, const char *text, size_t max)
{
	unsigned int	 cp;
	size_t		 n, left;

	if ((left = strlen(text)) > max)
		return db_fail(s, STORE_REFUSED, "%s is longer than %zu "
		    "bytes", what, max);
	for (; left > 0; text += n, left -= n) {
		if ((n = charset_next(text, left, &cp)) == 0)
			return db_fail(s, STORE_REFUSED, "%s is not UTF-8",
			    what);
		if (cp < 0x20 || (cp >= 0x7f && cp < 0xa0))
			return db_fail(s, STORE_REFUSED, "%s has a control "
			    "character in it", what);
	}
	return 0;
}

void
rule_cut(const char *src, char *dst, size_t size)
{
	unsigned int	 cp;
	size_t		 n, left = strlen(src), o = 0;

	for (; left > 0; src += n, left -= n) {
		if ((n = charset_next(src, left, &cp)) == 0) {
			n = 1;		/* keep no byte that is not UTF-8 */
			if (o + 1 >= size)
				break;
			dst[o++] = '?';
			continue;
		}
		if (o + n >= size)
			break;
		memcpy(dst + o, src, n);
		if (cp < 0x20 || cp == 0x7f)
			dst[o] = ' ';
		o += n;
	}
	dst[o] = '\0';
}

int
rule_msgid(struct store *s, const char *id, char buf[STORE_MSGID_MAX + 1])
{
	size_t	 len;

	len = strlen(id);
	if (len >= 2 && id[0] == '<' && id[len - 1] == '>') {
		id++;
		len -= 2;
	}
	if (len > STORE_MSGID_MAX)
		return db_fail(s, STORE_REFUSED, "a Message-Id is longer "
		    "than %d bytes", STORE_MSGID_MAX);
	memcpy(buf, id, len);
	buf[len] = '\0';
	return 0;
}

int
rule_tagged(struct store *s, const char *user, const char *folded,
    char other[STORE_ADDR_MAX + 1])
{
	char		 from[STORE_ADDR_MAX + 2], to[STORE_ADDR_MAX + 2];
	const char	*at = strchr(folded, '@');

	(void)snprintf(from, sizeof(from), "%.*s+", (int)(at - folded), folded);
	(void)snprintf(to, sizeof(to), "%.*s,", (int)(at - folded), folded);
	return db_text(s, other, STORE_ADDR_MAX + 1, "SELECT folded "
	    "FROM identity WHERE folded > ? AND folded < ? AND "
	    "user <> lower(?) AND substr(folded, instr(folded, '@')) = ? "
	    "LIMIT 1", "tttt", from, to, user, at);
}

/*
 * Checks that an address is no identity, nor under an @domain other than
 * that of login (NULL: of anybody).
 */
static int
check_not_identity(struct store *s, const char *folded, const char *login)
{
	static const char	 sql[] = "SELECT user FROM identity "
				    "WHERE folded = ?";
	char			 other[STORE_ADDR_MAX + 1];
	char			 user[STORE_LOGIN_MAX + 1];
	const char		*what = folded;
	int			 ret;

	if (strchr(folded, '+') == NULL && (ret = rule_tagged(s,
	    login != NULL ? login : "", folded, other)) != 0)
		return ret == -1 ? -1 : db_fail(s, STORE_REFUSED, "%s: %s is "
		    "an identity", folded, other);
	ret = db_text(s, user, sizeof(user), sql, "t", what);
	if (ret == 0) {
		what = strchr(folded, '@');
		ret = db_text(s, user, sizeof(user), sql, "t", what);
		if (ret == 1 && login != NULL && strcasecmp(login, user) == 0)
			ret = 0;
	}
	if (ret == 1)
		return db_fail(s, STORE_REFUSED, "%s is %s's, as the identity "
		    "%s", folded, user, what);
	return ret;
}

#define MAILBOX								\
	"SELECT m.id, m.address, m.name, m.archive, m.created,"		\
	" (SELECT count(*) FROM member b WHERE b.mailbox = m.id),"	\
	" (SELECT count(*) FROM member b JOIN worker w ON w.id = b.worker" \
	"  WHERE b.mailbox = m.id AND w.enabled = 1),"			\
	" m.open FROM mailbox m "

static const struct db_column	 mailbox_columns[] = {
	DB_INT(store_mailbox, id), DB_TEXT(store_mailbox, address),
	DB_TEXT(store_mailbox, name), DB_TEXT(store_mailbox, archive),
	DB_INT(store_mailbox, created), DB_INT(store_mailbox, members),
	DB_INT(store_mailbox, able), DB_INT(store_mailbox, open), DB_END
};

int
store_mailbox_get(struct store *s, const char *address,
    struct store_mailbox *mb)
{
	return db_row(s, mailbox_columns, mb,
	    MAILBOX "WHERE m.address = lower(?)", "t", address);
}

int
store_mailbox_byid(struct store *s, uint64_t id, struct store_mailbox *mb)
{
	return db_row(s, mailbox_columns, mb, MAILBOX "WHERE m.id = ?", "i",
	    id);
}

int
store_mailbox_each(struct store *s, uint32_t worker,
    int (*cb)(const struct store_mailbox *, void *), void *arg)
{
	struct store_mailbox	 mb;
	struct db_query		*q;
	int			 ret;

	if (worker == 0)
		q = db_get(s, MAILBOX "ORDER BY m.address", "");
	else
		q = db_get(s, MAILBOX "JOIN member j ON j.mailbox = m.id "
		    "WHERE j.worker = ? ORDER BY m.address", "u", worker);
	while ((ret = db_next(s, q, mailbox_columns, &mb)) == 1)
		if (cb(&mb, arg) != 0)
			return db_stop(s, q);
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

/* Checks that an address is no mailbox's archive. */
static int
check_not_archive(struct store *s, const char *folded)
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
	    check_not_archive(s, folded) == -1 ||
	    check_not_identity(s, folded, NULL) == -1)
		goto out;
	if (archive != NULL && *archive != '\0' &&
	    check_archive(s, folded, archive) == -1)
		goto out;
	ret = db_insert(s, id, "INSERT INTO mailbox (address, name, archive, "
	    "created) VALUES (?, ?, ?, ?)", "teed", folded, name, archive,
	    now);
 out:
	return db_leave(s, ret);
}

int
store_mailbox_del(struct store *s, uint64_t id)
{
	return db_write(s, "DELETE FROM mailbox WHERE id = ?", "i", id);
}

int
store_mailbox_join(struct store *s, uint64_t mailbox, uint32_t worker,
    time_t now)
{
	return db_write(s, "INSERT INTO member (mailbox, worker, since) "
	    "VALUES (?, ?, ?) ON CONFLICT DO NOTHING", "iud", mailbox, worker,
	    now);
}

int
store_mailbox_leave(struct store *s, uint64_t mailbox, uint32_t worker)
{
	return db_write(s, "DELETE FROM member WHERE mailbox = ? AND "
	    "worker = ?", "iu", mailbox, worker);
}

int
store_is_member(struct store *s, uint64_t mailbox, uint32_t worker)
{
	int64_t	 n;

	return db_number(s, &n, "SELECT 1 FROM member WHERE mailbox = ? AND "
	    "worker = ?", "iu", mailbox, worker);
}

int
store_is_ours(struct store *s, const char *address)
{
	int64_t	 n;

	return db_number(s, &n, "SELECT 1 FROM address "
	    "WHERE folded = lower(?) AND kind <> 'identity'", "t", address);
}

#define WORKER								\
	"SELECT w.id, w.name, w.display, w.login, w.enabled <> 0,"	\
	" w.revoked, w.created,"					\
	" (SELECT a.address FROM worker_address a"			\
	"  WHERE a.worker = w.id ORDER BY a.id LIMIT 1) FROM worker w "

static const struct db_column	 worker_columns[] = {
	DB_INT(store_worker, id), DB_TEXT(store_worker, name),
	DB_TEXT(store_worker, display), DB_TEXT(store_worker, login),
	DB_INT(store_worker, enabled), DB_INT(store_worker, revoked),
	DB_INT(store_worker, created), DB_TEXT(store_worker, address), DB_END
};

int
store_worker_get(struct store *s, const char *name, struct store_worker *w)
{
	return db_row(s, worker_columns, w, WORKER "WHERE w.name = ?", "t",
	    name);
}

int
store_worker_byid(struct store *s, uint32_t id, struct store_worker *w)
{
	return db_row(s, worker_columns, w, WORKER "WHERE w.id = ?", "u", id);
}

int
store_worker_byaddr(struct store *s, const char *address,
    struct store_worker *w)
{
	return db_row(s, worker_columns, w, WORKER "WHERE w.id = "
	    "(SELECT worker FROM worker_address WHERE folded = lower(?))",
	    "t", address);
}

int
store_worker_bylogin(struct store *s, const char *login,
    struct store_worker *w)
{
	if (*login == '\0')
		return 0;
	return db_row(s, worker_columns, w, WORKER "WHERE w.login = ?", "t",
	    login);
}

int
store_worker_byuser(struct store *s, const char *login,
    struct store_worker *w)
{
	if (*login == '\0')
		return 0;
	return db_row(s, worker_columns, w, WORKER "WHERE w.login = ?1 "
	    "COLLATE NOCASE ORDER BY w.login <> ?1 LIMIT 1", "t", login);
}

static int
walk_workers(struct store *s, struct db_query *q,
    int (*cb)(const struct store_worker *, void *), void *arg)
{
	struct store_worker	 w;
	int			 ret;

	while ((ret = db_next(s, q, worker_columns, &w)) == 1)
		if (cb(&w, arg) != 0)
			return db_stop(s, q);
	return ret;
}

int
store_worker_each(struct store *s,
    int (*cb)(const struct store_worker *, void *), void *arg)
{
	return walk_workers(s, db_get(s, WORKER "ORDER BY w.name", ""), cb,
	    arg);
}

int
store_mailbox_members(struct store *s, uint64_t mailbox,
    int (*cb)(const struct store_worker *, void *), void *arg)
{
	return walk_workers(s, db_get(s, WORKER "JOIN member j "
	    "ON j.worker = w.id WHERE j.mailbox = ? ORDER BY w.name", "i",
	    mailbox), cb, arg);
}

#define ADDRESS								\
	"SELECT worker, failing, address, folded, status, diagnostic "	\
	"FROM worker_address "

static const struct db_column	 address_columns[] = {
	DB_INT(store_worker_addr, worker), DB_INT(store_worker_addr, failing),
	DB_TEXT(store_worker_addr, address),
	DB_TEXT(store_worker_addr, folded),
	DB_TEXT(store_worker_addr, status),
	DB_TEXT(store_worker_addr, diagnostic), DB_END
};

int
store_worker_addrs(struct store *s, uint32_t worker,
    int (*cb)(const struct store_worker_addr *, void *), void *arg)
{
	struct store_worker_addr	 a;
	struct db_query			*q;
	int				 ret;

	if (worker == 0)
		q = db_get(s, ADDRESS "ORDER BY worker, id", "");
	else
		q = db_get(s, ADDRESS "WHERE worker = ? ORDER BY id", "u",
		    worker);
	while ((ret = db_next(s, q, address_columns, &a)) == 1)
		if (cb(&a, arg) != 0)
			return db_stop(s, q);
	return ret;
}

int
rule_is_name(const char *name, size_t max)
{
	const char	*p = name;

	while (is_alnum(*p) || *p == '_' || (*p == '-' && p != name))
		p++;
	return *p == '\0' && p != name && (size_t)(p - name) <= max;
}

int
rule_worker(struct store *s, const char *name)
{
	if (!rule_is_name(name, STORE_WORKER_MAX))
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
add_address(struct store *s, uint64_t worker, const char *address,
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
	if (check_not_archive(s, folded) == -1 ||
	    check_not_identity(s, folded, login) == -1)
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
	uint64_t	 new;
	size_t		 i;
	int		 ret = -1;

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
	if (db_insert(s, &new, "INSERT INTO worker (name, display, login, "
	    "created) VALUES (?, ?, ?, ?)", "teed", name, display, login,
	    now) == -1)
		goto out;
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
	return db_write(s, "DELETE FROM worker WHERE id = ?", "u", id);
}

int
store_worker_enable(struct store *s, uint32_t id, int enabled)
{
	int	 mended, ret;

	if (db_enter(s) == -1)
		return -1;
	ret = db_run(s, "UPDATE worker SET enabled = ?1 WHERE id = ?2 AND "
	    "enabled <> ?1", "uu", enabled != 0, id);
	if (ret != -1 && enabled) {
		mended = db_run(s, "UPDATE worker_address SET failing = NULL, "
		    "status = NULL, diagnostic = NULL WHERE worker = ? AND "
		    "failing IS NOT NULL", "u", id);
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
	    "WHERE id = ?", "du", now, id);
	if (ret == 1 && db_run(s, "UPDATE handle SET revoked = ?, current = 0 "
	    "WHERE worker = ? AND revoked = 0", "du", now, id) == -1)
		ret = -1;
	return db_leave(s, ret);
}
