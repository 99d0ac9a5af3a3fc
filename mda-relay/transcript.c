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

#include <string.h>

#include "base/compat.h"
#include "transcript.h"

void
transcript_init(struct transcript *t)
{
	memset(t, 0, sizeof(*t));
}

static void
take_line(struct transcript *t)
{
	const char	*p;

	t->line[t->len] = '\0';
	t->len = 0;
	if (strncmp(t->line, ">>> ", 4) == 0) {
		p = t->line + 4;
		t->session = 1;
		t->rcpt = strncasecmp(p, "RCPT TO:", 8) == 0;
		t->dot = strcmp(p, ".") == 0;
		return;
	}
	if (strncmp(t->line, "<<< ", 4) != 0) {
		/* an error of sendmail's own, unless smtpd's words are known */
		if (t->line[0] != '\0' && t->reply[0] == '\0')
			(void)strlcpy(t->reply, t->line, sizeof(t->reply));
		return;
	}
	p = t->line + 4;
	t->session = 1;
	if (t->accepted)
		return;
	(void)strlcpy(t->reply, p, sizeof(t->reply));
	if (strlen(p) > 3 && p[3] == '-')
		return;
	if (t->dot && p[0] == '2')
		t->accepted = 1;
	else if (t->rcpt && p[0] == '5')
		t->refused = 1;
}

void
transcript_feed(struct transcript *t, const char *p, size_t len)
{
	unsigned char	c;

	for (; len > 0; p++, len--) {
		c = (unsigned char)*p;
		if (c == '\n') {
			take_line(t);
			continue;
		}
		if (c == '\r' || t->len >= sizeof(t->line) - 1)
			continue;
		t->line[t->len++] = c < 0x20 || c > 0x7e ? '?' : (char)c;
	}
}

void
transcript_end(struct transcript *t)
{
	if (t->len > 0)
		take_line(t);
}
