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

/*
 * Questions to the DNS from a process without a network: the resolver behind
 * dns.h that asks another process, and what answers in that one.  Neither
 * believes the other: a question that cannot be, or an answer over a limit,
 * ends the channel and no process.
 */

#ifndef DNSIPC_H
#define DNSIPC_H

#include "dns/dns.h"
#include "proc/ipc.h"

#define DNSIPC_DEADLINE		20	/* seconds, then DNS_TIMEOUT */

/*
 * Makes a resolver that waits for dnsipc_connect().  Questions that come
 * before that, or while nobody is connected, wait, too; each is answered by
 * DNSIPC_DEADLINE at the latest.  Uses libevent's current base.  NULL when
 * memory is exhausted.  It ends by dns_free().
 */
struct dns *dnsipc_new(void);

/*
 * Gives it the channel's descriptor, which is then its own.  The questions
 * of a channel before it are answered DNS_SERVFAIL at once, as they are when
 * a channel breaks.  0, or -1 when memory is exhausted (fd is closed).
 */
int	 dnsipc_connect(struct dns *d, int fd);

struct dnsipc_server;

/*
 * Answers the questions that come from fd, which it takes, by asking d, which
 * stays the caller's and lives longer.  When the peer has gone it waits for
 * dnsipc_server_free().  NULL when memory is exhausted (fd is closed).
 */
struct dnsipc_server *dnsipc_server_new(struct dns *d, int fd);

/* NULL is allowed. */
void	 dnsipc_server_free(struct dnsipc_server *s);

/* What both ends of dnsipc.h know. */

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
