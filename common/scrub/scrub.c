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

#include "crypto/token.h"
#include "scrub/bodycmd.h"
#include "scrub/scrub.h"

#define LOCAL_MAX	128	/* bytes before an '@' that are looked at */
#define RPATH_LEN	26

/* The word without its marks. */
struct word {
	char		 c[SCANNER_MAX];
	uint16_t	 unit[SCANNER_MAX];	/* where in the scan */
	uint8_t		 edge[SCANNER_MAX + 1];	/* a word may begin or end */
	size_t		 n;			/* before this character */
	int		 cont;
	int		 whole;
	struct word_scanner	*scan;
	struct scanner_job	*job;
};

static int
is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static int
is_base32(const char *s, size_t len)
{
	size_t	i;

	for (i = 0; i < len; i++)
		if (!(s[i] >= 'a' && s[i] <= 'z') &&
		    !(s[i] >= '2' && s[i] <= '7'))
			return 0;
	return 1;
}

static int
is_punct(char c)
{
	return c == '.' || c == '-' || c == '_';
}

/* Whether an address can begin at i: nothing before belongs to it. */
static int
begins(const struct word *w, size_t i)
{
	if (i < w->n && w->edge[i])
		return 1;
	if (i > 0 && is_alnum(w->c[i - 1]))
		return 0;
	while (i > 0 && is_punct(w->c[i - 1])) {
		i--;
		if (w->edge[i])
			return 1;
	}
	return i == 0 ? !w->cont : !is_alnum(w->c[i - 1]);
}

/*
 * Whether a domain can end before i.  One that goes on behind a '.' counts
 * as ended: that may be the next sentence.
 */
static int
ends(const struct word *w, size_t i)
{
	if (i == w->n)
		return w->whole;
	if (w->edge[i] || w->c[i] == '.' || w->c[i] == '_')
		return 1;
	if (w->c[i] != '-')
		return !is_alnum(w->c[i]);
	while (i < w->n && is_punct(w->c[i]))
		i++;
	return i == w->n ? w->whole : !is_alnum(w->c[i]);
}

static int
is_domain_char(char c)
{
	return is_alnum(c) || c == '.' || c == '-';
}

/* The end of the longest known domain at i, or 0. */
static size_t
domain(const struct word *w, enum secrets_kind kind, size_t i, size_t below)
{
	size_t	e;

	for (e = i; e < w->n && e - i < SECRETS_ADDR_MAX &&
	    is_domain_char(w->c[e]); e++)
		continue;
	if (below != 0 && e >= below)
		e = below - 1;
	for (; e > i; e--)
		if (ends(w, e) &&
		    secrets_has(w->job->secrets, kind, w->c + i, e - i))
			return e;
	return 0;
}

static int
done(const struct word *w, size_t i)
{
	return w->scan->u[w->unit[i]].flags & LEX_DONE;
}

