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
 * What may be an identity.  An address belongs to one user: whoever may send
 * from it has its account's login there.
 */

#include <stdio.h>

#include "store/store_admin.h"
#include "store/store_identity.h"
#include "store/store_identity_int.h"

int
identity_user(struct store *s, const char *user,
    char buf[STORE_LOGIN_MAX + 1])
{
	if (*user == '\0')
		return db_fail(s, STORE_REFUSED, "the user is empty");
	if (rule_text(s, "the user", user, STORE_LOGIN_MAX) == -1)
		return -1;
	if (store_fold(user, buf, STORE_LOGIN_MAX + 1) == -1)
		return db_fail(s, STORE_REFUSED, "the user is longer than %d "
		    "bytes", STORE_LOGIN_MAX);
	return 0;
}

/* The characters are those of which smtpd makes `:' in its tables. */
int
identity_form(struct store *s, const char *address)
{
	char		 whole[STORE_ADDR_MAX + 2] = "x";
	const char	*at, *p;
	char		 c = address[0];

	if (c == '@') {
		if (strlcat(whole, address, sizeof(whole)) >= sizeof(whole))
			return db_fail(s, STORE_REFUSED, "%.100s: is too "
			    "long", address);
		return rule_address(s, whole) == -1 ? db_fail(s,
		    STORE_REFUSED, "%.100s: is no domain", address) : 0;
	}
	if (rule_address(s, address) == -1)
		return -1;
	at = strrchr(address, '@');
	if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9')))
		return db_fail(s, STORE_REFUSED, "%s: smtpd cannot carry an "
		    "address that begins with `%c'", address, c);
	if ((p = strpbrk(address, "!#$%&*?`{|}~")) != NULL && p < at)
		return db_fail(s, STORE_REFUSED, "%s: smtpd cannot carry `%c' "
		    "in an address", address, *p);
	return 0;
}

int
identity_room(struct store *s, const char *user)
{
	int64_t	 count;

	if (db_number(s, &count, "SELECT count(*) FROM identity "
	    "WHERE user = ?", "t", user) != 1)
		return -1;
	if (count >= STORE_USER_IDENTITIES)
		return db_fail(s, STORE_REFUSED, "%s has %d identities, and "
		    "gets no more", user, STORE_USER_IDENTITIES);
	return 0;
}

/* Reads one text: 1, 0 or -1. */
static int
one_text(struct store *s, sqlite3_stmt *st, char *buf, size_t size)
{
	int	 ret;

	if (st == NULL)
		return -1;
	if ((ret = db_step(s, st)) == 1 && db_text(s, st, 0, buf, size) == -1)
		ret = -1;
	db_done(s, st);
	return ret;
}

/* An @domain must have nobody else's address in it. */
static int
free_domain(struct store *s, const char *user, const char *folded,
    const char *const *domains, size_t n)
{
	struct store_worker	 w;
	char			 other[STORE_ADDR_MAX + 1];
	size_t			 i;
	int			 ret;

	for (i = 0; i < n; i++)
		if (strcasecmp(domains[i], folded + 1) == 0)
			return db_fail(s, STORE_REFUSED, "%s: is a domain of "
			    "relay.conf, with everybody's addresses in it",
			    folded);
	ret = one_text(s, db_get(s, "SELECT folded FROM identity WHERE "
	    "substr(folded, instr(folded, '@')) = ? AND user <> ? LIMIT 1",
	    "tt", folded, user), other, sizeof(other));
	if (ret == 1)
		return db_fail(s, STORE_REFUSED, "%s: %s is another user's",
		    folded, other);
	if (ret == -1)
		return -1;
	ret = one_text(s, db_get(s, "SELECT a.folded FROM worker_address a "
	    "JOIN worker w ON w.id = a.worker WHERE "
	    "substr(a.folded, instr(a.folded, '@')) = ?1 AND "
	    "(w.login IS NULL OR lower(w.login) <> ?2) LIMIT 1", "tt",
	    folded, user), other, sizeof(other));
	if (ret != 1)
		return ret;
	if ((ret = store_worker_byaddr(s, other, &w)) != 1)
		return ret;
	return db_fail(s, STORE_REFUSED, "%s: %s is the worker %s's", folded,
	    other, w.name);
}

/* Is the name before the @ the login of somebody else whom we know? */
static int
free_login(struct store *s, const char *user, const char *folded)
{
	char	 login[STORE_ADDR_MAX + 1];
	int64_t	 n;
	int	 ret;

	(void)strlcpy(login, folded, sizeof(login));
	login[strcspn(login, "@")] = '\0';
	if (strcmp(login, user) == 0)
		return 0;
	ret = db_number(s, &n, "SELECT 1 WHERE EXISTS (SELECT 1 FROM identity "
	    "WHERE user = ?1) OR EXISTS (SELECT 1 FROM worker "
	    "WHERE login = ?1 COLLATE NOCASE)", "t", login);
	if (ret == 1)
		return db_fail(s, STORE_REFUSED, "%s: is the own address of "
		    "the login %s", folded, login);
	return ret;
}

