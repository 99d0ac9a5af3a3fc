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
 * The addresses that a front answers from, in memory, and how they come from
 * the keeper, which reads them from the database.
 *
 * The front maps 96 bytes of the database's shared memory, which every commit
 * changes.  When they have changed it asks; the keeper tells what is new since
 * the position that the front has, or everything.  Everything is put together
 * beside what there was, and takes its place when it is whole.  What is seen
 * in shared memory before asking is older than what the keeper answers from:
 * a commit in between only has the front ask once more.
 *
 *	front				keeper
 *	ADDRESS_ASK			ADDRESS_WATCH, the first time
 *	ADDRESS_ASK			ADDRESS_NEWS, many records in a frame,
 *					or ADDRESS_FAIL
 */

#ifndef ADDRESS_CACHE_H
#define ADDRESS_CACHE_H

#include "base/keyset.h"
#include "proc/ipc.h"

/* Frames, beside those of the program; their id is the question's number. */
enum address_frame {
	ADDRESS_ASK = 0x100,	/* u8 whether a position is known, u64 it */
	ADDRESS_RELOAD,		/* the same: open the database anew */
	ADDRESS_WATCH,		/* with what to map: now ask (again) */
	ADDRESS_NEWS,		/* any number of: u8 enum address_record,
				 * u64 number, string name, string text */
	ADDRESS_FAIL		/* why not, text without NUL */
};

enum address_record {
	ADDRESS_CLEAR = 1,	/* what follows is everything */
	ADDRESS_PUT,		/* name is an address, which has this number */
	ADDRESS_DEL,		/* the address is none any more */
	ADDRESS_ALSO,		/* text is one more in the list of name */
	ADDRESS_FORGET,		/* name has no list any more */
	ADDRESS_DONE		/* the end; number is the position reached */
};

/* ---------------------------------------------------- in the keeper */

/* The answer to a question, while it is told. */
struct address_feed {
	struct ipc	*ch;
	uint64_t	 id;
	int		 msec;
	struct ipc_pack	 pack;
	int		 failed;	/* it could not be sent */
};

/*
 * Begins the answer to a front's question.  Each frame is waited for until the
 * front has taken it, at most msec milliseconds (the channel is useless after
 * that); with 0 all must fit into the channel's queue.  *position gets what
 * the front has, or -1 if it has nothing; the channel stays the caller's.  One
 * of done, fail and watch must follow.  0, or -1: the question makes no sense.
 */
int	address_feed_begin(struct address_feed *f, struct ipc *ch,
	    const struct ipc_msg *msg, int msec, int64_t *position);

/*
 * Tells one record; NULL for a text or a name that the record does not have.
 * 0, or -1, as is all that follows.
 */
int	address_feed_add(struct address_feed *f, enum address_record what,
	    const char *name, uint64_t number, const char *text);

/* Ends it: the front is where position says.  0, or -1: not all was sent. */
int	address_feed_done(struct address_feed *f, int64_t position);

/* Ends it: what was told is void.  Says why to the front. */
void	address_feed_fail(struct address_feed *f, const char *why);

/* Ends it by lending what to map (see ipc_send_lend()).  0 or -1. */
int	address_feed_watch(struct address_feed *f, int fd);

/* ----------------------------------------------------- in the front */

struct address_cache;

/* What a cache holds.  The sets are others after each address_cache_take(). */
struct address_sets {
	struct keyset	*addresses;	/* with their numbers */
	struct keyset	*lists;		/* texts, by name */
};

/* Takes over an ADDRESS_ALSO.  0, or -1: nonsense, or no memory. */
typedef int	address_also(struct keyset *lists, const char *name,
		    size_t len, const char *text, size_t textlen);

/*
 * A new empty cache, or NULL without memory; it is never freed.  also NULL:
 * there are no lists, and numbers are times, in seconds since the epoch, after
 * which the address may be forgotten.
 */
struct address_cache *address_cache_new(address_also *also);

/* What there is, and is not current perhaps. */
const struct address_sets *address_cache_sets(const struct address_cache *c);

/* Whether it was whole once, and may answer though it is old: 1 or 0. */
int	address_cache_loaded(const struct address_cache *c);

/* Whether it holds what the database does at this moment: 1 or 0. */
int	address_cache_current(const struct address_cache *c);

/* Whether an answer is expected: 1 or 0. */
int	address_cache_asking(const struct address_cache *c);

/*
 * Asks the keeper, unless nothing is new or it was asked.  0, or -1: the
 * question could not be sent.
 */
int	address_cache_refresh(struct address_cache *c, struct ipc *keeper);

/* The keeper has gone: its successor must tell everything. */
void	address_cache_lost(struct address_cache *c);

/* Whether the next question shall have the database opened anew.  An answer to
 * an old question does not count then. */
void	address_cache_reload(struct address_cache *c, int on);

/*
 * Takes over one of the keeper's frames, and its descriptor.  1: the answer is
 * complete, and 0: there is more to come, or it is not an answer to the last
 * question; after an ADDRESS_FAIL, too, no more comes.  -1: it makes no sense,
 * or there is no memory; everything is asked for the next time.
 */
int	address_cache_take(struct address_cache *c, struct ipc *keeper,
	    struct ipc_msg *msg);

#endif
