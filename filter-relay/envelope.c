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

#include "envelope.h"
#include "handoff/handoff.h"

static const struct ipc_field envelope_fields[] = {
	IPC_TEXT(struct envelope, sid),
	IPC_STRING(struct envelope, admd, ENVELOPE_STR_MAX),
	IPC_STRING(struct envelope, source, ENVELOPE_STR_MAX),
	IPC_STRING(struct envelope, listener, ENVELOPE_STR_MAX),
	IPC_STRING(struct envelope, host, ENVELOPE_STR_MAX),
	IPC_STRING(struct envelope, login, ENVELOPE_STR_MAX),
	IPC_STRING(struct envelope, sender, ENVELOPE_STR_MAX),
	IPC_NUMBER(struct envelope, local),
	IPC_NUMBER(struct envelope, tls)
};
const struct ipc_record envelope_record =
    IPC_RECORD_OF(struct envelope, envelope_fields);

static const struct ipc_field question_fields[] = {
	IPC_NUMBER(struct envelope_question, flags),
	IPC_STRING(struct envelope_question, recipient, ENVELOPE_STR_MAX),
	IPC_RECORD(struct envelope_question, envelope, &envelope_record)
};
const struct ipc_record envelope_question_record =
    IPC_RECORD_OF(struct envelope_question, question_fields);

void
envelope_facts(struct gate_facts *f, const struct envelope *e)
{
	memset(f, 0, sizeof(*f));
	f->known = GATE_KNOWN_SENDER;
	f->local = e->local;
	if (!e->local && e->source != NULL)
		f->family = handrules_addr(e->source, f->addr);
	if (e->listener != NULL && e->listener[0] != '\0')
		f->listener = e->listener;
	if (e->login != NULL && e->login[0] != '\0')
		f->login = e->login;
	f->sender = e->sender;
	f->tls = e->tls - 1;
}
