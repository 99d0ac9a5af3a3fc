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

#include "mime/qp.h"
#include "mime/recode.h"

#define RECODE_LIMIT	(1024 * 1024)	/* of one line and what waits */
#define RECODE_KEEP	8192	/* a buffer over that is freed when empty */

void
recode_init(struct recode *r, struct edits *edits, const char *mailbox,
    recode_out *out, void *arg)
{
	memset(r, 0, sizeof(*r));
	r->edits = edits;
	r->mailbox = mailbox;
	r->out = out;
	r->arg = arg;
	sbuf_init(&r->queue, RECODE_LIMIT);
	sbuf_init(&r->cur, RECODE_LIMIT);
}

void
recode_free(struct recode *r)
{
	sbuf_free(&r->queue);
	sbuf_free(&r->cur);
}

void
recode_begin(struct recode *r, enum recode_cte cte, struct scrub *scrub,
    struct ical *ical)
{
	r->cte = cte;
	r->scrub = scrub;
	r->ical = ical;
	r->head = 0;
	r->nlines = 0;
	r->off = 0;
	r->again = 0;
	r->nraw = 0;
	sbuf_reset(&r->queue);
	sbuf_reset(&r->cur);
	memset(&r->dec, 0, sizeof(r->dec));
	edits_free(r->edits);
}

/* Reading. */

static int
watch(struct recode *r, const unsigned char *p, size_t len)
{
	r->off += len;
	if (r->scrub != NULL && scrub_put(r->scrub, p, len) == -1)
		return -1;
	if (r->ical != NULL && ical_put(r->ical, p, len) == -1)
		return -1;
	return 0;
}

static int
decode_qp(struct recode *r, const char *line, size_t len)
{
	unsigned char	buf[RECODE_CHUNK];
	const char	*eq;
	size_t		n = 0, pos = 0, run;
	int		kind;

	len = qp_trim(line, len);
	for (;;) {
		/* Up to the next '=' it is what it says. */
		eq = memchr(line + pos, '=', len - pos);
		run = (eq == NULL ? len : (size_t)(eq - line)) - pos;
		if (run > sizeof(buf) - 2 - n)
			run = sizeof(buf) - 2 - n;
		memcpy(buf + n, line + pos, run);
		pos += run;
		n += run;
		if (n < sizeof(buf) - 2) {
			kind = qp_next(line, len, &pos, &buf[n]);
			if (kind == QP_SOFT || kind == QP_END)
				break;
			/* A stray '=' is shown by some, by others not. */
			if (kind == QP_STRAY)
				buf[n] = '\0';
			n++;
			continue;
		}
		if (watch(r, buf, n) == -1)
			return -1;
		n = 0;
	}
	if (kind == QP_END)
		buf[n++] = '\n';
	return watch(r, buf, n);
}

static int
decode_base64(struct recode *r, const char *line, size_t len)
{
	unsigned char	buf[RECODE_CHUNK + 3];
	size_t		i, n;

	for (i = 0; i < len; i += n) {
		n = len - i < RECODE_CHUNK ? len - i : RECODE_CHUNK;
		if (watch(r, buf, base64_decode(&r->dec, line + i, n,
		    buf)) == -1)
			return -1;
	}
	return 0;
}

static int
decode(struct recode *r, const char *line, size_t len)
{
	switch (r->cte) {
	case RECODE_QP:
		return decode_qp(r, line, len);
	case RECODE_BASE64:
		return decode_base64(r, line, len);
	default:
		/* The queue has the line with its LF behind it. */
		return watch(r, (const unsigned char *)line, len + 1);
	}
}

/* The queue. */

static int
give_raw(struct recode *r, const char *line, size_t len)
{
	const char	*end = line + len, *eol;
	int		 rc = 0;

	for (; rc == 0 && line <= end; line = eol + 1) {
		if ((eol = memchr(line, '\n', (size_t)(end - line))) == NULL)
			eol = end;
		rc = r->out(r->arg, line, (size_t)(eol - line));
	}
	return rc;
}

/* Gives out the first n groups, as they came or changed. */
static int
give(struct recode *r, size_t n, int raw)
{
	size_t	i;
	int	rc = 0;

	for (i = 0; i < n && rc == 0; i++) {
		const struct recode_line *l = &r->lines[i];
		const char *line = r->queue.data + r->head;

		r->head += l->len + 1;
		if (raw)
			rc = give_raw(r, line, l->len);
		else
			rc = recode_rewrite(r, l, line);
	}
	r->nlines -= n;
	memmove(r->lines, r->lines + n, r->nlines * sizeof(r->lines[0]));
	return rc == 0 ? 0 : -1;
}

