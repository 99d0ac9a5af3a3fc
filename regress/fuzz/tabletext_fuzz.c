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

/* Lines of the text table protocol. */

#include <stdint.h>
#include <stdlib.h>

#include "table-relay/tabletext.c"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* Whatever was asked, the answer is one line with its id, or none. */
static void
answer(const struct request *req)
{
	char	buf[TABLETEXT_ANSWER_MAX];
	size_t	r;
	ssize_t	n;

	for (r = RESULT_FOUND; r <= RESULT_ERROR; r++) {
		n = tabletext_answer(buf, sizeof(buf), req,
		    (enum req_result)r, req->key, req->keylen);
		if (n == -1)
			continue;
		if (n < 1 || memchr(buf, '\n', n) != buf + n - 1 ||
		    memmem(buf, n, req->id, req->idlen) == NULL)
			abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct request	 req;
	const char	*p = (const char *)data, *nl;
	size_t		 len;

	while (size > 0) {
		nl = memchr(p, '\n', size);
		len = nl == NULL ? size : (size_t)(nl - p);
		if (tabletext_parse(p, len, "a|b", &req)) {
			if (req.idlen == 0 || req.idlen > TABLETEXT_ID_MAX ||
			    (req.op != REQ_BAD &&
			    req.keylen > REQUEST_KEY_MAX))
				abort();
			answer(&req);
		}
		if (nl == NULL)
			break;
		size -= len + 1;
		p = nl + 1;
	}
	return 0;
}
