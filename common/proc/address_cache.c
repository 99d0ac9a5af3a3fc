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

#include <string.h>
#include <time.h>

#include "base/compat.h"
#include "proc/address_cache.h"

#define FRAME_SIZE	60000	/* bytes of records in one frame, about */
#define EXPIRE_MIN	1024	/* addresses before the first sweep */
#define WATCH_WORDS	12	/* two copies of the header, 48 bytes each */

/* What of shared memory was seen before which question. */
struct watch {
	const volatile uint64_t	*map;	/* NULL: nothing is mapped */
	int			 valid;	/* seen holds something */
	uint64_t		 next[WATCH_WORDS];
	uint64_t		 seen[WATCH_WORDS];
};

struct address_cache {
	address_also		*also;
	struct address_sets	 sets;
	struct address_sets	 coming;	/* NULL: nothing is */
	struct watch		 watch;
	int			 loaded;	/* sets were whole once */
	int			 whole;		/* ... as watch has seen */
	int			 known;		/* position holds something */
	uint64_t		 position;
	uint64_t		 question;	/* the last one's number */
	int			 asking;	/* it has no answer yet */
	int			 reload;	/* to be asked for, or asked */
	size_t			 expire_at;	/* addresses that make it pay */
};

/* The keeper's end. */

int
address_feed_begin(struct address_feed *f, struct ipc *ch,
    const struct ipc_msg *msg, int msec, int64_t *position)
{
	struct ipc_unpack	u;
	uint64_t		at;
	int			known;

	f->ch = ch;
	f->id = msg->id;
	f->msec = msec;
	f->failed = 0;
	ipc_pack_init(&f->pack);
	ipc_unpack_init(&u, msg->data, msg->len);
	known = ipc_get_u8(&u);
	at = ipc_get_u64(&u);
	*position = known ? (int64_t)at : -1;
	return ipc_unpack_end(&u) == -1 || at > INT64_MAX ||
	    (msg->type != ADDRESS_ASK && msg->type != ADDRESS_RELOAD) ? -1 : 0;
}

static int
send_frame(struct address_feed *f)
{
	struct ipc_pack	*p = &f->pack;

	if (f->failed || p->failed || (f->msec == 0 ?
	    ipc_send(f->ch, ADDRESS_NEWS, f->id, p->buf, p->len, -1) :
	    ipc_send_wait(f->ch, ADDRESS_NEWS, f->id, p->buf, p->len, -1,
	    f->msec)) == -1)
		f->failed = 1;
	ipc_pack_free(p);
	return f->failed ? -1 : 0;
}

int
address_feed_add(struct address_feed *f, enum address_record what,
    const char *name, uint64_t number, const char *text)
{
	if (f->pack.len >= FRAME_SIZE && send_frame(f) == -1)
		return -1;
	ipc_put_u8(&f->pack, what);
	ipc_put_u64(&f->pack, number);
	ipc_put_str(&f->pack, name);
	ipc_put_str(&f->pack, text);
	return f->failed || f->pack.failed ? -1 : 0;
}

int
address_feed_done(struct address_feed *f, int64_t position)
{
	address_feed_add(f, ADDRESS_DONE, NULL, (uint64_t)position, NULL);
	return send_frame(f);
}

void
address_feed_fail(struct address_feed *f, const char *why)
{
	ipc_pack_free(&f->pack);
	ipc_send(f->ch, ADDRESS_FAIL, f->id, why, strlen(why), -1);
}

int
address_feed_watch(struct address_feed *f, int fd)
{
	return ipc_send_lend(f->ch, ADDRESS_WATCH, f->id, NULL, 0, fd);
}

/*
 * The file begins with two copies of the WAL-index header, which every commit
 * changes (https://www.sqlite.org/walformat.html, section 2.1).  A length of
 * less than a page is never unmapped from under us: SQLite truncates the file
 * only to 3 bytes, which keeps the first page.
 */
