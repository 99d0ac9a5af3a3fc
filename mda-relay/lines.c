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
#include <string.h>
#include <unistd.h>

#include "base/compat.h"
#include "lines.h"

void
lines_init(struct lines *l, int fd)
{
	l->fd = fd;
	l->pos = l->end = 0;
	l->rest = l->eof = 0;
}

/* Moves what is left to the front and reads more behind it. */
static int
fill(struct lines *l)
{
	ssize_t	n;

	if (l->pos > 0) {
		memmove(l->buf, l->buf + l->pos, l->end - l->pos);
		l->end -= l->pos;
		l->pos = 0;
	}
	do
		n = read(l->fd, l->buf + l->end, sizeof(l->buf) - l->end);
	while (n == -1 && errno == EINTR);
	if (n == -1)
		return -1;
	if (n == 0)
		l->eof = 1;
	l->end += (size_t)n;
	return 0;
}

int
lines_next(struct lines *l, const char **line, size_t *len, int *flags)
{
	const char	*nl;
	size_t		 n;

	for (;;) {
		*line = l->buf + l->pos;
		*flags = l->rest ? LINES_REST : 0;
		nl = memchr(*line, '\n', l->end - l->pos);
		if (nl != NULL) {
			n = (size_t)(nl - *line);
			l->pos += n + 1;
			if (n > 0 && nl[-1] == '\r')
				n--;
			*len = n;
			l->rest = 0;
			return 1;
		}
		if (l->eof || (l->pos == 0 && l->end == sizeof(l->buf)))
			break;
		if (fill(l) == -1)
			return -1;
	}
	*len = l->end - l->pos;
	l->pos = l->end;
	if (l->eof) {
		n = l->rest;
		l->rest = 0;
		return *len > 0 || n ? 1 : 0;
	}
	/* a CR at the end of the piece may belong to a CR LF */
	if (l->buf[l->end - 1] == '\r') {
		(*len)--;
		l->pos--;
	}
	*flags |= LINES_PART;
	l->rest = 1;
	return 1;
}
