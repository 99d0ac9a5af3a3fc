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

/* Between the sources of mimeparam.h only. */

#ifndef MIMEPARAM_INT_H
#define MIMEPARAM_INT_H

#include "mime/mimeparam.h"

#define MIMEPARAM_SEGS		400	/* parts between semicolons */
#define MIMEPARAM_SECTIONS	300	/* RFC 2231 continuations of one */
#define MIMEPARAM_NAME_MAX	60
#define MIMEPARAM_TYPE_MAX	255

/* What stands between two semicolons; the first one is the type. */
struct mimeseg {
	size_t	 off, len;	/* in raw, without the semicolons */
	char	*name;		/* lower case, NULL when no parameter */
	char	*value;		/* quotes undone, still encoded */
	size_t	 vlen;
	int	 section;	/* RFC 2231 section 3, -1 without */
	int	 extended;	/* section 4: percent-encoded */
	int	 param;		/* index in v, -1 none */
	int	 unused;	/* a duplicate, or overruled */
};

/* Makes the parameters of the segments.  0, or -1: no memory. */
int	mimejoin(struct mimefield *f);

#endif
