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

#include "crypto/token.h"
#include "store/own_msgid.h"
#include "store/store_admin.h"

struct search {
	const struct keys	*keys;
	struct token		 token;
	time_t			 now;
	int			 ours;
	int			 failed;
};

static int
check_mailbox(const struct store_mailbox *mb, void *arg)
{
	struct search	*b = arg;

	if (b->ours)
		return 0;
	/* With no lifetime and nothing revoked: however old it is. */
	switch (token_verify(b->keys, &b->token, mb->address, b->now, 0, 0)) {
	case TOKEN_VALID:
		b->ours = 1;
		break;
	case TOKEN_FAILED:
		b->failed = 1;
		break;
	default:
		break;
	}
	return 0;
}

int
own_msgid_check(struct store *s, const struct keys *keys, const char *msgid,
    time_t now)
{
	struct search	b = { .keys = keys, .now = now };

	if (token_msgid_parse(msgid, &b.token) != 1)
		return 0;
	if (store_mailbox_each(s, 0, check_mailbox, &b) == -1)
		return -1;
	return b.ours ? 1 : b.failed ? -1 : 0;
}
