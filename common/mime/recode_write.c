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

#include "mime/qp.h"
#include "mime/recode.h"

size_t
recode_text(char out[RECODE_TEXT_MAX], const char *mailbox,
    enum edit_what what, uint64_t id)
{
	const char	*at;
	int		 n = 0;

	out[0] = '\0';
	if (mailbox == NULL)
		return 0;
	at = strrchr(mailbox, '@');
	if (what == EDIT_MAILBOX)
		n = snprintf(out, RECODE_TEXT_MAX, "%s", mailbox);
	else if (what == EDIT_CID)
		n = snprintf(out, RECODE_TEXT_MAX, "%016llx%s",
		    (unsigned long long)id, at == NULL ? "" : at);
	return n < 0 || n >= RECODE_TEXT_MAX ? 0 : (size_t)n;
}

/* The same in the text's own charset. */
static size_t
insertion(struct recode *r, const struct edit *e,
    unsigned char out[RECODE_TEXT_MAX * 4])
{
	char	text[RECODE_TEXT_MAX];
	size_t	i, n, width = 1, place = 0;

	n = recode_text(text, r->mailbox, e->what, e->id);
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
dropped(struct recode *r, uint64_t off, unsigned char *ins, size_t *n)
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
flush(struct recode *r)
{
	int	n;

	if (r->cur.failed)
		return -1;
	n = r->out(r->arg, sbuf_str(&r->cur), r->cur.len);
	sbuf_reset(&r->cur);
	return n;
}

static int
rewrite_plain(struct recode *r, uint64_t *off, const char *line, size_t len)
{
	unsigned char	ins[RECODE_TEXT_MAX * 4];
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
add_qp(struct recode *r, const char *s, size_t len)
{
	if (r->cur.len + len >= QP_LINE_MAX) {
		sbuf_addch(&r->cur, '=');
		if (flush(r) == -1)
			return -1;
	}
	return sbuf_add(&r->cur, s, len);
}

static int
end_qp(struct recode *r)
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
insert_qp(struct recode *r, const unsigned char *ins, size_t n)
{
	char	enc[3];
	size_t	i;

	for (i = 0; i < n; i++)
		if (add_qp(r, enc, qp_encode(ins[i], enc)) == -1)
			return -1;
	return 0;
}

static int
rewrite_qp(struct recode *r, uint64_t *off, const char *line, size_t len)
{
	unsigned char	ins[RECODE_TEXT_MAX * 4], byte;
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
flush_base64(struct recode *r)
{
	char	line[BASE64_LINE_MAX];
	size_t	n = r->nraw;

	r->nraw = 0;
	return n == 0 ? 0 : r->out(r->arg, line,
	    base64_encode(r->raw, n, line));
}

static int
add_base64(struct recode *r, const unsigned char *p, size_t len)
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
edit_base64(struct recode *r, const unsigned char *p, size_t len)
{
	unsigned char	ins[RECODE_TEXT_MAX * 4];
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
rewrite_base64(struct recode *r, const char *line, size_t len)
{
	unsigned char	buf[RECODE_CHUNK + 3];
	size_t		i, n;

	for (i = 0; i < len; i += n) {
		n = len - i < RECODE_CHUNK ? len - i : RECODE_CHUNK;
		if (edit_base64(r, buf, base64_decode(&r->dec2, line + i, n,
		    buf)) == -1)
			return -1;
	}
	return 0;
}

int
recode_rewrite(struct recode *r, const struct recode_line *l,
    const char *line)
{
	const char	*end = line + l->len, *eol;
	uint64_t	 off = l->start;
	int		 rc = 0;

	if (r->cte == RECODE_BASE64)
		return rewrite_base64(r, line, l->len);
	for (; rc == 0 && line <= end; line = eol + 1) {
		if ((eol = memchr(line, '\n', (size_t)(end - line))) == NULL)
			eol = end;
		rc = r->cte == RECODE_QP ?
		    rewrite_qp(r, &off, line, (size_t)(eol - line)) :
		    rewrite_plain(r, &off, line, (size_t)(eol - line));
	}
	return rc;
}

int
recode_finish(struct recode *r)
{
	unsigned char	rest[2];

	if (r->again && (edit_base64(r, rest, base64_finish(&r->dec2,
	    rest)) == -1 || flush_base64(r) == -1))
		return -1;
	return r->cur.len > 0 ? flush(r) : 0;
}
