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

/* What the files of `check domain' share. */

#ifndef CHECKDOM_H
#define CHECKDOM_H

#include <netinet/in.h>

#include "ask.h"
#include "report.h"

#define CHECKDOM_ADDRS_MAX	16	/* of this host */
#define CHECKDOM_HOST_MAX	256

/* An address of this host, as the outside sees it. */
struct checkdom_addr {
	int		 family;
	unsigned char	 addr[16];
	char		 text[INET6_ADDRSTRLEN];
};

struct checkdom {
	struct ctl		*ctl;
	struct report		 report;
	struct ask		 ask;
	char			 host[CHECKDOM_HOST_MAX]; /* our greeting */
	struct checkdom_addr	 addrs[CHECKDOM_ADDRS_MAX];
	size_t			 naddrs;
	/* Of the domain being looked at: what leaves here passes by this. */
	int			 spf, dkim;
};

/*
 * Takes the addresses of -a, or else those of this host's interfaces, the
 * public ones if it has any, and the name that we greet by.  CTL_OK, or
 * CTL_USAGE after saying why.
 */
int	checkdom_addrs(struct checkdom *);

/* Lines on the host: its names, lists of senders of spam, its clock. */
void	checkdom_host(struct checkdom *);

/* Lines on a domain. */
void	checkdom_spf(struct checkdom *, const char *domain);
void	checkdom_dkim(struct checkdom *, const char *domain);
void	checkdom_dmarc(struct checkdom *, const char *domain);
void	checkdom_mx(struct checkdom *, const char *domain);

/* A line for a question that nobody answered; 1, or 0: it was answered. */
int	checkdom_silent(struct checkdom *, const char *about,
	    const char *check, const char *name, int status);

/* Looks name's addresses up: 1 when one of them is a's, else 0, -1 when
 * nobody answered. */
int	checkdom_has(struct checkdom *, const char *name,
	    const struct checkdom_addr *a);

#endif
