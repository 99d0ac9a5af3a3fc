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

#include "header/handle.h"
#include "header/verp.h"
#include "store/store_int.h"
#include "store/store_limit.h"
#include "store/store_wrap.h"

#define WRAP_SKEW	60	/* seconds that processes' clocks differ */

/* One of today at this domain: 1, 0 or -1. */
static int
find(struct store *s, const char *domain, time_t now, struct store_rpath *rp)
{
	sqlite3_stmt	*st;
	const char	*at;
	char		 name[RPATH_LEN + 1];
	int		 ret;

	if ((st = db_get(s, "SELECT id, address, created, expires, quoted "
	    "FROM rpath WHERE gate = ? AND sent_to = ? AND created > ? "
	    "ORDER BY created DESC, id DESC LIMIT 1", "tti", rp->gate,
	    rp->address_to, (int64_t)now - STORE_WRAP_REUSE)) == NULL)
		return -1;
	if ((ret = db_step(s, st)) == 1) {
		rp->id = sqlite3_column_int64(st, 0);
		rp->created = sqlite3_column_int64(st, 2);
		rp->expires = sqlite3_column_int64(st, 3);
		rp->quoted = sqlite3_column_int64(st, 4);
		if (db_text(s, st, 1, rp->address,
		    sizeof(rp->address)) == -1)
			ret = -1;
	}
	db_done(s, st);
	if (ret != 1)
		return ret;
	/* The clock was set back, it has served, or we are called another. */
	return rp->created <= now + WRAP_SKEW &&
	    rp->quoted < STORE_RPATH_QUOTES &&
	    rpath_addr_parse(rp->address, name, &at) &&
	    strcasecmp(at, domain) == 0;
}

static int
make(struct store *s, const char *domain, time_t now, struct store_rpath *rp)
{
	struct store_limit	 limit = { "wrapped", rp->gate,
				    STORE_WRAPS_DAY, STORE_WRAP_REUSE, 1 };
	size_t			 which;
	int			 ret;

	if ((ret = store_limit_take(s, &limit, 1, now, &which)) != 1)
		return ret;
	return store_rpath_make(s, domain, now, rp) == -1 ? -1 : 1;
}

int
store_wrap(struct store *s, const char *gate, const char *sender,
    const char *domain, time_t now, struct store_rpath *rp)
{
	int	 ret;

	memset(rp, 0, sizeof(*rp));
	rp->kind = STORE_RPATH_WRAPPED;
	if (gate[0] == '\0' || strlcpy(rp->gate, gate, sizeof(rp->gate)) >=
	    sizeof(rp->gate))
		return db_fail(s, STORE_REFUSED, "a gate without a name, or "
		    "with too long a one");
	if (!verp_valid(sender) || strlcpy(rp->address_to, sender,
	    sizeof(rp->address_to)) >= sizeof(rp->address_to))
		return db_fail(s, STORE_REFUSED, "%.100s: no sender to which "
		    "anything could be sent back", sender);
	/* Mostly it is there, and then nothing needs to be written. */
	if ((ret = find(s, domain, now, rp)) != 0)
		return ret;
	if (db_enter(s) == -1)
		return -1;
	if ((ret = find(s, domain, now, rp)) == 0)
		ret = make(s, domain, now, rp);
	return db_leave(s, ret);
}
