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
#include <sys/socket.h>
#include <sys/time.h>
#include <netinet/in.h>
#include <arpa/inet.h>

#include <errno.h>
#include <event.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/compat.h"
#include "base/log.h"
#include "smtp/aresev.h"
#include "smtp/dnsmsg.h"
#include "smtp/resolve.h"

#define RESOLVE_HOSTS	"/etc/hosts"
#define RESOLVE_LINE	1024		/* bytes of a line of it */

#define RESOLVE_A	0		/* indices of the families */
#define RESOLVE_AAAA	1
#define RESOLVE_FAMILIES 2

static const int resolve_types[RESOLVE_FAMILIES] = { DNS_A, DNS_AAAA };

/* A name of /etc/hosts with one of its addresses. */
struct resolve_host {
	struct sockaddr_storage	 addr;
	char			*name;
};

struct resolve {
	struct event_base	*base;
	struct aresev		*aev;
	struct resolve_host	*hosts;
	size_t			 nhosts;
	LIST_HEAD(, resolve_query) queries;
};

/* One family of one query. */
struct resolve_family {
	struct resolve_query	*query;
	struct aresev_query	*dns;		/* it is being asked */
	int			 status;	/* DNS_OK, ... */
	int			 done;
	int			 told;
	int			 n;
	struct sockaddr_storage	 addrs[RESOLVE_ADDRS_MAX];
};

struct resolve_query {
	LIST_ENTRY(resolve_query) entry;
	struct resolve		*resolve;
	resolve_cb		*cb;
	void			*arg;
	int			 port;
	int			 found;		/* addresses were told */
	struct event		 deadline;
	struct event		 deliver;
	struct resolve_family	 families[RESOLVE_FAMILIES];
};

socklen_t
resolve_addrlen(const struct sockaddr_storage *ss)
{
	return ss->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6) :
	    sizeof(struct sockaddr_in);
}

/* The port goes into an address of either family. */
static void
set_port(struct sockaddr_storage *ss, int port)
{
	if (ss->ss_family == AF_INET6)
		((struct sockaddr_in6 *)ss)->sin6_port = htons(port);
	else
		((struct sockaddr_in *)ss)->sin_port = htons(port);
}

int
resolve_literal(const char *host, int port, struct sockaddr_storage *ss,
    socklen_t *len)
{
	struct sockaddr_in	*sin = (struct sockaddr_in *)ss;
	struct sockaddr_in6	*sin6 = (struct sockaddr_in6 *)ss;
	char			 buf[INET6_ADDRSTRLEN];
	size_t			 n = strlen(host);
	int			 brackets;

	memset(ss, 0, sizeof(*ss));
	brackets = n >= 2 && host[0] == '[' && host[n - 1] == ']';
	if (brackets) {
		host++;
		n -= 2;
	}
	if (n >= sizeof(buf))
		return 0;
	memcpy(buf, host, n);
	buf[n] = '\0';
	if (inet_pton(AF_INET6, buf, &sin6->sin6_addr) == 1)
		ss->ss_family = AF_INET6;
	else if (!brackets && inet_pton(AF_INET, buf, &sin->sin_addr) == 1)
		ss->ss_family = AF_INET;
	else
		return 0;
#ifdef __OpenBSD__
	ss->ss_len = resolve_addrlen(ss);
#endif
	set_port(ss, port);
	if (len != NULL)
		*len = resolve_addrlen(ss);
	return 1;
}

/* One line of hosts(5): address, names.  0, or -1 without memory. */
static int
read_line(struct resolve *r, char *line)
{
	struct sockaddr_storage	 ss;
	struct resolve_host	*h;
	char			*p, *last;

	line[strcspn(line, "#\r\n")] = '\0';
	if ((p = strtok_r(line, " \t", &last)) == NULL ||
	    !resolve_literal(p, 0, &ss, NULL))
		return 0;
	while ((p = strtok_r(NULL, " \t", &last)) != NULL &&
	    r->nhosts < RESOLVE_HOSTS_MAX) {
		if (r->nhosts % 64 == 0) {
			h = reallocarray(r->hosts, r->nhosts + 64, sizeof(*h));
			if (h == NULL)
				return -1;
			r->hosts = h;
		}
		h = &r->hosts[r->nhosts];
		h->addr = ss;
		if ((h->name = strdup(p)) == NULL)
			return -1;
		r->nhosts++;
	}
	return 0;
}

