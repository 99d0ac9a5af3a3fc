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

/*
 * The limit: a filter that reads and writes big chunks and looks at nothing
 * but the beginning of a line.  It answers data lines alone.
 */

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHUNK	(256 * 1024)

static char in[CHUNK + 131072], out[2 * sizeof(in)];

static void
put(const char *p, size_t len)
{
	ssize_t n;

	for (; len > 0; p += n, len -= n)
		if ((n = write(1, p, len)) <= 0)
			err(1, "write");
}

/* Answers a line: the length of the answer at o. */
static size_t
answer(char *o, const char *line, size_t len)
{
	static const char mark[] = "|smtp-in|data-line|";
	static const char ready[] = "register|filter|smtp-in|data-line\n"
	    "register|ready\n";
	const char *p;
	char text[512], *phase, *sid, *token, *q;

	p = memchr(line + 9, '|', len - 9);
	if (p != NULL && memcmp(line, "filter|", 7) == 0)
		p = memchr(p + 1, '|', line + len - p - 1);
	if (p != NULL && memcmp(p, mark, sizeof(mark) - 1) == 0) {
		p += sizeof(mark) - 1;
		memcpy(o, "filter-dataline|", 16);
		memcpy(o + 16, p, line + len + 1 - p);
		return 16 + (line + len + 1 - p);
	}
	if (strncmp(line, "config|ready\n", 13) == 0) {
		memcpy(o, ready, sizeof(ready) - 1);
		return sizeof(ready) - 1;
	}
	if (memcmp(line, "filter|", 7) != 0 || len >= sizeof(text))
		return 0;
	memcpy(text, line, len);
	text[len] = '\0';
	q = text;
	strsep(&q, "|");
	strsep(&q, "|");
	strsep(&q, "|");
	strsep(&q, "|");
	phase = strsep(&q, "|");
	sid = strsep(&q, "|");
	token = strsep(&q, "|");
	if (phase == NULL || sid == NULL || token == NULL)
		return 0;
	return sprintf(o, "filter-result|%s|%s|proceed\n", sid, token);
}

int
main(void)
{
	size_t have = 0, len;
	ssize_t n;
	char *line, *nl;

	while ((n = read(0, in + have, CHUNK)) > 0) {
		have += n;
		len = 0;
		line = in;
		while ((nl = memchr(line, '\n', in + have - line)) != NULL) {
			if (nl - line > 9)
				len += answer(out + len, line, nl - line);
			line = nl + 1;
		}
		put(out, len);
		have = in + have - line;
		if (have > 131072)
			errx(1, "line too long");
		memmove(in, line, have);
	}
	return 0;
}
