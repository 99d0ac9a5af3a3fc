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
#include "outfile.h"

void
outfile_init(struct outfile *o, int fd)
{
	o->fd = fd;
	o->failed = 0;
	o->len = 0;
}

static int
flush(struct outfile *o)
{
	size_t	done = 0;
	ssize_t	n;

	while (done < o->len) {
		n = write(o->fd, o->buf + done, o->len - done);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1) {
			o->failed = errno;
			return -1;
		}
		done += (size_t)n;
	}
	o->len = 0;
	return 0;
}

int
outfile_add(struct outfile *o, const char *p, size_t len)
{
	size_t	n;

	while (len > 0 && !o->failed) {
		if (o->len == sizeof(o->buf) && flush(o) == -1)
			return -1;
		n = sizeof(o->buf) - o->len;
		if (n > len)
			n = len;
		memcpy(o->buf + o->len, p, n);
		o->len += n;
		p += n;
		len -= n;
	}
	return o->failed ? -1 : 0;
}

int
outfile_line(struct outfile *o, const char *line, size_t len)
{
	while (len > OUTFILE_LINE_MAX) {
		(void)outfile_add(o, line, OUTFILE_LINE_MAX);
		(void)outfile_add(o, "\n ", 2);
		line += OUTFILE_LINE_MAX;
		len -= OUTFILE_LINE_MAX;
	}
	(void)outfile_add(o, line, len);
	return outfile_add(o, "\n", 1);
}

int
outfile_end(struct outfile *o)
{
	return o->failed ? -1 : flush(o);
}