static int
read_hosts(struct resolve *r, const char *path)
{
	char	 line[RESOLVE_LINE];
	FILE	*fp;
	int	 rv = 0;

	if (*path == '\0')
		return 0;
	if ((fp = fopen(path, "re")) == NULL) {
		if (errno == ENOENT)
			return 0;
		log_warn("resolver: %s", path);
		return 0;
	}
	while (rv == 0 && fgets(line, sizeof(line), fp) != NULL)
		rv = read_line(r, line);
	fclose(fp);
	return rv;
}

struct resolve *
resolve_new(struct event_base *base, const struct aresev_conf *conf,
    const char *hosts)
{
	struct resolve	*r;

	if ((r = calloc(1, sizeof(*r))) == NULL) {
		log_warn("resolver");
		return NULL;
	}
	r->base = base;
	LIST_INIT(&r->queries);
	if (read_hosts(r, hosts != NULL ? hosts : RESOLVE_HOSTS) == -1)
		log_warn("resolver");
	else if ((r->aev = aresev_new(base, conf)) != NULL)
		return r;
	resolve_free(r);
	return NULL;
}

void
resolve_free(struct resolve *r)
{
	struct resolve_query	*q;
	size_t			 i;

	if (r == NULL)
		return;
	while ((q = LIST_FIRST(&r->queries)) != NULL)
		resolve_cancel(q);
	aresev_free(r->aev);
	for (i = 0; i < r->nhosts; i++)
		free(r->hosts[i].name);
	free(r->hosts);
	free(r);
}

void
resolve_cancel(struct resolve_query *q)
{
	int	 i;

	for (i = 0; i < RESOLVE_FAMILIES; i++)
		if (q->families[i].dns != NULL)
			aresev_cancel(q->families[i].dns);
	evtimer_del(&q->deadline);
	evtimer_del(&q->deliver);
	LIST_REMOVE(q, entry);
	free(q);
}

/* Moves what is new of a family to the answer. */
static void
tell(struct resolve_query *q, struct resolve_family *fam,
    struct resolve_answer *a)
{
	int	 i;

	if (!fam->done || fam->told)
		return;
	fam->told = 1;
	for (i = 0; i < fam->n; i++) {
		a->addrs[a->naddrs] = fam->addrs[i];
		set_port(&a->addrs[a->naddrs++], q->port);
	}
}

static void
on_deliver(int fd, short what, void *arg)
{
	struct resolve_query	*q = arg;
	struct resolve_family	*f4 = &q->families[RESOLVE_A];
	struct resolve_family	*f6 = &q->families[RESOLVE_AAAA];
	struct resolve_answer	 a;
	resolve_cb		*cb = q->cb;
	void			*cbarg = q->arg;

	(void)fd;
	(void)what;
	memset(&a, 0, sizeof(a));
	tell(q, f6, &a);
	tell(q, f4, &a);
	q->found |= a.naddrs > 0;
	a.more = !f4->done || !f6->done;
	if (q->found)
		a.status = RESOLVE_OK;
	else if (f4->status >= DNS_SERVFAIL || f6->status >= DNS_SERVFAIL)
		a.status = RESOLVE_FAIL;
	else
		a.status = RESOLVE_NOTFOUND;
	if (!a.more)
		resolve_cancel(q);
	cb(&a, cbarg);
}

/* When the callback comes, in ms. */
static void
deliver(struct resolve_query *q, int delay)
{
	struct timeval	 tv = { 0, delay * 1000 };

	evtimer_add(&q->deliver, &tv);
}

static void
on_deadline(int fd, short what, void *arg)
{
	struct resolve_query	*q = arg;
	struct resolve_family	*fam;
	int			 i;

	(void)fd;
	(void)what;
	for (i = 0; i < RESOLVE_FAMILIES; i++) {
		fam = &q->families[i];
		if (fam->done)
			continue;
		if (fam->dns != NULL)
			aresev_cancel(fam->dns);
		fam->dns = NULL;
		fam->done = 1;
		fam->status = DNS_TIMEOUT;
	}
	deliver(q, 0);
}

/* Addresses that nobody listens on: unspecified, multicast. */
static int
useless(const struct sockaddr_storage *ss)
{
	const struct in6_addr	*a6;
	uint32_t		 a;

	if (ss->ss_family == AF_INET6) {
		a6 = &((const struct sockaddr_in6 *)ss)->sin6_addr;
		return IN6_IS_ADDR_UNSPECIFIED(a6) || IN6_IS_ADDR_MULTICAST(a6);
	}
	a = ntohl(((const struct sockaddr_in *)ss)->sin_addr.s_addr);
	return a >> 24 == 0 || a >> 28 >= 14;
}

