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
 * A server's name or address and its port, as people write them: host:port,
 * [::1]:port.  Names become lower case, addresses their canonical form.
 */

#ifndef HOSTPORT_H
#define HOSTPORT_H

#include <stddef.h>

#define HOSTPORT_HOST_MAX	253	/* RFC 1035 section 2.3.4 */
#define HOSTPORT_TEXT_MAX	(HOSTPORT_HOST_MAX + 8)	/* "[]:65535" */
#define HOSTPORT_WHY		128

struct hostport {
	char		 host[HOSTPORT_HOST_MAX + 1];	/* no brackets */
	unsigned int	 port;
};

/*
 * Takes text apart.  port is taken where none stands; 0: one must.  0; or
 * -1 and in why a few words such as "the port is missing".
 */
int	hostport_parse(const char *text, unsigned int port,
	    struct hostport *hp, char *why, size_t whysize);

/* Writes host:port, with brackets around an IPv6 address: 0, or -1. */
int	hostport_format(const struct hostport *hp, char *buf, size_t size);

/*
 * Checks an IPv4 address of the loopback interface, and writes its canonical
 * form: 0, or -1 if it is another.
 */
int	hostport_loopback(const char *text, char *buf, size_t size);

/*
 * Says whether s is a domain name of letters, digits and hyphens between
 * dots (RFC 952, RFC 1123 section 2.1), which is what smtpd's tables and a
 * Message-Id carry without trouble: 1 or 0.
 */
int	hostport_is_domain(const char *s);

#endif
