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
 * Received fields: names are clean, an address is there or not, and a trusted
 * field's answer does not depend on what stands below it.
 */

#include <sys/socket.h>

#include "fuzz.h"
#include "handoff/handoff.h"

static void
claim_name(const char *s, size_t max)
{
	CLAIM(strlen(s) <= max);
	for (; *s != '\0'; s++)
		CLAIM(*s > ' ' && *s <= '~' &&
		    strchr("()<>\";,\\", *s) == NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct received		 r[2];
	struct handoff_session	 s;
	struct handoff_rule	 rule;
	struct handoff_hop	 a, b;
	char			 field[2048];

	if (received_parse(&r[0], (const char *)data, size) == -1)
		return 0;
	CLAIM(r[0].family == 0 || r[0].family == AF_INET ||
	    r[0].family == AF_INET6);
	claim_name(r[0].helo, RECEIVED_NAME_MAX);
	claim_name(r[0].host, RECEIVED_NAME_MAX);
	claim_name(r[0].by, RECEIVED_NAME_MAX);
	claim_name(r[0].with, RECEIVED_WORD_MAX);
	CLAIM(!r[0].verified || r[0].host[0] != '\0');
	CLAIM(!r[0].trace || r[0].family == 0);
	memset(&s, 0, sizeof(s));
	memset(&rule, 0, sizeof(rule));
	s.family = received_addr("10.0.0.1", 8, s.addr);
	rule.strategy = HANDOFF_LOCAL;
	rule.symbol = "X";
	memset(&r[1], 0, sizeof(r[1]));
	r[1].family = received_addr("192.0.2.1", 9, r[1].addr);
	if (handoff_find(&rule, 1, &s, r, 1, &a) == 1) {
		CLAIM(handoff_find(&rule, 1, &s, r, 2, &b) == 1);
		CLAIM(memcmp(&a, &b, sizeof(a)) == 0);
		CLAIM(handoff_field(&a, field, sizeof(field)) == 0);
		CLAIM(strchr(field, '\n') == NULL);
	}
	return 0;
}