/* Somebody else's identity that is the address with a tag: 1, 0 or -1. */
static int
tagged(struct store *s, const char *user, const char *folded,
    char other[STORE_ADDR_MAX + 1])
{
	char		 from[STORE_ADDR_MAX + 2], to[STORE_ADDR_MAX + 2];
	const char	*at = strchr(folded, '@');

	(void)snprintf(from, sizeof(from), "%.*s+", (int)(at - folded),
	    folded);
	(void)snprintf(to, sizeof(to), "%.*s,", (int)(at - folded), folded);
	return one_text(s, db_get(s, "SELECT folded FROM identity WHERE "
	    "folded > ? AND folded < ? AND user <> lower(?) AND "
	    "substr(folded, instr(folded, '@')) = ? LIMIT 1", "tttt", from,
	    to, user, at), other, STORE_ADDR_MAX + 1);
}

/*
 * Whoever may send from an address may, for smtpd, send from it with any
 * tag: the two are no two users'.
 */
static int
free_tag(struct store *s, const char *user, const char *folded, int ours)
{
	struct store_identity	 idt;
	struct store_mailbox	 mb;
	struct store_worker	 w;
	char			 other[STORE_ADDR_MAX + 1];
	const char		*at = strchr(folded, '@');
	size_t			 len = strcspn(folded, "+");
	int			 ret;

	if (len > (size_t)(at - folded)) {
		if ((ret = tagged(s, user, folded, other)) == 1)
			return db_fail(s, STORE_REFUSED, "%s: %s is another "
			    "user's", folded, other);
		return ret;
	}
	(void)snprintf(other, sizeof(other), "%.*s%s", (int)len, folded, at);
	if ((ret = store_identity_get(s, other, &idt)) == 1 &&
	    strcmp(idt.user, user) != 0)
		return db_fail(s, STORE_REFUSED, "%s: %s, with all of its "
		    "tags, is an identity of %s's", folded, other, idt.user);
	if (ret != -1 && (ret = store_mailbox_get(s, other, &mb)) == 1)
		return db_fail(s, STORE_REFUSED, "%s: %s is a mailbox",
		    folded, other);
	if (ret != -1 && (ret = store_worker_byaddr(s, other, &w)) == 1 &&
	    strcasecmp(w.login, user) != 0)
		return db_fail(s, STORE_REFUSED, "%s: %s is the worker %s's "
		    "address", folded, other, w.name);
	return ret == -1 || !ours ? ret : free_login(s, user, other);
}

int
identity_free(struct store *s, const char *user, const char *folded,
    const char *const *domains, size_t n)
{
	struct store_identity	 idt;
	struct store_mailbox	 mb;
	struct store_worker	 w;
	size_t			 i;
	int			 ours = 0, ret;

	if ((ret = store_identity_get(s, folded, &idt)) == 1)
		return db_fail(s, STORE_REFUSED, "%s is an identity of %s's "
		    "already", folded, idt.user);
	if (ret == -1)
		return -1;
	if (folded[0] == '@')
		return free_domain(s, user, folded, domains, n);
	if ((ret = store_mailbox_get(s, folded, &mb)) == 1)
		return db_fail(s, STORE_REFUSED, "%s is a mailbox", folded);
	if (ret == 0 && (ret = store_worker_byaddr(s, folded, &w)) == 1)
		return db_fail(s, STORE_REFUSED, "%s is the worker %s's "
		    "address", folded, w.name);
	if (ret == 0 && (ret = store_identity_get(s, strchr(folded, '@'),
	    &idt)) == 1 && strcmp(idt.user, user) != 0)
		return db_fail(s, STORE_REFUSED, "%s: all of %s is %s's",
		    folded, idt.folded, idt.user);
	for (i = 0; i < n && ret != -1; i++)
		if (strcasecmp(domains[i], strchr(folded, '@') + 1) == 0) {
			ours = 1;
			ret = free_login(s, user, folded);
		}
	if (ret != -1)
		ret = free_tag(s, user, folded, ours);
	return ret == -1 ? -1 : 0;
}

int
rule_not_identity(struct store *s, const char *folded, const char *login)
{
	struct store_identity	 idt;
	char			 other[STORE_ADDR_MAX + 1];
	int			 ret;

	if (strchr(folded, '+') == NULL && (ret = tagged(s, login != NULL ?
	    login : "", folded, other)) != 0)
		return ret == -1 ? -1 : db_fail(s, STORE_REFUSED, "%s: %s is "
		    "an identity", folded, other);
	if ((ret = store_identity_get(s, folded, &idt)) == 0 &&
	    (ret = store_identity_get(s, strchr(folded, '@'), &idt)) == 1 &&
	    login != NULL && strcasecmp(login, idt.user) == 0)
		ret = 0;
	if (ret == 1)
		return db_fail(s, STORE_REFUSED, "%s is %s's, as the identity "
		    "%s", folded, idt.user, idt.folded);
	return ret;
}
