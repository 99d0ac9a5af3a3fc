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

#include "batch.h"

#define BATCH_SIZE	60000	/* bytes of records in one frame */
#define BATCH_SEND	10000	/* ms for the front to take a frame */

void
batch_start(struct batch *b, struct ipc *ch, uint64_t id)
{
	b->ch = ch;
	b->id = id;
	b->type = 0;
	b->failed = 0;
	ipc_pack_init(&b->pack);
}

static void
flush_frame(struct batch *b)
{
	if (b->pack.failed || (b->pack.len > 0 && ipc_send_wait(b->ch, b->type,
	    b->id, b->pack.buf, b->pack.len, -1, BATCH_SEND) == -1))
		b->failed = 1;
	ipc_pack_free(&b->pack);
	ipc_pack_init(&b->pack);
}

/* Makes ready for a record of a type. */
static int
begin_record(struct batch *b, uint32_t type)
{
	if (type != b->type || b->pack.len >= BATCH_SIZE)
		flush_frame(b);
	b->type = type;
	return b->failed ? -1 : 0;
}

int
batch_clear(struct batch *b)
{
	flush_frame(b);
	if (!b->failed && ipc_send(b->ch, MIRROR_CLEAR, b->id, NULL, 0,
	    -1) == -1)
		b->failed = 1;
	return b->failed ? -1 : 0;
}

int
batch_put(struct batch *b, const char *address, uint64_t until)
{
	if (begin_record(b, MIRROR_PUT) == -1)
		return -1;
	ipc_put_u64(&b->pack, until);
	ipc_put_str(&b->pack, address);
	return 0;
}

int
batch_del(struct batch *b, const char *address)
{
	if (begin_record(b, MIRROR_DEL) == -1)
		return -1;
	ipc_put_str(&b->pack, address);
	return 0;
}

int
batch_forget(struct batch *b, const char *login)
{
	if (begin_record(b, MIRROR_FORGET) == -1)
		return -1;
	ipc_put_str(&b->pack, login);
	return 0;
}

int
batch_may(struct batch *b, const char *login, const char *address)
{
	if (begin_record(b, MIRROR_MAY) == -1)
		return -1;
	ipc_put_str(&b->pack, login);
	ipc_put_str(&b->pack, address);
	return 0;
}

int
batch_end(struct batch *b)
{
	flush_frame(b);
	ipc_pack_free(&b->pack);
	return b->failed ? -1 : 0;
}

/* One address, in or out. */
static int
take_address(struct keyset *keys, struct senders *senders, uint32_t type,
    const char *key, size_t len, uint64_t until)
{
	if (until > INT64_MAX)
		return -1;
	if (senders != NULL && type == MIRROR_PUT)
		return until > SENDERS_MAILBOX ? -1 :
		    senders_put(senders, key, len, until);
	if (type == MIRROR_PUT)
		return keyset_put(keys, key, len, (int64_t)until);
	if (senders != NULL)
		senders_del(senders, key, len);
	else
		keyset_del(keys, key, len);
	return 0;
}

/* One login that may, or may what is going to be told. */
static int
take_login(struct senders *senders, struct ipc_unpack *u, uint32_t type)
{
	const uint8_t	*login, *address;
	size_t		 len, addrlen;

	login = ipc_get_bytes(u, CONF_LOGIN_MAX, &len);
	if (u->failed)
		return -1;
	if (type == MIRROR_FORGET) {
		senders_forget(senders, (const char *)login, len);
		return 0;
	}
	address = ipc_get_bytes(u, KEYSET_KEY_MAX, &addrlen);
	if (u->failed)
		return -1;
	return senders_may(senders, (const char *)login, len,
	    (const char *)address, addrlen);
}

int
batch_take(const struct ipc_msg *msg, struct keyset *keys,
    struct senders *senders)
{
	struct ipc_unpack	 u;
	const uint8_t		*key;
	uint64_t		 until;
	size_t			 len;

	ipc_unpack_init(&u, msg->data, msg->len);
	while (u.left > 0) {
		if (msg->type == MIRROR_FORGET || msg->type == MIRROR_MAY) {
			if (senders == NULL ||
			    take_login(senders, &u, msg->type) == -1)
				return -1;
			continue;
		}
		until = msg->type == MIRROR_PUT ? ipc_get_u64(&u) : 0;
		key = ipc_get_bytes(&u, KEYSET_KEY_MAX, &len);
		if (u.failed || take_address(keys, senders, msg->type,
		    (const char *)key, len, until) == -1)
			return -1;
	}
	return ipc_unpack_end(&u);
}
