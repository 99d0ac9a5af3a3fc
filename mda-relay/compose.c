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

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/compat.h"
#include "compose.h"
#include "lines.h"
#include "mailfile.h"
#include "mime/bodyrw.h"
#include "outfile.h"

struct forward {
	struct lines	 lines;
	struct outfile	 out;
	int		 flags;
	int		 dropping;	/* the field that is being read */
	int		 top;		/* still in smtpd's delivery fields */
	int		 received;	/* saw the first one */
	int		 encoded;	/* has Content-Transfer-Encoding */
	int		 mime;		/* has MIME-Version */
};

static int	forward(struct forward *);
static int	forward_line(struct forward *, const char *, size_t, int);
static int	dropped(struct forward *, const char *, size_t);
static int	forward_over(struct forward *);
static int	is(const char *, size_t, const char *);

int
compose_forward(int in, int out, int flags, const char **why)
{
	struct forward	*f;
	int		 n;

	*why = "out of memory";
	if ((f = calloc(1, sizeof(*f))) == NULL)
		return -1;
	lines_init(&f->lines, in);
	outfile_init(&f->out, out);
	f->flags = flags;
	f->top = 1;
	if ((n = forward(f)) == -1)
		*why = f->out.failed ? strerror(f->out.failed) :
		    "the message cannot be read";
	free(f);
	return n;
}

static int
forward(struct forward *f)
{
	const char	*line;
	size_t		 len;
	int		 flags, n, body = 0;

	while ((n = lines_next(&f->lines, &line, &len, &flags)) == 1) {
		if (!body && (n = forward_line(f, line, len, flags)) != 0) {
			if (n == -1)
				return -1;
			body = 1;
			if (forward_over(f) == -1)
				return -1;
			if (len == 0)
				continue;
		}
		if (body && outfile_line(&f->out, line, len) == -1)
			return -1;
	}
	if (n == -1 || (!body && forward_over(f) == -1))
		return -1;
	return outfile_end(&f->out);
}

/* 0 the line belonged to the header, 1 the body begins with it, -1. */
static int
forward_line(struct forward *f, const char *line, size_t len, int flags)
{
	size_t	name;

	if (flags & LINES_REST || (len > 0 && (*line == ' ' ||
	    *line == '\t')))
		return f->dropping ? 0 : outfile_line(&f->out, line, len);
	for (name = 0; name < len && line[name] > ' ' && line[name] < 0x7f &&
	    line[name] != ':'; name++)
		;
	if (name == 0 || name == len)
		return 1;
	if (line[name] != ':' && ((line[name] != ' ' && line[name] != '\t') ||
	    name + 1 == len || line[name + 1] != ':'))
		return 1;
	f->dropping = dropped(f, line, name);
	if (is(line, name, "Content-Transfer-Encoding"))
		f->encoded = 1;
	else if (is(line, name, "MIME-Version"))
		f->mime = 1;
	return f->dropping ? 0 : outfile_line(&f->out, line, len);
}

/* Whether a field is left out. */
static int
dropped(struct forward *f, const char *name, size_t len)
{
	int	delivery, ours;

	delivery = is(name, len, "Return-Path") ||
	    is(name, len, "Delivered-To");
	ours = len > 8 && strncasecmp(name, "X-Relay-", 8) == 0;
	if (f->flags & COMPOSE_REPLY) {
		if (is(name, len, "Received") && !f->received) {
			f->received = 1;
			return 1;
		}
		return delivery || ours;
	}
	if (!delivery)
		f->top = 0;
	if (f->top)
		return 1;
	return ours && !is(name, len, "X-Relay-Unverified");
}

static int
is(const char *name, size_t len, const char *what)
{
	return strlen(what) == len && strncasecmp(name, what, len) == 0;
}

/* The fields that sendmail's peace needs, and the blank line. */
static int
forward_over(struct forward *f)
{
	if ((f->flags & COMPOSE_ENCODING) && !f->encoded) {
		if (!f->mime)
			(void)outfile_line(&f->out, "MIME-Version: 1.0", 17);
		(void)outfile_line(&f->out,
		    "Content-Transfer-Encoding: 8bit", 31);
	}
	return outfile_line(&f->out, "", 0);
}

#define COPY_MIME_MAX	65536		/* bytes of Content-* fields */

/* A copy in the making. */
struct copy {
	struct lines		 lines;
	struct outfile		 out;
	struct header_summary	 header;
	struct sbuf		 mime;
	struct bodyrw		*rw;
	struct copyhdr_plan	*plan;
	int			 in_body;
};

static int	copy_try(struct copy *, int, int, int, const char **);
static int	copy_header(struct copy *, const char **, size_t *);
static int	copy_mime(struct copy *);
static int	copy_mime_plain(struct copy *);
static int	copy_body(struct copy *, const char *, size_t);
static int	rw_line(void *, const char *, size_t);

int
compose_copy(int in, int out, struct copyhdr_plan *plan, const char **why)
{
	struct copy	*c;
	int		 n;

	*why = "out of memory";
	if ((c = calloc(1, sizeof(*c))) == NULL)
		return -1;
	c->plan = plan;
	n = copy_try(c, in, out, 1, why);
	if (n == 1) {
		/* a structure that cannot be followed goes as it came */
		*why = "the file cannot be rewound";
		if (mailfile_rewind(in) == -1 || mailfile_clear(out) == -1)
			n = -1;
		else
			n = copy_try(c, in, out, 0, why);
	}
	free(c);
	return n == 0 ? 0 : -1;
}

