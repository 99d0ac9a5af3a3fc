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

#include <string.h>

#include "scrub/bodycmd.h"
#include "scrub/scrub.h"

static void
sink(void *arg, const struct lexunit *u)
{
	struct scrub	*s = arg;

	s->job.off = s->lex.off;
	if (s->cmd != NULL && bodycmd_put(s->cmd, s->lex.off, u,
	    s->job.edits) == -1)
		s->job.failed = 1;
	if (s->job.secrets == NULL && s->job.seed == NULL)
		return;
	word_scanner_put(u->flags & LEX_TAG ? &s->tag : &s->text, &s->job, u);
}

void
scrub_init(struct scrub *s, const struct secrets *secrets,
    const unsigned char *seed, struct edits *edits, struct bodycmd *cmd)
{
	memset(s, 0, sizeof(*s));
	s->job.secrets = secrets;
	s->job.seed = seed;
	s->job.edits = edits;
	s->cmd = cmd;
	textlex_init(&s->lex, TEXTLEX_BYTES, 0, sink, s);
}

void
scrub_kind(struct scrub *s, enum textlex_charset cs, int html)
{
	textlex_init(&s->lex, cs, html, sink, s);
}

int
scrub_put(struct scrub *s, const unsigned char *p, size_t len)
{
	if (s->cmd != NULL && bodycmd_over(s->cmd))
		s->cmd = NULL;
	textlex_put(&s->lex, p, len);
	return s->job.failed ? -1 : 0;
}

static uint64_t
word_start(const struct scrub *s, const struct word_scanner *w, uint64_t at)
{
	uint64_t	from;

	if (w->n == 0)
		return at;
	from = s->lex.off - (uint32_t)((uint32_t)s->lex.off - w->u[0].off);
	return from < at ? from : at;
}

uint64_t
scrub_settled(const struct scrub *s)
{
	uint64_t	at = textlex_reached(&s->lex);

	at = word_start(s, &s->text, at);
	at = word_start(s, &s->tag, at);
	if (s->cmd != NULL)
		at = bodycmd_settled(s->cmd, at);
	return at;
}

void
scrub_cut(struct scrub *s)
{
	textlex_cut(&s->lex);
	s->job.off = s->lex.off;
	word_scanner_cut(&s->text, &s->job);
	word_scanner_cut(&s->tag, &s->job);
	if (s->cmd != NULL)
		bodycmd_stop(s->cmd);
}

int
scrub_end(struct scrub *s)
{
	textlex_end(&s->lex);
	if (s->cmd != NULL && bodycmd_end(s->cmd, s->job.edits) == -1)
		s->job.failed = 1;
	scrub_cut(s);
	return s->job.failed ? -1 : 0;
}
