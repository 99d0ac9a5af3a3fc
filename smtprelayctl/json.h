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
 * A strict writer of JSON (RFC 8259).  What is written is either one whole
 * value or an error: calls out of order, without a name where one belongs,
 * or too deep make the writer fail, and it stays failed until its end.
 */

#ifndef JSON_H
#define JSON_H

#include <stdint.h>
#include <stdio.h>

#include "base/compat.h"

#define JSON_DEPTH_MAX	16

struct json {
	FILE		*fp;
	int		 depth;
	int		 failed;
	int		 done;			/* the value is complete */
	struct {
		char	 kind;			/* '{' or '[' */
		int	 count;			/* members so far */
	}		 level[JSON_DEPTH_MAX];
};

/*
 * Begins one value on `fp', which stays the caller's.  Without a stream
 * (NULL) every call is allowed and does nothing.
 */
void	json_init(struct json *, FILE *fp);

/*
 * Objects and arrays.  `name' is the member's name inside an object, and
 * NULL inside an array and for the value itself.
 */
void	json_object(struct json *, const char *name);
void	json_array(struct json *, const char *name);

/* Ends the innermost object or array. */
void	json_end(struct json *);

/*
 * Plain values.  Bytes that are no UTF-8 become U+FFFD; a NULL string is
 * written as null.
 */
void	json_string(struct json *, const char *name, const char *value);
void	json_int(struct json *, const char *name, int64_t value);
void	json_bool(struct json *, const char *name, int value);
void	json_null(struct json *, const char *name);

/*
 * Writes the final newline.  Returns 0, or -1 when anything had failed, the
 * value is not complete or the stream does not take it.
 */
int	json_finish(struct json *);

#endif
