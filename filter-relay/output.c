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
#include <unistd.h>

#include "base/log.h"
#include "header/verp.h"
#include "output.h"

#define OUTPUT_FAILURE	"451 4.3.0 Temporary failure, please try again later"

void
output_init(struct output *o, int fd, struct pending *pending)
{
	memset(o, 0, sizeof(*o));
	o->fd = fd;
	o->pending = pending;
}

size_t
output_waiting(const struct output *o)
{
	return o->len - o->pos;
}

/* After a write: is a line torn, and was that so before? */
static void
note_write(struct output *o)
{
	const char *rest = o->buf + o->pos, *nl;
	int before = o->midline;

	o->midline = rest[-1] != '\n';
	if (o->pending == NULL || (!o->midline && !before))
		return;
	nl = o->midline ? memchr(rest, '\n', o->len - o->pos) : NULL;
	pending_torn(o->pending, rest, nl == NULL ? 0 : nl + 1 - rest);
}

int
output_flush(struct output *o)
{
	ssize_t n;

	while (!o->failed && o->pos < o->len) {
		n = write(o->fd, o->buf + o->pos, o->len - o->pos);
		if (n > 0) {
			o->pos += n;
			note_write(o);
		} else if (n == -1 && errno == EAGAIN)
			return 1;
		else if (n == 0 || errno != EINTR)
			o->failed = 1;
	}
	if (o->failed)
		return -1;
	o->pos = o->len = 0;
	return 0;
}

/* Room for n bytes, which the caller fills.  Lack of memory ends us. */
static char *
make_room(struct output *o, size_t n)
{
	char *p;
	size_t size;

	if (o->size - o->len < n) {
		if (o->pos > 0)
			memmove(o->buf, o->buf + o->pos, o->len - o->pos);
		o->len -= o->pos;
		o->pos = 0;
		size = o->size ? o->size : OUTPUT_HIGH;
		while (size - o->len < n)
			size *= 2;
		if (size != o->size) {
			if ((p = realloc(o->buf, size)) == NULL)
				fatal("output");
			o->buf = p;
			o->size = size;
		}
	}
	p = o->buf + o->len;
	o->len += n;
	return p;
}

static char *
put_bytes(char *p, const void *s, size_t n)
{
	memcpy(p, s, n);
	return p + n;
}

void
output_register(struct output *o, const char *words)
{
	size_t n = strlen(words);
	char *p = make_room(o, 9 + n + 1);

	p = put_bytes(p, "register|", 9);
	p = put_bytes(p, words, n);
	*p = '\n';
}

/* A reply that smtpd takes, RFC 5321 4.2. */
static int
is_reply(const char *s)
{
	size_t i;

	if ((s[0] != '4' && s[0] != '5') || s[1] < '0' || s[1] > '9' ||
	    s[2] < '0' || s[2] > '9' || s[3] != ' ' || s[4] == '\0' ||
	    strlen(s) > PROTO_TEXT_MAX)
		return 0;
	for (i = 4; s[i] != '\0'; i++)
		if (s[i] < ' ' || s[i] > '~')
			return 0;
	return 1;
}

/* Word and parameter, which are right. */
static void
put_answer(struct output *o, const struct session *s, const char *word,
    const char *param, const char *end)
{
	size_t n = strlen(word), m = strlen(param), e = strlen(end);
	char *p = make_room(o, 14 + 2 * (PROTO_ID + 1) + n + m + e + 1);

	p = put_bytes(p, "filter-result|", 14);
	p = put_bytes(p, s->env.sid, PROTO_ID);
	*p++ = '|';
	p = put_bytes(p, s->token, PROTO_ID);
	*p++ = '|';
	p = put_bytes(p, word, n);
	p = put_bytes(p, param, m);
	p = put_bytes(p, end, e);
	*p = '\n';
}

void
output_result(struct output *o, const struct session *s, const char *text)
{
	if (text != NULL && !is_reply(text))
		text = OUTPUT_FAILURE;
	if (text == NULL)
		put_answer(o, s, "proceed", "", "");
	else
		put_answer(o, s, "reject|", text, "");
}

void
output_rewrite(struct output *o, const struct session *s,
    const char *address)
{
	if (verp_valid(address))
		put_answer(o, s, "rewrite|<", address, ">");
	else
		output_result(o, s, OUTPUT_FAILURE);
}

static void
put_piece(struct output *o, const struct session *s, const char *lead,
    const char *line, size_t len)
{
	size_t n = strlen(lead);
	char *p = make_room(o, 16 + 2 * (PROTO_ID + 1) + n + len + 1);

	p = put_bytes(p, "filter-dataline|", 16);
	p = put_bytes(p, s->env.sid, PROTO_ID);
	*p++ = '|';
	p = put_bytes(p, s->token, PROTO_ID);
	*p++ = '|';
	p = put_bytes(p, lead, n);
	p = put_bytes(p, line, len);
	*p = '\n';
}

int
output_dataline(struct output *o, const struct session *s, const char *line,
    size_t len)
{
	const char *lead = "";
	size_t n;
	int broken = 0;

	if (len > PROTO_LINE_MAX || memchr(line, '\0', len) != NULL ||
	    memchr(line, '\n', len) != NULL)
		return -1;
	while (s->old && strlen(lead) + len > PROTO_DATA_CUT) {
		n = PROTO_DATA_CUT - strlen(lead);
		put_piece(o, s, lead, line, n);
		line += n;
		len -= n;
		lead = " ";
		broken = 1;
	}
	put_piece(o, s, lead, line, len);
	return broken;
}

void
output_rest(struct output *o, const char *rest, size_t len)
{
	put_bytes(make_room(o, len), rest, len);
	o->midline = 1;
}

void
output_echo(struct output *o, const char *rest, size_t len)
{
	char *p = make_room(o, 16 + len);

	p = put_bytes(p, "filter-dataline|", 16);
	put_bytes(p, rest, len);
}
