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

#include "compat.h"
#include "compose.h"
#include "engine.h"
#include "lines.h"
#include "outfile.h"

#define COPY_MIME_MAX	65536		/* bytes of Content-* fields */

/* A copy in the making. */
struct copy {
	struct lines		 lines;
	struct outfile		 out;
	struct facts		 facts;
	struct sbuf		 mime;
	struct copyhdr_plan	*plan;
};

static int	copy_write(struct copy *, int, int, const char **);
static int	copy_header(struct copy *, const char **, size_t *);
static int	copy_mime_plain(struct copy *);
static int	copy_body(struct copy *, const char *, size_t);

int
compose_copy(int in, int out, struct copyhdr_plan *plan, const char **why)
{
	struct copy	*c;
	int		 n;

	*why = "out of memory";
	if ((c = calloc(1, sizeof(*c))) == NULL)
		return -1;
	c->plan = plan;
	n = copy_write(c, in, out, why);
	free(c);
	return n;
}

static int
copy_write(struct copy *c, int in, int out, const char **why)
{
	struct sbuf		 header;
	const char		*line;
	size_t			 len;
	int			 n = -1;

	lines_init(&c->lines, in);
	outfile_init(&c->out, out);
	sbuf_init(&header, REPLYHDR_MAX);
	sbuf_init(&c->mime, COPY_MIME_MAX);
	if (facts_init(&c->facts, NULL) == -1)
		return -1;
	if ((n = copy_header(c, &line, &len)) == -1) {
		*why = "the message cannot be read";
		goto out;
	}
	if ((n = copy_mime_plain(c)) != 0)
		goto out;
	c->plan->mime = sbuf_str(&c->mime);
	n = -1;
	if (copyhdr_build(&header, &c->facts, c->plan) == -1) {
		*why = "the header cannot be built";
		goto out;
	}
	(void)outfile_add(&c->out, header.data, header.len);
	(void)outfile_add(&c->out, "\n", 1);
	n = copy_body(c, line, len);
	if (c->out.failed)
		*why = strerror(c->out.failed);
out:
	facts_free(&c->facts);
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
		n = facts_line(&c->facts, *line, *len);
		if (n == HDR_MORE)
			continue;
		if (n != HDR_BODY)
			*line = NULL;
		return n == -1 ? -1 : 0;
	}
	*line = NULL;
	return n == -1 ? -1 : facts_finish(&c->facts);
}

/* The Content-* fields as they came, and an encoding where there was none. */
static int
copy_mime_plain(struct copy *c)
{
	const struct hdr_field	*hf;
	size_t			 i;

	(void)sbuf_addstr(&c->mime, "MIME-Version: 1.0\n");
	for (i = 0; i < c->facts.hdr.n; i++) {
		hf = &c->facts.hdr.v[i];
		if (strncasecmp(hf->name, "Content-", 8) == 0)
			(void)hdr_write_raw(&c->mime, hf);
	}
	if (c->facts.content_encoding == NULL)
		(void)sbuf_addstr(&c->mime,
		    "Content-Transfer-Encoding: 8bit\n");
	return c->mime.failed ? -1 : 0;
}

static int
copy_body(struct copy *c, const char *line, size_t len)
{
	int	flags, n = 1;

	for (;;) {
		if (line != NULL && outfile_line(&c->out, line, len) == -1)
			return -1;
		n = lines_next(&c->lines, &line, &len, &flags);
		if (n != 1)
			break;
	}
	return n == -1 ? -1 : outfile_end(&c->out);
}
