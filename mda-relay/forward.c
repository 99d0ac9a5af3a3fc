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

#include <stdlib.h>
#include <string.h>

#include "base/compat.h"
#include "compose.h"
#include "editor.h"
#include "lines.h"
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
	if (f->flags & EDITOR_REPLY) {
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
	if ((f->flags & EDITOR_ENCODING) && !f->encoded) {
		if (!f->mime)
			(void)outfile_line(&f->out, "MIME-Version: 1.0", 17);
		(void)outfile_line(&f->out,
		    "Content-Transfer-Encoding: 8bit", 31);
	}
	return outfile_line(&f->out, "", 0);
}
