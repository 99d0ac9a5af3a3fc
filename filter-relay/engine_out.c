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

/* Lines of the engine, on their way to the front. */

#include <string.h>

#include "engine.h"

void
engine_fail(struct engine *e, struct etx *tx)
{
	if (tx->failed)
		return;
	tx->failed = 1;
	if (e->front != NULL)
		ipc_send(e->front, MSG_FAIL, tx->id, NULL, 0, -1);
}

int
engine_flush(struct engine *e, struct etx *tx)
{
	if (tx->out.len > 0 && (e->front == NULL || ipc_send(e->front,
	    MSG_OUT, tx->id, tx->out.data, tx->out.len, -1) == -1)) {
		engine_fail(e, tx);
		return -1;
	}
	sbuf_reset(&tx->out);
	return 0;
}

int
engine_out(struct engine *e, struct etx *tx, const char *p, size_t len)
{
	const char *end = p + len;
	size_t n;

	while (p < end) {
		/* Many short lines are cut into portions of whole lines. */
		n = end - p;
		if (n > ENGINE_OUT) {
			for (n = ENGINE_OUT; n > 0 && p[n - 1] != '\n'; n--)
				;
			if (n == 0)
				n = (const char *)memchr(p, '\n', end - p) +
				    1 - p;
		}
		if (sbuf_add(&tx->out, p, n) == -1) {
			engine_fail(e, tx);
			return -1;
		}
		if (tx->out.len >= ENGINE_OUT && engine_flush(e, tx) == -1)
			return -1;
		p += n;
	}
	return 0;
}

int
engine_line(struct engine *e, struct etx *tx, const char *line, size_t len)
{
	if ((len > 0 && line[0] == '.' && sbuf_addch(&tx->out, '.') == -1) ||
	    sbuf_add(&tx->out, line, len) == -1 ||
	    sbuf_addch(&tx->out, '\n') == -1)
		return -1;
	return tx->out.len >= ENGINE_OUT ? engine_flush(e, tx) : 0;
}