/* How many lines must go together: up to where a group of base64 ends. */
static size_t
together(const struct recode *r, int last)
{
	size_t	n;

	if (r->again)
		return 1;
	for (n = 0; n < r->nlines; n++)
		if (r->lines[n].whole)
			return n + 1;
	return last ? r->nlines : 0;
}

static int
must_change(const struct recode *r, size_t n)
{
	const struct edit	*e = edits_first(r->edits);
	size_t			 i;

	if (r->cur.len > 0 || (e != NULL && e->off < r->lines[n - 1].end))
		return 1;
	for (i = 0; i < n; i++)
		if (r->lines[i].bad)
			return 1;
	return 0;
}

static int
drain(struct recode *r, uint64_t settled, int last)
{
	size_t	n;
	int	change;

	while (r->nlines > 0 && (n = together(r, last)) > 0 &&
	    r->lines[n - 1].end <= settled) {
		change = r->again || must_change(r, n);
		if (change && r->cte == RECODE_BASE64 && !r->again) {
			r->again = 1;
			memset(&r->dec2, 0, sizeof(r->dec2));
			r->off2 = r->lines[0].start;
			continue;
		}
		if (give(r, n, !change) == -1)
			return -1;
	}
	return 0;
}

static uint64_t
settled(const struct recode *r)
{
	uint64_t	at = r->off, other;

	if (r->scrub != NULL)
		at = scrub_settled(r->scrub);
	if (r->ical != NULL && (other = ical_settled(r->ical)) < at)
		at = other;
	return at;
}

/* Makes one of every two that wait. */
static void
merge(struct recode *r)
{
	size_t	i;

	for (i = 0; i + 1 < r->nlines; i += 2) {
		struct recode_line	*to = &r->lines[i / 2];
		const struct recode_line *a = &r->lines[i], *b = a + 1;
		struct recode_line	 both;

		both.len = a->len + 1 + b->len;
		both.start = a->start;
		both.end = b->end;
		both.whole = b->whole;
		both.bad = a->bad || b->bad;
		*to = both;
	}
	if (i < r->nlines)
		r->lines[i / 2] = r->lines[i];
	r->nlines = (r->nlines + 1) / 2;
}

/* Too much waits: what it waits for is not worth it. */
static int
relieve(struct recode *r)
{
	if (r->scrub != NULL)
		scrub_cut(r->scrub);
	if (drain(r, settled(r), 0) == -1)
		return -1;
	if (r->nlines == 0 || r->cte != RECODE_BASE64 || r->again)
		return 0;
	/* Lines of base64 that end within a group, one after another. */
	r->again = 1;
	memset(&r->dec2, 0, sizeof(r->dec2));
	r->off2 = r->lines[0].start;
	return drain(r, settled(r), 0);
}

/* Moves what waits to the front of the buffer. */
static void
compact(struct recode *r)
{
	if (r->head == r->queue.len) {
		r->head = 0;
		sbuf_reset(&r->queue);
		if (r->queue.cap > RECODE_KEEP)
			sbuf_free(&r->queue);
	} else if (r->head > RECODE_KEEP / 2) {
		memmove(r->queue.data, r->queue.data + r->head,
		    r->queue.len - r->head);
		sbuf_cut(&r->queue, r->queue.len - r->head);
		r->head = 0;
	}
	if (r->cur.len == 0 && r->cur.cap > RECODE_KEEP)
		sbuf_free(&r->cur);
}

int
recode_line(struct recode *r, const char *line, size_t len)
{
	struct recode_line	*l;
	size_t			 at = r->queue.len;

	if (sbuf_add(&r->queue, line, len) == -1 ||
	    sbuf_addch(&r->queue, '\n') == -1)
		return -1;
	l = &r->lines[r->nlines++];
	l->len = len;
	l->start = r->off;
	r->dec.bad = 0;
	if (decode(r, r->queue.data + at, len) == -1)
		return -1;
	l->end = r->off;
	l->whole = r->dec.n == 0;
	l->bad = r->dec.bad;
	if (drain(r, settled(r), 0) == -1)
		return -1;
	if (r->queue.len - r->head > RECODE_QUEUE && relieve(r) == -1)
		return -1;
	if (r->nlines == RECODE_LINES)
		merge(r);
	compact(r);
	return 0;
}

int
recode_end(struct recode *r)
{
	unsigned char	rest[2];
	int		rc;

	if (r->cte == RECODE_BASE64 &&
	    watch(r, rest, base64_finish(&r->dec, rest)) == -1)
		return -1;
	if (r->nlines > 0)
		r->lines[r->nlines - 1].end = r->off;
	if (r->scrub != NULL && scrub_end(r->scrub) == -1)
		return -1;
	rc = drain(r, UINT64_MAX, 1);
	if (rc == 0)
		rc = recode_finish(r);
	compact(r);
	return rc == 0 ? 0 : -1;
}
