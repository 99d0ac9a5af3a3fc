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

/* What engine and keeper of filter-relay tell each other. */

#include "filter-relay/verdict.c"
#include "fuzz.h"

/* A frame that is understood says the same again. */
static void
frame(const struct ipc_record *r, void *v, const uint8_t *data, size_t size)
{
	struct ipc_pack	 p;

	if (ipc_get_record(r, v, data, size) == -1)
		return;
	ipc_pack_init(&p);
	ipc_put_record(&p, r, v);
	CLAIM(!p.failed && p.len == size);
	CLAIM(size == 0 || memcmp(p.buf, data, size) == 0);
	ipc_pack_free(&p);
	ipc_free_record(r, v);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct header_summary	 header;
	struct plan		 plan;
	struct finish		 finish;

	frame(&summary_record, &header, data, size);
	frame(&plan_record, &plan, data, size);
	frame(&finish_record, &finish, data, size);
	return 0;
}
