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
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/charset.h"
#include "json.h"

void
json_init(struct json *js, FILE *fp)
{
	memset(js, 0, sizeof(*js));
	js->fp = fp;
	js->failed = fp == NULL;
}

static void
put_quoted(struct json *js, const char *value)
{
	const unsigned char	*s = (const unsigned char *)value;
	unsigned int		 cp;
	size_t			 len, left = strlen(value);

	(void)fputc('"', js->fp);
	for (; left > 0; s += len, left -= len) {
		if ((len = charset_next((const char *)s, left, &cp)) == 0) {
			(void)fputs("\\ufffd", js->fp);
			len = 1;
		} else if (*s == '"' || *s == '\\')
			(void)fprintf(js->fp, "\\%c", *s);
		else if (*s < 0x20 || *s == 0x7f)
			(void)fprintf(js->fp, "\\u%04x", (unsigned int)*s);
		else
			(void)fwrite(s, 1, len, js->fp);
	}
	(void)fputc('"', js->fp);
}

/* What stands before a value: comma, name.  Returns 0, or -1: write none. */
static int
begin_value(struct json *js, const char *name)
{
	char	 kind;

	if (js->failed || js->done)
		goto fail;
	if (js->depth == 0) {
		if (name != NULL)
			goto fail;
		return 0;
	}
	kind = js->level[js->depth - 1].kind;
	if ((kind == '{') != (name != NULL))
		goto fail;
	if (js->level[js->depth - 1].count++ > 0)
		(void)fputc(',', js->fp);
	if (name != NULL) {
		put_quoted(js, name);
		(void)fputc(':', js->fp);
	}
	return 0;
 fail:
	js->failed = 1;
	return -1;
}

/* After a value that opens nothing. */
static void
end_value(struct json *js)
{
	if (js->depth == 0)
		js->done = 1;
}

static void
open_nested(struct json *js, const char *name, char kind)
{
	if (begin_value(js, name) == -1)
		return;
	if (js->depth >= JSON_DEPTH_MAX) {
		js->failed = 1;
		return;
	}
	(void)fputc(kind, js->fp);
	js->level[js->depth].kind = kind;
	js->level[js->depth].count = 0;
	js->depth++;
}

void
json_object(struct json *js, const char *name)
{
	open_nested(js, name, '{');
}

void
json_array(struct json *js, const char *name)
{
	open_nested(js, name, '[');
}

void
json_end(struct json *js)
{
	if (js->failed || js->depth == 0) {
		js->failed = 1;
		return;
	}
	js->depth--;
	(void)fputc(js->level[js->depth].kind == '{' ? '}' : ']', js->fp);
	end_value(js);
}

void
json_string(struct json *js, const char *name, const char *value)
{
	if (value == NULL) {
		json_null(js, name);
		return;
	}
	if (begin_value(js, name) == -1)
		return;
	put_quoted(js, value);
	end_value(js);
}

void
json_int(struct json *js, const char *name, int64_t value)
{
	if (begin_value(js, name) == -1)
		return;
	(void)fprintf(js->fp, "%" PRId64, value);
	end_value(js);
}

void
json_bool(struct json *js, const char *name, int value)
{
	if (begin_value(js, name) == -1)
		return;
	(void)fputs(value ? "true" : "false", js->fp);
	end_value(js);
}

void
json_null(struct json *js, const char *name)
{
	if (begin_value(js, name) == -1)
		return;
	(void)fputs("null", js->fp);
	end_value(js);
}

int
json_finish(struct json *js)
{
	if (js->failed || !js->done)
		return -1;
	(void)fputc('\n', js->fp);
	return fflush(js->fp) == EOF || ferror(js->fp) ? -1 : 0;
}
