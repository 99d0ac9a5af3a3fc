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
#include <strings.h>

#include "mime/bodyrw_int.h"

static const char why_depth[] = "This message has parts within parts too "
    "deep: send it without what is forwarded in it";
static const char why_header[] = "The header of a part of this message is "
    "too large: send it from another program";
static const char why_tnef[] = "This reply is in a format of Outlook's own "
    "(or AMP) alone: set the program to send HTML or plain text and send it "
    "again";
static const char why_sealed[] = "This reply is signed, so that commands "
    "cannot be taken out of its text: switch signing off and send it again";

int
bodyrw_begin_header(struct bodyrw *b, enum part_kind kind)
{
	hdr_free(&b->hdr);
	hdr_init(&b->hdr, parthdr_keep(kind), NULL, NULL);
	sbuf_reset(&b->rawhdr);
	b->kind = kind;
	b->hdrlines = 0;
	b->state = BODYRW_HEADER;
	return 0;
}

/* Gives out lines that LF ends. */
static int
emit_lines(struct bodyrw *b, const struct sbuf *lines)
{
	const char	*p = sbuf_str(lines), *end = p + lines->len, *eol;

	for (; p < end; p = eol + 1) {
		if ((eol = memchr(p, '\n', (size_t)(end - p))) == NULL)
			eol = end;
		if (bodyrw_emit(b, p, (size_t)(eol - p)) == -1)
			return -1;
	}
	return 0;
}

/* The innermost multipart/alternative around, or -1. */
static int
find_alternative(const struct bodyrw *b, size_t *at)
{
	size_t	i;

	for (i = b->mime.n; i > 0; i--)
		if (b->mime.level[i - 1].alternative) {
			*at = i - 1;
			return 0;
		}
	return -1;
}

/* Whether commands are looked for in this text. */
static int
wants_commands(struct bodyrw *b, const struct part *p)
{
	size_t	i;

	if (b->cmds == CMDS_DONE || p->attached || p->calendar ||
	    (!p->html && strcmp(p->ct.type, "text/plain") != 0 &&
	    strchr(p->ct.type, '/') != NULL))
		return 0;
	for (i = 0; i < b->mime.n; i++)
		if (b->mime.level[i].boundary == NULL)
			return 0;
	if (b->cmds == CMDS_WAIT)
		b->cmds = find_alternative(b, &b->alternative) == 0 ?
		    CMDS_ALTERNATIVES : CMDS_DONE;
	return 1;
}

static void
begin_text(struct bodyrw *b, const struct part *p)
{
	struct scrub	*scrub = NULL;
	struct ical	*ical = NULL;
	struct bodycmd	*cmd = NULL;

	b->state = BODYRW_RAW;
	if (wants_commands(b, p)) {
		bodycmd_init(&b->cmd, p->html, &b->found);
		cmd = &b->cmd;
	}
	if (b->full || cmd != NULL) {
		scrub = &b->scrub;
		scrub_init(scrub, b->full ? b->plan.secrets : NULL,
		    b->full ? b->plan.seed : NULL, &b->edits, cmd);
		scrub_kind(scrub, p->charset, p->html);
	}
	if (p->calendar && (b->full || b->plan.mode == BODYRW_CALENDAR)) {
		ical = &b->ical;
		ical_init(ical, b->full ? NULL : &b->edits);
	}
	if (scrub == NULL && ical == NULL)
		return;
	if (scrub == NULL)
		b->scrub.job.leaks = 0;
	recode_begin(&b->recode, p->cte, scrub, ical);
	b->state = BODYRW_TEXT;
}

int
bodyrw_begin_margin(struct bodyrw *b)
{
	b->state = BODYRW_RAW;
	if (!b->full)
		return 0;
	scrub_init(&b->scrub, b->plan.secrets, b->plan.seed, &b->edits, NULL);
	recode_begin(&b->recode, RECODE_PLAIN, &b->scrub, NULL);
	b->state = BODYRW_TEXT;
	return 0;
}

static int
check_commands(struct bodyrw *b)
{
	char	why[BODYRW_ERROR_MAX];
	size_t	i;

	if (b->found.unknown[0] != '\0') {
		snprintf(why, sizeof(why), "\"#%s\" at the top of the text is "
		    "no command: the commands are #note, #close, #reopen and "
		    "#take; correct it and send it again", b->found.unknown);
		return bodyrw_refuse(b, why);
	}
	for (i = 0; i < b->mime.n && b->found.mask != 0; i++)
		if (b->mime.level[i].sealed)
			return bodyrw_refuse(b, why_sealed);
	if (b->cmds == CMDS_DONE && b->plan.mode == BODYRW_PASS)
		b->through = 1;
	return 0;
}

int
bodyrw_end_text(struct bodyrw *b)
{
	int	was = b->state;

	if (was == BODYRW_TEXT) {
		if (recode_end(&b->recode) == -1)
			return -1;
		b->leaks += b->scrub.job.leaks;
		b->scrub.job.leaks = 0;
		if (b->full && b->recode.ical != NULL && b->ical.method)
			return bodyrw_refuse(b, part_why_calendar);
		if (b->recode.scrub != NULL && check_commands(b) == -1)
			return -1;
	}
	b->state = BODYRW_RAW;
	return 0;
}

/* 1 open, 0 too deep, -1. */
static int
open_level(struct bodyrw *b, const struct part *p)
{
	struct mime_level	*l;
	int			 n;

	n = mime_open(&b->mime, p->action == PART_MESSAGE ? NULL : p->boundary,
	    b->plan.seed);
	if (n != 1)
		return n;
	l = &b->mime.level[b->mime.n - 1];
	l->digest = strcmp(p->ct.type, "multipart/digest") == 0;
	l->alternative = strcmp(p->ct.type, "multipart/alternative") == 0;
	l->sealed = p->signature;
	return 1;
}

