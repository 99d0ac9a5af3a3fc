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

/* Which accounts the process that gets access tokens keeps in mind. */

#include <stdlib.h>
#include <string.h>

#include "table-relay/courier/courier_msg.c"
#include "table-relay/oauth.c"
#include "test.h"

static struct oauth	o;

/* A frame that names an account, of the courier or of the keeper. */
static void
frame(uint32_t type, uint64_t id, uint64_t generation)
{
	struct ipc_pack	p;
	struct ipc_msg	msg;

	ipc_pack_init(&p);
	ipc_put_u64(&p, id);
	ipc_put_u64(&p, generation);
	memset(&msg, 0, sizeof(msg));
	msg.type = type;
	msg.id = id;
	msg.data = p.buf;
	msg.len = p.len;
	msg.fd = -1;
	if (type == COURIER_TOKEN)
		on_courier(NULL, &msg, &o);
	else
		on_keeper(NULL, &msg, &o);
	ipc_pack_free(&p);
}

int
main(void)
{
	struct oauth_account	*a;
	uint64_t		 i;

	event_init();
	RB_INIT(&o.accounts);
	for (i = 1; i <= 4; i++)
		frame(COURIER_TOKEN, i, 10);
	CHECK(o.naccounts == 4);

	/* Deleted: forgotten, whatever was to be stored for it. */
	if ((a = lookup_account(&o, 1)) == NULL)
		return 1;
	a->refresh = strdup("newer");
	frame(OAUTH_GONE, 1, 10);
	CHECK(o.naccounts == 3 && lookup_account(&o, 1) == NULL);
	frame(OAUTH_GONE, 1, 10);
	/* Of another generation, or not asked for: no word about this one. */
	frame(OAUTH_GONE, 2, 11);
	CHECK(o.naccounts == 3);

	/* Not to be read now: it may be the next time. */
	if ((a = lookup_account(&o, 2)) == NULL)
		return 1;
	a->refresh = strdup("newer");
	frame(OAUTH_NONE, 2, 10);
	CHECK(lookup_account(&o, 2) == a && a->retry > 0);
	CHECK_STR(a->refresh, "newer");
	frame(OAUTH_GONE, 2, 10);
	CHECK(lookup_account(&o, 2) == a);

	/* A token that ran out unused; what is not stored yet stays. */
	a->waiting = 0;
	a->token = strdup("unused");
	on_timer(-1, 0, a);
	CHECK(lookup_account(&o, 2) == a && a->token == NULL);
	wipe_string(&a->refresh);
	on_timer(-1, 0, a);
	CHECK(lookup_account(&o, 2) == NULL && o.naccounts == 2);
	return test_done();
}
