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
 * What the keeper tells the front of the database, many records in a frame.
 * After a failure nothing more is sent; batch_end() says whether there was
 * one.
 */

#ifndef BATCH_H
#define BATCH_H

#include "base/keyset.h"
#include "proc/ipc.h"
#include "senders.h"

#define MIRROR_LABEL_MAX	128	/* bytes of a label */

/* Frames between front and keeper; their id is the question's number. */
enum mirror_frame {
	MIRROR_ASK = 1,		/* u8 whether a position is known, u64 it */
	MIRROR_RELOAD,		/* open the database anew */
	MIRROR_WATCH,		/* with what to watch: now ask (again) */
	MIRROR_CLEAR,		/* forget all; what follows is everything */
	MIRROR_PUT,		/* any number of: u64 until, string; about
				 * who sends, an enum senders_state for until */
	MIRROR_DEL,		/* any number of: string */
	MIRROR_DONE,		/* u64 position reached */
	MIRROR_FAIL,		/* why not, text without NUL */

	/* About who sends. */
	MIRROR_FORGET,		/* any number of: string login */
	MIRROR_MAY,		/* any number of: string login, string */
	MIRROR_SECRET,		/* asks: string label of credentials */
	MIRROR_SECRET_IS,	/* string user, string password */
	MIRROR_SECRET_NONE,
	MIRROR_SECRET_FAIL	/* why not, text without NUL */
};

struct batch {
	struct ipc	*ch;
	uint64_t	 id;	/* of the question */
	uint32_t	 type;	/* a frame holds one kind */
	struct ipc_pack	 pack;
	int		 failed;
};

/* Begins an answer to question id; the channel stays the caller's. */
void	batch_start(struct batch *b, struct ipc *ch, uint64_t id);

/* Each adds one record, and returns 0, or -1 when the front has gone. */
int	batch_clear(struct batch *b);
int	batch_put(struct batch *b, const char *address, uint64_t until);
int	batch_del(struct batch *b, const char *address);
int	batch_forget(struct batch *b, const char *login);
int	batch_may(struct batch *b, const char *login, const char *address);

/*
 * The other end: takes over the records of one frame, into the one of the two
 * that is not NULL.  0, or -1: they make no sense there, or no memory.
 */
int	batch_take(const struct ipc_msg *msg, struct keyset *keys,
	    struct senders *senders);

/* Sends what is left.  0, or -1 when the front did not take all. */
int	batch_end(struct batch *b);

#endif