static void
add(struct resolve_family *fam, int af, const void *addr)
{
	struct sockaddr_storage	*ss = &fam->addrs[fam->n];

	if (fam->n == RESOLVE_ADDRS_MAX)
		return;
	memset(ss, 0, sizeof(*ss));
	ss->ss_family = af;
#ifdef __OpenBSD__
	ss->ss_len = resolve_addrlen(ss);
#endif
	if (af == AF_INET6)
		memcpy(&((struct sockaddr_in6 *)ss)->sin6_addr, addr,
		    sizeof(struct in6_addr));
	else
		memcpy(&((struct sockaddr_in *)ss)->sin_addr, addr,
		    sizeof(struct in_addr));
	if (!useless(ss))
		fam->n++;
}

static void
on_dns(const struct dns_answer *a, void *arg)
{
	struct resolve_family	*fam = arg;
	struct resolve_query	*q = fam->query;
	int			 family = fam - q->families;
	size_t			 i;

	fam->dns = NULL;
	fam->done = 1;
	fam->status = a->status;
	for (i = 0; i < a->n; i++)
		if (family == RESOLVE_A)
			add(fam, AF_INET, &a->v[i].in);
		else
			add(fam, AF_INET6, &a->v[i].in6);
	if (q->families[RESOLVE_A].done && q->families[RESOLVE_AAAA].done)
		deliver(q, 0);
	else if (fam->n > 0)
		deliver(q, family == RESOLVE_AAAA ? 0 : RESOLVE_DELAY);
}

/* Literals, names of /etc/hosts, and localhost (RFC 6761) need no DNS. */
static int
look_locally(struct resolve_query *q, const char *host)
{
	static const char	*loopback[] = { "::1", "127.0.0.1" };
	struct sockaddr_storage	 ss;
	struct resolve_family	*fam;
	struct resolve		*r = q->resolve;
	size_t			 i, n = 0;

#define RESOLVE_PUT(a) do {						\
	fam = &q->families[(a)->ss_family == AF_INET6];			\
	if (fam->n < RESOLVE_ADDRS_MAX)					\
		fam->addrs[fam->n++] = *(a);				\
	n++;								\
} while (0)
	if (resolve_literal(host, 0, &ss, NULL))
		RESOLVE_PUT(&ss);
	for (i = 0; i < r->nhosts; i++)
		if (strcasecmp(r->hosts[i].name, host) == 0)
			RESOLVE_PUT(&r->hosts[i].addr);
	if (n == 0 && strcasecmp(host, "localhost") == 0)
		for (i = 0; i < 2; i++)
			if (resolve_literal(loopback[i], 0, &ss, NULL))
				RESOLVE_PUT(&ss);
#undef RESOLVE_PUT
	if (n == 0)
		return 0;
	q->families[RESOLVE_A].done = q->families[RESOLVE_AAAA].done = 1;
	deliver(q, 0);
	return 1;
}

struct resolve_query *
resolve_start(struct resolve *r, const char *host, int port, resolve_cb *cb,
    void *arg)
{
	struct timeval		 tv = { RESOLVE_DEADLINE, 0 };
	struct resolve_family	*fam;
	struct resolve_query	*q;
	int			 i;

	if ((q = calloc(1, sizeof(*q))) == NULL)
		return NULL;
	q->resolve = r;
	q->cb = cb;
	q->arg = arg;
	q->port = port;
	evtimer_set(&q->deadline, on_deadline, q);
	evtimer_set(&q->deliver, on_deliver, q);
	if (r->base != NULL) {
		event_base_set(r->base, &q->deadline);
		event_base_set(r->base, &q->deliver);
	}
	LIST_INSERT_HEAD(&r->queries, q, entry);
	if (look_locally(q, host))
		return q;
	evtimer_add(&q->deadline, &tv);
	for (i = 0; i < RESOLVE_FAMILIES; i++) {
		fam = &q->families[i];
		fam->query = q;
		fam->dns = aresev_query(r->aev, host, resolve_types[i],
		    on_dns, fam);
		if (fam->dns == NULL) {
			resolve_cancel(q);
			return NULL;
		}
	}
	return q;
}