static int
map_watch(struct watch *w, int fd)
{
	struct stat	 st;
	void		*map;

	memset(w, 0, sizeof(*w));
	if (fstat(fd, &st) == -1 || st.st_size < (off_t)sizeof(w->seen))
		return -1;
	map = mmap(NULL, sizeof(w->seen), PROT_READ, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return -1;
	w->map = map;
	return 0;
}

static void
unmap_watch(struct watch *w)
{
	if (w->map != NULL)
		(void)munmap((void *)(uintptr_t)w->map, sizeof(w->seen));
	memset(w, 0, sizeof(*w));
}

/* Reads what another process may be writing: no call may assume it rests. */
static void
read_header(const struct watch *w, uint64_t to[WATCH_WORDS])
{
	size_t	 i;

	for (i = 0; i < WATCH_WORDS; i++)
		to[i] = w->map[i];
	__sync_synchronize();
}

/* Has anything been committed since the last begin that came to its end? */
static int
watch_changed(const struct watch *w)
{
	uint64_t	 now[WATCH_WORDS];

	if (w->map == NULL || !w->valid)
		return 1;
	read_header(w, now);
	return memcmp(now, w->seen, sizeof(now)) != 0;
}

/* Before the keeper is asked. */
static void
begin_watch(struct watch *w)
{
	if (w->map != NULL)
		read_header(w, w->next);
}

/* After its answer was taken over; without this nothing was seen. */
static void
end_watch(struct watch *w)
{
	memcpy(w->seen, w->next, sizeof(w->seen));
	w->valid = w->map != NULL;
}

static void
free_sets(struct address_sets *s)
{
	keyset_free(s->addresses);
	keyset_free(s->lists);
	memset(s, 0, sizeof(*s));
}

/* Two empty sets in the place of what was there. */
static int
make_sets(struct address_sets *s)
{
	free_sets(s);
	if ((s->addresses = keyset_new()) != NULL &&
	    (s->lists = keyset_new()) != NULL)
		return 0;
	free_sets(s);
	return -1;
}

struct address_cache *
address_cache_new(address_also *also)
{
	struct address_cache	*c;

	if ((c = calloc(1, sizeof(*c))) == NULL)
		return NULL;
	if (make_sets(&c->sets) == -1) {
		free(c);
		return NULL;
	}
	c->also = also;
	c->expire_at = EXPIRE_MIN;
	return c;
}

const struct address_sets *
address_cache_sets(const struct address_cache *c)
{
	return &c->sets;
}

int
address_cache_loaded(const struct address_cache *c)
{
	return c->loaded;
}

int
address_cache_current(const struct address_cache *c)
{
	return c->whole && !c->reload && !watch_changed(&c->watch);
}

int
address_cache_asking(const struct address_cache *c)
{
	return c->asking;
}

int
address_cache_refresh(struct address_cache *c, struct ipc *keeper)
{
	struct ipc_pack	p;

	if (c->asking || (c->known && address_cache_current(c)))
		return 0;
	free_sets(&c->coming);
	begin_watch(&c->watch);
	ipc_pack_init(&p);
	ipc_put_u8(&p, c->known ? 1 : 0);
	ipc_put_u64(&p, c->position);
	if (ipc_send_pack(keeper, c->reload ? ADDRESS_RELOAD : ADDRESS_ASK,
	    ++c->question, &p) == -1)
		return -1;
	c->asking = 1;
	return 0;
}

void
address_cache_lost(struct address_cache *c)
{
	c->asking = c->known = 0;
	free_sets(&c->coming);
}

void
address_cache_reload(struct address_cache *c, int on)
{
	c->reload = on;
	if (on)
		c->asking = 0;
}

/* What to map, before anything is read of what it watches over. */
static int
take_watch(struct address_cache *c, struct ipc *keeper, struct ipc_msg *msg)
{
	c->asking = c->known = c->whole = c->reload = 0;
	unmap_watch(&c->watch);
	if (msg->fd == -1 || map_watch(&c->watch, msg->fd) == -1) {
		/* It is told once for each opening of the database. */
		c->reload = 1;
		return -1;
	}
	return address_cache_refresh(c, keeper);
}

static int
take_done(struct address_cache *c, uint64_t position)
{
	if (c->watch.map == NULL)
		return -1;
	if (c->coming.addresses != NULL) {
		free_sets(&c->sets);
		c->sets = c->coming;
		memset(&c->coming, 0, sizeof(c->coming));
	}
	c->position = position;
	c->known = c->whole = c->loaded = 1;
	c->asking = 0;
	end_watch(&c->watch);
	/* What is over by its time is nobody's deletion. */
	if (c->also == NULL &&
	    keyset_count(c->sets.addresses) >= c->expire_at) {
		keyset_expire(c->sets.addresses, time(NULL));
		c->expire_at = 2 * keyset_count(c->sets.addresses) +
		    EXPIRE_MIN;
	}
	return 1;
}

/* Returns 1 when it was the last one, else 0 or -1. */
static int
take_record(struct address_cache *c, struct ipc_unpack *u)
{
	struct address_sets	*to;
	const char		*name, *text;
	uint64_t		 number;
	size_t			 len, textlen;
	int			 what;

	what = ipc_get_u8(u);
	number = ipc_get_u64(u);
	name = (const char *)ipc_get_bytes(u, KEYSET_KEY_MAX, &len);
	text = (const char *)ipc_get_bytes(u, KEYSET_KEY_MAX, &textlen);
	if (u->failed || number > INT64_MAX)
		return -1;
	to = c->coming.addresses != NULL ? &c->coming : &c->sets;
	switch (what) {
	case ADDRESS_CLEAR:
		return make_sets(&c->coming);
	case ADDRESS_PUT:
		return keyset_put(to->addresses, name, len, (int64_t)number);
	case ADDRESS_DEL:
		keyset_del(to->addresses, name, len);
		return 0;
	case ADDRESS_ALSO:
		return c->also == NULL ? -1 :
		    c->also(to->lists, name, len, text, textlen);
	case ADDRESS_FORGET:
		keyset_del(to->lists, name, len);
		return 0;
	case ADDRESS_DONE:
		return u->left > 0 ? -1 : take_done(c, number);
	default:
		return -1;
	}
}

static int
take_frame(struct address_cache *c, struct ipc *keeper, struct ipc_msg *msg)
{
	struct ipc_unpack	u;
	int			r = 0;

	switch (msg->type) {
	case ADDRESS_WATCH:
		return take_watch(c, keeper, msg);
	case ADDRESS_NEWS:
		c->whole = 0;
		ipc_unpack_init(&u, msg->data, msg->len);
		while (r == 0 && u.left > 0)
			r = take_record(c, &u);
		return r;
	case ADDRESS_FAIL:
		c->asking = 0;
		free_sets(&c->coming);
		return 0;
	default:
		return -1;
	}
}

int
address_cache_take(struct address_cache *c, struct ipc *keeper,
    struct ipc_msg *msg)
{
	int	r;

	if (!c->asking || msg->id != c->question)
		return 0;
	if ((r = take_frame(c, keeper, msg)) == -1) {
		address_cache_lost(c);
		c->whole = 0;
	}
	return r;
}
