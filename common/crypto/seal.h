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
 * Secrets at rest: AES-256-GCM under a key that HKDF derives from the key
 * file.  What is sealed opens only under the same key, for the same purpose
 * and with the same associated data.  The form is base64 of: version (1
 * byte), key id (1), nonce (12, random), ciphertext, tag (16).
 */

#ifndef SEAL_H
#define SEAL_H

#include <stddef.h>
#include <stdint.h>

#include "crypto/keys.h"

#define SEAL_PLAIN_MAX	8192	/* bytes that can be sealed */
#define SEAL_AD_MAX	1024	/* bytes of associated data */
#define SEAL_TEXT_MAX	(((SEAL_PLAIN_MAX + 30) + 2) / 3 * 4)

/*
 * Seals len bytes with the key that signs; purpose is told to HKDF.  out
 * gets the text, with its NUL, in size bytes.  0, or -1 if something is too
 * long or libcrypto fails.
 */
int	seal_close(const struct keys *keys, const char *purpose,
	    const void *ad, size_t adlen, const void *plain, size_t len,
	    char *out, size_t size);

/*
 * Opens a sealed text into size bytes at plain; *len gets their number.
 * Returns 1; 0 if it does not open: malformed, changed, of another account,
 * or under a key that is not (any longer) in the key file; -1 on a failure,
 * or if it does not fit.  The caller wipes plain.
 */
int	seal_open(const struct keys *keys, const char *purpose,
	    const void *ad, size_t adlen, const char *sealed, void *plain,
	    size_t size, size_t *len);

/* Tells the id of the key that sealed: 1, or 0 if it is malformed. */
int	seal_key(const char *sealed, uint8_t *id);

#endif
