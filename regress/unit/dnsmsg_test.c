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

/* DNS messages, malformed in every way, and the memory of answers. */

#include "base/compat.h"
#include "dns/dns_resolver.h"
#include "dns/dnscache.h"
#include "smtp/dnsmsg.h"
#include "test.h"

/* example.com A: header, question, an alias, its address. */
static const uint8_t good[] = {
	0x12, 0x34, 0x81, 0x80, 0, 1, 0, 2, 0, 0, 0, 0,
	7, 'E', 'x', 'a', 'm', 'p', 'l', 'e', 3, 'c', 'o', 'm', 0, 0, 1, 0, 1,
	0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 200, 0, 4, 1, 'w', 0xc0, 12,
	0xc0, 41, 0, 1, 0, 1, 0, 0, 0, 100, 0, 4, 192, 0, 2, 1,
};

#define QUESTION_END	29
#define LAST_TTL	51

static struct dns_answer answer;

static int
parse(const uint8_t *msg, size_t len, int type)
{
	uint8_t *copy;
	int rc;

	/* A copy of its own length, so that a sanitizer sees every edge. */
	if ((copy = malloc(len > 0 ? len : 1)) == NULL)
		return -2;
	memcpy(copy, msg, len);
	dns_answer_clear(&answer);
	rc = dnsmsg_answer(copy, len, "example.com", type, &answer);
	free(copy);
	return rc;
}

static void
test_good(void)
{
	CHECK(parse(good, sizeof(good), DNS_A) == 0);
	CHECK(answer.status == DNS_OK);
	CHECK(answer.n == 1 && answer.ttl == 100);
	CHECK(answer.n == 1 && memcmp(&answer.v[0].in, "\300\0\2\1", 4) == 0);
	CHECK(parse(good, sizeof(good), DNS_AAAA) == -1);
	dns_answer_clear(&answer);
	CHECK(dnsmsg_answer(good, sizeof(good), "example.org", DNS_A,
	    &answer) == -1);
}

/* One byte changed; what is then malformed, or an answer to another. */
static int
changed(size_t at, uint8_t to)
{
	uint8_t msg[sizeof(good)];

	memcpy(msg, good, sizeof(good));
	msg[at] = to;
	return parse(msg, sizeof(msg), DNS_A);
}

static void
test_bad(void)
{
	size_t i;
	int v;

	for (i = 0; i < sizeof(good); i++)
		CHECK(parse(good, i, DNS_A) == -1);
	CHECK(changed(2, 0x01) == -1);		/* a question */
	CHECK(changed(2, 0x83) == -1);		/* cut */
	CHECK(changed(5, 2) == -1);		/* two questions */
	CHECK(changed(5, 0) == -1);
	CHECK(changed(7, 3) == -1);		/* more answers than come */
	CHECK(changed(28, 3) == -1);		/* another class */
	CHECK(changed(12, 8) == -1);		/* lengths of labels */
	CHECK(changed(12, 0x40) == -1);
	CHECK(changed(QUESTION_END + 1, QUESTION_END) == -1);	/* itself */
	CHECK(changed(QUESTION_END + 1, 200) == -1);		/* forward */
	CHECK(changed(40, 3) == -1);		/* the alias's length */
	CHECK(changed(40, 5) == -1);
	CHECK(changed(56, 3) == -1);		/* the address's */
	CHECK(changed(56, 5) == -1);
	/* Whatever byte is changed to whatever, it comes to an end. */
	for (i = 0; i < sizeof(good); i++)
		for (v = 0; v < 256; v++)
			CHECK(changed(i, v) <= 0);
}

static void
test_words(void)
{
	CHECK(changed(3, 0x83) == 0 && answer.status == DNS_OK);
	CHECK(changed(3, 0x82) == 0 && answer.status == DNS_SERVFAIL);
	CHECK(changed(3, 0x85) == 0 && answer.status == DNS_SERVFAIL);
	/* The alias is another: it has no address. */
	CHECK(changed(42, 'x') == 0 && answer.status == DNS_OK);
	CHECK(changed(46, 20) == 0 && answer.status == DNS_NODATA);
	/* A ttl with its highest bit set is none: RFC 2181 8. */
	CHECK(changed(LAST_TTL, 0x80) == 0 && answer.ttl == 0);
	dns_answer_clear(&answer);
}

