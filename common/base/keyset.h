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
 * A set of short keys, any bytes, found by their hash.  Each has a number (a
 * time until which it is good, or what it is) or, in another set, a text.
 */

#ifndef KEYSET_H
#define KEYSET_H

#include <sys/types.h>

#include <stdint.h>

#define KEYSET_KEY_MAX	1023
#define KEYSET_TEXT_MAX	(256 * 1024)
#define KEYSET_MAX	(16 * 1024 * 1024)	/* keys */
#define KEYSET_FOREVER	INT64_MAX

struct keyset;

/* A new empty set, or NULL without memory. */
struct keyset	*keyset_new(void);

/* Frees the set and its keys; NULL is allowed. */
void		 keyset_free(struct keyset *);

/*
 * Puts the len bytes at key (copied, as they are) into the set with a number;
 * one that is there gets the new number.  Returns 0, or -1 when the key is
 * too long, the set full or memory exhausted.
 */
int		 keyset_put(struct keyset *, const char *key, size_t len,
		    int64_t number);

/*
 * Appends n bytes to the text of a key, which comes into the set if it was
 * not there.  A set's keys have all texts or all numbers.  Returns 0, or -1
 * as keyset_put() or when the text would be over KEYSET_TEXT_MAX.
 */
int		 keyset_append(struct keyset *, const char *key, size_t len,
		    const char *text, size_t n);

/* Takes a key out; it need not be there. */
void		 keyset_del(struct keyset *, const char *key, size_t len);

/* The number of the key, or 0 when it is not there. */
int64_t		 keyset_number(const struct keyset *, const char *key,
		    size_t len);

/* The text of the key, which is the set's and not terminated, its length in
 * *n; NULL when the key is not there. */
const char	*keyset_text(const struct keyset *, const char *key,
		    size_t len, size_t *n);

/* A hint that the key will be looked up soon: it sets out from memory. */
void		 keyset_prefetch(const struct keyset *, const char *key,
		    size_t len);

/* Takes out all whose number is at most now. */
void		 keyset_expire(struct keyset *, int64_t now);

/* The number of keys, those included whose time is over. */
size_t		 keyset_count(const struct keyset *);

#endif
