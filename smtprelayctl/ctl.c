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
#include <stdlib.h>
#include <string.h>

#include "base/charset.h"
#include "ctl.h"

static void	complain(struct ctl *, const char *, va_list)
		    __attribute__((__format__ (printf, 2, 0)));

static void
complain(struct ctl *ctl, const char *fmt, va_list ap)
{
	char	 text[2048];

	(void)vsnprintf(text, sizeof(text), fmt, ap);
	(void)fprintf(stderr, "smtprelayctl: %s\n", text);
	(void)conf_list_add(&ctl->errors, text);
}

int
ctl_fail(struct ctl *ctl, const char *fmt, ...)
{
	va_list	 ap;

	va_start(ap, fmt);
	complain(ctl, fmt, ap);
	va_end(ap);
	return CTL_FAIL;
}

int
ctl_usage(struct ctl *ctl, const char *fmt, ...)
{
	va_list	 ap;

	va_start(ap, fmt);
	complain(ctl, fmt, ap);
	va_end(ap);
	return CTL_USAGE;
}

/*
 * Whether a control character of ASCII or of Unicode's second set (C2 80 to
 * C2 9F in UTF-8), which some terminals obey too, is at `s'.
 */
static int
has_control(const unsigned char *s)
{
	return (*s < 0x20 && *s != '\t') || *s == 0x7f ||
	    (*s == 0xc2 && s[1] >= 0x80 && s[1] <= 0x9f);
}

int
ctl_text(struct ctl *ctl, const char *text)
{
	const unsigned char	*s;

	for (s = (const unsigned char *)text; *s != '\0'; s++)
		if (has_control(s) || *s == '\t')
			break;
	if (*s == '\0' && s != (const unsigned char *)text &&
	    charset_is_utf8(text, strlen(text)))
		return 0;
	(void)ctl_usage(ctl, "expected a name in UTF-8, not empty and "
	    "without control characters");
	return -1;
}

void
ctl_say(struct ctl *ctl, const char *fmt, ...)
{
	unsigned char	*s;
	char		*line;
	va_list		 ap;
	int		 r;

	if (ctl->json)
		return;
	va_start(ap, fmt);
	r = vasprintf(&line, fmt, ap);
	va_end(ap);
	if (r == -1)
		return;
	for (s = (unsigned char *)line; *s != '\0'; s++) {
		if (!has_control(s))
			continue;
		if (*s == 0xc2)
			*s++ = '?';
		*s = '?';
	}
	(void)fprintf(ctl->out, "%s\n", line);
	free(line);
}

/* Keeps a value; 0 or -1. */
static int
take_value(struct ctl *ctl, int letter, const char *value)
{
	if (ctl->nvalues == CTL_VALUES_MAX) {
		(void)ctl_usage(ctl, "too many options");
		return -1;
	}
	ctl->opt[letter] = value;
	ctl->values[ctl->nvalues].letter = letter;
	ctl->values[ctl->nvalues++].value = value;
	return 0;
}

const char *
ctl_value(const struct ctl *ctl, int letter, int i)
{
	int	 k;

	for (k = 0; k < ctl->nvalues; k++)
		if (ctl->values[k].letter == letter && i-- == 0)
			return ctl->values[k].value;
	return NULL;
}

/*
 * One argument that begins with `-': letters, the last of which may take a
 * value, the rest of the argument or else the next one.  Returns how many
 * arguments were used, or -1.
 */
static int
take_option(struct ctl *ctl, const char *options, int argc, char **argv)
{
	const char	*p, *known;

	for (p = argv[0] + 1; *p != '\0'; p++) {
		if ((unsigned char)*p >= 0x80 || *p == ':' ||
		    (known = strchr(options, *p)) == NULL) {
			(void)ctl_usage(ctl, "unknown option -%c", *p);
			return -1;
		}
		if (known[1] != ':') {
			ctl->opt[(unsigned char)*p] = "";
			continue;
		}
		if (p[1] != '\0')
			return take_value(ctl, *p, p + 1) == -1 ? -1 : 1;
		if (argc < 2) {
			(void)ctl_usage(ctl, "option -%c needs a value", *p);
			return -1;
		}
		return take_value(ctl, *p, argv[1]) == -1 ? -1 : 2;
	}
	return 1;
}

int
ctl_args(struct ctl *ctl, const char *options, int argc, char **argv)
{
	int	 i = 0, used, only = 0;

	ctl->arg = argv;
	ctl->argc = 0;
	while (i < argc) {
		if (!only && strcmp(argv[i], "--") == 0) {
			only = 1;
			i++;
		} else if (!only && argv[i][0] == '-' && argv[i][1] != '\0') {
			used = take_option(ctl, options, argc - i, argv + i);
			if (used == -1)
				return -1;
			i += used;
		} else
			argv[ctl->argc++] = argv[i++];
	}
	return 0;
}
