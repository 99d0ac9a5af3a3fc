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
/* The commands.  Each returns the exit status. */

#ifndef CTLCMD_H
#define CTLCMD_H

struct ctl;

int	ctl_account_add(struct ctl *);
int	ctl_account_del(struct ctl *);
int	ctl_account_list(struct ctl *);
int	ctl_account_show(struct ctl *);
int	ctl_account_test(struct ctl *);
int	ctl_check_account(struct ctl *);
int	ctl_check_config(struct ctl *);
int	ctl_check_domain(struct ctl *);
int	ctl_check_message(struct ctl *);
int	ctl_conversation_close(struct ctl *);
int	ctl_conversation_list(struct ctl *);
int	ctl_conversation_prune(struct ctl *);
int	ctl_conversation_reopen(struct ctl *);
int	ctl_conversation_show(struct ctl *);
int	ctl_export(struct ctl *);
int	ctl_identity_add(struct ctl *);
int	ctl_identity_del(struct ctl *);
int	ctl_identity_list(struct ctl *);
int	ctl_identity_verify(struct ctl *);
int	ctl_import(struct ctl *);
int	ctl_init(struct ctl *);
int	ctl_key_list(struct ctl *);
int	ctl_key_retire(struct ctl *);
int	ctl_key_rotate(struct ctl *);
int	ctl_log(struct ctl *);
int	ctl_mailbox_add(struct ctl *);
int	ctl_mailbox_del(struct ctl *);
int	ctl_mailbox_join(struct ctl *);
int	ctl_mailbox_leave(struct ctl *);
int	ctl_mailbox_list(struct ctl *);
int	ctl_mailbox_show(struct ctl *);
int	ctl_signature_revoke(struct ctl *);
int	ctl_status(struct ctl *);
int	ctl_worker_add(struct ctl *);
int	ctl_worker_del(struct ctl *);
int	ctl_worker_disable(struct ctl *);
int	ctl_worker_enable(struct ctl *);
int	ctl_worker_list(struct ctl *);
int	ctl_worker_show(struct ctl *);

#endif
