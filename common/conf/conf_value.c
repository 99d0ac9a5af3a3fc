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

#include <sys/stat.h>

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/log.h"
#include "conf/conf.h"

#define DAY	INT64_C(86400)

void
conf_list_free(struct conf_list *list)
{
	size_t	 i;

	for (i = 0; i < list->count; i++)
		free(list->item[i]);
	free(list->item);
	list->item = NULL;
	list->count = 0;
}

int
conf_list_add(struct conf_list *list, const char *s)
{
	char	**item;

	item = reallocarray(list->item, list->count + 1, sizeof(*item));
	if (item == NULL)
		return -1;
	list->item = item;
	if ((item[list->count] = strdup(s)) == NULL)
		return -1;
	list->count++;
	return 0;
}

void
conf_error(struct conf_errors *errors, const char *file, int line,
    const char *what)
{
	char	**message, *text;
	int	  r;

	if (errors->count >= CONF_ERRORS_MAX) {
		errors->dropped++;
		return;
	}
	message = reallocarray(errors->message, errors->count + 1,
	    sizeof(*message));
	if (message != NULL)
		errors->message = message;
	if (file == NULL)
		r = asprintf(&text, "%s", what);
	else if (line != 0)
		r = asprintf(&text, "%s:%d: %s", file, line, what);
	else
		r = asprintf(&text, "%s: %s", file, what);
	if (message == NULL || r == -1) {
		/* Without memory for it a mistake must still be counted. */
		errors->dropped++;
		return;
	}
	errors->message[errors->count++] = text;
}

/* Why a file must not be believed; NULL when it may be. */
static const char *
is_untrusted(const struct stat *st)
{
	if (!S_ISREG(st->st_mode))
		return "it is not a regular file";
	if (st->st_uid != 0 && st->st_uid != getuid())
		return "it must belong to root (chown root)";
	if (st->st_mode & (S_IWGRP | S_IWOTH))
		return "others than its owner may write it (chmod go-w)";
	if (st->st_size > CONF_FILE_MAX)
		return "it is too large";
	return NULL;
}

char *
conf_read(const char *path, size_t *len, char *why, size_t whysize)
{
	struct stat	 st;
	const char	*bad;
	char		*text = NULL;
	ssize_t		 n = 0;
	size_t		 size;
	int		 fd;

	/* O_NONBLOCK: a fifo must not hold up the start. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd == -1 || fstat(fd, &st) == -1)
		bad = strerror(errno);
	else if ((bad = is_untrusted(&st)) == NULL &&
	    (text = malloc(CONF_FILE_MAX + 1)) == NULL)
		bad = strerror(errno);
	if (bad != NULL)
		goto out;
	for (size = 0; size <= CONF_FILE_MAX; size += (size_t)n)
		if ((n = read(fd, text + size, CONF_FILE_MAX + 1 - size)) <= 0)
			break;
	if (n == -1)
		bad = strerror(errno);
	else if (size > CONF_FILE_MAX)
		bad = "it is too large";
	*len = size;
 out:
	if (fd != -1)
		close(fd);
	if (bad != NULL) {
		(void)strlcpy(why, bad, whysize);
		free(text);
		return NULL;
	}
	return text;
}

int
conf_relative(const char *base, const char *path, char *full, size_t size)
{
	const char	*slash = strrchr(base, '/');
	int		 r;

	if (path[0] == '/' || slash == NULL)
		r = snprintf(full, size, "%s", path);
	else
		r = snprintf(full, size, "%.*s/%s", (int)(slash - base), base,
		    path);
	return r < 0 || (size_t)r >= size ? -1 : 0;
}

int
conf_is_our_domain(const struct conf *conf, const char *domain)
{
	size_t	 i;

	for (i = 0; i < conf->domains.count; i++)
		if (strcasecmp(conf->domains.item[i], domain) == 0)
			return 1;
	return 0;
}

/* Numbers with units, as relay.conf(5) and smtprelayctl(8) take them. */

/*
 * Digits and at most one letter of `units', whose factors are in `factors';
 * without a letter `bare' is the factor (0: a letter must stand).
 */
static int
scale_number(const char *text, const char *units, const int64_t *factors,
    int64_t bare, int64_t *result)
{
	const char	*unit;
	int64_t		 n = 0, factor = bare;

	if (!isdigit((unsigned char)*text))
		return -1;
	for (; isdigit((unsigned char)*text); text++) {
		if (n > (INT64_MAX - (*text - '0')) / 10)
			return -1;
		n = n * 10 + (*text - '0');
	}
	if (*text != '\0') {
		if ((unit = strchr(units, *text)) == NULL || text[1] != '\0')
			return -1;
		factor = factors[unit - units];
	}
	if (factor == 0 || n > INT64_MAX / factor)
		return -1;
	*result = n * factor;
	return 0;
}

int
conf_duration(const char *text, int64_t *seconds)
{
	static const int64_t	 factors[] = { 1, 60, 3600, 86400, 604800 };

	return scale_number(text, "smhdw", factors, 0, seconds);
}

int
conf_size(const char *text, int64_t *bytes)
{
	static const int64_t	 factors[] = {
		1024, 1024 * 1024, 1024 * 1024 * 1024
	};

	return scale_number(text, "KMG", factors, 1, bytes);
}
