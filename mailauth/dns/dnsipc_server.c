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

#include <string.h>

#include "base/compat.h"
#include "base/log.h"
#include "dns/dns.h"
#include "dns/dnsipc.h"
#include "dns/dnsipc_int.h"

/* A peer's question that is under way. */
struct served {
	LIST_ENTRY(served)	 entry;
	struct dnsipc_server	*server;
	struct dns_query	*query;
	uint64_t		 id;
	int			 type;
};

struct dnsipc_server {
	struct dns		*dns;
	struct ipc		*ch;		/* NULL: the peer has gone */
	LIST_HEAD(, served)	 questions;
};

static void
served_reply(struct dnsipc_server *s, uint64_t id, int type,
    const struct dns_answer *a)
{
	struct ipc_pack p;

	ipc_pack_init(&p);
	dnsipc_pack(&p, type, a);
	/* What cannot be sent, the peer takes for silence. */
	if (p.failed || ipc_send(s->ch, DNSIPC_ANSWER, id, p.buf, p.len,
	    -1) == -1)
		log_warnx("an answer was lost");
	ipc_pack_free(&p);
}

static void
served_answer(const struct dns_answer *a, void *arg)
{
	struct served *q = arg;

	LIST_REMOVE(q, entry);
	served_reply(q->server, q->id, q->type, a);
	free(q);
}

/* The peer has gone, or speaks nonsense. */
static void
served_end(struct dnsipc_server *s)
{
	struct served *q;

	while ((q = LIST_FIRST(&s->questions)) != NULL) {
		LIST_REMOVE(q, entry);
		dns_cancel(q->query);
		free(q);
	}
	ipc_free(s->ch);
	s->ch = NULL;
}

static void
served_message(struct ipc *ch, struct ipc_msg *msg, void *arg)
{
	struct dnsipc_server *s = arg;
	struct dns_answer failed;
	struct ipc_unpack u;
	struct served *q;
	char name[DNS_NAME_MAX + 1];
	int type;

	(void)ch;
	if (msg == NULL) {
		served_end(s);
		return;
	}
	ipc_unpack_init(&u, msg->data, msg->len);
	type = ipc_get_u32(&u);
	ipc_get_str(&u, name, sizeof(name));
	if (msg->type != DNSIPC_ASK || ipc_unpack_end(&u) == -1 ||
	    strcmp(dns_type(type), "?") == 0) {
		log_warnx("a malformed question");
		served_end(s);
		return;
	}
	if ((q = calloc(1, sizeof(*q))) != NULL) {
		q->server = s;
		q->id = msg->id;
		q->type = type;
		if ((q->query = dns_query(s->dns, name, type, served_answer,
		    q)) != NULL) {
			LIST_INSERT_HEAD(&s->questions, q, entry);
			return;
		}
		free(q);
	}
	memset(&failed, 0, sizeof(failed));
	failed.status = DNS_SERVFAIL;
	served_reply(s, msg->id, type, &failed);
}

struct dnsipc_server *
dnsipc_server_new(struct dns *d, int fd)
{
	struct dnsipc_server *s;

	if ((s = calloc(1, sizeof(*s))) == NULL) {
		close(fd);
		return NULL;
	}
	s->dns = d;
	LIST_INIT(&s->questions);
	if ((s->ch = ipc_new(fd, DNSIPC_MAX, DNSIPC_QUEUE)) == NULL ||
	    ipc_event(s->ch, served_message, s) == -1) {
		if (s->ch == NULL)
			close(fd);
		dnsipc_server_free(s);
		return NULL;
	}
	return s;
}

void
dnsipc_server_free(struct dnsipc_server *s)
{
	if (s == NULL)
		return;
	served_end(s);
	free(s);
}
