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
 * Received fields (RFC 5321 4.4) as mail servers really write them: Postfix,
 * Exim, Sendmail, qmail, OpenSMTPD, Exchange, Gmail, Outlook.com, Courier,
 * Domino, CommuniGate, Haraka, fetchmail and their like.
 *
 * What a client says of itself, its greeting, is told apart from what the
 * server saw, its address and the name of that: who cannot be told apart has
 * no address, and so has one whose field has several, or a comment without
 * space before it, which no server writes.  Whether the server is to be
 * believed is not known here.
 */

#ifndef RECEIVED_H
#define RECEIVED_H

#include <sys/types.h>

#define RECEIVED_NAME_MAX	255	/* bytes of a name; longer is none */
#define RECEIVED_WORD_MAX	63	/* bytes of the protocol's word */

struct received {
	int		family;		/* AF_INET, AF_INET6; 0: no address */
	unsigned char	addr[16];	/* network order */
	char		helo[RECEIVED_NAME_MAX + 1];	/* or "" */
	char		host[RECEIVED_NAME_MAX + 1];	/* the name found for
						 * the address, or "" */
	int		verified;	/* the server checked that the name
					 * leads to the address again */
	char		by[RECEIVED_NAME_MAX + 1];	/* the server's own */
	char		with[RECEIVED_WORD_MAX + 1];	/* "ESMTP", or "" */
	int		authenticated;	/* the client had logged in */
	int		local;		/* no client: the message began there */
	int		trace;		/* qmail's "invoked from network": the
					 * next field tells the rest */
};

/*
 * Reads a field's value: folded lines count as one.  0, or -1 when it is too
 * broken to say anything: a comment or quoted string that does not end.
 */
int	 received_parse(struct received *r, const char *value, size_t len);

/*
 * Reads an address: IPv4, IPv6, with "IPv6:" before it, IPv4 mapped into IPv6
 * (told as IPv4), a zone at the end.  The family, or 0 when it is none.
 */
int	 received_addr(const char *s, size_t len, unsigned char addr[16]);

#endif
