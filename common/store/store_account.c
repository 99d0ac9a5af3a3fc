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

#include "store/store_account.h"
#include "store/store_admin.h"
#include "store/store_db.h"

/* How accounts fare; part of store_account.h. */

#define EVENT	"account"	/* kind of the events */

/* The account if it is still of this generation: 1, 0 or -1. */
static int
get_current(struct store *s, uint64_t id, uint64_t generation,
    struct store_account *acc)
{
	int	 ret;

	if ((ret = store_account_byid(s, id, acc)) == 1 &&
	    acc->generation != generation)
		ret = 0;
	return ret;
}

static int
add_event(struct store *s, const struct store_account *acc, const char *stage,
    const char *reason, time_t now)
{
	struct store_event	 ev;
	char			 text[STORE_TEXT_MAX * 2];

	memset(&ev, 0, sizeof(ev));
	(void)strlcpy(ev.kind, EVENT, sizeof(ev.kind));
	(void)snprintf(text, sizeof(text), "%s: %s: %s", acc->name, stage,
	    reason);
	rule_cut(text, ev.text, sizeof(ev.text));
	return store_event_add(s, &ev, now);
}

int
store_account_failed(struct store *s, uint64_t id, uint64_t generation,
    const char *stage, const char *reason, time_t retry, time_t now)
{
	struct store_account	 acc;
	char			 at[STORE_STAGE_MAX + 1];
	char			 why[STORE_REASON_MAX + 1];
	int			 ret;

	rule_cut(stage, at, sizeof(at));
	rule_cut(reason, why, sizeof(why));
	if (db_enter(s) == -1)
		return -1;
	if ((ret = get_current(s, id, generation, &acc)) != 1)
		return db_leave(s, ret);
	ret = db_run(s, "INSERT INTO account_state (account, failures, stage, "
	    "reason, failed, retry) VALUES (?1, 1, ?2, ?3, ?4, nullif(?5, 0)) "
	    "ON CONFLICT (account) DO UPDATE SET failures = failures + 1, "
	    "stage = ?2, reason = ?3, failed = ?4, retry = nullif(?5, 0)",
	    "itedd", id, at, why, now, retry);
	/* The log is for people: the first of a row, and what is new. */
	if (ret != -1 && (acc.failures == 0 || strcmp(acc.stage, at) != 0))
		ret = add_event(s, &acc, at, why, now);
	return db_leave(s, ret == -1 ? -1 : 1);
}

int
store_account_worked(struct store *s, uint64_t id, uint64_t generation,
    time_t now)
{
	struct store_account	 acc;
	int			 ret;

	/* Most of the time there is nothing to write. */
	if ((ret = get_current(s, id, generation, &acc)) != 1)
		return ret;
	if (acc.failures == 0 && acc.succeeded <= now &&
	    now - acc.succeeded < STORE_ACCOUNT_OK_EVERY)
		return 1;
	if (db_enter(s) == -1)
		return -1;
	if ((ret = get_current(s, id, generation, &acc)) != 1)
		return db_leave(s, ret);
	ret = db_run(s, "INSERT INTO account_state (account, succeeded) "
	    "VALUES (?1, ?2) ON CONFLICT (account) DO UPDATE "
	    "SET failures = 0, retry = NULL, succeeded = ?2", "id", id, now);
	if (ret != -1 && acc.failures > 0)
		ret = add_event(s, &acc, acc.stage, "works again", now);
	return db_leave(s, ret == -1 ? -1 : 1);
}

#define COLUMNS								\
	"SELECT a.id, a.name, a.transport, a.host, a.port, a.user,"	\
	" a.auth, a.generation, a.created, a.changed,"			\
	" s.failures, s.stage, s.reason, s.failed, s.retry, s.succeeded" \
	" FROM account a LEFT JOIN account_state s ON s.account = a.id "

static const struct {
	const char		*name;
	enum store_transport	 transport;
} transports[] = {
	{ "smtp+tls",	STORE_SMTP_TLS },
	{ "smtps",	STORE_SMTPS },
	{ "null",	STORE_NULL },
	{ "lmtp",	STORE_LMTP }
};

#define NTRANSPORTS	(sizeof(transports) / sizeof(transports[0]))

const char *
store_transport_name(enum store_transport transport)
{
	size_t	 i;

	for (i = 0; i < NTRANSPORTS; i++)
		if (transports[i].transport == transport)
			return transports[i].name;
	return "?";
}

