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

/* Secrets in short texts: header values, parameters, addresses. */

#ifndef BODYTEXT_H
#define BODYTEXT_H

#include <stddef.h>

#include "base/sbuf.h"
#include "scrub/edit.h"
#include "scrub/scrub.h"

#define BODYTEXT_MAX	131072	/* bytes of a text */

/* What is needed again and again; all of it borrowed. */
struct bodytext {
	struct scrub		*scrub;		/* room to work in */
	struct edits		*edits;		/* the same, empty */
	const struct secrets	*secrets;
	const char		*mailbox;
	const unsigned char	*seed;
};

/*
 * Appends the text without its secrets to out.  Returns how many there were,
 * or -1: no memory or out is full.
 */
int bodytext_scrub(const struct bodytext *, const char *text, size_t len,
    struct sbuf *out);

/*
 * Appends the new name of a Content-Id, given without angle brackets: the
 * same that a cid: URL in the text becomes (RFC 2392).  0 or -1.
 */
int bodytext_cid(const struct bodytext *, const char *id, size_t len,
    struct sbuf *out);

#endif