/* 0 it is written, 1 the body's rewriting refused, -1 an error. */
static int
copy_try(struct copy *c, int in, int out, int rewrite, const char **why)
{
	struct bodyrw_plan	 bp;
	struct sbuf		 header;
	const char		*line;
	size_t			 len;
	int			 n = -1;

	lines_init(&c->lines, in);
	outfile_init(&c->out, out);
	sbuf_init(&header, REPLYHDR_MAX);
	sbuf_init(&c->mime, COPY_MIME_MAX);
	c->rw = NULL;
	c->in_body = 0;
	if (summary_init(&c->header, NULL) == -1)
		return -1;
	if (rewrite) {
		memset(&bp, 0, sizeof(bp));
		bp.mode = BODYRW_CALENDAR;
		if ((c->rw = bodyrw_new(&bp, rw_line, c)) == NULL)
			goto out;
	}
	if ((n = copy_header(c, &line, &len)) == -1) {
		*why = "the message cannot be read";
		goto out;
	}
	if ((n = rewrite ? copy_mime(c) : copy_mime_plain(c)) != 0)
		goto out;
	c->plan->mime = sbuf_str(&c->mime);
	n = -1;
	if (copyhdr_build(&header, &c->header, c->plan) == -1) {
		*why = "the header cannot be built";
		goto out;
	}
	(void)outfile_add(&c->out, header.data, header.len);
	(void)outfile_add(&c->out, "\n", 1);
	c->in_body = 1;
	n = copy_body(c, line, len);
	if (c->out.failed)
		*why = strerror(c->out.failed);
out:
	bodyrw_free(c->rw);
	summary_free(&c->header);
	sbuf_free(&header);
	sbuf_free(&c->mime);
	return n;
}

/* Reads the header; *line is NULL or the line that began the body. */
static int
copy_header(struct copy *c, const char **line, size_t *len)
{
	int	flags, n;

	while ((n = lines_next(&c->lines, line, len, &flags)) == 1) {
		if (flags & LINES_REST)
			continue;
		n = summary_line(&c->header, *line, *len);
		if (n == HDR_MORE)
			continue;
		if (n != HDR_BODY)
			*line = NULL;
		return n == -1 ? -1 : 0;
	}
	*line = NULL;
	return n == -1 ? -1 : summary_finish(&c->header);
}

/* MIME-Version and the Content-* fields as the rewriter wants them. */
static int
copy_mime(struct copy *c)
{
	const struct hdr_field	*hf;
	size_t			 i;

	(void)sbuf_addstr(&c->mime, "MIME-Version: 1.0\n");
	for (i = 0; i < c->header.hdr.n; i++) {
		hf = &c->header.hdr.v[i];
		if (strncasecmp(hf->name, "Content-", 8) == 0 &&
		    bodyrw_field(c->rw, hf->raw, hf->rawlen) == -1)
			return bodyrw_failed(c->rw) ? -1 : 1;
	}
	if (bodyrw_begin(c->rw) == -1)
		return bodyrw_failed(c->rw) ? -1 : 1;
	return c->mime.failed ? -1 : 0;
}

/*
 * The same without a rewriter: the fields as they came, and an encoding where
 * there was none.
 */
static int
copy_mime_plain(struct copy *c)
{
	const struct hdr_field	*hf;
	size_t			 i, len;

	(void)sbuf_addstr(&c->mime, "MIME-Version: 1.0\n");
	for (i = 0; i < c->header.hdr.n; i++) {
		hf = &c->header.hdr.v[i];
		if (strncasecmp(hf->name, "Content-", 8) != 0)
			continue;
		len = c->mime.len;
		/* what no header can hold is better left out */
		if (hdr_write_raw(&c->mime, hf) == -1)
			sbuf_cut(&c->mime, len);
	}
	if (c->header.content_encoding == NULL)
		(void)sbuf_addstr(&c->mime,
		    "Content-Transfer-Encoding: 8bit\n");
	return c->mime.failed ? -1 : 0;
}

static int
copy_body(struct copy *c, const char *line, size_t len)
{
	int	flags, n = 1;

	for (;;) {
		if (line != NULL && c->rw != NULL &&
		    bodyrw_line(c->rw, line, len) == -1)
			return bodyrw_failed(c->rw) ? -1 : 1;
		if (line != NULL && c->rw == NULL &&
		    outfile_line(&c->out, line, len) == -1)
			return -1;
		n = lines_next(&c->lines, &line, &len, &flags);
		if (n != 1)
			break;
	}
	if (n == -1)
		return -1;
	if (c->rw != NULL && bodyrw_end(c->rw) == -1)
		return bodyrw_failed(c->rw) ? -1 : 1;
	return outfile_end(&c->out);
}

/*
 * What the rewriter gives out: first the header's fields, then the body.
 * Fields are a string from here on, in which a NUL would hide the rest and
 * with it the end of the header; and where some programs see that end in a
 * folded line of nothing but white space, there is none such.
 */
static int
rw_line(void *arg, const char *line, size_t len)
{
	struct copy	*c = arg;
	size_t		 i;

	if (c->in_body)
		return outfile_line(&c->out, line, len);
	for (i = 0; i < len && strchr(" \t\r", line[i]) != NULL; i++)
		;
	if (i == len)
		return 0;
	for (i = 0; i < len; i++)
		if (sbuf_addch(&c->mime, line[i] == '\0' || line[i] == '\r' ?
		    ' ' : (unsigned char)line[i]) == -1)
			return -1;
	return sbuf_addch(&c->mime, '\n');
}
