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
 * A strict reader of JSON (RFC 8259): one object, whose own members are told
 * one by one; what is nested in them is checked and skipped.  A text that
 * breaks the rules or a limit anywhere is refused as a whole, but members
 * that stood before that have been told: use them only after success.
 */

#ifndef JSONREAD_H
#define JSONREAD_H

#include <stddef.h>

#define JSONREAD_MAX		65536	/* bytes of a text */
#define JSONREAD_DEPTH_MAX	16
#define JSONREAD_STRING_MAX	16384	/* bytes of a string, decoded */

enum jsonread_type {
	JSONREAD_STRING,
	JSONREAD_NUMBER,	/* as it is written */
	JSONREAD_TRUE,
	JSONREAD_FALSE,
	JSONREAD_NULL,
	JSONREAD_NESTED		/* an object or array; its value is "" */
};

/*
 * A member: name and value are strings in UTF-8, the callee's during the
 * call.  Returns 0, or -1 to have the text refused.
 */
typedef int jsonread_cb(const char *name, enum jsonread_type type,
    const char *value, void *arg);

/*
 * Reads len bytes, all of them.  Returns 0, or -1: it is no JSON object, is
 * too long or too deep, holds U+0000, what is no UTF-8, or cb said so, or
 * memory is exhausted.  What was decoded on the way is wiped.
 */
int	 jsonread_object(const char *buf, size_t len, jsonread_cb *cb,
	    void *arg);

#endif
