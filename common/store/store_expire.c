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

#include "store/store_identity.h"
#include "store/store_db.h"
#include "store/store_limit.h"
#include "store/store_mail.h"
#include "store/store_watch.h"

#define EVENT_LIFE	(90 * 86400)	/* seconds */
#define EVENTS_KEPT	100000	/* whoever sends us bounces fills the log */
#define CHANGES_KEPT	20000
#define CODE_KEPT	(30 * 86400)	/* to say that it expired */

#define OLD(table, key, time)						\
	"DELETE FROM " table " WHERE " key " IN (SELECT " key " FROM "	\
	table " WHERE " time " < ? ORDER BY " time " LIMIT ?)"

#define RETAIN		-1		/* as long as conversations */

/* Each takes the time before which a row is old, and how many to take. */
static const char	 old_conversation[] = OLD("conversation", "id", "last");

static const struct {
	const char	*sql;
	time_t		 life;
} old[] = {
	{ OLD("rpath", "id", "expires"), 0 },
	{ OLD("reply", "id", "created"), STORE_REPLY_LIFE },
	{ OLD("claim", "hash", "taken"), STORE_CLAIM_LIFE },
	{ OLD("event", "id", "created"), EVENT_LIFE },
	{ old_conversation, RETAIN },
	{ OLD("outid", "id", "created"), RETAIN },
};

int
store_conversation_prune(struct store *s, time_t before, unsigned int max)
{
	return db_write(s, old_conversation, "di", before,
	    max == 0 ? (int64_t)-1 : (int64_t)max);
}

int
store_expire(struct store *s, time_t now, time_t retain, unsigned int max,
    int *more)
{
	size_t	 i;
	int	 n, ret = -1;

	*more = 0;
	if (db_enter(s) == -1)
		return -1;
	for (i = 0; i < sizeof(old) / sizeof(old[0]); i++) {
		n = db_run(s, old[i].sql, "du", now -
		    (old[i].life == RETAIN ? retain : old[i].life), max);
		if (n == -1)
			goto out;
		if ((unsigned int)n == max)
			*more = 1;
	}
	if ((n = store_limit_prune(s, now, max)) == -1)
		goto out;
	if ((unsigned int)n >= max)
		*more = 1;
	/* What was carried out matters as long as a replay may come. */
	if (db_run(s, "DELETE FROM command WHERE created < ?", "d",
	    now - retain) == -1 ||
	    db_run(s, "DELETE FROM event WHERE id <= (SELECT max(id) "
	    "FROM event) - ?", "u", EVENTS_KEPT) == -1)
		goto out;
	/* Codes of which nothing came; their identities stay unverified. */
	if (db_run(s, "DELETE FROM identity_code WHERE expires < ?", "d",
	    now - CODE_KEPT) == -1 ||
	    store_changes_prune(s, STORE_SENDERS, CHANGES_KEPT) == -1)
		goto out;
	ret = store_changes_prune(s, STORE_KEYS, CHANGES_KEPT);
 out:
	return db_leave(s, ret);
}
