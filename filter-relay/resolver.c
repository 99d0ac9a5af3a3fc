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

#include <event.h>
#include <string.h>

#include "base/compat.h"
#include "base/log.h"
#include "dns/dnscares.h"
#include "dns/dnsipc.h"
#include "messages.h"
#include "pending.h"
#include "proc/sandbox.h"
#include "resolver.h"
#include "setup.h"

struct resolver {
	struct dns		*dns;
	struct dnsipc_server	*engine;
};

static void
on_peer(int role, int fd, void *arg)
{
	struct resolver *r = arg;

	if (role != ROLE_ENGINE) {
		close(fd);
		return;
	}
	dnsipc_server_free(r->engine);
	if ((r->engine = dnsipc_server_new(r->dns, fd)) == NULL)
		fatal("channel");
}

int
resolver_main(struct privsep_child *pc, void *arg)
{
	const struct setup *setup = arg;
	struct resolver r;

	memset(&r, 0, sizeof(r));
	pending_unmap(setup->pending);
	if (setup->spool != -1)
		close(setup->spool);
	if (event_init() == NULL)
		fatalx("event_init");
	/* Reads resolv.conf(5), which is out of reach afterwards. */
	if ((r.dns = dnscares_new(NULL, NULL)) == NULL)
		fatalx("no resolver");
	if (sandbox_network() == -1)
		fatalx("cannot confine the resolver");
	if (privsep_child_event(pc, on_peer, &r) == -1)
		fatalx("event_add");
	event_dispatch();
	return 1;
}
