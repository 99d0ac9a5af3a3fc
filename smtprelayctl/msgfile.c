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
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/compat.h"
#include "msgfile.h"

#define BLOCK	65536

int
msgfile_init(struct msgfile *m, time_t now)
{
	memset(m, 0, sizeof(*m));
	sbuf_init(&m->line, MSGFILE_LINE_MAX);
	if (summary_init(&m->summary, NULL) == -1 ||
	    (m->dkim = dkim_new(now)) == NULL)
		return -1;
	return 0;
}

void
msgfile_free(struct msgfile *m)
{
	summary_free(&m->summary);
	dkim_free(m->dkim);
	sbuf_free(&m->line);
}

/* "Return-Path: <path>" in the first line was written by who delivered it. */
static void
return_path(struct msgfile *m, const char *line, size_t len)
{
	static const char	 name[] = "Return-Path:";
	const char		*p = line + sizeof(name) - 1;
	const char		*end = line + len;

	if (len < sizeof(name) - 1 ||
	    strncasecmp(line, name, sizeof(name) - 1) != 0)
		return;
	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	while (end > p && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	if (p < end && *p == '<' && end[-1] == '>') {
		p++;
		end--;
	}
	if ((size_t)(end - p) >= sizeof(m->path))
		return;
	memcpy(m->path, p, end - p);
	m->path[end - p] = '\0';
	m->has_path = strlen(m->path) == (size_t)(end - p) &&
	    (m->path[0] == '\0' || addr_valid(m->path) ||
	    verp_valid(m->path));
}

/* The header is over. */
static int
header_end(struct msgfile *m, int cut)
{
	m->body = 1;
	if (summary_finish(&m->summary) == -1 || dkim_header_end(m->dkim) == -1)
		return -1;
	if (cut)
		m->summary.truncated |= SUMMARY_TRUNC_HDR;
	return 0;
}

static int
body(struct msgfile *m, const char *p, size_t len)
{
	m->begun = 1;
	return dkim_wants_body(m->dkim) ? dkim_body(m->dkim, p, len) : 0;
}

static int
body_eol(struct msgfile *m)
{
	m->begun = 0;
	return dkim_wants_body(m->dkim) ? dkim_body_eol(m->dkim) : 0;
}

static int
header_line(struct msgfile *m, const char *line, size_t len)
{
	if (m->lines++ == 0) {
		if (len > 5 && strncmp(line, "From ", 5) == 0)
			return 0;
		return_path(m, line, len);
	}
	switch (summary_line(&m->summary, line, len)) {
	case HDR_MORE:
		break;
	case HDR_END:
		return header_end(m, 0);
	case HDR_BODY:
		return header_end(m, 0) == -1 || body(m, line, len) == -1 ||
		    body_eol(m) == -1 ? -1 : 0;
	default:
		return -1;
	}
	if (dkim_header_line(m->dkim, line, len) == -1 ||
	    (m->header != NULL && m->header(m->arg, line, len) == -1))
		return -1;
	m->used += len + 1;
	return m->used < MSGFILE_HEADER_MAX ? 0 : header_end(m, 1);
}

/* A piece of a line, and then its end. */
static int
piece(struct msgfile *m, const char *p, size_t len)
{
	if (!m->body)
		return sbuf_add(&m->line, p, len);
	if (len == 0)
		return 0;
	/* A CR is one of the body unless it ends the line. */
	if (m->cr && body(m, "\r", 1) == -1)
		return -1;
	m->cr = p[len - 1] == '\r';
	return body(m, p, len - m->cr);
}

static int
line_end(struct msgfile *m)
{
	size_t	 len = m->line.len;
	int	 rv;

	if (m->body) {
		m->cr = 0;
		return body_eol(m);
	}
	if (len > 0 && m->line.data[len - 1] == '\r')
		len--;
	rv = header_line(m, len == 0 ? "" : m->line.data, len);
	sbuf_reset(&m->line);
	return rv;
}

/* What is left when the file has ended. */
static int
finish(struct msgfile *m)
{
	if ((m->line.len > 0 || m->begun || m->cr) && line_end(m) == -1)
		return -1;
	if (!m->body && header_end(m, 0) == -1)
		return -1;
	return dkim_finish(m->dkim);
}

static int
block(struct msgfile *m, const char *p, size_t n)
{
	const char	*end = p + n, *nl;

	m->bytes += n;
	for (; p < end; p = nl + 1) {
		if ((nl = memchr(p, '\n', end - p)) == NULL)
			return piece(m, p, end - p);
		if (piece(m, p, nl - p) == -1 || line_end(m) == -1)
			return -1;
	}
	return 0;
}

int
msgfile_read(struct msgfile *m, FILE *fp, const char **why)
{
	char	 buf[BLOCK];
	size_t	 n;
	int	 rv = 0;

	errno = 0;
	while (rv == 0 && (n = fread(buf, 1, sizeof(buf), fp)) > 0)
		rv = block(m, buf, n);
	if (rv == 0 && ferror(fp)) {
		*why = strerror(errno);
		return -1;
	}
	if (rv == 0 && m->bytes == 0) {
		*why = "empty";
		return -1;
	}
	if (rv == 0)
		rv = finish(m);
	if (rv == -1)
		*why = m->line.failed ? "a line of its header is longer than "
		    "any mail server lets pass" : "out of memory";
	return rv;
}
