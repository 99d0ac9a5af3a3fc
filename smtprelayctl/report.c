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

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "report.h"

#define LINE_MAX_TEXT	1024

static const char *const verdicts[] = { "pass", "warn", "fail" };

void
report_begin(struct report *r, struct ctl *ctl)
{
	memset(r, 0, sizeof(*r));
	r->ctl = ctl;
	/* A fail is what was asked for, too. */
	ctl->show_anyway = 1;
	json_object(&ctl->js, NULL);
	json_array(&ctl->js, "lines");
}

void
report_line(struct report *r, int verdict, const char *about,
    const char *check, const char *todo, const char *fmt, ...)
{
	struct json	*js = &r->ctl->js;
	char		 text[LINE_MAX_TEXT];
	va_list		 ap;

	va_start(ap, fmt);
	/* What is cut is a name server's, and for people. */
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	r->count[verdict]++;
	json_object(js, NULL);
	json_string(js, "result", verdicts[verdict]);
	json_string(js, "about", about);
	json_string(js, "check", check);
	json_string(js, "text", text);
	json_string(js, "todo", todo);
	json_end(js);
	ctl_say(r->ctl, "%s  %s: %s: %s", verdicts[verdict], about, check,
	    text);
	if (todo != NULL)
		ctl_say(r->ctl, "      %s", todo);
}

int
report_end(struct report *r)
{
	struct json	*js = &r->ctl->js;
	int		 worst = REPORT_PASS, i;

	json_end(js);
	for (i = REPORT_PASS; i <= REPORT_FAIL; i++) {
		json_int(js, verdicts[i], r->count[i]);
		if (r->count[i] > 0)
			worst = i;
	}
	json_string(js, "result", verdicts[worst]);
	json_end(js);
	ctl_say(r->ctl, "%d passed, %d to look at, %d failed",
	    r->count[REPORT_PASS], r->count[REPORT_WARN],
	    r->count[REPORT_FAIL]);
	return worst == REPORT_FAIL ? CTL_FAIL : CTL_OK;
}
