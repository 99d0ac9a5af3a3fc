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

/*
 * A message on its way through: unlinked files beside the database, which
 * vanish with the process whatever ends it.
 */

#ifndef MAILFILE_H
#define MAILFILE_H

#include <stdint.h>

#define MAILFILE_DIGEST	32		/* bytes of a SHA-256 */
#define MAILFILE_MAX	INT64_C(1073741824)	/* bytes of a message */

/*
 * Makes an empty file without a name in the directory of `database', open
 * for reading and writing and close-on-exec.  Returns its descriptor, or -1
 * with errno set.
 */
int	mailfile_open(const char *database);

/*
 * Copies `in' up to its end of file into `fd' and sets `digest' to the
 * SHA-256 of `recipient', a NUL, and what was copied.  Returns 0, or -1 with
 * errno set: EFBIG when there were more than MAILFILE_MAX bytes, ENOSPC, ...
 */
int	mailfile_fill(int fd, int in, const char *recipient,
	    uint8_t digest[MAILFILE_DIGEST]);

/* Empties the file, for the next message.  Returns 0, or -1 with errno. */
int	mailfile_clear(int fd);

/* Sets the file's offset to its beginning.  Returns 0, or -1 with errno. */
int	mailfile_rewind(int fd);

#endif
