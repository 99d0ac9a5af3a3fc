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


#include <sys/types.h>

#include <event.h>
#include <unistd.h>

#include "compat.h"
#include "courier_msg.h"
#include "log.h"
#include "sandbox.h"
#include "table-relay.h"

static void
oauth_peer(int role, int fd, void *arg)
{
	(void)role;
	(void)arg;
	close(fd);
}

int
oauth_main(struct privsep_child *pc, void *arg)
{
	struct table	*t = arg;

	table_forget(t);
	event_init();
	if (sandbox_network() == -1 ||
	    privsep_child_event(pc, oauth_peer, t) == -1)
		return 1;
	event_dispatch();
	return 1;
}
