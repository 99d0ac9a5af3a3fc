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

/* What smtpd is asked for: each event and request costs it time. */

#include "front.h"

/* Does a gate ask whether the connection is encrypted? */
static int
front_wants_tls(const struct front *f)
{
	const struct conf_gate *g;
	size_t i, n;

	for (i = 0; i < f->conf->ngates; i++) {
		g = &f->conf->gate[i];
		for (n = 0; n < g->nrequire; n++)
			if (g->require[n].need == CONF_NEED_TLS)
				return 1;
	}
	return 0;
}

/* Does anything limit how many recipients there are? */
static int
front_counts(const struct front *f)
{
	const struct conf *c = f->conf;
	size_t i;

	for (i = 0; i < c->ngates; i++)
		if (c->gate[i].limit.recipients > 0 ||
		    c->gate[i].limit_sender.recipients > 0)
			return 1;
	return c->limit_sender.recipients > 0;
}

/*
 * smtpd says that it is ready once, when it starts us; to register twice
 * would make it ask everything twice.
 */
void
front_register(struct front *f)
{
	if (!f->pending->ready || f->pending->registered)
		return;
	if ((f->keeper == NULL || f->engine == NULL) &&
	    f->now < f->started + FRONT_START_MS)
		return;
	f->pending->registered = 1;
	output_register(&f->out, "report|smtp-in|link-connect");
	output_register(&f->out, "report|smtp-in|link-disconnect");
	output_register(&f->out, "report|smtp-in|link-auth");
	if (front_wants_tls(f))
		output_register(&f->out, "report|smtp-in|link-tls");
	if (front_counts(f))
		output_register(&f->out, "report|smtp-in|tx-rcpt");
	output_register(&f->out, "filter|smtp-in|mail-from");
	output_register(&f->out, "filter|smtp-in|rcpt-to");
	output_register(&f->out, "filter|smtp-in|data-line");
	output_register(&f->out, "filter|smtp-in|commit");
	output_register(&f->out, "ready");
}
