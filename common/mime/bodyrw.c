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
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/compat.h"
#include "base/sbuf.h"
#include "header/hdr.h"
#include "mime/bodyrw.h"
#include "mime/bodytext.h"
#include "mime/cte.h"
#include "mime/ical.h"
#include "mime/mime.h"
#include "mime/parthdr.h"
#include "scrub/bodycmd.h"
#include "scrub/edit.h"
#include "scrub/scrub.h"

#define BODYRW_ERROR_MAX	200
#define BODYRW_RAWHDR_MAX	65536	/* bytes of a header kept as it came */

enum bodyrw_state {
	BODYRW_HEADER,
	BODYRW_TEXT,
	BODYRW_RAW,
	BODYRW_SKIP		/* a part that is taken out */
};

enum bodyrw_cmds {
	CMDS_WAIT,		/* for the first text */
	CMDS_ALTERNATIVES,	/* the first text's others are yet to come */
	CMDS_DONE
};

struct bodyrw {
	struct bodyrw_plan	 plan;
	bodyrw_out		*out;
	void			*arg;
	int			 full;	/* scrub; else all but little stays */
	int			 through;	/* the rest goes as it comes */
	enum bodyrw_state	 state;
	struct hdr		 hdr;
	enum part_kind		 kind;
	size_t			 hdrlines;
	struct sbuf		 rawhdr;	/* unless full */
	size_t			 delim;	/* the level of the part at hand */
	struct mime		 mime;
	struct scrub		 scrub;
	struct ical		 ical;
	struct edits		 edits;
	struct cte		 recode;
	struct bodytext		 text;
	enum bodyrw_cmds	 cmds;
	size_t			 alternative;	/* level of CMDS_ALTERNATIVES */
	struct bodycmd		 cmd;
	struct bodycmd_found	 found;
	size_t			 fieldbytes;
	size_t			 leaks;
	int			 failed;
	char			 error[BODYRW_ERROR_MAX + 1];
};

static const char why_depth[] = "This message has parts within parts too "
    "deep: send it without what is forwarded in it";
static const char why_header[] = "The header of a part of this message is "
    "too large: send it from another program";
static const char why_tnef[] = "This reply is in a format of Outlook's own "
    "(or AMP) alone: set the program to send HTML or plain text and send it "
    "again";
static const char why_sealed[] = "This reply is signed, so that commands "
    "cannot be taken out of its text: switch signing off and send it again";

/* Prepares for the header of a part. */
static int
begin_header(struct bodyrw *b, enum part_kind kind)
{
	hdr_free(&b->hdr);
	hdr_init(&b->hdr, parthdr_keep(kind), NULL, NULL);
	sbuf_reset(&b->rawhdr);
	b->kind = kind;
	b->hdrlines = 0;
	b->state = BODYRW_HEADER;
	return 0;
}

/* Refuses the message with that sentence; always returns -1. */
static int
refuse(struct bodyrw *b, const char *why)
{
	if (b->error[0] == '\0')
		strlcpy(b->error, why, sizeof(b->error));
	return -1;
}

/* Gives a line out.  0, or -1: refused or failed. */
static int
emit(struct bodyrw *b, const char *line, size_t len)
{
	if (b->error[0] != '\0' || b->failed)
		return -1;
	if (len > BODYRW_LINE_MAX)
		return refuse(b, "A line of this message is too long: "
		    "send it in another format");
	if (b->out(b->arg, line, len) == -1) {
		b->failed = 1;
		return -1;
	}
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
		if (emit(b, p, (size_t)(eol - p)) == -1)
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
	cte_begin(&b->recode, p->cte, scrub, ical);
	b->state = BODYRW_TEXT;
}

/* Prepares for text outside of any part, before and behind the parts. */
static int
begin_margin(struct bodyrw *b)
{
	b->state = BODYRW_RAW;
	if (!b->full)
		return 0;
	scrub_init(&b->scrub, b->plan.secrets, b->plan.seed, &b->edits, NULL);
	cte_begin(&b->recode, CTE_PLAIN, &b->scrub, NULL);
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
		return refuse(b, why);
	}
	for (i = 0; i < b->mime.n && b->found.mask != 0; i++)
		if (b->mime.level[i].sealed)
			return refuse(b, why_sealed);
	if (b->cmds == CMDS_DONE && b->plan.mode == BODYRW_PASS)
		b->through = 1;
	return 0;
}

