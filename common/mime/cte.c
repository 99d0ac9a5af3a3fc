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

#include "mime/cte.h"
#include "mime/qp.h"

size_t
cte_text(char out[CTE_TEXT_MAX], const char *mailbox,
    enum edit_what what, uint64_t id)
{
	const char	*at;
	int		 n = 0;

	out[0] = '\0';
	if (mailbox == NULL)
		return 0;
	at = strrchr(mailbox, '@');
	if (what == EDIT_MAILBOX)
		n = snprintf(out, CTE_TEXT_MAX, "%s", mailbox);
	else if (what == EDIT_CID)
		n = snprintf(out, CTE_TEXT_MAX, "%016llx%s",
		    (unsigned long long)id, at == NULL ? "" : at);
	return n < 0 || n >= CTE_TEXT_MAX ? 0 : (size_t)n;
}

/* The same in the text's own charset. */
static size_t
insertion(struct cte *r, const struct edit *e,
    unsigned char out[CTE_TEXT_MAX * 4])
{
	char	text[CTE_TEXT_MAX];
	size_t	i, n, width = 1, place = 0;

	n = cte_text(text, r->mailbox, e->what, e->id);
	switch (r->scrub != NULL ? r->scrub->lex.charset : TEXTLEX_BYTES) {
	case TEXTLEX_UTF16:
	case TEXTLEX_UTF16BE:
		place = 1;
		/* FALLTHROUGH */
	case TEXTLEX_UTF16LE:
		width = 2;
		break;
	case TEXTLEX_UTF32:
	case TEXTLEX_UTF32BE:
		place = 3;
		/* FALLTHROUGH */
	case TEXTLEX_UTF32LE:
		width = 4;
		break;
	default:
		break;
	}
	memset(out, 0, n * width);
	for (i = 0; i < n; i++)
		out[i * width + place] = (unsigned char)text[i];
	return n * width;
}

/*
 * Whether the decoded byte at off goes; then *n bytes in ins stand in its
 * place, which are none but for a change's first byte.
 */
static int
dropped(struct cte *r, uint64_t off, unsigned char *ins, size_t *n)
{
	struct edit	*e;

	*n = 0;
	while ((e = edits_first(r->edits)) != NULL && e->off + e->len <= off)
		edits_next(r->edits);
	if (e == NULL || e->off > off)
		return 0;
	if (e->what != EDIT_NOTHING) {
		*n = insertion(r, e, ins);
		e->what = EDIT_NOTHING;
	}
	return 1;
}

static int
flush(struct cte *r)
{
	int	n;

	if (r->cur.failed)
		return -1;
	n = r->out(r->arg, sbuf_str(&r->cur), r->cur.len);
	sbuf_reset(&r->cur);
	return n;
}

static int
rewrite_plain(struct cte *r, uint64_t *off, const char *line, size_t len)
{
	unsigned char	ins[CTE_TEXT_MAX * 4];
	size_t		i, n;

	for (i = 0; i < len; i++) {
		if (!dropped(r, (*off)++, ins, &n))
			sbuf_addch(&r->cur, (unsigned char)line[i]);
		else if (n > 0)
			sbuf_add(&r->cur, ins, n);
	}
	if (dropped(r, (*off)++, ins, &n))
		return r->cur.failed ? -1 : 0;
	return flush(r);
}

/* Adds what must stay on one line; makes a soft line break before it. */
static int
add_qp(struct cte *r, const char *s, size_t len)
{
	if (r->cur.len + len >= QP_LINE_MAX) {
		sbuf_addch(&r->cur, '=');
		if (flush(r) == -1)
			return -1;
	}
	return sbuf_add(&r->cur, s, len);
}

static int
end_qp(struct cte *r)
{
	char	last;

	if (r->cur.len > 0) {
		last = r->cur.data[r->cur.len - 1];
		if (last == ' ' || last == '\t') {
			sbuf_cut(&r->cur, r->cur.len - 1);
			if (add_qp(r, last == ' ' ? "=20" : "=09", 3) == -1)
				return -1;
		}
	}
	return flush(r);
}

static int
insert_qp(struct cte *r, const unsigned char *ins, size_t n)
{
	char	enc[3];
	size_t	i;

	for (i = 0; i < n; i++)
		if (add_qp(r, enc, qp_encode(ins[i], enc)) == -1)
			return -1;
	return 0;
}

