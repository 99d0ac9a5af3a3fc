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

#include "letter.h"

static const struct ipc_field failure_fields[] = {
	IPC_STRING(struct failure, recipient, ADDR_MAX),
	IPC_TEXT(struct failure, status),
	IPC_TEXT(struct failure, text)
};
static const struct ipc_record failure_record =
    IPC_RECORD_OF(struct failure, failure_fields);

static const struct ipc_field letter_fields[] = {
	IPC_RECORD(struct letter, header, &summary_record),
	IPC_NUMBER(struct letter, flags),
	IPC_TEXT(struct letter, reply_id),
	IPC_BYTES(struct letter, digest),
	IPC_LIST(struct letter, failure, nfailures, LETTER_FAILURES_MAX,
	    &failure_record)
};
const struct ipc_record letter_record =
    IPC_RECORD_OF(struct letter, letter_fields);

void
letter_free(struct letter *l)
{
	size_t	i;

	summary_free(&l->header);
	for (i = 0; i < l->nfailures; i++)
		free(l->failure[i].recipient);
	free(l->failure);
	memset(l, 0, sizeof(*l));
}
