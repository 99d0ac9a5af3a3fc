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
#include "store/store_limit.h"

/*
 * Processes that take the time a moment before they have their turn seem to
 * be a little behind one another: that is no clock set back.
 */
#define LIMIT_SKEW	60	/* seconds */

/* What is known of one limit. */
struct window {
	uint64_t id;		/* 0: nothing yet */
	int64_t	 span;
	int64_t	 total;		/* all that is kept */
	int64_t	 last;		/* the newest */
};

static int
check_limit(struct store *s, const struct store_limit *l)
{
	if (l->window <= 0 || l->window > STORE_LIMIT_WINDOW_MAX)
		return db_fail(s, STORE_REFUSED, "a window of no time, or of "
		    "more than a year");
	if (strlen(l->kind) > STORE_LIMIT_KIND_MAX ||
	    strlen(l->name) > STORE_LIMIT_NAME_MAX)
		return db_fail(s, STORE_REFUSED, "what is to be counted has "
		    "too long a name");
	return 0;
}

static const struct db_column	 columns[] = {
	DB_INT(window, id), DB_INT(window, span), DB_INT(window, total),
	DB_INT(window, last), DB_END
};

/* 1, 0 there is nothing yet, -1. */
static int
get_window(struct store *s, const struct store_limit *l, struct window *w)
{
	memset(w, 0, sizeof(*w));
	return db_row(s, columns, w, "SELECT id, span, total, last FROM quota "
	    "WHERE kind = ? AND name = ?", "tt", l->kind, l->name);
}

/* The time to count by: the newest count's, if that is just ahead. */
static time_t
get_time(const struct window *w, time_t now)
{
	return w->last > now && w->last - now <= LIMIT_SKEW ?
	    (time_t)w->last : now;
}

/* How much has left the window at now. */
static int
count_gone(struct store *s, const struct window *w,
    const struct store_limit *l, time_t now, int64_t *gone)
{
	*gone = 0;
	return w->id == 0 ? 0 : db_number(s, gone, "SELECT sum(count) "
	    "FROM quota_hit WHERE quota = ? AND at <= ?", "id", w->id,
	    now - l->window);
}

static int
has_room(const struct window *w, const struct store_limit *l)
{
	return w->total + (int64_t)l->count <= (int64_t)l->limit;
}

static int
add_hit(struct store *s, uint64_t id, time_t at, int64_t count)
{
	return db_run(s, "INSERT INTO quota_hit (quota, at, count) "
	    "VALUES (?, ?, ?) ON CONFLICT DO UPDATE "
	    "SET count = count + excluded.count", "idi", id, at, count);
}

/* The clock was set back: what lies ahead of it has come just now. */
static int
fold_ahead(struct store *s, struct window *w, time_t now)
{
	int64_t	 ahead;
	int	 n;

	if ((n = db_number(s, &ahead, "SELECT sum(count) FROM quota_hit "
	    "WHERE quota = ? AND at > ?", "id", w->id, now)) != 1)
		return n;
	if (db_run(s, "DELETE FROM quota_hit WHERE quota = ? AND at > ?", "id",
	    w->id, now) == -1)
		return -1;
	w->last = now;
	return add_hit(s, w->id, now, ahead);
}

/* Brings the window to now: 1 there is room in it, 0 there is none, -1. */
static int
slide_window(struct store *s, const struct store_limit *l, time_t now,
    struct window *w)
{
	int64_t	 gone;
	int	 n;

	if (check_limit(s, l) == -1 || (n = get_window(s, l, w)) == -1)
		return -1;
	if (n == 0)
		return has_room(w, l);
	now = get_time(w, now);
	if (w->last > now && fold_ahead(s, w, now) == -1)
		return -1;
	if ((n = count_gone(s, w, l, now, &gone)) == -1)
		return -1;
	if (n == 1) {
		w->total -= gone;
		if (db_run(s, "DELETE FROM quota_hit WHERE quota = ? AND "
		    "at <= ?", "id", w->id, now - l->window) == -1 ||
		    db_run(s, "UPDATE quota SET total = ?, last = ? "
		    "WHERE id = ?", "iii", w->total, w->last, w->id) == -1)
			return -1;
	}
	return has_room(w, l);
}

static int
add_count(struct store *s, const struct store_limit *l, time_t now)
{
	struct window	 w;
	int		 n;

	if (l->count == 0)
		return 0;
	if ((n = get_window(s, l, &w)) == -1)
		return -1;
	if (n == 0) {
		if (db_insert(s, &w.id, "INSERT INTO quota (kind, name, span, "
		    "total, last) VALUES (?, ?, ?, 0, 0)", "ttd", l->kind,
		    l->name, l->window) == -1)
			return -1;
	}
	now = get_time(&w, now);
	if (add_hit(s, w.id, now, l->count) == -1)
		return -1;
	return db_run(s, "UPDATE quota SET total = total + ?, last = ?, "
	    "span = ? WHERE id = ?", "uddi", l->count, now, l->window, w.id);
}

int
store_limit_take(struct store *s, const struct store_limit *v, size_t n,
    time_t now, size_t *which)
{
	struct window	 w;
	size_t		 i;
	int		 ret = 1;

	if (db_enter(s) == -1)
		return -1;
	for (i = 0; i < n && ret == 1; i++)
		if ((ret = slide_window(s, &v[i], now, &w)) == 0)
			*which = i;
	for (i = 0; i < n && ret == 1; i++)
		if (add_count(s, &v[i], now) == -1)
			ret = -1;
	return db_leave(s, ret);
}

/* What the window holds at now, when nothing may be written. */
static int
look_at(struct store *s, const struct store_limit *l, time_t now,
    struct window *w)
{
	int64_t	 gone;

	if (check_limit(s, l) == -1 || get_window(s, l, w) == -1 ||
	    count_gone(s, w, l, get_time(w, now), &gone) == -1)
		return -1;
	w->total -= gone;
	return 0;
}

int
store_limit_room(struct store *s, const struct store_limit *v, size_t n,
    time_t now, size_t *which)
{
	struct window	 w;
	size_t		 i;
	int		 fixed, ret = 1;

	if ((fixed = db_fix(s)) == -1)
		return -1;
	for (i = 0; i < n && ret == 1; i++)
		if (look_at(s, &v[i], now, &w) == -1)
			ret = -1;
		else if (!has_room(&w, &v[i])) {
			*which = i;
			ret = 0;
		}
	return db_unfix(s, fixed, ret);
}

int
store_limit_used(struct store *s, const struct store_limit *l, time_t now,
    int64_t *used)
{
	struct window	 w;

	if (look_at(s, l, now, &w) == -1)
		return -1;
	*used = w.total;
	return 0;
}

/* Each may have as many rows as its limit says: one after the other. */
static int
forget_one(struct store *s, time_t now)
{
	int64_t	 id;
	int	 n;

	if ((n = db_number(s, &id, "SELECT id FROM quota "
	    "WHERE last + span < ? ORDER BY last + span LIMIT 1", "d",
	    now)) != 1)
		return n;
	if ((n = db_run(s, "DELETE FROM quota_hit WHERE quota = ?", "i",
	    id)) == -1 ||
	    db_run(s, "DELETE FROM quota WHERE id = ?", "i", id) == -1)
		return -1;
	return n + 1;
}

int
store_limit_prune(struct store *s, time_t now, unsigned int max)
{
	unsigned int	 gone = 0;
	int		 n = 1;

	if (db_enter(s) == -1)
		return -1;
	while (gone < max && (n = forget_one(s, now)) > 0)
		gone += (unsigned int)n;
	return db_leave(s, n == -1 ? -1 : (int)gone);
}
