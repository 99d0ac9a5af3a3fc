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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compat.h"
#include "conf/conf.h"
#include "conf/listfile.h"

struct listfile *
listfile_add(struct listfiles *lists, const char *path,
    enum listfile_kind kind)
{
	struct listfile	*lf;
	size_t		 i;

	for (i = 0; i < lists->n; i++)
		if (lists->v[i]->kind == kind &&
		    strcmp(lists->v[i]->path, path) == 0)
			return lists->v[i];
	errno = ENOSPC;
	if (lists->n == LISTFILE_MAX ||
	    (lf = calloc(1, sizeof(*lf))) == NULL)
		return NULL;
	if ((lf->path = strdup(path)) == NULL) {
		free(lf);
		return NULL;
	}
	lf->kind = kind;
	lists->v[lists->n++] = lf;
	return lf;
}

int
listfile_from(struct listfile *lf, const char *from, int line)
{
	if (lf->from != NULL)
		return 0;
	if ((lf->from = strdup(from)) == NULL)
		return -1;
	lf->line = line;
	return 0;
}

/* What is wrong with the line; 0 when it is no line. */
static void
list_why(const struct listfile *lf, size_t n, size_t line, char *why,
    size_t size)
{
	const char	*what = lf->kind == LISTFILE_NETS ?
	    "expected an address or a network such as 192.0.2.0/24" :
	    "expected one name in a line";

	if (n >= NETLIST_MAX)
		(void)snprintf(why, size, "%s:%zu: more than %d lines",
		    lf->path, line, NETLIST_MAX);
	else
		(void)snprintf(why, size, "%s:%zu: %s", lf->path, line, what);
}

int
listfile_set(struct listfile *lf, const char *text, size_t len, char *why,
    size_t size)
{
	struct netlist	 nets = { NULL, 0, 0 };
	struct wordlist	 words = { NULL, 0, 0 };
	char		*copy;
	size_t		 line = 0;
	int		 rv;

	if (len > LISTFILE_BYTES || (copy = malloc(len + 1)) == NULL) {
		(void)snprintf(why, size, "%s: %s", lf->path,
		    len > LISTFILE_BYTES ? "it is too large" : "no memory");
		return -1;
	}
	if (len > 0)
		memcpy(copy, text, len);
	rv = lf->kind == LISTFILE_NETS ?
	    netlist_text(&nets, copy, len, &line) :
	    wordlist_text(&words, copy, len, &line);
	if (rv == -1) {
		list_why(lf, lf->kind == LISTFILE_NETS ? nets.n : words.n,
		    line, why, size);
		netlist_free(&nets);
		wordlist_free(&words);
		free(copy);
		return -1;
	}
	netlist_free(&lf->nets);
	wordlist_free(&lf->words);
	free(lf->text);
	lf->nets = nets;
	lf->words = words;
	lf->text = copy;
	lf->len = len;
	return 0;
}

/* All zero for a file that is not there. */
static void
stamp_get(const char *path, struct listfile_stamp *stamp)
{
	struct stat	 st;

	memset(stamp, 0, sizeof(*stamp));
	if (stat(path, &st) == -1)
		return;
	stamp->dev = st.st_dev;
	stamp->ino = st.st_ino;
	stamp->size = st.st_size;
	stamp->mtime = st.st_mtim;
	stamp->ctime = st.st_ctim;
}

static int
stamp_same(const struct listfile_stamp *a, const struct listfile_stamp *b)
{
	return a->dev == b->dev && a->ino == b->ino && a->size == b->size &&
	    a->mtime.tv_sec == b->mtime.tv_sec &&
	    a->mtime.tv_nsec == b->mtime.tv_nsec &&
	    a->ctime.tv_sec == b->ctime.tv_sec &&
	    a->ctime.tv_nsec == b->ctime.tv_nsec;
}

/* Reads the file as it is now: 1 it is new, 0 the same, -1. */
static int
list_read(struct listfile *lf, const struct listfile_stamp *stamp,
    time_t now, char *why, size_t size)
{
	char	*text, reason[128];
	size_t	 len;
	int	 rv = 0;

	/* A clock's tick may hide what is written after this. */
	lf->young = stamp->ctime.tv_sec >= now - 2 &&
	    stamp->ctime.tv_sec <= now + 2;
	lf->stamp = *stamp;
	text = conf_read(lf->path, &len, reason, sizeof(reason));
	lf->unread = text == NULL;
	if (text == NULL) {
		(void)snprintf(why, size, "%s: %s", lf->path, reason);
		return -1;
	}
	if (lf->text == NULL || len != lf->len ||
	    memcmp(text, lf->text, len) != 0)
		rv = listfile_set(lf, text, len, why, size) == -1 ? -1 : 1;
	free(text);
	return rv;
}

int
listfile_look(struct listfile *lf, time_t now, char *why, size_t size)
{
	struct listfile_stamp	 stamp;
	int			 same, rv;

	if (now == lf->looked)
		return 0;
	lf->looked = now;
	stamp_get(lf->path, &stamp);
	same = stamp_same(&stamp, &lf->stamp);
	if (same && !lf->young)
		return 0;
	rv = list_read(lf, &stamp, now, why, size);
	return rv == -1 && same ? 0 : rv;
}

int
listfile_load(struct listfiles *lists, struct conf_errors *errors)
{
	struct listfile_stamp	 stamp;
	struct listfile		*lf;
	char			 why[LISTFILE_WHY];
	size_t			 i;
	int			 rv = 0;

	for (i = 0; i < lists->n; i++) {
		lf = lists->v[i];
		stamp_get(lf->path, &stamp);
		if (list_read(lf, &stamp, time(NULL), why, sizeof(why)) != -1)
			continue;
		conf_error(errors, lf->unread ? lf->from : NULL, lf->line,
		    why);
		rv = -1;
	}
	return rv;
}

void
listfile_free(struct listfiles *lists)
{
	struct listfile	*lf;

	while (lists->n > 0) {
		lf = lists->v[--lists->n];
		netlist_free(&lf->nets);
		wordlist_free(&lf->words);
		free(lf->text);
		free(lf->path);
		free(lf->from);
		free(lf);
	}
}

void
listfile_paths(const struct listfiles *lists, const char **paths, size_t max)
{
	size_t	 i;

	for (i = 0; i < lists->n && i < max; i++)
		paths[i] = lists->v[i]->path;
	paths[i] = NULL;
}
