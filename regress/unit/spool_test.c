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

#include <stdlib.h>
#include <unistd.h>

#include "filter-relay/spool.c"
#include "test.h"

/* What was added, by its letters: each part has its own. */
static void
check(struct spool *s, struct spoolfile *f, const char *text, size_t len)
{
	struct sbuf	 b;
	int		 n;

	sbuf_init(&b, 10 * SPOOL_BLOCK);
	while ((n = spoolfile_read(s, f, &b)) == 1)
		continue;
	CHECK(n == 0);
	CHECK(b.len == len);
	CHECK(len == 0 || memcmp(sbuf_str(&b), text, len) == 0);
	CHECK(spoolfile_read(s, f, &b) == 0);
	sbuf_free(&b);
}

int
main(void)
{
	const char	*dirs[] = { "/nonexistent", "/tmp", NULL };
	const char	*none[] = { "/nonexistent", NULL };
	struct spoolfile f[3];
	struct spool	*s;
	char		*text = malloc(4 * SPOOL_BLOCK);
	size_t		 i;
	int		 fd;

	memset(f, 0, sizeof(f));
	for (i = 0; i < 4 * SPOOL_BLOCK; i++)
		text[i] = (char)('a' + i / 1000 % 26);
	CHECK(spool_open(none) == -1);
	CHECK((fd = spool_open(dirs)) != -1);
	CHECK((s = spool_new(fd, 3 * SPOOL_BLOCK + 5)) != NULL);
	/* Three blocks of the file, and what is in memory. */
	CHECK(spoolfile_add(s, &f[0], text, 10) == 0);
	CHECK(spoolfile_add(s, &f[0], text + 10, 2 * SPOOL_BLOCK) == 0);
	CHECK(spoolfile_add(s, &f[1], text, SPOOL_BLOCK + 1) == 0);
	CHECK(spoolfile_add(s, &f[2], text + 7, SPOOL_BLOCK) == 0);
	CHECK(spoolfile_add(s, &f[2], text, 1) == -1);
	check(s, &f[0], text, 2 * SPOOL_BLOCK + 10);
	check(s, &f[1], text, SPOOL_BLOCK + 1);
	spoolfile_free(s, &f[2]);
	/* What is given back is there for others. */
	spoolfile_free(s, &f[0]);
	CHECK(spoolfile_add(s, &f[2], text, 3 * SPOOL_BLOCK) == 0);
	check(s, &f[2], text, 3 * SPOOL_BLOCK);
	spoolfile_free(s, &f[2]);
	spoolfile_free(s, &f[1]);
	check(s, &f[0], text, 0);
	close(fd);
	free(s->used);
	free(s);
	/* Without a file. */
	CHECK((s = spool_new(-1, 1 << 30)) != NULL);
	CHECK(spoolfile_add(s, &f[0], text, SPOOL_BLOCK) == 0);
	CHECK(spoolfile_add(s, &f[0], text, 1) == -1);
	check(s, &f[0], text, SPOOL_BLOCK);
	spoolfile_free(s, &f[0]);
	free(s->used);
	free(s);
	free(text);
	return test_done();
}
