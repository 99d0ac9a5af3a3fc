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

/* What a server says of itself in its answer to EHLO or LHLO. */

#ifndef EHLO_H
#define EHLO_H

#include <stdint.h>

#include "smtp/smtpreply.h"

/* Extensions, as bits. */
#define EHLO_PIPELINING	0x0001	/* RFC 2920 */
#define EHLO_8BITMIME	0x0002	/* RFC 6152 */
#define EHLO_DSN		0x0004	/* RFC 3461 */
#define EHLO_SIZE		0x0008	/* RFC 1870 */
#define EHLO_ENHANCED	0x0010	/* RFC 2034 */
#define EHLO_SMTPUTF8	0x0020	/* RFC 6531 */
#define EHLO_STARTTLS	0x0040	/* RFC 3207 */
#define EHLO_AUTH	0x0080	/* RFC 4954 */

struct ehlo {
	unsigned int	 extensions;
	unsigned int	 mechs;		/* those that we know, sasl.h */
	unsigned int	 used;		/* the mechanism of AUTH, or 0 */
	uint64_t	 size;		/* greatest message, 0: not said */
	char		 mechlist[256];	/* all, as the server says them */
	char		 answer[128];	/* the server's to AUTH, or "" */
};

/* Reads the answer, of code 250, into *e, which is overwritten. */
void	 ehlo_parse(struct ehlo *e, const struct smtpreply *r);

#endif
