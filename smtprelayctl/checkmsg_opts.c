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

/* check message: what its options say. */

#include <sys/socket.h>
#include <arpa/inet.h>

#include <string.h>
#include <strings.h>

#include "base/hostport.h"
#include "checkmsg.h"
#include "header/addr.h"
#include "header/verp.h"

/* The client's address, of 4 or 16 bytes; mapped IPv4 is IPv4. */
static int
option_source(struct checkmsg *c)
{
	const char	*s = c->ctl->opt['s'];

	if (s == NULL)
		return ctl_usage(c->ctl, "-s is missing: the address that the "
		    "message comes from, or \"%s\"", CHECKMSG_LOCAL);
	c->source = s;
	if (strcmp(s, CHECKMSG_LOCAL) == 0)
		return CTL_OK;
	c->session.family = received_addr(s, strlen(s), c->session.addr);
	return c->session.family != 0 ? CTL_OK : ctl_usage(c->ctl,
	    "-s %s: expected an address or \"%s\"", s, CHECKMSG_LOCAL);
}

/* "TLSv1.3" and "1.3" are the same. */
static int
option_tls(struct checkmsg *c)
{
	const char	*s = c->ctl->opt['v'];

	c->tls = -1;
	if (s == NULL)
		return CTL_OK;
	if (strncasecmp(s, "TLSv", 4) == 0)
		s += 4;
	if (strncmp(s, "1.", 2) == 0 && s[2] >= '0' && s[2] <= '3' &&
	    s[3] == '\0') {
		c->tls = s[2] - '0';
		return CTL_OK;
	}
	return ctl_usage(c->ctl, "-v %s: expected a version of TLS, such as "
	    "1.2", c->ctl->opt['v']);
}

static int
option_listener(struct checkmsg *c)
{
	static char	 text[HOSTPORT_TEXT_MAX + 1];
	struct hostport	 hp;
	unsigned char	 addr[16];
	char		 why[HOSTPORT_WHY];

	if (c->ctl->opt['l'] == NULL)
		return CTL_OK;
	if (hostport_parse(c->ctl->opt['l'], 25, &hp, why,
	    sizeof(why)) == -1)
		return ctl_usage(c->ctl, "-l %s: %s, expected an address and "
		    "a port such as 192.0.2.1:25", c->ctl->opt['l'], why);
	if (received_addr(hp.host, strlen(hp.host), addr) == 0 ||
	    hostport_format(&hp, text, sizeof(text)) == -1)
		return ctl_usage(c->ctl, "-l %s: expected an address and "
		    "a port such as 192.0.2.1:25", c->ctl->opt['l']);
	c->listener = text;
	return CTL_OK;
}

/* The envelope's sender and recipients. */
static int
option_envelope(struct checkmsg *c)
{
	const char	*s = c->ctl->opt['m'];
	int		 i;

	if (s != NULL && strcmp(s, "<>") == 0)
		s = "";
	if (s != NULL && s[0] != '\0' && !addr_valid(s) && !verp_valid(s))
		return ctl_usage(c->ctl, "-m %s: expected an address, or "
		    "\"<>\"", s);
	c->sender = s;
	for (i = 0; (s = ctl_value(c->ctl, 'r', i)) != NULL; i++)
		if (!addr_valid(s))
			return ctl_usage(c->ctl, "-r %s: expected an address",
			    s);
	c->rcpts = i == 0 ? 1 : i;
	return CTL_OK;
}

int
checkmsg_options(struct checkmsg *c)
{
	struct ctl	*ctl = c->ctl;
	int		 rv;

	if ((rv = option_source(c)) != CTL_OK ||
	    (rv = option_tls(c)) != CTL_OK ||
	    (rv = option_listener(c)) != CTL_OK ||
	    (rv = option_envelope(c)) != CTL_OK)
		return rv;
	c->helo = ctl->opt['e'];
	if (c->helo != NULL && (c->helo[0] == '\0' ||
	    strpbrk(c->helo, " \t\r\n") != NULL))
		return ctl_usage(ctl, "-e %s: expected a greeting's name",
		    c->helo);
	c->session.login = ctl->opt['u'];
	if (ctl->opt['n'] != NULL && !hostport_is_domain(ctl->opt['n']))
		return ctl_usage(ctl, "-n %s: expected a host's name",
		    ctl->opt['n']);
	c->session.host = ctl->opt['n'];
	c->delivered = ctl->opt['d'] != NULL;
	return CTL_OK;
}
