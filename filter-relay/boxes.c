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

#include <stdlib.h>
#include <string.h>

#include "base/compat.h"
#include "base/log.h"
#include "boxes.h"
#include "header/handle.h"
#include "header/startaddr.h"
#include "messages.h"
#include "store/store_admin.h"

#define FRAME_BYTES	60000	/* of addresses in one frame, about */

int
boxes_fresh(const struct boxes *b)
{
	return b->set != NULL && b->watching && !b->asking &&
	    !store_watch_changed(&b->watch);
}

void
boxes_refresh(struct boxes *b, struct ipc *keeper)
{
	struct ipc_pack p;

	if (keeper == NULL || b->asking || boxes_fresh(b))
		return;
	ipc_pack_init(&p);
	ipc_put_u8(&p, b->watching == 0);
	if (b->watching)
		store_watch_begin(&b->watch);
	b->asked = b->watching;
	if (!p.failed && ipc_send(keeper, MSG_LIST, 0, p.buf, p.len,
	    -1) == 0)
		b->asking = 1;
	ipc_pack_free(&p);
}

/* What one frame holds; its flags, or -1. */
static int
take_addresses(struct boxes *b, const struct ipc_msg *msg)
{
	struct ipc_unpack u;
	const uint8_t *address;
	size_t len;
	int flags;

	ipc_unpack_init(&u, msg->data, msg->len);
	flags = ipc_get_u8(&u);
	if (flags & MSG_LIST_FIRST) {
		keyset_free(b->coming);
		b->coming = keyset_new();
	}
	if (b->coming == NULL)
		return -1;
	while (u.left > 0) {
		address = ipc_get_bytes(&u, KEYSET_KEY_MAX, &len);
		if (u.failed || keyset_put(b->coming, (const char *)address,
		    len, KEYSET_FOREVER) == -1)
			return -1;
	}
	return flags;
}

int
boxes_answer(struct boxes *b, struct ipc_msg *msg)
{
	int flags = 0;

	if (!b->watching && msg->fd != -1 &&
	    store_watch_map(&b->watch, msg->fd) == 0)
		b->watching = 1;
	/* Nothing: it cannot tell now. */
	if (msg->len > 0 && (flags = take_addresses(b, msg)) != -1) {
		if (!(flags & MSG_LIST_LAST))
			return 0;
		keyset_free(b->set);
		b->set = b->coming;
		b->coming = NULL;
		if (b->asked)
			store_watch_end(&b->watch);
	}
	b->asking = 0;
	keyset_free(b->coming);
	b->coming = NULL;
	return flags == -1 ? -1 : 0;
}

void
boxes_lost(struct boxes *b)
{
	if (b->watching)
		store_watch_unmap(&b->watch);
	b->watching = b->asking = b->asked = 0;
	keyset_free(b->coming);
	b->coming = NULL;
}

int
boxes_maybe(const struct boxes *b, const char *address)
{
	char addr[STORE_ADDR_MAX + 1], mailbox[HANDLE_ADDR_MAX + 1];
	char handle[HANDLE_LEN + 1], rpath[RPATH_LEN + 1];
	char box[ADDR_MAX + 1], whom[ADDR_MAX + 1];
	const char *domain;

	/* One that is too long is the keeper's to judge. */
	if (store_fold(address, addr, sizeof(addr)) == -1)
		return 1;
	return handle_addr_parse(addr, mailbox, sizeof(mailbox),
	    handle) == 1 || rpath_addr_parse(addr, rpath, &domain) == 1 ||
	    startaddr_parse(addr, box, whom) == 1 ||
	    (b->set != NULL && keyset_has(b->set, addr, strlen(addr), 0));
}

/* An answer while it is sent. */
struct telling {
	struct ipc	*front;
	struct ipc_pack	 pack;
	int		 fd;	/* to go with the first frame, or -1 */
};

/* Sends a frame, with a descriptor if there is one. */
static int
send_frame(struct telling *t, size_t len)
{
	int fd = t->fd;

	t->fd = -1;
	return fd == -1 ?
	    ipc_send(t->front, MSG_LIST, 0, t->pack.buf, len, -1) :
	    ipc_send_lend(t->front, MSG_LIST, 0, t->pack.buf, len, fd);
}

static int
add_mailbox(const struct store_mailbox *mb, void *arg)
{
	struct telling *t = arg;

	if (t->pack.len > FRAME_BYTES) {
		if (send_frame(t, t->pack.len) == -1)
			return -1;
		t->pack.len = 0;
		ipc_put_u8(&t->pack, 0);
	}
	ipc_put_str(&t->pack, mb->address);
	return t->pack.failed ? -1 : 0;
}

void
boxes_tell(struct store *s, struct ipc *front, const struct ipc_msg *msg)
{
	struct telling t = { front, { NULL, 0, 0, 0 }, -1 };
	struct ipc_unpack u;

	ipc_unpack_init(&u, msg->data, msg->len);
	if (ipc_get_u8(&u) == 1 && s != NULL)
		t.fd = store_watch_fd(s);
	ipc_put_u8(&t.pack, MSG_LIST_FIRST);
	if (s == NULL || store_mailbox_each(s, 0, add_mailbox, &t) == -1 ||
	    t.pack.failed)
		(void)send_frame(&t, 0);
	else {
		t.pack.buf[0] |= MSG_LIST_LAST;
		if (send_frame(&t, t.pack.len) == -1)
			(void)send_frame(&t, 0);
	}
	ipc_pack_free(&t.pack);
}
