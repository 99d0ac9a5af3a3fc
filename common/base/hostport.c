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

#include <sys/socket.h>

#include <netinet/in.h>

#include <arpa/inet.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compat.h"
#include "base/hostport.h"

static int
alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9');
}

int
hostport_is_domain(const char *s)
{
	size_t	 len, i, label = 0;

	if ((len = strlen(s)) == 0 || len > HOSTPORT_HOST_MAX)
		return 0;
	for (i = 0; i < len; i++) {
		if (s[i] == '.') {
			if (label == 0 || s[i - 1] == '-')
				return 0;
			label = 0;
			continue;
		}
		if ((!alnum(s[i]) && s[i] != '-') ||
		    (s[i] == '-' && label == 0) || ++label > 63)
			return 0;
	}
	return label != 0 && s[len - 1] != '-';
}

static int
wrong(char *why, size_t size, const char *what)
{
	(void)strlcpy(why, what, size);
	return -1;
}

static int
get_port(const char *text, unsigned int *port)
{
	const char	*bad;
	long long	 n;

	n = strtonum(text, 1, 65535, &bad);
	/* strtonum(3) lets blanks and a plus sign by. */
	if (bad != NULL || text[0] < '0' || text[0] > '9')
		return -1;
	*port = (unsigned int)n;
	return 0;
}

/* A name that is all digits and dots is a mistyped address. */
static int
get_name(const char *name, struct hostport *hp)
{
	struct in_addr	 in;
	size_t		 i;

	if (inet_pton(AF_INET, name, &in) == 1)
		return inet_ntop(AF_INET, &in, hp->host, sizeof(hp->host)) ==
		    NULL ? -1 : 0;
	if (!hostport_is_domain(name) ||
	    strspn(name, "0123456789.") == strlen(name))
		return -1;
	for (i = 0; name[i] != '\0'; i++)
		hp->host[i] = name[i] >= 'A' && name[i] <= 'Z' ?
		    name[i] + 'a' - 'A' : name[i];
	hp->host[i] = '\0';
	return 0;
}

int
hostport_parse(const char *text, unsigned int port, struct hostport *hp,
    char *why, size_t whysize)
{
	struct in6_addr	 in6;
	char		 host[HOSTPORT_HOST_MAX + 1];
	const char	*rest;
	size_t		 len;
	int		 v6 = text[0] == '[';

	text += v6;
	len = strcspn(text, v6 ? "]" : ":");
	if (v6 && text[len] == '\0')
		return wrong(why, whysize, "the `]' is missing");
	if (!v6 && strchr(text, ':') != strrchr(text, ':'))
		return wrong(why, whysize, "an IPv6 address stands between [ "
		    "and ]");
	if (len == 0)
		return wrong(why, whysize, "the host is missing");
	if (len >= sizeof(host))
		return wrong(why, whysize, "the host is too long");
	memcpy(host, text, len);
	host[len] = '\0';
	rest = text + len + v6;
	if (v6 && inet_pton(AF_INET6, host, &in6) == 1) {
		if (inet_ntop(AF_INET6, &in6, hp->host,
		    sizeof(hp->host)) == NULL)
			return wrong(why, whysize, "no address");
	} else if (v6)
		return wrong(why, whysize, "no IPv6 address between [ and ]");
	else if (get_name(host, hp) == -1)
		return wrong(why, whysize, "no host name or address");
	hp->port = port;
	if (rest[0] == '\0')
		return port != 0 ? 0 : wrong(why, whysize, "the port is "
		    "missing");
	if (rest[0] != ':')
		return wrong(why, whysize, "`:' and a port may follow the `]'");
	if (get_port(rest + 1, &hp->port) == -1)
		return wrong(why, whysize, "the port is no number from 1 to "
		    "65535");
	return 0;
}

int
hostport_format(const struct hostport *hp, char *buf, size_t size)
{
	int	 r;

	r = snprintf(buf, size, strchr(hp->host, ':') != NULL ? "[%s]:%u" :
	    "%s:%u", hp->host, hp->port);
	return r < 0 || (size_t)r >= size ? -1 : 0;
}

int
hostport_loopback(const char *text, char *buf, size_t size)
{
	struct in_addr	 in;

	if (inet_pton(AF_INET, text, &in) != 1 ||
	    ntohl(in.s_addr) >> 24 != 127)
		return -1;
	return inet_ntop(AF_INET, &in, buf, size) == NULL ? -1 : 0;
}
