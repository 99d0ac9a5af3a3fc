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

/* What was understood says the same again. */
static void
same(struct ipc_pack *p, const uint8_t *data, size_t size)
{
	CLAIM(!p->failed && p->len == size);
	CLAIM(size == 0 || memcmp(p->buf, data, size) == 0);
	ipc_pack_free(p);
	ipc_pack_init(p);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct msgfacts	 mf;
	struct plan	 pl;
	struct finish	 fi;
	struct ipc_pack	 p;

	ipc_pack_init(&p);
	if (msgfacts_unpack(&mf, data, size) == 0) {
		CLAIM(mf.writer != NULL && mf.ids.n <= VERDICT_LIST_MAX);
		msgfacts_pack(&p, &mf);
		same(&p, data, size);
	}
	msgfacts_free(&mf);
	if (plan_unpack(&pl, data, size) == 0) {
		CLAIM(pl.action <= PLAN_HIDE && pl.map.n % 3 == 0);
		plan_pack(&p, &pl);
		same(&p, data, size);
	}
	plan_free(&pl);
	if (finish_unpack(&fi, data, size) == 0) {
		CLAIM(fi.reply != NULL);
		finish_pack(&p, &fi);
		same(&p, data, size);
	}
	finish_free(&fi);
	ipc_pack_free(&p);
	return 0;
}