/* Changes the units first to last of the word (marks among them stay). */
static void
edit_word(struct word_scanner *w, struct scanner_job *job, size_t first,
    size_t last,
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

/* The characters from i up to e are a secret. */
static void
found(struct word *w, size_t i, size_t e)
{
	w->job->leaks++;
	edit_word(w->scan, w->job, w->unit[i], w->unit[e - 1], EDIT_MAILBOX,
	    0);
}

/* Whether n bytes at i and the domain of dlen bytes behind k are listed. */
static int
is_listed(const struct word *w, size_t i, size_t n, size_t k, size_t dlen)
{
	char	addr[SECRETS_ADDR_MAX];

	if (n + 1 + dlen > sizeof(addr))
		return 0;
	memcpy(addr, w->c + i, n);
	addr[n] = '@';
	memcpy(addr + n + 1, w->c + k + 1, dlen);
	return secrets_has(w->job->secrets, SECRETS_ADDRESS, addr,
	    n + 1 + dlen);
}

/*
 * Whether the local part from i up to stop and the domain behind k, of dlen
 * bytes, are a worker's address, with or without a tag behind a '+'.
 */
static int
is_address(const struct word *w, size_t i, size_t stop, size_t k, size_t dlen)
{
	const char	*plus;
	size_t		 n = stop - i;

	plus = memchr(w->c + i + 1, '+', n - 1);
	if (is_listed(w, i, n, k, dlen))
		return 1;
	return plus != NULL && is_listed(w, i, (size_t)(plus - w->c) - i, k,
	    dlen);
}

/* A worker's address around the '@' (or, in VERP, '=') at k. */
static int
match_address(struct word *w, size_t k, size_t e)
{
	size_t	stop = k, i, low, dlen = e - k - 1;

	/* "alice"@private.example is the same as without the quotes. */
	if (stop > 0 && w->c[stop - 1] == '"')
		stop--;
	low = stop > LOCAL_MAX ? stop - LOCAL_MAX : 0;
	for (i = stop; i > low && w->c[i - 1] != '@'; i--)
		continue;
	for (; i < stop; i++)
		if (begins(w, i) && is_address(w, i, stop, k, dlen)) {
			found(w, i, e);
			return 1;
		}
	return 0;
}

/* A return path of ours, r-NAME@, before the '@' at k. */
static void
match_rpath(struct word *w, size_t k)
{
	size_t	i, e;

	if (k < RPATH_LEN + 2)
		return;
	i = k - RPATH_LEN - 2;
	if (w->c[i] == 'r' && w->c[i + 1] == '-' && begins(w, i) &&
	    is_base32(w->c + i + 2, RPATH_LEN) &&
	    (e = domain(w, SECRETS_BOX_DOMAIN, k + 1, 0)) != 0)
		found(w, i, e);
}

static void
match_at(struct word *w, size_t k)
{
	size_t	e = 0;

	while ((e = domain(w, SECRETS_DOMAIN, k + 1, e)) != 0)
		if (match_address(w, k, e))
			return;
	if (w->c[k] == '@')
		match_rpath(w, k);
}

/* A handle address whose '+' is at p. */
static void
match_handle(struct word *w, size_t p)
{
	size_t	i, low, e = p + 1 + SECRETS_HANDLE_LEN, d;
	int	live;

	if (e > w->n || !is_base32(w->c + p + 1, SECRETS_HANDLE_LEN) ||
	    (e == w->n && !w->whole))
		return;
	if (e < w->n && !w->edge[e] && (is_alnum(w->c[e]) ||
	    w->c[e] == '+' || w->c[e] == '/'))
		return;
	live = secrets_has(w->job->secrets, SECRETS_HANDLE, w->c + p + 1,
	    SECRETS_HANDLE_LEN);
	if (e < w->n && w->c[e] == '@') {
		if ((d = domain(w, SECRETS_BOX_DOMAIN, e + 1, 0)) != 0)
			e = d;
		else if (!live)
			return;
	}
	low = p > LOCAL_MAX ? p - LOCAL_MAX : 0;
	for (i = low; i < p; i++)
		if (begins(w, i) && secrets_has(w->job->secrets,
		    SECRETS_BOX_LOCAL, w->c + i, p - i)) {
			found(w, i, e);
			return;
		}
	if (live)
		found(w, p + 1, e);
}

/*
 * The end of a token's domain, whose '@' (or '=') is at e: ours, or any that
 * follows directly behind an '@'; e when there is none.
 */
static size_t
token_domain(const struct word *w, size_t e)
{
	size_t	d = domain(w, SECRETS_BOX_DOMAIN, e + 1, 0);

	if (d != 0 || w->edge[e] || w->c[e] == '=')
		return d != 0 ? d : e;
	for (d = e + 1; d < w->n && is_domain_char(w->c[d]) && !w->edge[d]; d++)
		continue;
	while (!is_alnum(w->c[d - 1]))
		d--;
	return d > e ? d : e;
}

/* A token that begins at i in letters and digits that end at t. */
static int
match_token(struct word *w, size_t i, size_t t)
{
	const size_t	plen = sizeof(TOKEN_PREFIX) - 1;
	size_t		e = i + SECRETS_TOKEN_LEN;
	int		named;

	if (e > t || !is_base32(w->c + i, SECRETS_TOKEN_LEN))
		return 0;
	named = i >= plen && memcmp(w->c + (i - plen), TOKEN_PREFIX, plen) == 0;
	if (!named && !w->edge[e] && (e < t || (e == w->n && !w->whole)))
		return 0;
	/* More of a word that is cut here may belong to it. */
	if (t == w->n && !w->whole)
		return 0;
	if (named && !w->edge[e])
		e = t;
	if (e < w->n && (w->c[e] == '@' || w->c[e] == '='))
		e = token_domain(w, e);
	found(w, named ? i - plen : i, e);
	return 1;
}

/* Tokens and live handles that stand alone, in a run from i up to t. */
static void
match_run(struct word *w, size_t i, size_t t)
{
	size_t	e, s = i;

	for (; i < t; i++) {
		if (i > s ? !w->edge[i] : (i == 0 && w->cont && !w->edge[0]))
			continue;
		if (done(w, i))
			continue;
		if (match_token(w, i, t))
			continue;
		e = i + SECRETS_HANDLE_LEN;
		if (e <= t && (w->edge[e] ||
		    (e == t && (e < w->n || w->whole))) &&
		    secrets_has(w->job->secrets, SECRETS_HANDLE, w->c + i,
		    SECRETS_HANDLE_LEN))
			found(w, i, e);
	}
}

static void
strip_marks(struct word *w)
{
	struct word_scanner	*scan = w->scan;
	size_t		 i;
	int		 edge = 0;

	for (i = 0; i < scan->n; i++) {
		const struct lexunit *u = &scan->u[i];

		if (u->flags & LEX_MARK) {
			edge = 1;
			continue;
		}
		w->c[w->n] = (char)u->ch;
		w->unit[w->n] = (uint16_t)i;
		w->edge[w->n++] = (uint8_t)edge;
		edge = (u->flags & LEX_EDGE) != 0;
	}
	w->edge[w->n] = (uint8_t)(edge && w->whole);
}

/*
 * Looks for secrets in the word; whole is 0 when more of it may come.
 * Used by scan_unit() and end_scan().
 */
static void
match_word(struct word_scanner *scan, struct scanner_job *job, int whole)
{
	struct word	w;
	size_t		i, t;

	w.n = 0;
	w.cont = scan->cont;
	w.whole = whole;
	w.scan = scan;
	w.job = job;
	strip_marks(&w);
	/* Handle addresses first: their parts are in the other kinds too. */
	for (i = 0; i < w.n; i++)
		if (w.c[i] == '+' && !done(&w, i))
			match_handle(&w, i);
	for (i = 0; i < w.n; i = t + 1) {
		for (t = i; t < w.n && is_alnum(w.c[t]); t++)
			continue;
		if (t - i >= SECRETS_HANDLE_LEN)
			match_run(&w, i, t);
	}
	for (i = 0; i < w.n; i++)
		if ((w.c[i] == '@' || w.c[i] == '=') && !done(&w, i))
			match_at(&w, i);
}

#define INTEREST_AT	0x01
#define INTEREST_EQUALS	0x02
#define INTEREST_PLUS	0x04
#define INTEREST_RUN	0x08

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

/* A keyed hash that gives the same new name to the same old one. */
static uint64_t
cid_hash(const struct word_scanner *w, size_t n, const unsigned char *seed)
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
rename_cid(struct word_scanner *w, struct scanner_job *job)
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
		edit_word(w, job, 0, n - 1, EDIT_CID,
		    cid_hash(w, n, job->seed));
}

