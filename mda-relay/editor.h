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
 * The process that reads and rewrites mail.  It has the message's file and
 * the file for what is made of it, the channel to the parent, and nothing
 * else.
 */

#ifndef EDITOR_H
#define EDITOR_H

#include <sys/types.h>

#include "copyhdr.h"
#include "letter.h"

struct editor;

/*
 * Forks the process.  Both descriptors are shared with it and stay the
 * caller's: `in' holds the message, `out' gets what is made of it.  `other'
 * is a descriptor of the caller's that the new process closes.  Returns NULL
 * with errno set on failure.
 */
struct editor	*editor_start(int in, int out, int other);

/* The process, for a signal handler. */
pid_t		 editor_pid(const struct editor *);

/* Ends the process, waits for it and frees; NULL is allowed. */
void		 editor_stop(struct editor *);

/*
 * Reads the message.  With `report' a delivery status in it is looked for,
 * too.  Returns 0, or -1; letter_free() after 0.
 */
int		 editor_read(struct editor *, int report, struct letter *);

/*
 * Writes into `out' a member's copy by the plan (whose `mime' is not used).
 * Returns 0, or -1: the file is then of no use.
 */
int		 editor_copy(struct editor *, const struct copyhdr_plan *);

/*
 * Writes the message itself into `out', by COMPOSE_* flags of compose.h.
 * Returns 0, or -1 as above.
 */
int		 editor_forward(struct editor *, int flags);

#endif
