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
 * How a DNS list of addresses (RFC 5782) is written:
 *
 *	zen.list.example			listed, whatever the code
 *	zen.list.example=127.0.0.2,127.0.0.4-127.0.0.7
 *						listed with one of these codes
 */

#ifndef DNSLISTNAME_H
#define DNSLISTNAME_H

#include <stdint.h>

#include "base/compat.h"

#define DNSLIST_NAME_MAX	253	/* bytes, RFC 1035 2.3.4 */
#define DNSLIST_CODES_MAX	16	/* codes and ranges of one list */

struct dnslist {
	char		 name[DNSLIST_NAME_MAX + 1];	/* lower case */
	size_t		 n;		/* 0: any code */
	struct {
		uint32_t	from, to;	/* host byte order */
	}		 codes[DNSLIST_CODES_MAX];
};

/*
 * Reads what was written.  0, or -1 when it is none: a name of two labels
 * and more, codes inside 127.0.0.0/8.
 */
int	 dnslist_parse(struct dnslist *l, const char *text);

#endif