static void
end_word(struct word_scanner *w, struct scanner_job *job)
{
	if (w->cid && w->n > 0 && !w->cont && job->seed != NULL)
		rename_cid(w, job);
	if (w->interest)
		match_word(w, job, 1);
	w->n = 0;
	w->run = 0;
	w->cont = 0;
	w->space = 0;
	w->interest = 0;
	w->cid = 0;
}

/* Ends the word at hand. */
static void
end_scan(struct word_scanner *w, struct scanner_job *job)
{
	if (w->n > 0 || w->cid)
		end_word(w, job);
	w->before = ' ';
}

/* Whether the word is "cid", perhaps behind a quote; *before stands there. */
static int
is_cid(const struct word_scanner *w, uint8_t *before)
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
append(struct word_scanner *w, struct scanner_job *job, const struct lexunit *u)
{
	if (w->n == SCANNER_MAX) {
		if (w->interest)
			match_word(w, job, 0);
		memmove(w->u, w->u + SCANNER_MAX - SCANNER_KEEP,
		    SCANNER_KEEP * sizeof(w->u[0]));
		w->n = SCANNER_KEEP;
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
put_break(struct word_scanner *w, struct scanner_job *job,
    const struct lexunit *u)
{
	uint8_t	before = u->ch;
	int	cid = 0;

	if (u->ch == ':' && job->seed != NULL)
		cid = is_cid(w, &before);
	end_word(w, job);
	w->cid = cid;
	w->before = before;
}

/* Reads one character. */
static void
scan_unit(struct word_scanner *w, struct scanner_job *job,
    const struct lexunit *u)
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
	scan_unit(u->flags & LEX_TAG ? &s->tag : &s->text, &s->job, u);
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
	end_scan(&s->text, &s->job);
	end_scan(&s->tag, &s->job);
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
