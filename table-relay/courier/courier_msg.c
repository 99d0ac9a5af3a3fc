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

struct account {
	uint64_t	 account;
	uint64_t	 generation;
};

static const struct ipc_field account_fields[] = {
	IPC_NUMBER(struct account, account),
	IPC_NUMBER(struct account, generation)
};
static const struct ipc_record account_record =
    IPC_RECORD_OF(struct account, account_fields);

static const struct ipc_field target_fields[] = {
	IPC_NUMBER(struct courier_target, account),
	IPC_NUMBER(struct courier_target, generation),
	IPC_TEXT(struct courier_target, name),
	IPC_NUMBER(struct courier_target, transport),
	IPC_TEXT(struct courier_target, host),
	IPC_NUMBER(struct courier_target, port),
	IPC_NUMBER(struct courier_target, verify),
	IPC_NUMBER(struct courier_target, oauth),
	IPC_TEXT(struct courier_target, user),
	IPC_TEXT(struct courier_target, secret)
};
static const struct ipc_record target_record =
    IPC_RECORD_OF(struct courier_target, target_fields);

static const struct ipc_field refused_fields[] = {
	IPC_NUMBER(struct courier_refused, why),
	IPC_TEXT(struct courier_refused, text)
};
static const struct ipc_record refused_record =
    IPC_RECORD_OF(struct courier_refused, refused_fields);

static const struct ipc_field report_fields[] = {
	IPC_NUMBER(struct courier_report, account),
	IPC_NUMBER(struct courier_report, generation),
	IPC_NUMBER(struct courier_report, works),
	IPC_NUMBER(struct courier_report, retry),
	IPC_TEXT(struct courier_report, stage),
	IPC_TEXT(struct courier_report, text)
};
static const struct ipc_record report_record =
    IPC_RECORD_OF(struct courier_report, report_fields);

static const struct ipc_field token_fields[] = {
	IPC_NUMBER(struct courier_token, account),
	IPC_NUMBER(struct courier_token, generation),
	IPC_NUMBER(struct courier_token, state),
	IPC_NUMBER(struct courier_token, expires),
	IPC_TEXT(struct courier_token, text)
};
static const struct ipc_record token_record =
    IPC_RECORD_OF(struct courier_token, token_fields);

static const struct ipc_field secrets_fields[] = {
	IPC_NUMBER(struct oauth_secrets, account),
	IPC_NUMBER(struct oauth_secrets, generation),
	IPC_TEXT(struct oauth_secrets, text)
};
static const struct ipc_record secrets_record =
    IPC_RECORD_OF(struct oauth_secrets, secrets_fields);

static int
get_record(const struct ipc_msg *m, const struct ipc_record *r, void *v)
{
	return ipc_get_record(r, v, m->data, m->len);
}

int
courier_send_account(struct ipc *ch, uint32_t type, uint64_t id,
    uint64_t account, uint64_t generation)
{
	struct account	a = { account, generation };

	return ipc_send_record(ch, type, id, &account_record, &a);
}

int
courier_get_account(const struct ipc_msg *m, uint64_t *account,
    uint64_t *generation)
{
	struct account	a;
	int		rv = get_record(m, &account_record, &a);

	*account = a.account;
	*generation = a.generation;
	return rv;
}

int
courier_send_find(struct ipc *ch, uint64_t id, const char *sender)
{
	struct ipc_pack	p;

	ipc_pack_init(&p);
	ipc_put_str(&p, sender);
	return ipc_send_pack(ch, COURIER_FIND, id, &p);
}

int
courier_get_find(const struct ipc_msg *m, char sender[COURIER_SENDER_MAX + 1])
{
	struct ipc_unpack	 u;

	ipc_unpack_init(&u, m->data, m->len);
	(void)ipc_get_str(&u, sender, COURIER_SENDER_MAX + 1);
	return ipc_unpack_end(&u);
}

int
courier_send_target(struct ipc *ch, uint64_t id,
    const struct courier_target *t)
{
	return ipc_send_record(ch, COURIER_ACCOUNT, id, &target_record, t);
}

int
courier_get_target(const struct ipc_msg *m, struct courier_target *t)
{
	if (get_record(m, &target_record, t) == -1)
		return -1;
	return t->transport < 0 || t->transport > COURIER_LMTP ||
	    t->name[0] == '\0' ? -1 : 0;
}

int
courier_send_refused(struct ipc *ch, uint64_t id, int why, const char *text)
{
	struct courier_refused	r = { why, "" };

	strlcpy(r.text, text, sizeof(r.text));
	return ipc_send_record(ch, COURIER_REFUSED, id, &refused_record, &r);
}

int
courier_get_refused(const struct ipc_msg *m, struct courier_refused *r)
{
	if (get_record(m, &refused_record, r) == -1)
		return -1;
	return r->why < 0 || r->why > COURIER_LATER ? -1 : 0;
}

int
courier_send_report(struct ipc *ch, const struct courier_report *r)
{
	return ipc_send_record(ch, COURIER_REPORT, 0, &report_record, r);
}

int
courier_get_report(const struct ipc_msg *m, struct courier_report *r)
{
	if (get_record(m, &report_record, r) == -1)
		return -1;
	return r->retry < 0 ? -1 : 0;
}

int
courier_send_token(struct ipc *ch, uint64_t id, const struct courier_token *t)
{
	return ipc_send_record(ch, COURIER_TOKEN_IS, id, &token_record, t);
}

int
courier_get_token(const struct ipc_msg *m, struct courier_token *t)
{
	if (get_record(m, &token_record, t) == -1)
		return -1;
	return t->state < 0 || t->state > COURIER_TOKEN_LATER ||
	    t->expires < 0 ? -1 : 0;
}

int
courier_send_secrets(struct ipc *ch, uint32_t type, uint64_t id,
    const struct oauth_secrets *s)
{
	return ipc_send_record(ch, type, id, &secrets_record, s);
}

int
courier_get_secrets(const struct ipc_msg *m, struct oauth_secrets *s)
{
	return get_record(m, &secrets_record, s);
}
