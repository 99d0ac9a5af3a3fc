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
 * The key file: the secrets that sign tokens and from which keys for other
 * purposes are derived.  Text, root:_smtprelay 0640, one key a line:
 *
 *	key ID STATE CREATED SECRET
 *
 * ID is 1..255, STATE `live' or `retired', CREATED seconds since 1970 and
 * SECRET 64 hexadecimal digits.  Lines that begin with # are comments.  The
 * newest live key signs, every live key verifies.  A retired key keeps its
 * line without its secret (`-'), so that its id is not used again soon.
 */

#ifndef KEYS_H
#define KEYS_H

#include <sys/types.h>

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define KEYS_MAX	255
#define KEYS_SECRET	32	/* bytes */
#define KEYS_HKDF_MAX	(255 * 32)

struct keys;

/* What may be shown of a key. */
struct keys_info {
	uint8_t		 id;
	int		 retired;
	int		 signs;		/* the one that signs now */
	time_t		 created;
};

/*
 * Reads the key file at path.  A file that is missing, owned by neither
 * root nor the caller, readable or writable by others, writable by its group,
 * malformed, or without a live key is an error; err gets one sentence that
 * names file and cause.  Returns the keys, to be freed with keys_free() by
 * the caller, or NULL.
 */
struct keys *keys_open(const char *path, char *err, size_t errsize);

/* Wipes and frees keys; NULL is allowed. */
void	keys_free(struct keys *keys);

/*
 * Reads the file again if it was replaced or written since keys_open() or
 * the last reload.  Returns 1 if it was read anew, 0 if nothing changed, -1
 * on an error (err says what; the keys held before stay in force).
 */
int	keys_reload(struct keys *keys, char *err, size_t errsize);

/* The number of keys in the file, and what may be shown of the i-th. */
size_t	keys_count(const struct keys *keys);
int	keys_info(const struct keys *keys, size_t i, struct keys_info *info);

/* The id of the key that signs. */
uint8_t	keys_signer(const struct keys *keys);

/*
 * HMAC-SHA256 (RFC 2104) of data under key id.  Returns 1; 0 if there is no
 * such live key; -1 on failure.
 */
int	keys_hmac(const struct keys *keys, uint8_t id, const void *data,
	    size_t len, uint8_t mac[32]);

/*
 * Derives len bytes (at most KEYS_HKDF_MAX) for a purpose from key id, by
 * HKDF-SHA256 (RFC 5869) without salt and with purpose as info.  Returns 1;
 * 0 if there is no such live key; -1 on failure.  The caller wipes out.
 */
int	keys_derive(const struct keys *keys, uint8_t id, const char *purpose,
	    uint8_t *out, size_t len);

/* HKDF-SHA256 itself (RFC 5869 section 2): 0, or -1 on failure. */
int	keys_hkdf(const uint8_t *salt, size_t saltlen, const uint8_t *ikm,
	    size_t ikmlen, const uint8_t *info, size_t infolen, uint8_t *out,
	    size_t len);

/*
 * Makes a key file with one key, owned by uid:gid ((uid_t)-1 and (gid_t)-1
 * leave them), mode 0640.  Returns 1 if it was made, 0 if path exists (it is
 * left alone), -1 with err on an error.
 */
int	keys_init(const char *path, uid_t uid, gid_t gid, time_t now,
	    char *err, size_t errsize);

/*
 * Adds a key that signs from now on; keeps the file's owner and mode and
 * replaces it atomically.  *id gets the new key's id.  0, or -1 with err.
 */
int	keys_rotate(const char *path, time_t now, uint8_t *id, char *err,
	    size_t errsize);

/*
 * Retires key id: nothing that it signed verifies any more, and its secret
 * leaves the file.  Returns 1; 0 if there is no such live key; -1 with err
 * on an error or if it is the only live key.
 */
int	keys_retire(const char *path, uint8_t id, char *err, size_t errsize);

#endif
