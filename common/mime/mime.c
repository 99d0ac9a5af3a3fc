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
#include <stdlib.h>
#include <string.h>

#include "mime/mime.h"
#include "mime/qp.h"

void
mime_free(struct mime *m)
{
	mime_shut(m, 0);
}

void
mime_shut(struct mime *m, size_t n)
{
	while (m->n > n)
		free(m->level[--m->n].boundary);
}

/* "=_" never stands in quoted-printable or base64 (RFC 2045 6.7). */
static void
rename_boundary(struct mime *m, struct mime_level *l,
    const unsigned char *seed)
{
	uint64_t	h = 14695981039346656037u + ++m->made;
	size_t		i;

	for (i = 0; i < 16; i++)
		h = (h ^ seed[i]) * 1099511628211u;
	h ^= h >> 32;
	snprintf(l->renamed, sizeof(l->renamed), "=_%016llx.%x",
	    (unsigned long long)h, (unsigned int)m->made);
}

int
mime_open(struct mime *m, const char *boundary, const unsigned char *seed)
{
	struct mime_level	*l;

	if (m->n == MIME_DEPTH_MAX ||
	    (boundary != NULL && strlen(boundary) > MIME_BOUNDARY_MAX))
		return 0;
	l = &m->level[m->n];
	memset(l, 0, sizeof(*l));
	if (boundary != NULL) {
		if ((l->boundary = strdup(boundary)) == NULL)
			return -1;
		l->len = qp_trim(boundary, strlen(boundary));
		rename_boundary(m, l, seed);
	}
	m->n++;
	return 1;
}

int
mime_delimiter(const struct mime *m, const char *line, size_t len,
    size_t *at, int *end)
{
	size_t	i;

	if (len < 3 || line[0] != '-' || line[1] != '-' || m->n == 0)
		return 0;
	line += 2;
	len = qp_trim(line, len - 2);
	for (i = m->n; i > 0; i--) {
		const struct mime_level *l = &m->level[i - 1];

		if (l->boundary == NULL || len < l->len ||
		    memcmp(line, l->boundary, l->len) != 0)
			continue;
		*at = i - 1;
		*end = 0;
		if (len == l->len)
			return 1;
		*end = 1;
		if (len == l->len + 2 && line[l->len] == '-' &&
		    line[l->len + 1] == '-')
			return 1;
	}
	return 0;
}
