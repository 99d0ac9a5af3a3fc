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

/* What keys.c and keys_file.c share. */

#ifndef KEYS_INT_H
#define KEYS_INT_H

#include <sys/stat.h>

#include <limits.h>

#include "crypto/keys.h"

#define KEYS_FILE_MAX	(64 * 1024)	/* bytes of a key file */

struct key {
	uint8_t		 id;
	int		 retired;
	time_t		 created;
	uint8_t		 secret[KEYS_SECRET];
};

struct keys {
	char		 path[PATH_MAX];
	dev_t		 dev;		/* of the file as it was read */
	ino_t		 ino;
	struct timespec	 mtime;
	off_t		 size;
	size_t		 n;
	size_t		 signer;	/* index; n if no key is live */
	struct key	 key[KEYS_MAX];
};

/* Writes one sentence into err; always returns -1. */
int	keys_fail(char *err, size_t errsize, const char *fmt, ...)
	    __attribute__((__format__(printf, 3, 4)));

/* Finds the key that signs: the newest live one, of equal age the last. */
void	keys_choose(struct keys *keys);

/* Reads the file into keys, whose path is set.  0, or -1 with err. */
int	keys_read(struct keys *keys, char *err, size_t errsize);

#endif
