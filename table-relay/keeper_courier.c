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

#include <unistd.h>

#include "compat.h"
#include "courier_msg.h"
#include "keeper_courier.h"
#include "log.h"
#include "table-relay.h"

struct keeper_courier {
	const struct conf	*conf;
	struct store		*(*store)(void *);
	void			*arg;
	struct ipc		*courier;	/* NULL: not there */
	struct ipc		*oauth;
};

struct keeper_courier *
keeper_courier_new(const struct conf *conf, struct store *(*store)(void *),
    void *arg)
{
	struct keeper_courier	*kc;

	if ((kc = calloc(1, sizeof(*kc))) == NULL)
		return NULL;
	kc->conf = conf;
	kc->store = store;
	kc->arg = arg;
	return kc;
}

static void
kc_courier_frame(struct ipc *ch, struct ipc_msg *msg, void *arg)
{
	struct keeper_courier	*kc = arg;

	if (msg == NULL) {
		ipc_free(ch);
		kc->courier = NULL;
		return;
	}
	if (msg->type == COURIER_FIND)
		courier_send_refused(ch, msg->id, COURIER_LATER,
		    "not served");
}

static void
kc_oauth_frame(struct ipc *ch, struct ipc_msg *msg, void *arg)
{
	struct keeper_courier	*kc = arg;

	if (msg == NULL) {
		ipc_free(ch);
		kc->oauth = NULL;
	}
}

void
keeper_courier_peer(struct keeper_courier *kc, int role, int fd)
{
	struct ipc	**ch;

	ch = role == ROLE_COURIER ? &kc->courier : &kc->oauth;
	ipc_free(*ch);
	*ch = ipc_new(fd, COURIER_FRAME_MAX, COURIER_QUEUE_MAX);
	if (*ch == NULL) {
		close(fd);
		return;
	}
	if (ipc_event(*ch, role == ROLE_COURIER ? kc_courier_frame :
	    kc_oauth_frame, kc) == -1) {
		ipc_free(*ch);
		*ch = NULL;
	}
}
