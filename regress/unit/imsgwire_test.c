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

/* imsg frames: what goes in comes out, and no length is believed. */

#include "table-relay/imsgwire.h"
#include "test.h"

static void
test_round_trip(void)
{
	unsigned char	buf[IMSGWIRE_MAX], data[IMSGWIRE_DATA_MAX];
	struct imsgwire	in = { 7, 1, 11, 12, data, 5 }, out;
	size_t		used, n;

	memset(data, 'x', sizeof(data));
	CHECK(imsgwire_put(buf, sizeof(buf), &in) == 21);
	for (n = 0; n < 21; n++)
		CHECK(imsgwire_get(buf, n, &out, &used) == 0);
	CHECK(imsgwire_get(buf, sizeof(buf), &out, &used) == 1);
	CHECK(used == 21 && out.type == 7 && out.flags == 1);
	CHECK(out.peerid == 11 && out.pid == 12 && out.datalen == 5);
	CHECK(memcmp(out.data, "xxxxx", 5) == 0);
	in.datalen = sizeof(data);
	CHECK(imsgwire_put(buf, sizeof(buf), &in) == IMSGWIRE_MAX);
	CHECK(imsgwire_get(buf, sizeof(buf) - 1, &out, &used) == 0);
	CHECK(imsgwire_get(buf, sizeof(buf), &out, &used) == 1);
	CHECK(out.datalen == IMSGWIRE_DATA_MAX);
}

static void
test_limits(void)
{
	unsigned char	buf[32] = { 0 };
	struct imsgwire	m = { 0, 0, 0, 0, buf, sizeof(buf) };
	uint16_t	len;
	size_t		used;

	CHECK(imsgwire_put(buf, sizeof(buf), &m) == -1);
	m.datalen = IMSGWIRE_DATA_MAX + 1;
	CHECK(imsgwire_put(buf, SIZE_MAX, &m) == -1);
	m.datalen = SIZE_MAX;
	CHECK(imsgwire_put(buf, SIZE_MAX, &m) == -1);
	len = IMSGWIRE_HDR - 1;
	memcpy(buf + 4, &len, sizeof(len));
	CHECK(imsgwire_get(buf, sizeof(buf), &m, &used) == -1);
	len = IMSGWIRE_MAX + 1;
	memcpy(buf + 4, &len, sizeof(len));
	CHECK(imsgwire_get(buf, sizeof(buf), &m, &used) == -1);
	len = IMSGWIRE_HDR;
	memcpy(buf + 4, &len, sizeof(len));
	CHECK(imsgwire_get(buf, sizeof(buf), &m, &used) == 1);
	CHECK(m.datalen == 0 && used == IMSGWIRE_HDR);
}

int
main(void)
{
	test_round_trip();
	test_limits();
	return test_done();
}
