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
 * A resolver that knows a text and asks nobody: for tests, and for dry runs
 * whose outcome must not depend on today's DNS.
 *
 * Each line of the text is a name and a record of it:
 *
 *	# comment
 *	example.com	A	192.0.2.1
 *	example.com	AAAA	2001:db8::1
 *	example.com	MX	10 mail.example.com
 *	example.com	TXT	"v=spf1 " "ip4:192.0.2.0/24 -all"
 *	www.example.com	CNAME	example.com
 *	1.2.0.192.in-addr.arpa PTR mail.example.com
 *	slow.example	TIMEOUT
 *	broken.example	SERVFAIL	AAAA
 *
 * The target of MX, CNAME and PTR may be "." for the root.  In quotes \" \\
 * and \DDD (decimal) stand for one byte, in names \DDD alone.  TIMEOUT and
 * SERVFAIL are what a question for the type after them (for any that has no
 * record, without one) comes to.  A name below which others lie exists.
 */

#ifndef DNSTABLE_H
#define DNSTABLE_H

#include <stddef.h>

#include "dns/dns.h"

#define DNSTABLE_TEXT_MAX	(4 * 1024 * 1024)	/* bytes of a text */
#define DNSTABLE_TTL		3600			/* of all answers */

/*
 * Makes a resolver of len bytes of text; the caller ends it by dns_free().
 * NULL when memory is exhausted or the text is wrong: *line (may be NULL) is
 * then the number of the wrong line, or 0.
 */
struct dns *dnstable_new(const char *text, size_t len, size_t *line);

/*
 * Answers all questions, also those that the callbacks ask, and returns how
 * many it answered.
 */
size_t	 dnstable_run(struct dns *d);

/* The number of questions that were asked since dnstable_new(). */
size_t	 dnstable_asked(const struct dns *d);

#endif
