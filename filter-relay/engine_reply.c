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

#include "engine.h"

/* Replies wait, by 451, until their bodies can be rewritten. */
int
engine_reply_begin(struct engine *e, struct etx *tx)
{
	(void)e;
	(void)tx;
	return -1;
}

int
engine_reply_line(struct engine *e, struct etx *tx, const char *line,
    size_t len)
{
	(void)e;
	(void)tx;
	(void)line;
	(void)len;
	return -1;
}

int
engine_reply_end(struct engine *e, struct etx *tx)
{
	(void)e;
	(void)tx;
	return -1;
}

void
engine_reply_free(struct etx *tx)
{
	(void)tx;
}
