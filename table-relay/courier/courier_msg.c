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

#include <stdint.h>

#include "base/compat.h"
#include "courier_msg.h"

/* Sends what was packed, and wipes it. */
static int
send_pack(struct ipc *ch, uint32_t type, uint64_t id, struct ipc_pack *p)
{
	int	rv = -1;

	if (ch != NULL && !p->failed)
		rv = ipc_send(ch, type, id, p->buf, p->len, -1);
	ipc_pack_free(p);
	return rv;
}

int
courier_send_account(struct ipc *ch, uint32_t type, uint64_t id,
    uint64_t account, uint64_t generation)
{
	struct ipc_pack	p;

	ipc_pack_init(&p);
	ipc_put_u64(&p, account);
	ipc_put_u64(&p, generation);
	return send_pack(ch, type, id, &p);
}

int
courier_get_account(const struct ipc_msg *m, uint64_t *account,
    uint64_t *generation)
{
	struct ipc_unpack	 u;

	ipc_unpack_init(&u, m->data, m->len);
	*account = ipc_get_u64(&u);
	*generation = ipc_get_u64(&u);
	return ipc_unpack_end(&u);
}

int
courier_send_find(struct ipc *ch, uint64_t id, const char *sender)
{
	struct ipc_pack	p;

	ipc_pack_init(&p);
	ipc_put_str(&p, sender);
	return send_pack(ch, COURIER_FIND, id, &p);
}

int
courier_get_find(const struct ipc_msg *m, char sender[COURIER_SENDER_MAX + 1])
{
	struct ipc_unpack	 u;

	ipc_unpack_init(&u, m->data, m->len);
	ipc_get_str(&u, sender, COURIER_SENDER_MAX + 1);
	return ipc_unpack_end(&u);
}

int
courier_send_target(struct ipc *ch, uint64_t id,
    const struct courier_target *t)
{
	struct ipc_pack	p;

	ipc_pack_init(&p);
	ipc_put_u64(&p, t->account);
	ipc_put_u64(&p, t->generation);
	ipc_put_str(&p, t->name);
	ipc_put_u8(&p, (uint8_t)t->transport);
	ipc_put_str(&p, t->host);
	ipc_put_u32(&p, t->port);
	ipc_put_u8(&p, t->verify != 0);
	ipc_put_u8(&p, t->oauth != 0);
	ipc_put_str(&p, t->user);
	ipc_put_str(&p, t->secret);
	return send_pack(ch, COURIER_ACCOUNT, id, &p);
}

int
courier_get_target(const struct ipc_msg *m, struct courier_target *t)
{
	struct ipc_unpack	 u;
	uint32_t		 port;

	ipc_unpack_init(&u, m->data, m->len);
	t->account = ipc_get_u64(&u);
	t->generation = ipc_get_u64(&u);
	ipc_get_str(&u, t->name, sizeof(t->name));
	t->transport = ipc_get_u8(&u);
	ipc_get_str(&u, t->host, sizeof(t->host));
	port = ipc_get_u32(&u);
	t->verify = ipc_get_u8(&u);
	t->oauth = ipc_get_u8(&u);
	ipc_get_str(&u, t->user, sizeof(t->user));
	ipc_get_str(&u, t->secret, sizeof(t->secret));
	if (ipc_unpack_end(&u) == -1 || t->transport > COURIER_LMTP ||
	    port > UINT16_MAX || t->name[0] == '\0')
		return -1;
	t->port = (uint16_t)port;
	return 0;
}

int
courier_send_refused(struct ipc *ch, uint64_t id, int why, const char *text)
{
	struct ipc_pack	p;
	char		buf[COURIER_TEXT_MAX + 1];

	strlcpy(buf, text, sizeof(buf));
	ipc_pack_init(&p);
	ipc_put_u8(&p, (uint8_t)why);
	ipc_put_str(&p, buf);
	return send_pack(ch, COURIER_REFUSED, id, &p);
}

int
courier_get_refused(const struct ipc_msg *m, struct courier_refused *r)
{
	struct ipc_unpack	 u;

	ipc_unpack_init(&u, m->data, m->len);
	r->why = ipc_get_u8(&u);
	ipc_get_str(&u, r->text, sizeof(r->text));
	return ipc_unpack_end(&u) == -1 || r->why > COURIER_LATER ? -1 : 0;
}

