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

/* Writing what is made of a message. */

#ifndef COMPOSE_H
#define COMPOSE_H

#include "copyhdr.h"

/* What compose_forward() takes out and puts in. */
#define COMPOSE_REPLY	0x01	/* a worker's: smtpd's first Received,
				 * Return-Path, Delivered-To, X-Relay-* go */
#define COMPOSE_ARCHIVE	0x02	/* smtpd's delivery fields go, and X-Relay-*
				 * but for the mark of the unverified; the
				 * rest stays as it came */
#define COMPOSE_ENCODING 0x04	/* adds Content-Transfer-Encoding: 8bit, so
				 * that sendmail leaves the body alone */

/*
 * Reads the message at `in' from its offset and writes a member's copy of it
 * to `out': a header by the plan (whose `mime' is set here) and the body,
 * in which only calendar parts are changed.  Returns 0, or -1 and *why is a
 * string to log.
 */
int	compose_copy(int in, int out, struct copyhdr_plan *plan,
	    const char **why);

/* The same for the message itself, by the COMPOSE_* flags. */
int	compose_forward(int in, int out, int flags, const char **why);

#endif