static int
rewrite_qp(struct cte *r, uint64_t *off, const char *line, size_t len)
{
	unsigned char	ins[CTE_TEXT_MAX * 4], byte;
	size_t		n, was, pos = 0;
	int		kind, rc;

	len = qp_trim(line, len);
	for (;;) {
		was = pos;
		kind = qp_next(line, len, &pos, &byte);
		if (kind == QP_SOFT) {
			if (r->cur.len == 0)
				return 0;
			sbuf_addch(&r->cur, '=');
			return flush(r);
		}
		if (dropped(r, (*off)++, ins, &n))
			rc = insert_qp(r, ins, n);
		else if (kind == QP_END)
			return end_qp(r);
		else if (kind == QP_STRAY)
			rc = add_qp(r, "=3D", 3);
		else
			rc = add_qp(r, line + was, pos - was);
		if (rc == -1 || kind == QP_END)
			return rc;
	}
}

static int
flush_base64(struct cte *r)
{
	char	line[BASE64_LINE_MAX];
	size_t	n = r->nraw;

	r->nraw = 0;
	return n == 0 ? 0 : r->out(r->arg, line,
	    base64_encode(r->raw, n, line));
}

static int
add_base64(struct cte *r, const unsigned char *p, size_t len)
{
	size_t	i;

	for (i = 0; i < len; i++) {
		r->raw[r->nraw++] = p[i];
		if (r->nraw == sizeof(r->raw) && flush_base64(r) == -1)
			return -1;
	}
	return 0;
}

static int
edit_base64(struct cte *r, const unsigned char *p, size_t len)
{
	unsigned char	ins[CTE_TEXT_MAX * 4];
	size_t		i, n;

	for (i = 0; i < len; i++) {
		if (!dropped(r, r->off2++, ins, &n)) {
			if (add_base64(r, p + i, 1) == -1)
				return -1;
		} else if (add_base64(r, ins, n) == -1)
			return -1;
	}
	return 0;
}

static int
rewrite_base64(struct cte *r, const char *line, size_t len)
{
	unsigned char	buf[CTE_CHUNK + 3];
	size_t		i, n;

	for (i = 0; i < len; i += n) {
		n = len - i < CTE_CHUNK ? len - i : CTE_CHUNK;
		if (edit_base64(r, buf, base64_decode(&r->dec2, line + i, n,
		    buf)) == -1)
			return -1;
	}
	return 0;
}

/*
 * Writes lines with their changes; and at the end of the
 * part what was not written for want of more.  0 or -1.
 */
static int
rewrite_line(struct cte *r, const struct cte_line *l,
    const char *line)
{
	const char	*end = line + l->len, *eol;
	uint64_t	 off = l->start;
	int		 rc = 0;

	if (r->cte == CTE_BASE64)
		return rewrite_base64(r, line, l->len);
	for (; rc == 0 && line <= end; line = eol + 1) {
		if ((eol = memchr(line, '\n', (size_t)(end - line))) == NULL)
			eol = end;
		rc = r->cte == CTE_QP ?
		    rewrite_qp(r, &off, line, (size_t)(eol - line)) :
		    rewrite_plain(r, &off, line, (size_t)(eol - line));
	}
	return rc;
}

static int
finish_line(struct cte *r)
{
	unsigned char	rest[2];

	if (r->again && (edit_base64(r, rest, base64_finish(&r->dec2,
	    rest)) == -1 || flush_base64(r) == -1))
		return -1;
	return r->cur.len > 0 ? flush(r) : 0;
}

#define CTE_LIMIT	(1024 * 1024)	/* of one line and what waits */
#define CTE_KEEP	8192	/* a buffer over that is freed when empty */

void
cte_init(struct cte *r, struct edits *edits, const char *mailbox,
    cte_out *out, void *arg)
{
	memset(r, 0, sizeof(*r));
	r->edits = edits;
	r->mailbox = mailbox;
	r->out = out;
	r->arg = arg;
	sbuf_init(&r->queue, CTE_LIMIT);
	sbuf_init(&r->cur, CTE_LIMIT);
}

void
cte_free(struct cte *r)
{
	sbuf_free(&r->queue);
	sbuf_free(&r->cur);
}