int
courier_send_report(struct ipc *ch, const struct courier_report *r)
{
	struct ipc_pack	p;

	ipc_pack_init(&p);
	ipc_put_u64(&p, r->account);
	ipc_put_u64(&p, r->generation);
	ipc_put_u8(&p, r->works != 0);
	ipc_put_u64(&p, (uint64_t)r->retry);
	ipc_put_str(&p, r->stage);
	ipc_put_str(&p, r->text);
	return send_pack(ch, COURIER_REPORT, 0, &p);
}

int
courier_get_report(const struct ipc_msg *m, struct courier_report *r)
{
	struct ipc_unpack	 u;
	uint64_t		 retry;

	ipc_unpack_init(&u, m->data, m->len);
	r->account = ipc_get_u64(&u);
	r->generation = ipc_get_u64(&u);
	r->works = ipc_get_u8(&u);
	retry = ipc_get_u64(&u);
	ipc_get_str(&u, r->stage, sizeof(r->stage));
	ipc_get_str(&u, r->text, sizeof(r->text));
	if (ipc_unpack_end(&u) == -1 || retry > INT64_MAX)
		return -1;
	r->retry = (int64_t)retry;
	return 0;
}

int
courier_send_token(struct ipc *ch, uint64_t id, const struct courier_token *t)
{
	struct ipc_pack	p;

	ipc_pack_init(&p);
	ipc_put_u64(&p, t->account);
	ipc_put_u64(&p, t->generation);
	ipc_put_u8(&p, (uint8_t)t->state);
	ipc_put_u64(&p, (uint64_t)t->expires);
	ipc_put_str(&p, t->text);
	return send_pack(ch, COURIER_TOKEN_IS, id, &p);
}

int
courier_get_token(const struct ipc_msg *m, struct courier_token *t)
{
	struct ipc_unpack	 u;
	uint64_t		 expires;

	ipc_unpack_init(&u, m->data, m->len);
	t->account = ipc_get_u64(&u);
	t->generation = ipc_get_u64(&u);
	t->state = ipc_get_u8(&u);
	expires = ipc_get_u64(&u);
	ipc_get_str(&u, t->text, sizeof(t->text));
	if (ipc_unpack_end(&u) == -1 || t->state > COURIER_TOKEN_LATER ||
	    expires > INT64_MAX)
		return -1;
	t->expires = (int64_t)expires;
	return 0;
}

int
courier_send_oauth(struct ipc *ch, uint64_t id, const struct oauth_secrets *s)
{
	struct ipc_pack	p;

	ipc_pack_init(&p);
	ipc_put_u64(&p, s->account);
	ipc_put_u64(&p, s->generation);
	ipc_put_str(&p, s->text);
	return send_pack(ch, OAUTH_IS, id, &p);
}

int
courier_get_oauth(const struct ipc_msg *m, struct oauth_secrets *s)
{
	struct ipc_unpack	 u;

	ipc_unpack_init(&u, m->data, m->len);
	s->account = ipc_get_u64(&u);
	s->generation = ipc_get_u64(&u);
	ipc_get_str(&u, s->text, sizeof(s->text));
	return ipc_unpack_end(&u);
}

int
courier_send_rotated(struct ipc *ch, uint64_t account, uint64_t generation,
    const char *refresh)
{
	struct ipc_pack	p;

	ipc_pack_init(&p);
	ipc_put_u64(&p, account);
	ipc_put_u64(&p, generation);
	ipc_put_str(&p, refresh);
	return send_pack(ch, OAUTH_ROTATED, 0, &p);
}

int
courier_get_rotated(const struct ipc_msg *m, uint64_t *account,
    uint64_t *generation, char refresh[COURIER_SECRET_MAX + 1])
{
	struct ipc_unpack	 u;

	ipc_unpack_init(&u, m->data, m->len);
	*account = ipc_get_u64(&u);
	*generation = ipc_get_u64(&u);
	ipc_get_str(&u, refresh, COURIER_SECRET_MAX + 1);
	return ipc_unpack_end(&u);
}
