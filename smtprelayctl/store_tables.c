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

#include "store/store_identity.h"
#include "store_export_int.h"

/*
 * In a sandbox copy no account has a secret, a server, or a login, and what
 * is sent through one is discarded.
 */
#define NO_ACCOUNT							\
	"(SELECT id, name, 'null' AS transport, NULL AS host, 0 AS port," \
	" NULL AS user, 0 AS auth, NULL AS secret, generation, created," \
	" changed FROM account)"

/* Parents before children.  What smtpd's queue outlives is left out. */
static const struct export_table	 tables[] = {
	{ "mailbox", 0, NULL, {
		{ "id", 0 }, { "address", STORE_ADDR_MAX },
		{ "name", STORE_NAME_MAX }, { "archive", STORE_ADDR_MAX },
		{ "created", 0 } } },
	{ "worker", 0, NULL, {
		{ "id", 0 }, { "name", STORE_WORKER_MAX },
		{ "display", STORE_NAME_MAX }, { "login", STORE_LOGIN_MAX },
		{ "enabled", 0 }, { "revoked", 0 }, { "created", 0 } } },
	{ "worker_address", 0, NULL, {
		{ "id", 0 }, { "worker", 0 }, { "address", STORE_ADDR_MAX },
		{ "folded", STORE_ADDR_MAX }, { "failing", 0 },
		{ "status", STORE_STATUS_MAX },
		{ "diagnostic", STORE_DIAG_MAX } } },
	{ "member", 0, NULL, {
		{ "mailbox", 0 }, { "worker", 0 }, { "since", 0 } } },
	{ "conversation", 0, NULL, {
		{ "id", 0 }, { "mailbox", 0 }, { "open", 0 }, { "taken", 0 },
		{ "subject", STORE_SUBJECT_MAX }, { "created", 0 },
		{ "last", 0 } } },
	{ "participant", 0, NULL, {
		{ "id", 0 }, { "conversation", 0 },
		{ "address", STORE_ADDR_MAX }, { "folded", STORE_ADDR_MAX },
		{ "name", STORE_NAME_MAX }, { "unverified", 0 },
		{ "created", 0 } } },
	{ "handle", 1, NULL, {
		{ "id", 0 }, { "address", STORE_ADDR_MAX }, { "worker", 0 },
		{ "conversation", 0 }, { "participant", 0 },
		{ "created", 0 }, { "expires", 0 }, { "revoked", 0 },
		{ "current", 0 } } },
	{ "message", 0, NULL, {
		{ "id", 0 }, { "conversation", 0 }, { "mailbox", 0 },
		{ "kind", 0 }, { "created", 0 }, { "participant", 0 },
		{ "worker", 0 }, { "author", STORE_ADDR_MAX },
		{ "smtpd", STORE_SMTPD_MAX }, { "outside", STORE_MSGID_MAX },
		{ "own", STORE_MSGID_MAX } } },
	{ "copy", 1, NULL, {
		{ "id", 0 }, { "message", 0 }, { "worker", 0 },
		{ "msgid", STORE_MSGID_MAX }, { "rpath", STORE_ADDR_MAX },
		{ "begun", 0 }, { "queued", 0 } } },
	{ "rpath", 1, NULL, {
		{ "id", 0 }, { "address", STORE_ADDR_MAX }, { "kind", 0 },
		{ "conversation", 0 }, { "message", 0 }, { "worker", 0 },
		{ "participant", 0 }, { "sent_to", STORE_ADDR_MAX },
		{ "created", 0 }, { "expires", 0 }, { "quoted", 0 },
		{ "gate", STORE_GATE_MAX } } },
	{ "reply", 1, NULL, {
		{ "id", STORE_REPLY_ID }, { "worker", 0 }, { "mailbox", 0 },
		{ "conversation", 0 }, { "smtpd", STORE_SMTPD_MAX },
		{ "own", STORE_MSGID_MAX }, { "dkey", STORE_DKEY_MAX },
		{ "outside", STORE_MSGID_MAX },
		{ "commands", STORE_COMMANDS_MAX }, { "created", 0 } } },
	{ "reply_handle", 1, NULL, {
		{ "reply", STORE_REPLY_ID }, { "handle", 0 } } },
	{ "sent", 1, NULL, {
		{ "worker", 0 }, { "dkey", STORE_DKEY_MAX },
		{ "handle", 0 }, { "rpath", STORE_ADDR_MAX }, { "pid", 0 },
		{ "begun", 0 }, { "queued", 0 } } },
	{ "command", 0, NULL, {
		{ "worker", 0 }, { "dkey", STORE_DKEY_MAX },
		{ "created", 0 } } },
	{ "outid", 0, NULL, {
		{ "id", 32 }, { "outside", STORE_MSGID_MAX },
		{ "created", 0 } } },
	{ "account", 0, NO_ACCOUNT, {
		{ "id", 0 }, { "name", STORE_ACCOUNT_MAX },
		{ "transport", 16 }, { "host", STORE_HOST_MAX },
		{ "port", 0 }, { "user", STORE_AUTHUSER_MAX },
		{ "auth", 0 }, { "secret", STORE_SECRET_MAX },
		{ "generation", 0 }, { "created", 0 }, { "changed", 0 } } },
	{ "account_state", 1, NULL, {
		{ "account", 0 }, { "failures", 0 },
		{ "stage", STORE_STAGE_MAX }, { "reason", STORE_REASON_MAX },
		{ "failed", 0 }, { "retry", 0 }, { "succeeded", 0 } } },
	{ "identity", 0, NULL, {
		{ "id", 0 }, { "user", STORE_LOGIN_MAX },
		{ "address", STORE_ADDR_MAX }, { "folded", STORE_ADDR_MAX },
		{ "account", 0 }, { "verified", 0 }, { "created", 0 } } },
	{ "identity_code", 1, NULL, {
		{ "identity", 0 }, { "tag", 4 }, { "hash", 64 },
		{ "expires", 0 }, { "tries", 0 }, { "rpath", 0 },
		{ "bounced", STORE_DIAG_MAX } } },
	{ "event", 0, NULL, {
		{ "id", 0 }, { "created", 0 }, { "kind", 31 },
		{ "mailbox", 0 }, { "conversation", 0 }, { "worker", 0 },
		{ "text", STORE_TEXT_MAX } } },
	{ "sqlite_sequence", 0, NULL, {
		{ "name", 32 }, { "seq", 0 } } },
};

const struct export_table *
export_tables(size_t *n)
{
	*n = sizeof(tables) / sizeof(tables[0]);
	return tables;
}
