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

int
boxes_fresh(const struct boxes *b)
{
	return b->loaded && b->watching && !b->asking &&
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

int
boxes_answer(struct boxes *b, struct ipc_msg *msg)
{
	struct strlist list;

	b->asking = 0;
	if (!b->watching && msg->fd != -1 &&
	    store_watch_map(&b->watch, msg->fd) == 0)
		b->watching = 1;
	if (msg->len == 0)
		return 0;	/* it cannot tell now */
	if (ipc_get_record(&strlist_record, &list, msg->data, msg->len) == -1)
		return -1;
	strlist_free(&b->list);
	b->list = list;
	b->loaded = 1;
	if (b->asked)
		store_watch_end(&b->watch);
	return 0;
}

void
boxes_lost(struct boxes *b)
{
	if (b->watching)
		store_watch_unmap(&b->watch);
	b->watching = b->asking = b->asked = 0;
}

static int
compare_addresses(const void *key, const void *item)
{
	return strcmp(key, *(char *const *)item);
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
	    (b->list.n > 0 && bsearch(addr, b->list.v, b->list.n,
	    sizeof(*b->list.v), compare_addresses) != NULL);
}

static int
add_mailbox(const struct store_mailbox *mb, void *arg)
{
	return strlist_add(arg, mb->address);
}

void
boxes_tell(struct store *s, struct ipc *front, const struct ipc_msg *msg)
{
	struct ipc_pack p;
	struct ipc_unpack u;
	struct strlist list;
	int fd = -1;

	memset(&list, 0, sizeof(list));
	ipc_pack_init(&p);
	ipc_unpack_init(&u, msg->data, msg->len);
	if (ipc_get_u8(&u) == 1 && s != NULL)
		fd = store_watch_fd(s);
	if (s != NULL && store_mailbox_each(s, 0, add_mailbox, &list) == 0)
		ipc_put_record(&p, &strlist_record, &list);
	if (p.failed)
		p.len = 0;
	/* Too many to tell: the front asks about each recipient. */
	if (fd == -1 ? ipc_send(front, MSG_LIST, 0, p.buf, p.len, -1) == -1 :
	    ipc_send_lend(front, MSG_LIST, 0, p.buf, p.len, fd) == -1)
		ipc_send(front, MSG_LIST, 0, NULL, 0, -1);
	ipc_pack_free(&p);
	strlist_free(&list);
}
