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

#include <stdio.h>
#include <string.h>

#include "gate/gate.h"
#include "gate/gatelimit.h"
#include "header/verp.h"
#include "store/store.h"

static void
add(struct gatelimit *l, const char *kind, const char *name,
    unsigned int limit, int64_t window, unsigned int count)
{
	struct store_limit	*sl = &l->v[l->n++];

	sl->kind = kind;
	sl->name = name;
	sl->limit = limit;
	sl->window = (time_t)window;
	sl->count = count;
}

/* 0 is no limit. */
static void
pair(struct gatelimit *l, const struct conf_limit *c, int each,
    const char *name, unsigned int rcpts)
{
	if (c->messages > 0) {
		l->messages[l->n] = 1;
		l->each[l->n] = each;
		add(l, each ? "gate sender messages" : "gate messages", name,
		    c->messages, c->messages_span, 1);
	}
	if (c->recipients > 0) {
		l->messages[l->n] = 0;
		l->each[l->n] = each;
		add(l, each ? "gate sender recipients" : "gate recipients",
		    name, c->recipients, c->recipients_span, rcpts);
	}
}

void
gatelimit_set(struct gatelimit *l, const struct conf_gate *g,
    const char *sender, unsigned int rcpts)
{
	struct verp	 v;
	char		 folded[STORE_LIMIT_NAME_MAX + 1];

	l->n = 0;
	sender = gate_sender(g, sender, &v);
	pair(l, &g->limit, 0, g->name, rcpts);
	if (store_fold(sender, folded, sizeof(folded)) == -1)
		strlcpy(folded, sender, sizeof(folded));
	/* What is cut is long enough to tell one from another. */
	strlcpy(l->name, g->name, sizeof(l->name));
	strlcat(l->name, " ", sizeof(l->name));
	strlcat(l->name, folded, sizeof(l->name));
	pair(l, &g->limit_sender, 1, l->name, rcpts);
}

void
gatelimit_reply(const struct gatelimit *l, size_t i,
    const struct conf_gate *g, char *reply, size_t size)
{
	/* No waiting makes it fit. */
	if (l->v[i].count > l->v[i].limit) {
		(void)snprintf(reply, size, "550 5.7.1 Gate \"%s\" lets %u "
		    "recipients%s pass within %s, and this is to more",
		    g->name, l->v[i].limit, l->each[i] ? " of one sender" : "",
		    conf_span_words(l->v[i].window));
		return;
	}
	(void)snprintf(reply, size, "451 4.7.1 Gate \"%s\" lets %u %s%s pass "
	    "within %s, please try again later", g->name, l->v[i].limit,
	    l->messages[i] ? "messages" : "recipients",
	    l->each[i] ? " of one sender" : "",
	    conf_span_words(l->v[i].window));
}