/* Ends the text at hand, if there is one.  0 or -1. */
static int
end_text(struct bodyrw *b)
{
	int	was = b->state;

	if (was == BODYRW_TEXT) {
		if (cte_end(&b->recode) == -1)
			return -1;
		b->leaks += b->scrub.job.leaks;
		b->scrub.job.leaks = 0;
		if (b->full && b->recode.ical != NULL && b->ical.method)
			return refuse(b, part_why_calendar);
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
		return begin_margin(b);
	case PART_MESSAGE:
		return begin_header(b, PART_EMBEDDED);
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
		if (emit(b, delim, strlen(delim)) == -1)
			return -1;
	}
	sbuf_init(&out, PARTHDR_OUT_MAX);
	leaks = part_write(p, &b->hdr, b->kind, b->mime.n == 0 ? "" :
	    b->mime.level[b->mime.n - 1].renamed, &b->text, &out);
	if (leaks == -1)
		rc = refuse(b, why_header);
	else {
		b->leaks += (size_t)leaks;
		rc = emit_lines(b, &out);
		if (rc == 0 && b->kind != PART_TOP)
			rc = emit(b, "", 0);
	}
	sbuf_free(&out);
	return rc;
}

static int
end_header_full(struct bodyrw *b, struct part *p)
{
	if (b->hdr.flags & HDR_OVERSIZE)
		return refuse(b, why_header);
	if (p->action == PART_REFUSE)
		return refuse(b, p->why);
	if (p->action == PART_REMOVE && b->kind != PART_INNER)
		return refuse(b, why_tnef);
	if (p->action == PART_REMOVE) {
		b->state = BODYRW_SKIP;
		return 0;
	}
	if (p->action == PART_MULTIPART || p->action == PART_MESSAGE) {
		int n = open_level(b, p);

		if (n != 1)
			return n == 0 ? refuse(b, why_depth) : -1;
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
		    NULL ? emit(b, "Content-Transfer-Encoding: 8bit",
		    31) : 0;
	return blank ? emit(b, "", 0) : 0;
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

/*
 * The header is complete (blank: with an empty line): gives it out and
 * prepares for what follows.  0 or -1.
 */
static int
end_header(struct bodyrw *b, int blank)
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

static int
recoded(void *arg, const char *line, size_t len)
{
	return emit(arg, line, len);
}

struct bodyrw *
bodyrw_new(const struct bodyrw_plan *plan, bodyrw_out *out, void *arg)
{
	struct bodyrw	*b;

	if ((b = calloc(1, sizeof(*b))) == NULL)
		return NULL;
	b->plan = *plan;
	b->out = out;
	b->arg = arg;
	b->full = plan->mode == BODYRW_SCRUB || plan->mode == BODYRW_REFUSE;
	if (!plan->commands || plan->mode == BODYRW_CALENDAR)
		b->cmds = CMDS_DONE;
	sbuf_init(&b->rawhdr, BODYRW_RAWHDR_MAX + BODYRW_LINE_MAX + 2);
	cte_init(&b->recode, &b->edits, plan->mailbox, recoded, b);
	b->text.scrub = &b->scrub;
	b->text.edits = &b->edits;
	b->text.secrets = plan->secrets;
	b->text.mailbox = plan->mailbox;
	b->text.seed = b->plan.seed;
	if (begin_header(b, PART_TOP) == -1) {
		bodyrw_free(b);
		return NULL;
	}
	return b;
}

void
bodyrw_free(struct bodyrw *b)
{
	if (b == NULL)
		return;
	hdr_free(&b->hdr);
	sbuf_free(&b->rawhdr);
	mime_free(&b->mime);
	cte_free(&b->recode);
	edits_free(&b->edits);
	free(b);
}

/* What went wrong without a reason given is for want of memory. */
static int
result(struct bodyrw *b, int rc)
{
	if (rc == -1 && b->error[0] == '\0')
		b->failed = 1;
	return rc == 0 && b->error[0] == '\0' && !b->failed ? 0 : -1;
}

static int
header_line(struct bodyrw *b, const char *line, size_t len)
{
	if (!b->full && len > 0 && (sbuf_add(&b->rawhdr, line, len) == -1 ||
	    sbuf_addch(&b->rawhdr, '\n') == -1))
		return -1;
	return hdr_line(&b->hdr, line, len);
}

int
bodyrw_field(struct bodyrw *b, const char *field, size_t len)
{
	const char	*end = field + len, *eol, *next;
	size_t		 n;

	if (b->error[0] != '\0' || b->failed)
		return -1;
	if (len < 8 || strncasecmp(field, "Content-", 8) != 0)
		return 0;
	if ((b->fieldbytes += len) > BODYRW_FIELD_MAX)
		return refuse(b, "The fields that describe the content "
		    "of this message are too long: send it from another "
		    "program");
	for (; field < end; field = next) {
		eol = memchr(field, '\n', (size_t)(end - field));
		next = eol == NULL ? end : eol + 1;
		n = (size_t)((eol == NULL ? end : eol) - field);
		if (n > 0 && eol != NULL && field[n - 1] == '\r')
			n--;
		if (n > 0 && header_line(b, field, n) == -1)
			return result(b, -1);
	}
	return 0;
}

int
bodyrw_begin(struct bodyrw *b)
{
	if (b->error[0] != '\0' || b->failed)
		return -1;
	return result(b, end_header(b, 0));
}

/* The part at hand ends, with whatever is open in it. */
static int
end_part(struct bodyrw *b)
{
	while (b->state == BODYRW_HEADER)
		if (end_header(b, 1) == -1)
			return -1;
	return end_text(b);
}

static int
emit_delimiter(struct bodyrw *b, const struct mime_level *l, const char *end)
{
	char	line[MIME_NEW_MAX + 5];

	snprintf(line, sizeof(line), "--%s%s", l->renamed, end);
	return emit(b, line, strlen(line));
}

/* The closing delimiter.  A multipart has one part at least (RFC 2046). */
static int
close_level(struct bodyrw *b, struct mime_level *l, const char *line,
    size_t len)
{
	static const char *const empty[] = {
		"Content-Type: text/plain; charset=us-ascii", "", ""
	};
	size_t	i;

	l->closed = 1;
	if (!b->full)
		return emit(b, line, len);
	if (l->parts == 0) {
		if (emit_delimiter(b, l, "") == -1)
			return -1;
		for (i = 0; i < sizeof(empty) / sizeof(empty[0]); i++)
			if (emit(b, empty[i], strlen(empty[i])) == -1)
				return -1;
	}
	return emit_delimiter(b, l, "--");
}

static int
delimiter(struct bodyrw *b, size_t at, int end, const char *line, size_t len)
{
	struct mime_level	*l = &b->mime.level[at];

	/* Behind its end a boundary means nothing; some read on there. */
	if (l->closed)
		return b->full ? 0 : emit(b, line, len);
	if (end_part(b) == -1)
		return -1;
	mime_shut(&b->mime, at + 1);
	if (b->cmds == CMDS_ALTERNATIVES &&
	    (b->alternative > at || (end && b->alternative == at)))
		b->cmds = CMDS_DONE;
	if (end) {
		if (close_level(b, l, line, len) == -1)
			return -1;
		return begin_margin(b);
	}
	b->delim = at;
	if (!b->full && emit(b, line, len) == -1)
		return -1;
	return begin_header(b, PART_INNER);
}

/* "From " lines of a mailbox file, quoted or not. */
static int
is_from_line(const char *line, size_t len)
{
	if (len > 0 && line[0] == '>') {
		line++;
		len--;
	}
	return len >= 5 && memcmp(line, "From ", 5) == 0;
}

static int
in_header(struct bodyrw *b, const char *line, size_t len)
{
	int	n;

	if (b->hdrlines++ == 0 && b->kind == PART_EMBEDDED &&
	    is_from_line(line, len))
		return b->full ? 0 : emit(b, line, len);
	if (!b->full && b->rawhdr.len > BODYRW_RAWHDR_MAX) {
		/* Not read to its end, it goes as it is, and its part too. */
		b->hdr.flags |= HDR_OVERSIZE;
		if (end_header(b, 0) == -1)
			return -1;
		return emit(b, line, len);
	}
	switch ((n = header_line(b, line, len))) {
	case HDR_MORE:
		return 0;
	case HDR_END:
		return end_header(b, 1);
	case HDR_BODY:
		if (!b->full)	/* the line is there already */
			sbuf_cut(&b->rawhdr, b->rawhdr.len - len - 1);
		if (end_header(b, b->full) == -1)
			return -1;
		return bodyrw_line(b, line, len);
	default:
		return n;
	}
}

static int
check_leaks(struct bodyrw *b)
{
	if (b->plan.mode != BODYRW_REFUSE || bodyrw_leaks(b) == 0)
		return 0;
	return refuse(b, "This reply would show a private address or "
	    "an id of ours: take it out, of the quoted text too, and send it "
	    "again");
}

static int
in_text(struct bodyrw *b, const char *line, size_t len)
{
	if (cte_line(&b->recode, line, len) == -1)
		return -1;
	return check_leaks(b);
}

int
bodyrw_line(struct bodyrw *b, const char *line, size_t len)
{
	size_t	at;
	int	end;

	if (b->error[0] != '\0' || b->failed)
		return -1;
	if (b->through)
		return emit(b, line, len);
	if (len > BODYRW_LINE_MAX)
		return refuse(b, "A line of this message is too long: "
		    "send it in another format");
	if (len > 2 && line[0] == '-' && line[1] == '-' &&
	    mime_delimiter(&b->mime, line, len, &at, &end))
		return result(b, delimiter(b, at, end, line, len));
	switch (b->state) {
	case BODYRW_HEADER:
		return result(b, in_header(b, line, len));
	case BODYRW_TEXT:
		return result(b, in_text(b, line, len));
	case BODYRW_SKIP:
		return 0;
	default:
		return emit(b, line, len);
	}
}

int
bodyrw_end(struct bodyrw *b)
{
	if (b->error[0] != '\0' || b->failed)
		return -1;
	if (b->through)
		return 0;
	if (end_part(b) == -1)
		return result(b, -1);
	return result(b, check_leaks(b));
}

const char *
bodyrw_error(const struct bodyrw *b)
{
	return b->error[0] == '\0' ? NULL : b->error;
}

int
bodyrw_failed(const struct bodyrw *b)
{
	return b->failed && b->error[0] == '\0';
}

size_t
bodyrw_leaks(const struct bodyrw *b)
{
	return b->leaks + (b->state == BODYRW_TEXT ? b->scrub.job.leaks : 0);
}

unsigned int
bodyrw_commands(const struct bodyrw *b)
{
	return b->found.mask;
}

int
bodyrw_text(const struct bodyrw_plan *plan, const char *text, char *out,
    size_t size)
{
	struct bodytext	 t;
	struct edits	 edits;
	struct sbuf	 b;
	int		 leaks = -1;

	memset(&edits, 0, sizeof(edits));
	sbuf_init(&b, BODYTEXT_MAX * 2);
	t.scrub = malloc(sizeof(*t.scrub));
	t.edits = &edits;
	t.secrets = plan->secrets;
	t.mailbox = plan->mailbox;
	t.seed = NULL;
	if (t.scrub != NULL)
		leaks = bodytext_scrub(&t, text, strlen(text), &b);
	if (leaks != -1 && b.len < size)
		memcpy(out, sbuf_str(&b), b.len + 1);
	else
		leaks = -1;
	free(t.scrub);
	edits_free(&edits);
	sbuf_free(&b);
	return leaks;
}
