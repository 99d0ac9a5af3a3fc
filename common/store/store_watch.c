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

#include <sys/mman.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "store/store_db.h"
#include "store/store_watch.h"

static int
walk(struct store *s, sqlite3_stmt *st,
    int (*cb)(const struct store_key *, void *), void *arg)
{
	struct store_key	 key;
	int			 ret;

	if (st == NULL)
		return -1;
	while ((ret = db_step(s, st)) == 1) {
		key.expires = sqlite3_column_int64(st, 1);
		if (db_text(s, st, 0, key.key, sizeof(key.key)) == -1) {
			ret = -1;
			break;
		}
		if (cb(&key, arg) != 0) {
			ret = db_fail(s, STORE_REFUSED, "stopped");
			break;
		}
	}
	db_done(s, st);
	return ret;
}

/* The number of the newest change that ever was. */
static int
newest(struct store *s, int64_t *seq)
{
	*seq = 0;
	return db_number(s, seq, "SELECT seq FROM sqlite_sequence "
	    "WHERE name = 'change'", "") == -1 ? -1 : 0;
}

int
store_keys_all(struct store *s, time_t now, int64_t *seq,
    int (*cb)(const struct store_key *, void *), void *arg)
{
	int	 fixed, ret;

	if ((fixed = db_fix(s)) == -1)
		return -1;
	if ((ret = newest(s, seq)) == 0)
		ret = walk(s, db_get(s, "SELECT address, ?2 FROM mailbox "
		    "UNION ALL SELECT address, expires FROM handle "
		    "WHERE revoked = 0 AND expires > ?1 "
		    "UNION ALL SELECT address, expires FROM rpath "
		    "WHERE expires > ?1", "ii", (int64_t)now,
		    STORE_FOREVER), cb, arg);
	return db_unfix(s, fixed, ret);
}

int
store_keys_since(struct store *s, int64_t *seq,
    int (*cb)(const struct store_key *, void *), void *arg)
{
	int64_t	 last, first = 0;
	int	 fixed, ret;

	if ((fixed = db_fix(s)) == -1)
		return -1;
	if ((ret = newest(s, &last)) == -1)
		return db_unfix(s, fixed, -1);
	if (*seq == last)
		return db_unfix(s, fixed, 1);
	ret = db_number(s, &first, "SELECT min(seq) FROM change", "");
	if (ret == -1)
		return db_unfix(s, fixed, -1);
	if (ret == 0 || *seq > last || *seq < first - 1)
		return db_unfix(s, fixed, 0);
	ret = walk(s, db_get(s, "SELECT address, expires FROM change "
	    "WHERE seq > ? ORDER BY seq", "i", *seq), cb, arg);
	if (ret == 0)
		*seq = last;
	return db_unfix(s, fixed, ret == -1 ? -1 : 1);
}

int
store_keys_prune(struct store *s, unsigned int keep)
{
	int64_t	 last;
	int	 ret;

	if (db_enter(s) == -1)
		return -1;
	if ((ret = newest(s, &last)) == 0)
		ret = db_run(s, "DELETE FROM change WHERE seq <= ?", "i",
		    last - (int64_t)keep);
	return db_leave(s, ret == -1 ? -1 : 0);
}

int
store_watch_fd(struct store *s)
{
	char	 shm[STORE_PATH_MAX + 8];

	if (s->watch_fd != -1)
		return s->watch_fd;
	(void)snprintf(shm, sizeof(shm), "%s-shm", s->path);
	if ((s->watch_fd = open(shm, O_RDONLY | O_CLOEXEC)) == -1)
		return db_fail(s, STORE_OTHER, "%s: %s", shm,
		    strerror(errno));
	return s->watch_fd;
}

/*
 * The file begins with two copies of the WAL-index header, which every commit
 * changes (https://www.sqlite.org/walformat.html, section 2.1).  A length of
 * less than a page is never unmapped from under us: SQLite truncates the file
 * only to 3 bytes, which keeps the first page.
 */
int
store_watch_map(struct store_watch *w, int fd)
{
	struct stat	 st;
	void		*map;

	memset(w, 0, sizeof(*w));
	if (fstat(fd, &st) == -1)
		return -1;
	if (st.st_size < STORE_WATCH_LEN) {
		errno = EINVAL;
		return -1;
	}
	map = mmap(NULL, STORE_WATCH_LEN, PROT_READ, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return -1;
	w->map = map;
	w->maplen = STORE_WATCH_LEN;
	return 0;
}

void
store_watch_unmap(struct store_watch *w)
{
	if (w->map != NULL)
		(void)munmap((void *)(uintptr_t)w->map, w->maplen);
	memset(w, 0, sizeof(*w));
}

/* Reads what another process may be writing: no call may assume it rests. */
static void
snapshot(const struct store_watch *w, uint64_t to[STORE_WATCH_LEN / 8])
{
	size_t	 i;

	for (i = 0; i < STORE_WATCH_LEN / 8; i++)
		to[i] = w->map[i];
	__sync_synchronize();
}

int
store_watch_changed(const struct store_watch *w)
{
	uint64_t	 now[STORE_WATCH_LEN / 8];

	if (w->map == NULL || !w->valid)
		return 1;
	snapshot(w, now);
	return memcmp(now, w->seen, sizeof(now)) != 0;
}

void
store_watch_begin(struct store_watch *w)
{
	if (w->map != NULL)
		snapshot(w, w->next);
}

void
store_watch_end(struct store_watch *w)
{
	if (w->map == NULL)
		return;
	memcpy(w->seen, w->next, sizeof(w->seen));
	w->valid = 1;
}
