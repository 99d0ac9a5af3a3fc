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

/* Whether a store is sound, which only tests ask: it reads all of it. */

#ifndef STORE_SOUND_H
#define STORE_SOUND_H

#include "store/store_db.h"

/* 1; 0 if it is damaged or a row refers to nothing; -1 on another error. */
static inline int
store_sound(struct store *s)
{
	char	 said[256];
	int	 ret;

	ret = db_text(s, said, sizeof(said), "PRAGMA integrity_check(1)", "");
	if (ret == -1)
		return store_error(s)->kind == STORE_DAMAGED ? 0 : -1;
	if (ret == 0 || strcmp(said, "ok") != 0) {
		(void)db_fail(s, STORE_DAMAGED, "%s: %s", db_path(s), said);
		return 0;
	}
	ret = db_text(s, said, sizeof(said), "PRAGMA foreign_key_check", "");
	if (ret == 1)
		(void)db_fail(s, STORE_DAMAGED, "%s: a row of %s refers to "
		    "nothing", db_path(s), said);
	return ret == -1 ? -1 : ret == 0;
}

#endif
