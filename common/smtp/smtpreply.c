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
#include <string.h>

#include "smtp/smtpreply.h"

void
smtpreply_init(struct smtpreply *r)
{
	memset(r, 0, sizeof(*r));
	sbuf_init(&r->text, SMTPREPLY_TOTAL_MAX);
	sbuf_init(&r->line, SMTPREPLY_LINE_MAX);
}

void
smtpreply_free(struct smtpreply *r)
{
	sbuf_free(&r->text);
	sbuf_free(&r->line);
}

void
smtpreply_reset(struct smtpreply *r)
{
	sbuf_reset(&r->text);
	sbuf_reset(&r->line);
	r->code = r->nlines = r->done = 0;
	r->total = 0;
	r->error = NULL;
}

static int
fail_with(struct smtpreply *r, const char *why)
{
	r->error = why;
	return -1;
}

static int
is_digit(int c)
{
	return c >= '0' && c <= '9';
}

/* The code at the beginning of a line, or -1. */
static int
read_code(const char *p, size_t len)
{
	if (len < 3 || p[0] < '2' || p[0] > '5' || !is_digit(p[1]) ||
	    !is_digit(p[2]))
		return -1;
	return (p[0] - '0') * 100 + (p[1] - '0') * 10 + p[2] - '0';
}

/* A whole line, without CR LF.  1 when it was the last, 0, or -1. */
static int
take_line(struct smtpreply *r, const char *p, size_t len)
{
	int	 code;

	if ((code = read_code(p, len)) == -1 ||
	    (len > 3 && p[3] != ' ' && p[3] != '-'))
		return fail_with(r, "a line without a reply code");
	if (memchr(p, '\0', len) != NULL || memchr(p, '\r', len) != NULL)
		return fail_with(r, "a control character in a reply");
	if (r->nlines > 0 && code != r->code)
		return fail_with(r, "a reply with two codes");
	if (r->nlines == SMTPREPLY_LINES_MAX)
		return fail_with(r, "a reply of too many lines");
	r->code = code;
	r->nlines++;
	if (len > 4 && sbuf_add(&r->text, p + 4, len - 4) == -1)
		return fail_with(r, "a reply that is too long");
	if (sbuf_addch(&r->text, '\n') == -1)
		return fail_with(r, "a reply that is too long");
	return len == 3 || p[3] == ' ';
}

/* The next piece of a line; with its end when nl.  As take_line(). */
static int
add_piece(struct smtpreply *r, const char *p, size_t len, int nl)
{
	int	 rv;

	r->total += len;
	if (r->total > SMTPREPLY_TOTAL_MAX)
		return fail_with(r, "a reply that is too long");
	if (sbuf_add(&r->line, p, len) == -1)
		return fail_with(r, "a reply line that is too long");
	if (!nl)
		return 0;
	len = r->line.len;
	if (len < 2 || r->line.data[len - 2] != '\r')
		return fail_with(r, "a line that does not end in CR LF");
	rv = take_line(r, r->line.data, len - 2);
	sbuf_reset(&r->line);
	return rv;
}

int
smtpreply_feed(struct smtpreply *r, const char *buf, size_t len, size_t *used)
{
	const char	*nl;
	size_t		 n;
	int		 rv = 0;

	*used = 0;
	if (r->done)
		fail_with(r, "a reply behind the reply");
	while (r->error == NULL && rv == 0 && *used < len) {
		nl = memchr(buf + *used, '\n', len - *used);
		n = nl == NULL ? len - *used : (size_t)(nl + 1 - buf) - *used;
		rv = add_piece(r, buf + *used, n, nl != NULL);
		*used += n;
	}
	if (r->error != NULL)
		return -1;
	r->done = rv;
	return rv;
}

const char *
smtpreply_line(const struct smtpreply *r, int n, size_t *len)
{
	const char	*p = r->text.data, *nl;

	if (n < 0 || n >= r->nlines || p == NULL || r->text.failed)
		return NULL;
	for (; (nl = strchr(p, '\n')) != NULL && n > 0; n--)
		p = nl + 1;
	if (nl == NULL)
		return NULL;
	*len = nl - p;
	return p;
}

/*
 * The length of the enhanced status code (RFC 3463 section 2) at the
 * beginning of a text, when it is of the class, else 0.
 */
static size_t
skip_status(const char *p, size_t len, int class)
{
	size_t	 i, n;
	int	 part;

	if (len < 5 || p[0] != class || p[1] != '.')
		return 0;
	for (i = 2, part = 0; part < 2; part++) {
		for (n = 0; i < len && is_digit(p[i]); i++)
			n++;
		if (n < 1 || n > 3)
			return 0;
		if (part == 0 && (i == len || p[i++] != '.'))
			return 0;
	}
	return i == len || p[i] == ' ' ? i : 0;
}

void
smtpreply_text(const struct smtpreply *r, char *buf, size_t size)
{
	const char	*p;
	size_t		 len, n, used;
	int		 i;

	snprintf(buf, size, "%03d", r->code);
	used = strlen(buf);
	for (i = 0; (p = smtpreply_line(r, i, &len)) != NULL; i++) {
		n = i == 0 ? 0 : skip_status(p, len, '0' + r->code / 100);
		p += n;
		len -= n;
		while (len > 0 && (*p == ' ' || *p == '\t')) {
			p++;
			len--;
		}
		if (len > 0 && used + 1 < size)
			buf[used++] = ' ';
		for (; len > 0 && used + 1 < size; p++, len--)
			buf[used++] = *p == '\t' ? ' ' :
			    *p < ' ' || *p > '~' ? '?' : *p;
	}
	while (used > 3 && buf[used - 1] == ' ')
		used--;
	buf[used] = '\0';
}