void
cte_begin(struct cte *r, enum cte_encoding cte, struct scrub *scrub,
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
watch(struct cte *r, const unsigned char *p, size_t len)
{
	r->off += len;
	if (r->scrub != NULL && scrub_put(r->scrub, p, len) == -1)
		return -1;
	if (r->ical != NULL && ical_put(r->ical, p, len) == -1)
		return -1;
	return 0;
}

static int
decode_qp(struct cte *r, const char *line, size_t len)
{
	unsigned char	buf[CTE_CHUNK];
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
decode_base64(struct cte *r, const char *line, size_t len)
{
	unsigned char	buf[CTE_CHUNK + 3];
	size_t		i, n;

	for (i = 0; i < len; i += n) {
		n = len - i < CTE_CHUNK ? len - i : CTE_CHUNK;
		if (watch(r, buf, base64_decode(&r->dec, line + i, n,
		    buf)) == -1)
			return -1;
	}
	return 0;
}

static int
decode(struct cte *r, const char *line, size_t len)
{
	switch (r->cte) {
	case CTE_QP:
		return decode_qp(r, line, len);
	case CTE_BASE64:
		return decode_base64(r, line, len);
	default:
		/* The queue has the line with its LF behind it. */
		return watch(r, (const unsigned char *)line, len + 1);
	}
}

/* The queue. */

static int
give_raw(struct cte *r, const char *line, size_t len)
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
give(struct cte *r, size_t n, int raw)
{
	size_t	i;
	int	rc = 0;

	for (i = 0; i < n && rc == 0; i++) {
		const struct cte_line *l = &r->lines[i];
		const char *line = r->queue.data + r->head;

		r->head += l->len + 1;
		if (raw)
			rc = give_raw(r, line, l->len);
		else
			rc = rewrite_line(r, l, line);
	}
	r->nlines -= n;
	memmove(r->lines, r->lines + n, r->nlines * sizeof(r->lines[0]));
	return rc == 0 ? 0 : -1;
}

/* How many lines must go together: up to where a group of base64 ends. */
static size_t
together(const struct cte *r, int last)
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
must_change(const struct cte *r, size_t n)
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

static uint64_t
settled(const struct cte *r)
{
	uint64_t	at = r->off, other;

	if (r->scrub != NULL)
		at = scrub_settled(r->scrub);
	if (r->ical != NULL && (other = ical_settled(r->ical)) < at)
		at = other;
	return at;
}

static int
drain(struct cte *r, uint64_t settled, int last)
{
	size_t	n;
	int	change;

	while (r->nlines > 0 && (n = together(r, last)) > 0 &&
	    r->lines[n - 1].end <= settled) {
		change = r->again || must_change(r, n);
		if (change && r->cte == CTE_BASE64 && !r->again) {
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

/* Makes one of every two that wait. */
static void
merge(struct cte *r)
{
	size_t	i;

	for (i = 0; i + 1 < r->nlines; i += 2) {
		struct cte_line	*to = &r->lines[i / 2];
		const struct cte_line *a = &r->lines[i], *b = a + 1;
		struct cte_line	 both;

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
relieve(struct cte *r)
{
	if (r->scrub != NULL)
		scrub_cut(r->scrub);
	if (drain(r, settled(r), 0) == -1)
		return -1;
	if (r->nlines == 0 || r->cte != CTE_BASE64 || r->again)
		return 0;
	/* Lines of base64 that end within a group, one after another. */
	r->again = 1;
	memset(&r->dec2, 0, sizeof(r->dec2));
	r->off2 = r->lines[0].start;
	return drain(r, settled(r), 0);
}

/* Moves what waits to the front of the buffer. */
static void
compact(struct cte *r)
{
	if (r->head == r->queue.len) {
		r->head = 0;
		sbuf_reset(&r->queue);
		if (r->queue.cap > CTE_KEEP)
			sbuf_free(&r->queue);
	} else if (r->head > CTE_KEEP / 2) {
		memmove(r->queue.data, r->queue.data + r->head,
		    r->queue.len - r->head);
		sbuf_cut(&r->queue, r->queue.len - r->head);
		r->head = 0;
	}
	if (r->cur.len == 0 && r->cur.cap > CTE_KEEP)
		sbuf_free(&r->cur);
}

int
cte_line(struct cte *r, const char *line, size_t len)
{
	struct cte_line	*l;
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
	if (r->queue.len - r->head > CTE_QUEUE && relieve(r) == -1)
		return -1;
	if (r->nlines == CTE_LINES)
		merge(r);
	compact(r);
	return 0;
}

int
cte_end(struct cte *r)
{
	unsigned char	rest[2];
	int		rc;

	if (r->cte == CTE_BASE64 &&
	    watch(r, rest, base64_finish(&r->dec, rest)) == -1)
		return -1;
	if (r->nlines > 0)
		r->lines[r->nlines - 1].end = r->off;
	if (r->scrub != NULL && scrub_end(r->scrub) == -1)
		return -1;
	rc = drain(r, UINT64_MAX, 1);
	if (rc == 0)
		rc = finish_line(r);
	compact(r);
	return rc == 0 ? 0 : -1;
}
