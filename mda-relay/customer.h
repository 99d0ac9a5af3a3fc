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

/* A message from outside to a mailbox. */

#ifndef CUSTOMER_H
#define CUSTOMER_H

#include "run.h"

/*
 * Finds or opens its conversation, records its participants, and sends the
 * copies.  Returns RUN_DONE or RUN_RETRY.
 */
int	customer_run(struct run *);

/*
 * What came to a return path and is no bounce (an automatic answer, say): a
 * message of that participant to the worker who wrote.  Returns as above.
 */
int	customer_answer(struct run *, const struct store_rpath *);

#endif
