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

#include <string.h>

#include "imsgwire.h"

/* The header as it lies in memory; its members leave no holes. */
struct wirehdr {
	uint32_t	type;
	uint16_t	len;
	uint16_t	flags;
	uint32_t	peerid;
	uint32_t	pid;
};

int
imsgwire_get(const void *buf, size_t len, struct imsgwire *m, size_t *used)
{
	struct wirehdr	h;

	if (len < IMSGWIRE_HDR)
		return 0;
	memcpy(&h, buf, IMSGWIRE_HDR);
	if (h.len < IMSGWIRE_HDR || h.len > IMSGWIRE_MAX)
		return -1;
	if (len < h.len)
		return 0;
	m->type = h.type;
	m->flags = h.flags;
	m->peerid = h.peerid;
	m->pid = h.pid;
	m->data = (const unsigned char *)buf + IMSGWIRE_HDR;
	m->datalen = h.len - IMSGWIRE_HDR;
	*used = h.len;
	return 1;
}

ssize_t
imsgwire_put(void *buf, size_t size, const struct imsgwire *m)
{
	struct wirehdr	h;

	if (m->datalen > IMSGWIRE_DATA_MAX ||
	    size < IMSGWIRE_HDR + m->datalen)
		return -1;
	h.type = m->type;
	h.len = (uint16_t)(IMSGWIRE_HDR + m->datalen);
	h.flags = m->flags;
	h.peerid = m->peerid;
	h.pid = m->pid;
	memcpy(buf, &h, IMSGWIRE_HDR);
	if (m->datalen != 0)
		memcpy((unsigned char *)buf + IMSGWIRE_HDR, m->data,
		    m->datalen);
	return h.len;
}