int
store_transport_parse(const char *name, enum store_transport *transport)
{
	size_t	 i;

	for (i = 0; i < NTRANSPORTS; i++)
		if (strcasecmp(transports[i].name, name) == 0) {
			*transport = transports[i].transport;
			return 0;
		}
	return -1;
}

/* A row of COLUMNS. */
struct row {
	struct store_account	 acc;
	char			 transport[16];
};

static const struct db_column	 columns[] = {
	DB_INT(row, acc.id), DB_TEXT(row, acc.name), DB_TEXT(row, transport),
	DB_TEXT(row, acc.host), DB_INT(row, acc.port),
	DB_TEXT(row, acc.user), DB_INT(row, acc.auth),
	DB_INT(row, acc.generation), DB_INT(row, acc.created),
	DB_INT(row, acc.changed), DB_INT(row, acc.failures),
	DB_TEXT(row, acc.stage), DB_TEXT(row, acc.reason),
	DB_INT(row, acc.failed), DB_INT(row, acc.retry),
	DB_INT(row, acc.succeeded), DB_END
};

/* As db_next(). */
static int
get_next(struct store *s, struct db_query *q, struct store_account *acc)
{
	struct row	 row;
	int		 ret;

	memset(&row, 0, sizeof(row));
	if ((ret = db_next(s, q, columns, &row)) != 1)
		return ret;
	*acc = row.acc;
	if (store_transport_parse(row.transport, &acc->transport) == 0)
		return 1;
	db_done(q);
	return db_fail(s, STORE_DAMAGED, "%s: %s is no transport",
	    db_path(s), row.transport);
}

static int
get_one(struct store *s, struct db_query *q, struct store_account *acc)
{
	int	 ret;

	if ((ret = get_next(s, q, acc)) == 1)
		db_done(q);
	return ret;
}

int
store_account_get(struct store *s, const char *name,
    struct store_account *acc)
{
	return get_one(s, db_get(s, COLUMNS "WHERE a.name = ?", "t", name),
	    acc);
}

int
store_account_byid(struct store *s, uint64_t id, struct store_account *acc)
{
	return get_one(s, db_get(s, COLUMNS "WHERE a.id = ?", "i", id), acc);
}

int
store_account_uses(struct store *s, uint64_t id, unsigned int *identities)
{
	int64_t	 n;

	if (db_number(s, &n, "SELECT count(*) FROM identity WHERE account = ?",
	    "i", id) != 1)
		return -1;
	*identities = n;
	return 0;
}

int
store_account_each(struct store *s,
    int (*cb)(const struct store_account *, void *), void *arg)
{
	struct store_account	 acc;
	struct db_query		*q;
	int			 ret;

	q = db_get(s, COLUMNS "ORDER BY a.name", "");
	while ((ret = get_next(s, q, &acc)) == 1)
		if (cb(&acc, arg) != 0)
			return db_stop(s, q);
	return ret;
}

const char *
store_account_misnamed(const char *name)
{
	if (!rule_is_name(name, STORE_ACCOUNT_MAX))
		return "an account's name is 1 to 32 letters, digits, - and "
		    "_, not beginning with -";
	if (strcasecmp(name, "courier") == 0)
		return "this is the label under which smtpd reaches the "
		    "courier, and no account's name";
	return NULL;
}

/*
 * smtpd splits a credentials answer at its first colon, and neither it nor
 * AUTH PLAIN (RFC 4616 section 2) takes control characters.
 */
int
rule_account(struct store *s, const struct store_account *acc, int secret)
{
	const char	*bad;
	size_t		 i;
	int		 server;

	if ((bad = store_account_misnamed(acc->name)) != NULL)
		return db_fail(s, STORE_REFUSED, "%.40s: %s", acc->name, bad);

	server = acc->transport != STORE_NULL;
	if (server != (acc->host[0] != '\0') || server != (acc->port != 0) ||
	    acc->port > 65535 || strcmp(store_transport_name(acc->transport),
	    "?") == 0)
		return db_fail(s, STORE_REFUSED, "%s: an account needs a "
		    "server and a port, and null: has none", acc->name);
	for (i = 0; acc->host[i] != '\0'; i++)
		if (strchr("abcdefghijklmnopqrstuvwxyz0123456789-._:",
		    acc->host[i]) == NULL)
			return db_fail(s, STORE_REFUSED, "%s: %s: is no host",
			    acc->name, acc->host);
	if (rule_text(s, "the user", acc->user, STORE_AUTHUSER_MAX) == -1)
		return -1;
	if (strchr(acc->user, ':') != NULL)
		return db_fail(s, STORE_REFUSED, "%s: smtpd cannot carry `:' "
		    "in a user", acc->user);
	if ((acc->auth == STORE_AUTH_NONE) == secret ||
	    secret != (acc->user[0] != '\0') || acc->auth > STORE_AUTH_OAUTH)
		return db_fail(s, STORE_REFUSED, "%s: a secret needs a user, "
		    "and a user needs a secret", acc->name);
	return 0;
}

