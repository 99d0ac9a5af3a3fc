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

/* The courier's key and certificate, by which smtpd knows it. */

#ifndef COURIERCERT_H
#define COURIERCERT_H

#include <sys/types.h>

#include <stddef.h>
#include <time.h>

/*
 * Makes an ECDSA key (P-256) in the file key, root:gid 0640, and in the file
 * cert, 0644, a certificate for the IP address that it signs itself, good
 * for ten years.  Returns 1; 0 if both files are there (they are left
 * alone); -1 with a sentence in err, also when only one is there.
 */
int	couriercert_make(const char *key, const char *cert,
	    const char *address, gid_t gid, time_t now, char *err,
	    size_t errsize);

/*
 * Checks that both files belong together and to the address, and that the
 * certificate is good for another 30 days at now: 0, or -1 with a sentence.
 */
int	couriercert_check(const char *key, const char *cert,
	    const char *address, time_t now, char *err, size_t errsize);

#endif
