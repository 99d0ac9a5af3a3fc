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

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "front.h"

#define TX_SLOTS	64	/* at first */

/*
 * An id is the slot's number below and a generation above, which begins at
 * random, so that an old id, of a front before us too, never fits again.
 */
struct tx *
front_tx_new(struct front *f, struct session *s)
{
	struct tx **slot, *tx;
	size_t i, n;

	for (i = 0; i < f->nslots && f->slot[i] != NULL; i++)
		;
	if (i == f->nslots) {
		n = f->nslots ? f->nslots * 2 : TX_SLOTS;
		if (n > FRONT_TX_MAX ||
		    (slot = reallocarray(f->slot, n, sizeof(*slot))) == NULL)
			return NULL;
		memset(slot + f->nslots, 0,
		    (n - f->nslots) * sizeof(*slot));
		f->slot = slot;
		f->nslots = n;
	}
	if ((tx = calloc(1, sizeof(*tx))) == NULL)
		return NULL;
	if (++f->generation == 0)
		f->generation = 1;
	tx->id = (uint64_t)f->generation << 32 | i;
	tx->s = s;
	tx->credit = MSG_WINDOW;
	f->slot[i] = tx;
	s->tx = tx;
	return tx;
}

struct tx *
front_tx_find(struct front *f, uint64_t id)
{
	size_t i = id & 0xffffffff;

	if (i >= f->nslots || f->slot[i] == NULL || f->slot[i]->id != id)
		return NULL;
	return f->slot[i];
}

int
front_tx_crowded(const struct front *f)
{
	return f->nfull > 0 || f->queued > FRONT_QUEUE_ALL;
}

/* Forgets what waits for the engine. */
static void
drop_tx(struct front *f, struct tx *tx)
{
	if (tx->qlen - tx->qpos > FRONT_QUEUE)
		f->nfull--;
	f->queued -= tx->qlen - tx->qpos;
	free(tx->q);
	tx->q = NULL;
	tx->qpos = tx->qlen = tx->qsize = 0;
	if (tx->dirty)
		TAILQ_REMOVE(&f->dirty, tx, flush);
	tx->dirty = 0;
	if (tx->begun) {
		TAILQ_REMOVE(&f->indata, tx, silent);
		tx->begun = 0;
		if (f->engine != NULL)
			ipc_send(f->engine, MSG_END, tx->id, NULL, 0, -1);
	}
}

void
front_tx_end(struct front *f, struct session *s)
{
	struct tx *tx = s->tx;

	if (tx == NULL)
		return;
	drop_tx(f, tx);
	if (tx->eom && !tx->done)
		pending_clear(f->pending, &s->pending);
	if (!tx->lost && f->keeper != NULL)
		ipc_send(f->keeper, MSG_END, tx->id, NULL, 0, -1);
	f->slot[tx->id & 0xffffffff] = NULL;
	s->tx = NULL;
	free(tx);
}

void
front_tx_fail(struct front *f, struct tx *tx)
{
	struct session *s = tx->s;

	s->broken = 1;
	if (s->data != SESSION_NODATA) {
		s->data = SESSION_SWALLOW;
		if (tx->eom) {
			output_dataline(&f->out, s, ".", 1);
			s->data = SESSION_NODATA;
		}
	}
	front_tx_end(f, s);
}

int
front_tx_queue(struct front *f, struct tx *tx, const char *p, size_t len)
{
	size_t used = tx->qlen - tx->qpos, size;
	char *q;

	if (tx->qsize - tx->qlen < len) {
		if (tx->qpos > 0)
			memmove(tx->q, tx->q + tx->qpos, used);
		tx->qpos = 0;
		tx->qlen = used;
		size = tx->qsize ? tx->qsize : 4096;
		while (size - used < len)
			size *= 2;
		if (size != tx->qsize) {
			if ((q = realloc(tx->q, size)) == NULL)
				return -1;
			tx->q = q;
			tx->qsize = size;
		}
	}
	if (len > 0)	/* q may still be NULL */
		memcpy(tx->q + tx->qlen, p, len);
	tx->qlen += len;
	f->queued += len;
	if (used <= FRONT_QUEUE && used + len > FRONT_QUEUE)
		f->nfull++;
	if (!tx->dirty) {
		tx->dirty = 1;
		TAILQ_INSERT_TAIL(&f->dirty, tx, flush);
	}
	return 0;
}

void
front_tx_sent(struct front *f, struct tx *tx, size_t n)
{
	size_t used = tx->qlen - tx->qpos;

	if (used > FRONT_QUEUE && used - n <= FRONT_QUEUE)
		f->nfull--;
	f->queued -= n;
	tx->qpos += n;
	tx->credit -= n;
	if (tx->qpos < tx->qlen)
		return;
	tx->qpos = tx->qlen = 0;
	if (tx->qsize > MSG_WINDOW) {
		free(tx->q);
		tx->q = NULL;
		tx->qsize = 0;
	}
}

void
front_time(struct front *f)
{
	f->now = clock_ms();
}

/* smtpd is gone: the parent ends the rest. */
__dead void
front_end(void)
{
	_exit(0);
}

void
front_push(struct front *f)
{
	int want;

	if (output_flush(&f->out) == -1)
		front_end();
	if (output_waiting(&f->out) > 0)
		event_add(&f->evout, NULL);
	want = f->reading ?
	    output_waiting(&f->out) < OUTPUT_HIGH :
	    output_waiting(&f->out) <= OUTPUT_LOW;
	if (front_tx_crowded(f))
		want = 0;
	if (f->engine != NULL)
		ipc_event_reading(f->engine,
		    output_waiting(&f->out) < OUTPUT_HIGH);
	if (want == f->reading)
		return;
	f->reading = want;
	if (want)
		event_add(&f->evin, NULL);
	else
		event_del(&f->evin);
}
