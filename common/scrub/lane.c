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

#include "scrub/lane.h"

#define INTEREST_AT	0x01
#define INTEREST_EQUALS	0x02
#define INTEREST_PLUS	0x04
#define INTEREST_RUN	0x08

static int
is_alnum(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* What an address may be made of: RFC 5322's atext, '.', '@', quotes. */
static const unsigned char is_word[256] = {
	[0x20] =
	0, 1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 1, 0, 1, 1, 1,
	1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 1, 0, 1,
	1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 1, 1,
	1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0,
};

/* What ends a Content-Id in a URL (RFC 2392), when it is not encoded. */
static int
ends_cid(const struct lexunit *u)
{
	if (u->ch == '"' || u->ch == '\'' || u->ch <= ' ')
		return 1;
	return !(u->flags & LEX_ESC) && strchr("<>)],;}", u->ch) != NULL &&
	    u->ch < 0x80;
}

void
lane_edit(struct lane *w, struct lane_job *job, size_t first, size_t last,
    enum edit_what what, uint64_t id)
{
	struct edit	e;
	size_t		i;

	memset(&e, 0, sizeof(e));
	for (i = first; i <= last; i++) {
		struct lexunit *u = &w->u[i];

		if (u->flags & (LEX_MARK | LEX_DONE))
			continue;
		u->flags |= LEX_DONE;
		e.off = job->off - (uint32_t)((uint32_t)job->off - u->off);
		e.len = u->len;
		e.what = what;
		e.id = id;
		if (edits_add(job->edits, &e) == -1)
			job->failed = 1;
		what = EDIT_NOTHING;
	}
}

/* A keyed hash that gives the same new name to the same old one. */
static uint64_t
cid_hash(const struct lane *w, size_t n, const unsigned char *seed)
{
	uint64_t	h = 14695981039346656037u;
	size_t		i;

	for (i = 0; i < 16; i++)
		h = (h ^ seed[i]) * 1099511628211u;
	for (i = 0; i < n; i++)
		if (!(w->u[i].flags & LEX_MARK))
			h = (h ^ w->u[i].ch) * 1099511628211u;
	for (i = 0; i < 16; i++)
		h = (h ^ seed[15 - i]) * 1099511628211u;
	return h ^ h >> 29;
}

/*
 * Gives a Content-Id its new name.  In running text only what cannot be
 * anything else is taken for one: it has an '@', or stands in quotes or
 * brackets.
 */
static void
rename_cid(struct lane *w, struct lane_job *job)
{
	size_t	n;
	int	sure;

	sure = w->before == '"' || w->before == '\'' || w->before == '(' ||
	    (w->n > 0 && w->u[0].flags & LEX_TAG);
	for (n = 0; n < w->n && !ends_cid(&w->u[n]); n++)
		if (w->u[n].ch == '@')
			sure = 1;
	while (n > 0 && w->u[n - 1].flags & LEX_MARK)
		n--;
	if (n > 0 && sure)
		lane_edit(w, job, 0, n - 1, EDIT_CID,
		    cid_hash(w, n, job->seed));
}

static void
end_word(struct lane *w, struct lane_job *job)
{
	if (w->cid && w->n > 0 && !w->cont && job->seed != NULL)
		rename_cid(w, job);
	if (w->interest)
		lane_match(w, job, 1);
	w->n = 0;
	w->run = 0;
	w->cont = 0;
	w->space = 0;
	w->interest = 0;
	w->cid = 0;
}

void
lane_cut(struct lane *w, struct lane_job *job)
{
	if (w->n > 0 || w->cid)
		end_word(w, job);
	w->before = ' ';
}

/* Whether the word is "cid", perhaps behind a quote; *before stands there. */
static int
is_cid(const struct lane *w, uint8_t *before)
{
	char	word[4];
	size_t	i, n = 0;

	for (i = w->n; i > 0 && n < 4; i--)
		if (!(w->u[i - 1].flags & LEX_MARK))
			word[n++] = (char)w->u[i - 1].ch;
	if (n < 3 || memcmp(word, "dic", 3) != 0)
		return 0;
	*before = n == 4 ? (uint8_t)word[3] : w->before;
	return n == 3 ? !w->cont : !is_alnum((uint8_t)word[3]);
}

static void
append(struct lane *w, struct lane_job *job, const struct lexunit *u)
{
	if (w->n == LANE_MAX) {
		if (w->interest)
			lane_match(w, job, 0);
		memmove(w->u, w->u + LANE_MAX - LANE_KEEP,
		    LANE_KEEP * sizeof(w->u[0]));
		w->n = LANE_KEEP;
		w->cont = 1;
	}
	w->u[w->n++] = *u;
	if (u->flags & LEX_MARK)
		return;
	if (is_alnum(u->ch)) {
		if (++w->run >= SECRETS_HANDLE_LEN)
			w->interest |= INTEREST_RUN;
		return;
	}
	w->run = 0;
	if (u->ch == '@')
		w->interest |= INTEREST_AT;
	else if (u->ch == '=')
		w->interest |= INTEREST_EQUALS;
	else if (u->ch == '+')
		w->interest |= INTEREST_PLUS;
}

static void
put_break(struct lane *w, struct lane_job *job, const struct lexunit *u)
{
	uint8_t	before = u->ch;
	int	cid = 0;

	if (u->ch == ':' && job->seed != NULL)
		cid = is_cid(w, &before);
	end_word(w, job);
	w->cid = cid;
	w->before = before;
}

void
lane_put(struct lane *w, struct lane_job *job, const struct lexunit *u)
{
	if (u->flags & LEX_MARK) {
		if (w->space) {
			/* White space before a line end belongs to it. */
			if (u->ch != '\n') {
				end_word(w, job);
				w->before = ' ';
				return;
			}
			w->space = 0;
		}
		if (w->n > 0 && !(w->u[w->n - 1].flags & LEX_MARK))
			append(w, job, u);
	} else if (u->ch == ' ') {
		if (w->n > 0 && !w->cid)
			w->space = 1;
		else
			put_break(w, job, u);
	} else if (w->cid ? !ends_cid(u) || is_word[u->ch] : is_word[u->ch]) {
		if (w->space) {
			end_word(w, job);
			w->before = ' ';
		}
		append(w, job, u);
	} else {
		if (w->space) {
			end_word(w, job);
			w->before = ' ';
		}
		put_break(w, job, u);
	}
}
