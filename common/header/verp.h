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
 * Envelope senders that platforms and lists make up for each message, and
 * the address that stands inside: variable envelope return paths (VERP), and
 * their relatives BATV and SRS.  None of them has an RFC.  All input is
 * hostile; nothing here does I/O.
 */

#ifndef VERP_H
#define VERP_H

#include "header/addr.h"

enum verp_form {
	VERP_NONE,
	VERP_PLATFORM,	/* name=domain__tag@bounces.platform */
	VERP_BATV,	/* prvs=tag=name@domain, prvs=name/tag@domain,
			 * btv1==tag==name@domain */
	VERP_SRS0,	/* SRS0=hash=time=domain=name@forwarder */
	VERP_SRS1,	/* SRS1=hash=first==hash=time=domain=name@second */
	VERP_LIST,	/* list-return-42-name=domain@host, and -owner- */
	VERP_PLUS,	/* list-bounces+name=domain@host */
	VERP_MAILER	/* bounces+1234-ab12-name=domain@host */
};

struct verp {
	enum verp_form	 form;
	int		 recipient;	/* address is whom the message is
					 * for, not who sends it */
	char		 address[ADDR_MAX + 1];	/* as it was typed */
};

/* Platforms write local parts that are longer than RFC 5321 4.5.3.1.1 has
 * them, and smtpd takes them. */
#define VERP_LOCAL_MAX	255	/* bytes */
#define VERP_MAX	320	/* of the whole address */

/*
 * 1 when s is an address that an envelope can carry: a dot-atom of up to
 * VERP_LOCAL_MAX bytes at a domain name; else 0.
 */
int	 verp_valid(const char *s);

/*
 * Looks for the address inside of the envelope sender s, one level deep.
 * Returns 1 and fills *v: its address is addr_valid_dotatom(), and its
 * domain has a dot; or 0 when s has none of the forms, is not verp_valid()
 * (name@domain__tag@platform is not) or holds nothing that is an address.
 */
int	 verp_find(const char *s, struct verp *v);

#endif
