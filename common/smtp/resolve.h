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
 * The addresses of a host: an IP literal, /etc/hosts, DNS.  The files are
 * read when the resolver is made, so make it before a sandbox closes; a
 * process that is started anew sees what changed in them.
 */

#ifndef RESOLVE_H
#define RESOLVE_H

#include <sys/types.h>
#include <sys/socket.h>

struct aresev_conf;
struct event_base;
struct resolve;
struct resolve_query;

#define RESOLVE_ADDRS_MAX	16	/* one host may have, of a family */
#define RESOLVE_HOSTS_MAX	4096	/* lines of /etc/hosts that are kept */
#define RESOLVE_DEADLINE	15	/* seconds until a lookup has failed */
#define RESOLVE_DELAY		50	/* ms that A waits for AAAA, RFC 8305
					 * section 3 */

enum resolve_status {
	RESOLVE_OK,		/* addresses */
	RESOLVE_NOTFOUND,	/* no such host, or it has no address */
	RESOLVE_FAIL		/* nobody knows at this time */
};

struct resolve_answer {
	enum resolve_status	 status;
	int			 more;	/* another call will come */
	int			 naddrs;
	/* With the port; IPv6 first. */
	struct sockaddr_storage	 addrs[2 * RESOLVE_ADDRS_MAX];
};

/*
 * The answer, the callee's only during the call.  When `more' is set the
 * other family is still being asked and is told by a second call, which may
 * bring none; the last call has more 0 and the query is then no more.
 */
typedef void resolve_cb(const struct resolve_answer *, void *arg);

/*
 * Makes a resolver.  base may be NULL for the one of event_init(), conf NULL
 * for the system's name servers, hosts NULL for /etc/hosts ("" for none).
 * Returns NULL after having logged why.
 */
struct resolve *resolve_new(struct event_base *base,
    const struct aresev_conf *conf, const char *hosts);

/* Ends the resolver and its queries, without callbacks. */
void	 resolve_free(struct resolve *);

/*
 * Looks for the addresses of host (a domain name; an IPv4 literal; an IPv6
 * literal, with or without brackets), to be used with port.  cb is called
 * from the event loop, never before this returns.  Returns NULL when there
 * is no memory.
 */
struct resolve_query *resolve_start(struct resolve *, const char *host,
    int port, resolve_cb *cb, void *arg);

/* Forgets a query: no callback comes any more. */
void	 resolve_cancel(struct resolve_query *);

/* 1 when host is an IP literal (as above), which goes to *ss; else 0. */
int	 resolve_literal(const char *host, int port,
	    struct sockaddr_storage *ss, socklen_t *len);

/* The length of an address by its family. */
socklen_t resolve_addrlen(const struct sockaddr_storage *ss);

#endif
