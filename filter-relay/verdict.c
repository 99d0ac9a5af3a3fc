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
#include "verdict.h"

static const struct ipc_field strlist_fields[] = {
	IPC_LIST(struct strlist, v, n, VERDICT_LIST_MAX, &ipc_strings)
};
const struct ipc_record strlist_record =
    IPC_RECORD_OF(struct strlist, strlist_fields);

static const struct ipc_field plan_fields[] = {
	IPC_NUMBER(struct plan, action),
	IPC_NUMBER(struct plan, leak),
	IPC_NUMBER(struct plan, commands),
	IPC_NUMBER(struct plan, rest),
	IPC_STRING(struct plan, top, VERDICT_STR_MAX),
	IPC_STRING(struct plan, mailbox, VERDICT_STR_MAX),
	IPC_STRING(struct plan, mailbox_name, VERDICT_STR_MAX),
	IPC_STRING(struct plan, worker_name, VERDICT_STR_MAX),
	IPC_STRING(struct plan, message_id, VERDICT_STR_MAX),
	IPC_STRING(struct plan, reply_id, VERDICT_STR_MAX),
	IPC_LIST(struct plan, map, nmap, VERDICT_LIST_MAX,
	    &replyhdr_addr_record),
	IPC_LIST(struct plan, ids, nids, VERDICT_LIST_MAX,
	    &replyhdr_id_record),
	IPC_RECORD(struct plan, private, &strlist_record),
	IPC_RECORD(struct plan, mailboxes, &strlist_record),
	IPC_RECORD(struct plan, handles, &strlist_record)
};
const struct ipc_record plan_record = IPC_RECORD_OF(struct plan, plan_fields);

static const struct ipc_field finish_fields[] = {
	IPC_NUMBER(struct finish, status),
	IPC_NUMBER(struct finish, commands),
	IPC_STRING(struct finish, reply, VERDICT_STR_MAX),
	IPC_NUMBER(struct finish, gate),
	IPC_STRING(struct finish, gatereply, VERDICT_STR_MAX),
	IPC_STRING(struct finish, gatewhy, VERDICT_STR_MAX),
	IPC_BYTES(struct finish, hash)
};
const struct ipc_record finish_record =
    IPC_RECORD_OF(struct finish, finish_fields);

int
strlist_add(struct strlist *l, const char *s)
{
	char **v;
	size_t n;

	if (l->n == VERDICT_LIST_MAX || strlen(s) > VERDICT_STR_MAX)
		return -1;
	if (l->n >= l->size) {
		n = l->n * 2 + 8;
		if ((v = reallocarray(l->v, n, sizeof(*v))) == NULL)
			return -1;
		l->v = v;
		l->size = n;
	}
	if ((l->v[l->n] = strdup(s)) == NULL)
		return -1;
	l->n++;
	return 0;
}

int
strlist_has(const struct strlist *l, const char *s)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (strcasecmp(l->v[i], s) == 0)
			return 1;
	return 0;
}

void
strlist_free(struct strlist *l)
{
	ipc_free_record(&strlist_record, l);
}

int
plan_map(struct plan *pl, const char *from, const char *to, const char *name)
{
	struct replyhdr_addr *a;

	if ((a = recallocarray(pl->map, pl->nmap, pl->nmap + 1,
	    sizeof(*a))) == NULL)
		return -1;
	pl->map = a;
	a += pl->nmap++;
	if ((a->from = strdup(from)) == NULL || (a->to = strdup(to)) == NULL)
		return -1;
	return name[0] != '\0' && (a->name = strdup(name)) == NULL ? -1 : 0;
}

int
plan_id(struct plan *pl, const char *from, const char *to)
{
	struct replyhdr_id *id;

	if ((id = recallocarray(pl->ids, pl->nids, pl->nids + 1,
	    sizeof(*id))) == NULL)
		return -1;
	pl->ids = id;
	id += pl->nids++;
	return (id->from = strdup(from)) == NULL ||
	    (id->to = strdup(to)) == NULL ? -1 : 0;
}
