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
 * The frames of OpenBSD's imsg as smtpd up to 7.5 speaks them to its tables:
 * a header of 16 bytes in host byte order, then data.  Pure: works on memory
 * alone and keeps no state.
 */

#ifndef IMSGWIRE_H
#define IMSGWIRE_H

#include <sys/types.h>

#include <stdint.h>

#define IMSGWIRE_HDR		16	/* bytes of a header */
#define IMSGWIRE_MAX		16384	/* bytes of a message, header and all */
#define IMSGWIRE_DATA_MAX	(IMSGWIRE_MAX - IMSGWIRE_HDR)

struct imsgwire {
	uint32_t		 type;
	uint16_t		 flags;
	uint32_t		 peerid;
	uint32_t		 pid;
	const unsigned char	*data;		/* borrowed */
	size_t			 datalen;
};

/*
 * Looks at the len bytes at buf for one whole message.  Returns 1 and fills
 * *m, whose data points into buf (*used is what the message takes); 0 when
 * more bytes are needed; -1 when the length in the header is less than a
 * header or more than IMSGWIRE_MAX, after which nothing that follows in buf
 * can be trusted to begin a message.
 */
int	imsgwire_get(const void *buf, size_t len, struct imsgwire *m,
	    size_t *used);

/*
 * Writes *m, whose datalen may be 0, as one message into the size bytes at
 * buf.  Returns its length, or -1 when it does not fit there or is longer
 * than IMSGWIRE_MAX; buf is then untouched.
 */
ssize_t	imsgwire_put(void *buf, size_t size, const struct imsgwire *m);

#endif
