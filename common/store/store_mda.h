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

/* Store functions that only mda-relay needs. */

#ifndef STORE_MDA_H
#define STORE_MDA_H

#include "store/store_admin.h"

/*
 * Whether a commit is on disk when it returns, which is so at first.  Else it
 * is once a later one is, in the same order: enough for what need only be
 * known to other processes, or will be followed by more.  Not within a
 * transaction.
 */
int	store_durable(struct store *s, int on);

/* 1 when a copy for that worker has this Message-Id, 0 when none, or -1. */
int	store_copy_known(struct store *s, uint32_t worker, const char *msgid);

/*
 * Finds a worker's message of a mailbox by what stands in `own': the worker's
 * Message-Id, or the hash that stands in for it.
 */
int	store_message_byown(struct store *s, uint64_t mailbox,
	    uint32_t worker, const char *own, struct store_message *m);

#endif
