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

/* What both ends of dnsipc.h know. */

#ifndef DNSIPC_INT_H
#define DNSIPC_INT_H

#include "dns/dns.h"
#include "proc/ipc.h"

/* u32 type, str name; the id is the asker's */
#define DNSIPC_ASK	1
/* u8 status, u32 ttl, u32 records, then of each u32 preference, bytes */
#define DNSIPC_ANSWER	2

#define DNSIPC_MAX	(DNS_TEXT_MAX + DNS_RECORDS_MAX * 32 + 1024)
#define DNSIPC_QUEUE	(16 * 1024 * 1024)

/* Puts an answer to a question of a type together; look at p->failed. */
void	 dnsipc_pack(struct ipc_pack *p, int type, const struct dns_answer *a);

/*
 * Takes it apart into *a, which the caller has zeroed and clears.  0, or -1
 * when it is malformed or over a limit.
 */
int	 dnsipc_unpack(struct ipc_unpack *u, int type, struct dns_answer *a);

#endif
