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

/* A process of this program that the parent asks for one thing at a time. */

#ifndef CHILD_H
#define CHILD_H

#include <sys/types.h>

#include "proc/ipc.h"

struct child {
	pid_t		 pid;
	struct ipc	*ch;		/* the parent's end */
};

/*
 * Forks the process, with `title' for ps(1) and the log.  There `other', a
 * descriptor that it must not have, is closed, signals have their defaults
 * but for SIGPIPE, which is ignored, and serve() answers on the channel
 * until it ends; frames hold at most maxdata bytes in either direction.
 * Returns 0, or -1 with errno set.
 */
int	child_start(struct child *, const char *title, size_t maxdata,
	    int other, void (*serve)(struct ipc *, void *), void *arg);

/* Closes the channel, which ends the process, and waits for that. */
void	child_stop(struct child *);

#endif