/* What comes behind the header. */
static int
begin_body(struct bodyrw *b, const struct part *p)
{
	switch (p->action) {
	case PART_MULTIPART:
		return bodyrw_begin_margin(b);
	case PART_MESSAGE:
		return bodyrw_begin_header(b, PART_EMBEDDED);
	case PART_TEXT:
		begin_text(b, p);
		return 0;
	default:
		b->state = BODYRW_RAW;
		return 0;
	}
}

static int
write_full(struct bodyrw *b, struct part *p)
{
	struct mime_level	*l;
	struct sbuf		 out;
	char			 delim[MIME_NEW_MAX + 3];
	int			 leaks, rc = 0;

	if (b->kind == PART_INNER) {
		l = &b->mime.level[b->delim];
		l->parts++;
		snprintf(delim, sizeof(delim), "--%s", l->renamed);
		if (bodyrw_emit(b, delim, strlen(delim)) == -1)
			return -1;
	}
	sbuf_init(&out, PARTHDR_OUT_MAX);
	leaks = part_write(p, &b->hdr, b->kind, b->mime.n == 0 ? "" :
	    b->mime.level[b->mime.n - 1].renamed, &b->text, &out);
	if (leaks == -1)
		rc = bodyrw_refuse(b, why_header);
	else {
		b->leaks += (size_t)leaks;
		rc = emit_lines(b, &out);
		if (rc == 0 && b->kind != PART_TOP)
			rc = bodyrw_emit(b, "", 0);
	}
	sbuf_free(&out);
	return rc;
}

static int
end_header_full(struct bodyrw *b, struct part *p)
{
	if (b->hdr.flags & HDR_OVERSIZE)
		return bodyrw_refuse(b, why_header);
	if (p->action == PART_REFUSE)
		return bodyrw_refuse(b, p->why);
	if (p->action == PART_REMOVE && b->kind != PART_INNER)
		return bodyrw_refuse(b, why_tnef);
	if (p->action == PART_REMOVE) {
		b->state = BODYRW_SKIP;
		return 0;
	}
	if (p->action == PART_MULTIPART || p->action == PART_MESSAGE) {
		int n = open_level(b, p);

		if (n != 1)
			return n == 0 ? bodyrw_refuse(b, why_depth) : -1;
	}
	return write_full(b, p) == -1 ? -1 : begin_body(b, p);
}

/* A calendar's Content-Type says nothing of an answer. */
static int
strip_method(struct bodyrw *b, struct part *p)
{
	struct sbuf	 out;
	const char	*q = sbuf_str(&b->rawhdr);
	const char	*end = q + b->rawhdr.len, *eol;
	int		 skip = 0, rc = -1;

	sbuf_init(&out, BODYRW_RAWHDR_MAX * 4);
	if (mimefield_set(&p->ct, "method", NULL) == -1 ||
	    mimefield_write(&p->ct, p->ctfield->name, &out) == -1)
		goto done;
	for (; q < end; q = eol + 1) {
		eol = memchr(q, '\n', (size_t)(end - q));
		if (*q != ' ' && *q != '\t')
			skip = strncasecmp(q, "Content-Type", 12) == 0;
		if (!skip)
			sbuf_add(&out, q, (size_t)(eol - q) + 1);
	}
	if (!out.failed)
		rc = emit_lines(b, &out);
done:
	sbuf_free(&out);
	return rc;
}

/* The header as it came, or nearly. */
static int
write_light(struct bodyrw *b, struct part *p, int blank)
{
	int	rc;

	if (p->calendar && p->ctfield != NULL &&
	    b->plan.mode == BODYRW_CALENDAR)
		rc = strip_method(b, p);
	else
		rc = emit_lines(b, &b->rawhdr);
	if (rc == -1)
		return -1;
	if (b->kind == PART_TOP)
		return hdr_get(&b->hdr, "Content-Transfer-Encoding", 0) ==
		    NULL ? bodyrw_emit(b, "Content-Transfer-Encoding: 8bit",
		    31) : 0;
	return blank ? bodyrw_emit(b, "", 0) : 0;
}

static int
end_header_light(struct bodyrw *b, struct part *p, int blank)
{
	/* Nothing is refused here: what is not understood stays as it is. */
	if (b->hdr.flags & HDR_OVERSIZE)
		p->action = PART_RAW;
	else if (p->action == PART_REFUSE || p->action == PART_REMOVE)
		p->action = p->calendar ? PART_TEXT :
		    p->boundary != NULL &&
		    strncmp(p->ct.type, "multipart/", 10) == 0 ?
		    PART_MULTIPART : PART_RAW;
	if (write_light(b, p, blank) == -1)
		return -1;
	if (p->action == PART_MULTIPART || p->action == PART_MESSAGE) {
		int n = open_level(b, p);

		if (n == -1)
			return -1;
		if (n == 0)
			p->action = PART_RAW;
	}
	if (begin_body(b, p) == -1)
		return -1;
	if (b->plan.mode == BODYRW_PASS && b->cmds == CMDS_DONE &&
	    b->state != BODYRW_TEXT)
		b->through = 1;
	return 0;
}

int
bodyrw_end_header(struct bodyrw *b, int blank)
{
	struct part	 p;
	int		 digest, rc = -1;

	if (hdr_finish(&b->hdr) == -1)
		return -1;
	digest = b->kind == PART_INNER && b->mime.level[b->delim].digest;
	if (part_read(&p, &b->hdr, b->kind, digest) == 0)
		rc = b->full ? end_header_full(b, &p) :
		    end_header_light(b, &p, blank);
	part_free(&p);
	return rc;
}
