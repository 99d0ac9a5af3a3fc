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
 * SPF: whatever records a domain publishes, a check ends, with a result, and
 * within the limits on what it may ask.  The input is cut at NULs into the
 * texts that questions for TXT get, one after the other; the first piece is
 * the sender.
 */

#include <sys/socket.h>

#include "spf/spf.h"

/* The record, ten terms, ten servers or names each, the names, and exp. */
#define QUESTIONS_MAX	(1 + 10 + 10 * 10 + 1 + 10 + 1)

#include "fuzzdns.h"

static void
answer(struct dns_query *q)
{
	static const struct dns_record none;
	struct dns_record r = none;
	struct dns_answer a;
	const char *p;
	size_t len;
	int i;

	memset(&a, 0, sizeof(a));
	switch (q->type) {
	case DNS_TXT:
		len = piece(&p);
		if (q->valid && len > 0)
			dns_answer_add(&a, &r, p, len);
		break;
	case DNS_MX:
	case DNS_PTR:
		for (i = 0; i < 10; i++)
			dns_answer_add(&a, &r, i & 1 ? "a.b" : "c.d", 3);
		break;
	default:
		r.in.s_addr = r.in6.s6_addr[15] = asked & 1;
		dns_answer_add(&a, &r, NULL, 0);
	}
	a.status = a.n > 0 ? DNS_OK : DNS_NXDOMAIN;
	dns_done(q, &a);
	dns_answer_clear(&a);
}

static void
done(const struct spf_result *r, void *arg)
{
	const char *p;

	(void)arg;
	results++;
	CLAIM(strcmp(spf_word(r->result), "?") != 0);
	CLAIM(r->lookups <= SPF_LOOKUPS_MAX + 1);
	CLAIM(r->voids <= SPF_VOIDS_MAX + 1);
	CLAIM(r->result == SPF_FAIL || r->explanation[0] == '\0');
	for (p = r->explanation; *p != '\0'; p++)
		CLAIM(*p >= ' ' && *p <= '~');
	for (p = r->why; *p != '\0'; p++)
		CLAIM(*p >= ' ' && *p <= '~');
}

static void
check(const uint8_t *data, size_t size, int family)
{
	static unsigned char addr[16];
	struct spf_request req;
	struct dns dns;
	char sender[400];
	const char *p;
	size_t len;

	addr[0] = 192;
	fuzz_dns(&dns, data, size);
	len = piece(&p);
	if (len >= sizeof(sender))
		len = sizeof(sender) - 1;
	memcpy(sender, p, len);
	sender[len] = '\0';
	memset(&req, 0, sizeof(req));
	req.family = family;
	req.addr = addr;
	req.sender = sender;
	req.helo = "h.example";
	CLAIM(spf_check(&dns, &req, done, NULL) != NULL);
	while (!TAILQ_EMPTY(&dns.queries))
		answer(TAILQ_FIRST(&dns.queries));
	CLAIM(results == 1);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	check(data, size, AF_INET);
	check(data, size, AF_INET6);
	return 0;
}
