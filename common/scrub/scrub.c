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

#include "mime/bodycmd.h"
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
	lane_put(u->flags & LEX_TAG ? &s->tag : &s->text, &s->job, u);
}

void
scrub_init(struct scrub *s, const struct secrets *secrets,
    const unsigned char *seed, struct edits *edits, struct bodycmd *cmd)
{
	scrub_quick_init();
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

/* What was put off goes to the lexer after all. */
static void
catch_up(struct scrub *s)
{
	size_t	n = s->nlazy;

	s->nlazy = 0;
	s->run = 0;
	s->outside = 0;
	s->eol = 0;
	if (n > 0)
		textlex_put(&s->lex, s->lazy, n);
}

/* Feeds the lanes until they are empty; returns how many bytes it took. */
static size_t
finish_words(struct scrub *s, const unsigned char *p, size_t len)
{
	size_t	i = 0;

	while (i < len && (s->text.n > 0 || s->text.cid || s->tag.n > 0 ||
	    s->tag.cid))
		textlex_put(&s->lex, p + i++, 1);
	return i;
}

/*
 * Harmless bytes are skipped, but for the word at their end: a line end does
 * not end it, nor does a tag.  0 when there is no room to put it off.
 */
static int
skip(struct scrub *s, const unsigned char *p, size_t len, int eol)
{
	struct textlex_tags	tags = s->nlazy > 0 ? s->lazytags :
				    s->lex.tags;
	struct textlex_seen	seen;
	size_t			t;
	int			outside = s->lex.tags.state == 0;

	seen.n = 0;
	seen.open = TEXTLEX_BEFORE;
	if (s->lex.html)
		textlex_tags(&tags, p, len, &seen);
	/* In a tag that began before, behind a word that waits: wait on. */
	if (tags.state != 0 && seen.open == TEXTLEX_BEFORE && outside)
		t = 0;
	else
		t = scrub_quick_tail(p, len, &seen, tags.state != 0,
		    eol);
	if (t == 0) {
		if (s->nlazy + len > sizeof(s->lazy))
			return 0;
		memcpy(s->lazy + s->nlazy, p, len);
		s->nlazy += len;
	} else {
		if (len - t > sizeof(s->lazy))
			return 0;
		if (s->nlazy > 0)
			textlex_skip(&s->lex, s->lazy, s->nlazy);
		textlex_skip(&s->lex, p, t);
		if (s->lex.tags.state == 0)
			s->text.before = p[t - 1];
		else
			s->tag.before = p[t - 1];
		s->nlazy = len - t;
		memcpy(s->lazy, p + t, s->nlazy);
	}
	s->lazytags = tags;
	if (tags.state == 0)
		s->outside = 0;
	return 1;
}

int
scrub_put(struct scrub *s, const unsigned char *p, size_t len)
{
	size_t	i;
	int	eol;

	if (s->cmd != NULL && bodycmd_over(s->cmd))
		s->cmd = NULL;
	if (s->cmd == NULL && textlex_idle(&s->lex)) {
		i = finish_words(s, p, len);
		p += i;
		len -= i;
		if (i > 0)
			catch_up(s);
		eol = s->eol;
		if (len == 0 || (textlex_idle(&s->lex) &&
		    scrub_quick(s, p, len) && skip(s, p, len, eol)))
			return s->job.failed ? -1 : 0;
	}
	catch_up(s);
	textlex_put(&s->lex, p, len);
	return s->job.failed ? -1 : 0;
}

static uint64_t
lane_start(const struct scrub *s, const struct lane *w, uint64_t at)
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

	at = lane_start(s, &s->text, at);
	at = lane_start(s, &s->tag, at);
	if (s->cmd != NULL)
		at = bodycmd_settled(s->cmd, at);
	return at;
}

void
scrub_cut(struct scrub *s)
{
	catch_up(s);
	textlex_cut(&s->lex);
	s->job.off = s->lex.off;
	lane_cut(&s->text, &s->job);
	lane_cut(&s->tag, &s->job);
	if (s->cmd != NULL)
		bodycmd_stop(s->cmd);
}

int
scrub_end(struct scrub *s)
{
	catch_up(s);
	textlex_end(&s->lex);
	if (s->cmd != NULL && bodycmd_end(s->cmd, s->job.edits) == -1)
		s->job.failed = 1;
	scrub_cut(s);
	return s->job.failed ? -1 : 0;
}
