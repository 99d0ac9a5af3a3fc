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
 * The front's copy of the mailboxes' addresses, so that the keeper is asked
 * about few recipients, and mail for others goes on even when it hangs.  The
 * database's shared memory tells whether the copy is what there is.
 */

#ifndef BOXES_H
#define BOXES_H

#include "base/keyset.h"
#include "proc/ipc.h"
#include "store/store_watch.h"

struct boxes {
	struct keyset		*set;		/* lower case, maybe old; NULL
						 * before the first is whole */
	struct keyset		*coming;	/* as much as has come */
	struct store_watch	 watch;
	int			 watching;	/* something is mapped */
	int			 asking;	/* an answer is on its way */
	int			 asked;		/* ... that watch knows of */
};

/* Asks the keeper for the list, if it is not what there is. */
void	boxes_refresh(struct boxes *b, struct ipc *keeper);

/* A frame of the keeper's answer; takes the descriptor.  0, or -1: malformed,
 * or no memory. */
int	boxes_answer(struct boxes *b, struct ipc_msg *msg);

/* The keeper is gone: the list is old now. */
void	boxes_lost(struct boxes *b);

/* 1 if the list is what there is at this moment, else 0. */
int	boxes_fresh(const struct boxes *b);

/* 1 if the address can be a mailbox, by this list, or has the form of a
 * handle, a return path, or what begins a conversation; else 0. */
int	boxes_maybe(const struct boxes *b, const char *address);

/* In the keeper: answers MSG_LIST, in as many frames as it takes. */
void	boxes_tell(struct store *s, struct ipc *front,
	    const struct ipc_msg *msg);

#endif
