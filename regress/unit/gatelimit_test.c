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

#include <string.h>

#include "conf/conf.h"
#include "gate/gatelimit.h"
#include "test.h"

static void
each_limit(void)
{
	struct conf_gate	 g;
	struct gatelimit	 l;
	char			 reply[512], name[] = "platform";

	memset(&g, 0, sizeof(g));
	g.name = name;
	gatelimit_set(&l, &g, "a@b.example", 3);
	CHECK(l.n == 0);
	g.limit.messages = 2000;
	g.limit.messages_span = 86400;
	g.limit_sender.recipients = 5;
	g.limit_sender.recipients_span = 3600;
	gatelimit_set(&l, &g, "A@B.example", 3);
	CHECK(l.n == 2);
	CHECK(l.v[0].count == 1 && l.v[0].limit == 2000);
	CHECK_STR(l.v[0].name, "platform");
	CHECK(l.v[1].count == 3 && l.v[1].window == 3600);
	CHECK_STR(l.v[1].name, "platform a@b.example");
	gatelimit_reply(&l, 0, &g, reply, sizeof(reply));
	CHECK_STR(reply, "451 4.7.1 Gate \"platform\" lets 2000 messages pass "
	    "within a day, please try again later");
	gatelimit_reply(&l, 1, &g, reply, sizeof(reply));
	CHECK_STR(reply, "451 4.7.1 Gate \"platform\" lets 5 recipients of "
	    "one sender pass within an hour, please try again later");
}

/* What can never pass is not to be tried for days. */
static void
too_many(void)
{
	struct conf_gate	 g;
	struct gatelimit	 l;
	char			 reply[512], name[] = "platform";

	memset(&g, 0, sizeof(g));
	g.name = name;
	g.limit.recipients = 5;
	g.limit.recipients_span = 60;
	gatelimit_set(&l, &g, "", 5);
	gatelimit_reply(&l, 0, &g, reply, sizeof(reply));
	CHECK(strncmp(reply, "451 4.7.1 ", 10) == 0);
	gatelimit_set(&l, &g, "", 6);
	gatelimit_reply(&l, 0, &g, reply, sizeof(reply));
	CHECK_STR(reply, "550 5.7.1 Gate \"platform\" lets 5 recipients pass "
	    "within a minute, and this is to more");
}

int
main(void)
{
	each_limit();
	too_many();
	return test_done();
}
