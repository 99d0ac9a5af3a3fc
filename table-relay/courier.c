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
courier_peer(int role, int fd, void *arg)
{
	(void)role;
	(void)arg;
	close(fd);
}

int
courier_main(struct privsep_child *pc, void *arg)
{
	struct table	*t = arg;

	t->courier->listening = 0;
	event_init();
	if (sandbox_courier(t->conf->outbound.courier_port) == -1 ||
	    privsep_child_event(pc, courier_peer, t) == -1)
		return 1;
	event_dispatch();
	return 1;
}