static void
put(struct dnscache *c, const char *name, int status, uint32_t ttl,
    size_t len, time_t now)
{
	static const struct dns_record none;
	static char text[5000];
	struct dns_answer a;

	memset(&a, 0, sizeof(a));
	memset(text, 'x', sizeof(text));
	if (status == DNS_OK)
		CHECK(dns_answer_add(&a, &none, text, len) == 0);
	a.status = status;
	a.ttl = ttl;
	dnscache_put(c, name, DNS_TXT, &a, now);
	dns_answer_clear(&a);
}

static void
test_cache(void)
{
	const struct dns_answer *a;
	struct dnscache *c;
	char name[20];
	int i;

	CHECK((c = dnscache_new(100, 100000)) != NULL);
	CHECK(dnscache_get(c, "a", DNS_TXT, 0) == NULL);
	put(c, "a", DNS_OK, 60, 10, 1000);
	CHECK((a = dnscache_get(c, "a", DNS_TXT, 1059)) != NULL);
	CHECK(a != NULL && a->ttl == 1 && a->n == 1 && a->v[0].len == 10);
	CHECK(dnscache_get(c, "a", DNS_A, 1000) == NULL);
	CHECK(dnscache_get(c, "a", DNS_TXT, 1060) == NULL);
	CHECK(dnscache_entries(c) == 0 && dnscache_bytes(c) == 0);
	/* Caps. */
	put(c, "a", DNS_OK, 0x7fffffff, 1, 0);
	put(c, "n", DNS_NXDOMAIN, 0x7fffffff, 1, 0);
	put(c, "t", DNS_TIMEOUT, 0, 1, 0);
	put(c, "z", DNS_OK, 0, 1, 0);
	CHECK(dnscache_get(c, "a", DNS_TXT, DNSCACHE_TTL_MAX - 1) != NULL);
	CHECK(dnscache_get(c, "a", DNS_TXT, DNSCACHE_TTL_MAX) == NULL);
	CHECK(dnscache_get(c, "n", DNS_TXT, DNSCACHE_NEGATIVE_MAX - 1));
	CHECK(!dnscache_get(c, "n", DNS_TXT, DNSCACHE_NEGATIVE_MAX));
	CHECK(dnscache_get(c, "t", DNS_TXT, DNSCACHE_FAILURE - 1) != NULL);
	CHECK(dnscache_get(c, "t", DNS_TXT, DNSCACHE_FAILURE) == NULL);
	CHECK(dnscache_get(c, "z", DNS_TXT, 0) == NULL);
	/* In place of an older one; a ttl of 0 takes it away. */
	put(c, "a", DNS_OK, 60, 1, 0);
	put(c, "a", DNS_OK, 60, 2, 0);
	CHECK((a = dnscache_get(c, "a", DNS_TXT, 0)) && a->v[0].len == 2);
	put(c, "a", DNS_OK, 0, 2, 0);
	CHECK(dnscache_get(c, "a", DNS_TXT, 0) == NULL);
	/* Too large, and too many: the least used goes. */
	put(c, "big", DNS_OK, 60, 1001, 0);
	CHECK(dnscache_get(c, "big", DNS_TXT, 0) == NULL);
	for (i = 0; i < 150; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		put(c, name, DNS_OK, 60, 10, 0);
		CHECK(dnscache_get(c, "n0", DNS_TXT, 0) != NULL);
	}
	CHECK(dnscache_entries(c) == 100);
	CHECK(dnscache_get(c, "n50", DNS_TXT, 0) == NULL);
	CHECK(dnscache_get(c, "n51", DNS_TXT, 0) != NULL);
	for (i = 0; i < 150; i++) {
		snprintf(name, sizeof(name), "m%d", i);
		put(c, name, DNS_OK, 60, 700, 0);
		CHECK(dnscache_bytes(c) <= 100000);
	}
	CHECK(dnscache_entries(c) > 90);
	dnscache_free(c);
	dnscache_free(NULL);
}

int
main(void)
{
	test_good();
	test_bad();
	test_words();
	test_cache();
	return test_done();
}
