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
 * DNS messages as they come (RFC 1035 4.1).  All input is hostile: a message
 * that does not add up says nothing at all.
 */

#ifndef DNSMSG_H
#define DNSMSG_H

#include <stddef.h>
#include <stdint.h>

#include "dns/dns.h"

/*
 * Reads the answer to a question (name in lower case, without its last dot)
 * into *a, which the caller has zeroed and ends by dns_answer_clear() of
 * dns_int.h: status DNS_OK, DNS_NODATA, DNS_NXDOMAIN or, by the server's own
 * word, DNS_SERVFAIL; aliases are followed inside the message.  ttl is the
 * least on the way, or of a negative answer what RFC 2308 5 makes of the SOA
 * record (0 without one).  0, or -1 when the message is malformed or cut,
 * answers another question or is over a limit of dns.h; *a is then as
 * before.
 */
int	 dnsmsg_answer(const uint8_t *msg, size_t len, const char *name,
	    int type, struct dns_answer *a);

#endif
