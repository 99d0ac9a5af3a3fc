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

/* Mail that leaves as somebody's other address: its header. */

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine.h"
#include "hidehdr.h"

/* Room for one Message-Id more, and for references that became longer. */
#define HIDE_MAX	(ENGINE_HEADER_MAX + 4 * MSG_WINDOW)

/* smtpd doubles a dot at the start of a line, RFC 5321 4.5.2. */
static int
hide_undot(struct sbuf *b, const char *p, size_t len)
{
	const char *end = p + len, *nl;

	for (; p < end; p = nl + 1) {
		if ((nl = memchr(p, '\n', end - p)) == NULL)
			nl = end - 1;
		p += *p == '.';
		if (sbuf_add(b, p, nl + 1 - p) == -1)
			return -1;
	}
	return 0;
}

static int
hide_dot(struct sbuf *b, const char *p, size_t len)
{
	const char *end = p + len, *nl;

	for (; p < end; p = nl + 1) {
		if ((nl = memchr(p, '\n', end - p)) == NULL)
			nl = end - 1;
		if ((*p == '.' && sbuf_addch(b, '.') == -1) ||
		    sbuf_add(b, p, nl + 1 - p) == -1)
			return -1;
	}
	return 0;
}

static int
hide_build(struct etx *tx, const struct sbuf *in, struct sbuf *out)
{
	const struct plan *p = &tx->plan;
	struct hidehdr_plan hp;
	struct replyhdr_id *ids;
	size_t i;
	int rv;

	if ((ids = calloc(p->ids.n / 2 + 1, sizeof(*ids))) == NULL)
		return -1;
	for (i = 0; i < p->ids.n / 2; i++) {
		ids[i].from = p->ids.v[2 * i];
		ids[i].to = p->ids.v[2 * i + 1];
	}
	memset(&hp, 0, sizeof(hp));
	hp.from = tx->facts.writer;
	hp.message_id = p->message_id[0] == '\0' ? NULL : p->message_id;
	hp.ids = ids;
	hp.nids = p->ids.n / 2;
	hp.now = time(NULL);
	rv = hidehdr_build(out, in->data, in->len, &hp);
	free(ids);
	return rv;
}

int
engine_hide_header(struct engine *e, struct etx *tx)
{
	struct sbuf in, out, dotted;
	int rv = -1;

	sbuf_init(&in, tx->header.len + 1);
	sbuf_init(&out, HIDE_MAX);
	sbuf_init(&dotted, 2 * HIDE_MAX);
	if (hide_undot(&in, tx->header.data, tx->header.len) == 0 &&
	    hide_build(tx, &in, &out) == 0 &&
	    hide_dot(&dotted, out.data, out.len) == 0 &&
	    sbuf_addch(&dotted, '\n') == 0 &&
	    engine_out(e, tx, tx->plan.top, strlen(tx->plan.top)) == 0)
		rv = engine_out(e, tx, dotted.data, dotted.len);
	sbuf_free(&in);
	sbuf_free(&out);
	sbuf_free(&dotted);
	return rv;
}