/* Random, so that no earlier or later state of the store has the same. */
static uint64_t
draw_generation(void)
{
	uint64_t	 g;

	do {
		arc4random_buf(&g, sizeof(g));
		g >>= 3;	/* what an import takes */
	} while (g == 0);
	return g;
}

int
store_account_put(struct store *s, struct store_account *acc,
    const char *secret, time_t now)
{
	uint64_t	 id = 0;
	int64_t		 n;
	int		 known, ret = -1;

	if (secret != NULL && *secret == '\0')
		secret = NULL;
	if (rule_account(s, acc, secret != NULL) == -1)
		return -1;
	if (secret != NULL && strlen(secret) > STORE_SECRET_MAX)
		return db_fail(s, STORE_REFUSED, "%s: the secret is too long",
		    acc->name);
	if (db_enter(s) == -1)
		return -1;
	acc->generation = draw_generation();
	acc->changed = now;
	if ((known = db_number(s, &n, "SELECT id FROM account WHERE name = ?",
	    "t", acc->name)) == -1)
		goto out;
	if (known == 1) {
		id = n;
		ret = db_run(s, "UPDATE account SET name = ?, transport = ?, "
		    "host = ?, port = ?, user = ?, auth = ?, secret = ?, "
		    "generation = ?, changed = ? WHERE id = ?", "tteueueidi",
		    acc->name, store_transport_name(acc->transport), acc->host,
		    acc->port, acc->user, acc->auth, secret, acc->generation,
		    now, n);
	} else
		ret = db_insert(s, &id, "INSERT INTO account (name, "
		    "transport, host, port, user, auth, secret, generation, "
		    "created, changed) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, "
		    "?8, ?9, ?9)", "tteueueid", acc->name,
		    store_transport_name(acc->transport), acc->host, acc->port,
		    acc->user, acc->auth, secret, acc->generation, now);
	if (ret != -1)
		ret = db_run(s, "DELETE FROM account_state WHERE account = ?",
		    "i", id);
	acc->id = id;
 out:
	return db_leave(s, ret == -1 ? -1 : !known);
}

int
store_account_del(struct store *s, uint64_t id)
{
	struct store_account	 acc;
	unsigned int		 n = 0;
	int			 ret;

	if (db_enter(s) == -1)
		return -1;
	if ((ret = store_account_byid(s, id, &acc)) == 1 &&
	    store_account_uses(s, id, &n) == -1)
		ret = -1;
	if (ret == 1 && n > 0)
		ret = db_fail(s, STORE_REFUSED, "%s: %u identit%s leave%s "
		    "through it: delete %s, or change the account", acc.name,
		    n, n == 1 ? "y" : "ies", n == 1 ? "s" : "",
		    n == 1 ? "it" : "them");
	if (ret == 1)
		ret = db_run(s, "DELETE FROM account WHERE id = ?", "i", id);
	return db_leave(s, ret);
}

int
store_account_secret(struct store *s, uint64_t id, uint64_t generation,
    char *buf, size_t size)
{
	return db_text(s, buf, size, "SELECT secret FROM account WHERE id = ? "
	    "AND generation = ?", "ii", id, generation);
}

int
store_account_reseal(struct store *s, uint64_t id, const char *before,
    const char *secret)
{
	if (*secret == '\0' || strlen(secret) > STORE_SECRET_MAX)
		return db_fail(s, STORE_REFUSED, "the secret is too long");
	return db_write(s, "UPDATE account SET secret = ? WHERE id = ? AND "
	    "secret = ?", "tit", secret, id, before);
}
