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
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/compat.h"
#include "spool.h"

struct spool {
	int		 fd;
	uint32_t	 nblocks;
	uint32_t	 from;		/* where a free block may be */
	unsigned char	*used;
};

int
spool_open(const char *const *dirs)
{
	char	 path[1024];
	int	 fd, n;

	for (; *dirs != NULL; dirs++) {
		n = snprintf(path, sizeof(path), "%s/spool.XXXXXXXXXX", *dirs);
		if (n < 0 || (size_t)n >= sizeof(path) ||
		    (fd = mkstemp(path)) == -1)
			continue;
		if (unlink(path) == 0 && fcntl(fd, F_SETFD, FD_CLOEXEC) == 0)
			return fd;
		close(fd);
	}
	return -1;
}

struct spool *
spool_new(int fd, int64_t limit)
{
	struct spool	*s;
	int64_t		 n = fd == -1 ? 0 : limit / SPOOL_BLOCK;

	if ((s = calloc(1, sizeof(*s))) == NULL)
		return NULL;
	s->fd = fd;
	s->nblocks = n > INT32_MAX ? INT32_MAX : (uint32_t)n;
	if ((s->used = calloc(s->nblocks + 1, 1)) == NULL) {
		free(s);
		return NULL;
	}
	return s;
}

/* Takes a free block; -1 when there is none. */
static int
take_room(struct spool *s, uint32_t *block)
{
	for (; s->from < s->nblocks; s->from++)
		if (!s->used[s->from]) {
			s->used[s->from] = 1;
			*block = s->from++;
			return 0;
		}
	return -1;
}

static void
give_room(struct spool *s, uint32_t block)
{
	s->used[block] = 0;
	if (block < s->from)
		s->from = block;
}

/* The whole block, at its place in the file. */
static int
do_io(struct spool *s, uint32_t block, char *p, int out)
{
	size_t	 done = 0;
	ssize_t	 n;
	off_t	 at = (off_t)block * SPOOL_BLOCK;

	while (done < SPOOL_BLOCK) {
		n = out ? pwrite(s->fd, p + done, SPOOL_BLOCK - done,
		    at + (off_t)done) : pread(s->fd, p + done,
		    SPOOL_BLOCK - done, at + (off_t)done);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		done += (size_t)n;
	}
	return 0;
}

/* The tail is full: it goes to the file. */
static int
flush_buffer(struct spool *s, struct spoolfile *f)
{
	uint32_t	*p, block;
	size_t		 sz;

	if (f->n == f->sz) {
		sz = f->sz == 0 ? 16 : f->sz * 2;
		if ((p = reallocarray(f->block, sz, sizeof(*p))) == NULL)
			return -1;
		f->block = p;
		f->sz = sz;
	}
	if (take_room(s, &block) == -1)
		return -1;
	f->block[f->n++] = block;
	if (do_io(s, block, f->tail.data, 1) == -1)
		return -1;
	sbuf_reset(&f->tail);
	return 0;
}

int
spoolfile_add(struct spool *s, struct spoolfile *f, const char *p, size_t len)
{
	size_t	 n;

	if (!f->begun)
		sbuf_init(&f->tail, SPOOL_BLOCK);
	f->begun = 1;
	while (len > 0) {
		if (f->tail.len == SPOOL_BLOCK && flush_buffer(s, f) == -1)
			return -1;
		if ((n = SPOOL_BLOCK - f->tail.len) > len)
			n = len;
		if (sbuf_add(&f->tail, p, n) == -1)
			return -1;
		p += n;
		len -= n;
	}
	return 0;
}

int
spoolfile_read(struct spool *s, struct spoolfile *f, struct sbuf *b)
{
	char	*buf;
	int	 ret = -1;

	if (f->next == f->n) {
		if (f->ended || f->tail.len == 0)
			return 0;
		f->ended = 1;
		return sbuf_add(b, f->tail.data, f->tail.len) == -1 ? -1 : 1;
	}
	if ((buf = malloc(SPOOL_BLOCK)) == NULL)
		return -1;
	if (do_io(s, f->block[f->next], buf, 0) == 0 &&
	    sbuf_add(b, buf, SPOOL_BLOCK) == 0)
		ret = 1;
	free(buf);
	f->next++;
	return ret;
}

void
spoolfile_free(struct spool *s, struct spoolfile *f)
{
	while (f->n > 0)
		give_room(s, f->block[--f->n]);
	free(f->block);
	sbuf_free(&f->tail);
	memset(f, 0, sizeof(*f));
}
