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

/* Quoted-printable: any line is read to its end, and what is written reads. */

#include <string.h>

#include "fuzz.h"
#include "mime/qp.h"

static void
read_line(const char *line, size_t len)
{
	unsigned char	byte, again;
	size_t		pos = 0, was, p2 = 0;
	char		enc[3];
	int		kind;

	len = qp_trim(line, len);
	do {
		was = pos;
		kind = qp_next(line, len, &pos, &byte);
		CLAIM(pos <= len);
		CLAIM(kind == QP_END ? pos == len : pos > was);
		if (kind != QP_BYTE)
			continue;
		p2 = 0;
		CLAIM(qp_next(enc, qp_encode(byte, enc), &p2, &again) ==
		    QP_BYTE);
		CLAIM(again == byte);
	} while (kind == QP_BYTE || kind == QP_STRAY);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char	*p = (const char *)data, *end = p + size, *eol;

	for (; p < end; p = eol + 1) {
		if ((eol = memchr(p, '\n', (size_t)(end - p))) == NULL)
			eol = end;
		read_line(p, (size_t)(eol - p));
	}
	return 0;
}
