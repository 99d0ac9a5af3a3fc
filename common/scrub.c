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

#include "bodycmd.h"
#include "scrub.h"

#define TAIL_MAX	192	/* bytes of a word before a line end */

#define CH_STOP		0x01	/* has to be looked at */
#define CH_HTML		0x02	/* ... when there are tags */
#define CH_RUN		0x04	/* base32 */
#define CH_WORD		0x08	/* part of a word */
#define CH_END		0x10	/* line end */
#define CH_INDENT	0x20	/* indent and quote marks */

static unsigned char	class[256];

static void
classify(void)
{
	int	c;

	for (c = 0; c < 256; c++) {
		unsigned char f = 0;

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    (c >= '2' && c <= '7'))
			f |= CH_RUN | CH_WORD;
		else if (c >= 0x80 || (c > ' ' && c != 0x7f &&
		    strchr("()<>,:;[]\\", c) == NULL))
			f |= CH_WORD;
		if (c == '@' || c == '%' || c == '&' || c == '=' ||
		    c == '+' || c == 0xef || c == '\0')
			f |= CH_STOP;
		if (c == '<')
			f |= CH_HTML;
		if (c == '\n' || c == '\r')
			f |= CH_END;
		if (c == ' ' || c == '\t' || c == '>')
			f |= CH_INDENT;
		class[c] = f;
	}
}

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
	if (class['\n'] == 0)
		classify();
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

/*
 * Whether something here could belong to a secret that is not behind a word
 * that goes on: any of the characters without which there is none, or letters
 * and digits in a row, as long as a handle or, line ends apart, a token.
 */
static int
plain(const struct scrub *s, const unsigned char *p, size_t len)
{
	unsigned char	stop = CH_STOP | (s->lex.html ? CH_HTML : 0);
	size_t		i, run = 0, most;
	int		bol = 0, space = 0;

	most = secrets_have_handles(s->job.secrets) ? SECRETS_HANDLE_LEN :
	    SECRETS_TOKEN_LEN;
	for (i = 0; i < len; i++) {
		unsigned char f = class[p[i]];

		if (f & stop)
			return 0;
		if (f & CH_RUN) {
			if (space)
				run = 0;
			bol = space = 0;
			if (++run >= most)
				return 0;
		} else if (f & CH_END) {
			bol = 1;
			space = 0;
		} else if (!(f & CH_INDENT)) {
			run = 0;
			bol = space = 0;
		} else if (!bol)
			space = 1;
	}
	return 1;
}

/* Where the word begins that may go on in what comes next. */
static size_t
tail(const unsigned char *p, size_t len)
{
	size_t	i = len, j;
	int	eol;

	while (i > 0 && len - i < TAIL_MAX) {
		eol = 0;
		for (j = i; j > 0 && (class[p[j - 1]] & (CH_END | CH_INDENT));
		    j--)
			if (class[p[j - 1]] & CH_END)
				eol = 1;
		if (j < i && !eol)
			break;
		i = j;
		while (i > 0 && (class[p[i - 1]] & CH_WORD) &&
		    len - i < TAIL_MAX)
			i--;
		if (i == j)
			break;
	}
	return i;
}

int
scrub_put(struct scrub *s, const unsigned char *p, size_t len)
{
	size_t	i = 0, t;

	if (s->cmd != NULL && bodycmd_over(s->cmd))
		s->cmd = NULL;
	if (s->cmd != NULL || !textlex_idle(&s->lex) || !plain(s, p, len)) {
		textlex_put(&s->lex, p, len);
		return s->job.failed ? -1 : 0;
	}
	while (i < len && (s->text.n > 0 || s->text.cid))
		textlex_put(&s->lex, p + i++, 1);
	if (i < len && textlex_idle(&s->lex)) {
		t = tail(p + i, len - i);
		if (t > 0) {
			textlex_skip(&s->lex, t);
			s->text.before = p[i + t - 1];
		}
		i += t;
	}
	textlex_put(&s->lex, p + i, len - i);
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
	textlex_end(&s->lex);
	if (s->cmd != NULL && bodycmd_end(s->cmd, s->job.edits) == -1)
		s->job.failed = 1;
	scrub_cut(s);
	return s->job.failed ? -1 : 0;
}
