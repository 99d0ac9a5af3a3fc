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
#include "mime/bodyrw_int.h"

static int
recoded(void *arg, const char *line, size_t len)
{
	return bodyrw_emit(arg, line, len);
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
	recode_init(&b->recode, &b->edits, plan->mailbox, recoded, b);
	b->text.scrub = &b->scrub;
	b->text.edits = &b->edits;
	b->text.secrets = plan->secrets;
	b->text.mailbox = plan->mailbox;
	b->text.seed = b->plan.seed;
	if (bodyrw_begin_header(b, PART_TOP) == -1) {
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
	recode_free(&b->recode);
	edits_free(&b->edits);
	free(b);
}

int
bodyrw_refuse(struct bodyrw *b, const char *why)
{
	if (b->error[0] == '\0')
		strlcpy(b->error, why, sizeof(b->error));
	return -1;
}

int
bodyrw_emit(struct bodyrw *b, const char *line, size_t len)
{
	if (b->error[0] != '\0' || b->failed)
		return -1;
	if (len > BODYRW_LINE_MAX)
		return bodyrw_refuse(b, "A line of this message is too long: "
		    "send it in another format");
	if (b->out(b->arg, line, len) == -1) {
		b->failed = 1;
		return -1;
	}
	return 0;
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
		return bodyrw_refuse(b, "The fields that describe the content "
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
	return result(b, bodyrw_end_header(b, 0));
}

/* The part at hand ends, with whatever is open in it. */
static int
end_part(struct bodyrw *b)
{
	while (b->state == BODYRW_HEADER)
		if (bodyrw_end_header(b, 1) == -1)
			return -1;
	return bodyrw_end_text(b);
}

static int
emit_delimiter(struct bodyrw *b, const struct mime_level *l, const char *end)
{
	char	line[MIME_NEW_MAX + 5];

	snprintf(line, sizeof(line), "--%s%s", l->renamed, end);
	return bodyrw_emit(b, line, strlen(line));
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
		return bodyrw_emit(b, line, len);
	if (l->parts == 0) {
		if (emit_delimiter(b, l, "") == -1)
			return -1;
		for (i = 0; i < sizeof(empty) / sizeof(empty[0]); i++)
			if (bodyrw_emit(b, empty[i], strlen(empty[i])) == -1)
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
		return b->full ? 0 : bodyrw_emit(b, line, len);
	if (end_part(b) == -1)
		return -1;
	mime_shut(&b->mime, at + 1);
	if (b->cmds == CMDS_ALTERNATIVES &&
	    (b->alternative > at || (end && b->alternative == at)))
		b->cmds = CMDS_DONE;
	if (end) {
		if (close_level(b, l, line, len) == -1)
			return -1;
		return bodyrw_begin_margin(b);
	}
	b->delim = at;
	if (!b->full && bodyrw_emit(b, line, len) == -1)
		return -1;
	return bodyrw_begin_header(b, PART_INNER);
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
		return b->full ? 0 : bodyrw_emit(b, line, len);
	if (!b->full && b->rawhdr.len > BODYRW_RAWHDR_MAX) {
		/* Not read to its end, it goes as it is, and its part too. */
		b->hdr.flags |= HDR_OVERSIZE;
		if (bodyrw_end_header(b, 0) == -1)
			return -1;
		return bodyrw_emit(b, line, len);
	}
	switch ((n = header_line(b, line, len))) {
	case HDR_MORE:
		return 0;
	case HDR_END:
		return bodyrw_end_header(b, 1);
	case HDR_BODY:
		if (!b->full)	/* the line is there already */
			sbuf_cut(&b->rawhdr, b->rawhdr.len - len - 1);
		if (bodyrw_end_header(b, b->full) == -1)
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
	return bodyrw_refuse(b, "This reply would show a private address or "
	    "an id of ours: take it out, of the quoted text too, and send it "
	    "again");
}

static int
in_text(struct bodyrw *b, const char *line, size_t len)
{
	if (recode_line(&b->recode, line, len) == -1)
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
		return bodyrw_emit(b, line, len);
	if (len > BODYRW_LINE_MAX)
		return bodyrw_refuse(b, "A line of this message is too long: "
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
		return bodyrw_emit(b, line, len);
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
