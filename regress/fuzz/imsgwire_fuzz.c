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

/* Frames and requests of the binary table protocol. */

#include <stdint.h>
#include <stdlib.h>

#include "table-relay/tableimsg.c"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* Whatever was asked, the answer is a frame that smtpd takes. */
static void
answer(const struct request *req)
{
	char		buf[IMSGWIRE_MAX];
	struct imsgwire	m;
	ssize_t		n;
	size_t		used, r;

	for (r = RESULT_FOUND; r <= RESULT_ERROR; r++) {
		n = tableimsg_answer(buf, sizeof(buf), req,
		    (enum req_result)r, req->key, req->keylen);
		if (n > 0 && (imsgwire_get(buf, n, &m, &used) != 1 ||
		    used != (size_t)n))
			abort();
		if (n == 0 && req->op != REQ_CLOSE)
			abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct imsgwire	m;
	struct request	req;
	size_t		used;
	unsigned char	again[IMSGWIRE_MAX];

	while (imsgwire_get(data, size, &m, &used) == 1) {
		if (used < IMSGWIRE_HDR || used > size ||
		    m.datalen != used - IMSGWIRE_HDR)
			abort();
		if (imsgwire_put(again, sizeof(again), &m) != (ssize_t)used ||
		    memcmp(again, data, used) != 0)
			abort();
		tableimsg_parse(&m, &req);
		if (req.keylen > REQUEST_KEY_MAX ||
		    (req.keylen > 0 && memchr(req.key, 0, req.keylen)))
			abort();
		answer(&req);
		data += used;
		size -= used;
	}
	return 0;
}
