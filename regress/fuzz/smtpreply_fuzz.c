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
 * Servers' replies: the pieces they come in change nothing, and the text
 * that is sent on is always a reply of one line.
 */

#include "fuzz.h"
#include "smtp/smtpreply.h"

/* Feeds all replies of the input; returns a sum of what was understood. */
static unsigned int
feed(const char *p, size_t len, size_t piece)
{
	struct smtpreply	 r;
	char			 text[SMTPREPLY_TEXT_MAX];
	const char		*line;
	unsigned int		 sum = 0;
	size_t			 i, n, used, linelen;
	int			 rv = 0;

	smtpreply_init(&r);
	while (len > 0 && rv != -1) {
		n = len < piece ? len : piece;
		rv = smtpreply_feed(&r, p, n, &used);
		CLAIM(used <= n);
		CLAIM(rv != 0 || used == n);
		p += used;
		len -= used;
		CLAIM(r.total <= SMTPREPLY_TOTAL_MAX || rv == -1);
		if (rv == -1)
			CLAIM(r.error != NULL);
		if (rv != 1)
			continue;
		CLAIM(r.code >= 200 && r.code <= 599 && r.nlines > 0);
		for (i = 0; i < (size_t)r.nlines; i++) {
			line = smtpreply_line(&r, i, &linelen);
			CLAIM(line != NULL);
			CLAIM(memchr(line, '\n', linelen) == NULL);
			sum += linelen;
		}
		smtpreply_text(&r, text, sizeof(text));
		for (i = 0; text[i] != '\0'; i++)
			CLAIM(text[i] >= ' ' && text[i] <= '~');
		CLAIM(i >= 3 && atoi(text) == r.code);
		sum = sum * 31 + r.code + i;
		smtpreply_reset(&r);
	}
	sum = sum * 31 + (rv == -1);
	smtpreply_free(&r);
	return sum;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t	 piece;

	if (size < 1)
		return 0;
	piece = 1 + data[0] % 64;
	CLAIM(feed((const char *)data + 1, size - 1, size) ==
	    feed((const char *)data + 1, size - 1, piece));
	return 0;
}
