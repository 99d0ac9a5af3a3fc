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

/* How accounts fare; part of store_account.h. */

#include <stdio.h>

#include "store/store_account.h"
#include "store/store_admin.h"
#include "store/store_int.h"

#define EVENT	"account"	/* kind of the events */

/* The account if it is still of this generation: 1, 0 or -1. */
static int
current(struct store *s, uint64_t id, uint64_t generation,
    struct store_account *acc)
{
	int	 ret;

	if ((ret = store_account_byid(s, id, acc)) == 1 &&
	    acc->generation != generation)
		ret = 0;
	return ret;
}

static int
tell(struct store *s, const struct store_account *acc, const char *stage,
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
	if ((ret = current(s, id, generation, &acc)) != 1)
		return db_leave(s, ret);
	ret = db_run(s, "INSERT INTO account_state (account, failures, "
	    "stage, reason, failed, retry) VALUES (?1, 1, ?2, ?3, ?4, "
	    "nullif(?5, 0)) ON CONFLICT (account) DO UPDATE SET "
	    "failures = failures + 1, stage = ?2, reason = ?3, failed = ?4, "
	    "retry = nullif(?5, 0)", "iteii", (int64_t)id, at, why,
	    (int64_t)now, (int64_t)retry);
	/* The log is for people: the first of a row, and what is new. */
	if (ret != -1 && (acc.failures == 0 || strcmp(acc.stage, at) != 0))
		ret = tell(s, &acc, at, why, now);
	return db_leave(s, ret == -1 ? -1 : 1);
}

int
store_account_worked(struct store *s, uint64_t id, uint64_t generation,
    time_t now)
{
	struct store_account	 acc;
	int			 ret;

	/* Most of the time there is nothing to write. */
	if ((ret = current(s, id, generation, &acc)) != 1)
		return ret;
	if (acc.failures == 0 && acc.succeeded <= now &&
	    now - acc.succeeded < STORE_ACCOUNT_OK_EVERY)
		return 1;
	if (db_enter(s) == -1)
		return -1;
	if ((ret = current(s, id, generation, &acc)) != 1)
		return db_leave(s, ret);
	ret = db_run(s, "INSERT INTO account_state (account, succeeded) "
	    "VALUES (?1, ?2) ON CONFLICT (account) DO UPDATE SET "
	    "failures = 0, retry = NULL, succeeded = ?2", "ii", (int64_t)id,
	    (int64_t)now);
	if (ret != -1 && acc.failures > 0)
		ret = tell(s, &acc, acc.stage, "works again", now);
	return db_leave(s, ret == -1 ? -1 : 1);
}
