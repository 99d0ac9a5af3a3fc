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

/* What came back to a return path that stands for a platform's sender. */

#ifndef WRAPPED_H
#define WRAPPED_H

#include "run.h"

/*
 * Mail to the wrapped return path in r->rcpt: from the null sender, it is
 * sent back to the recorded sender alone, with the null sender again, as it
 * came but for what smtpd added for this delivery, STORE_RPATH_QUOTES times
 * at most; all else is dropped and logged.  Returns RUN_DONE or RUN_RETRY.
 */
int	wrapped_run(struct run *);

#endif
