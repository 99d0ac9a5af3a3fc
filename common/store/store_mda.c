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

#include "store/store_int.h"
#include "store/store_mail.h"
#include "store/store_mda.h"

int
store_durable(struct store *s, int on)
{
	return db_exec(s, on ? "PRAGMA synchronous = FULL" :
	    "PRAGMA synchronous = NORMAL");
}

int
store_copy_known(struct store *s, uint32_t worker, const char *msgid)
{
	char	 bare[STORE_MSGID_MAX + 1];
	int64_t	 n;

	if (rule_msgid(s, msgid, bare) == -1)
		return -1;
	return db_number(s, &n, "SELECT id FROM copy WHERE worker = ? AND "
	    "msgid = ? LIMIT 1", "it", (int64_t)worker, bare);
}

int
store_message_byown(struct store *s, uint64_t mailbox, uint32_t worker,
    const char *own, struct store_message *m)
{
	char	 bare[STORE_MSGID_MAX + 1];
	int64_t	 id;
	int	 n;

	if (rule_msgid(s, own, bare) == -1)
		return -1;
	n = db_number(s, &id, "SELECT id FROM message WHERE worker = ? AND "
	    "own = ? AND mailbox = ? ORDER BY id LIMIT 1", "iti",
	    (int64_t)worker, bare, (int64_t)mailbox);
	return n == 1 ? store_message_get(s, (uint64_t)id, m) : n;
}
