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

/* The lines that smtpd sends to a filter. */

#include "filter-relay/proto.c"
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct proto_line	 pl;
	const char		*line, *s;
	char			*copy;
	size_t			 len;

	/* Not a byte more: what is read behind the end is found out. */
	if ((copy = malloc(size == 0 ? 1 : size)) == NULL)
		return 0;
	if (size > 0)
		memcpy(copy, data, size);
	line = copy;
	memset(&pl, 0xff, sizeof(pl));
	proto_parse(line, size, &pl);
	if (pl.kind > PROTO_READY && pl.kind != PROTO_OTHER)
		CLAIM(pl.sid >= line && pl.sid + PROTO_ID <= line + size &&
		    proto_is_id(pl.sid));
	if (pl.kind >= PROTO_MAIL_FROM)
		CLAIM(pl.token >= line && pl.token + PROTO_ID <= line + size &&
		    proto_is_id(pl.token));
	if (pl.kind == PROTO_CONNECT && proto_source(&pl, &s, &len) == 0)
		CLAIM(s >= line && s + len <= line + size);
	if (pl.kind == PROTO_AUTH && proto_login(&pl, &s, &len) == 1)
		CLAIM(s >= line && s + len <= line + size);
	if (pl.kind == PROTO_DATA_LINE || pl.kind == PROTO_CONFIG)
		CLAIM(pl.param >= line && pl.param + pl.paramlen ==
		    line + size);
	free(copy);
	return 0;
}
