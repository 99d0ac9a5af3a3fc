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

/* DNS answers: any message is read or refused, and what is read is bounded. */

#include "dns/dns_resolver.h"
#include "smtp/dnsmsg.h"
#include "fuzz.h"

/* The type, then the message; the question's name is the message's own, when
 * it is one that can be asked for. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int types[] = {
		DNS_A, DNS_CNAME, DNS_PTR, DNS_MX, DNS_TXT, DNS_AAAA
	};
	struct dns_answer a;
	char name[DNS_NAME_MAX + 1];
	size_t at, n = 0, i, total = 0;

	if (size < 1)
		return 0;
	for (at = 13; at < size && data[at] != 0 && data[at] <= 63 &&
	    n + data[at] + 1 < sizeof(name); at += data[at] + 1) {
		if (size - at <= data[at])
			break;
		if (n > 0)
			name[n++] = '.';
		for (i = 0; i < data[at]; i++)
			name[n++] = data[at + 1 + i];
	}
	name[n] = '\0';
	memset(&a, 0, sizeof(a));
	if (dnsmsg_answer(data + 1, size - 1, name,
	    types[data[0] % (sizeof(types) / sizeof(types[0]))], &a) == -1) {
		CLAIM(a.n == 0 && a.v == NULL);
		return 0;
	}
	CLAIM(a.status == DNS_OK || a.n == 0);
	CLAIM(a.status != DNS_OK || a.n > 0);
	CLAIM(a.n <= DNS_RECORDS_MAX);
	for (i = 0; i < a.n; i++) {
		total += a.v[i].len;
		CLAIM(a.v[i].text == NULL || a.v[i].text[a.v[i].len] == '\0');
	}
	CLAIM(total <= DNS_TEXT_MAX);
	dns_answer_clear(&a);
	return 0;
}
