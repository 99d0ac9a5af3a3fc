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

#include <sys/mman.h>

#include <string.h>

#include "intake.h"

struct intake *
intake_new(void)
{
	struct intake	*in;

	in = mmap(NULL, sizeof(*in), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANON, -1, 0);
	return in == MAP_FAILED ? NULL : in;
}

size_t
intake_room(struct intake *in)
{
	if (in->start == in->len)
		in->start = in->len = 0;
	else if (in->start > 0 && in->len > INTAKE_SIZE / 2) {
		memmove(in->buf, in->buf + in->start, in->len - in->start);
		in->len -= in->start;
		in->start = 0;
	}
	return INTAKE_SIZE - in->len;
}

void
intake_repair(struct intake *in)
{
	if (in->protocol > PROTOCOL_IMSG || in->len > INTAKE_SIZE ||
	    in->start > in->len)
		memset(in, 0, sizeof(*in));
	in->name[INTAKE_NAME_MAX - 1] = '\0';
}

int
intake_line(struct intake *in, size_t off, size_t max, size_t *len,
    size_t *used)
{
	const char	*p = in->buf + off, *nl;
	size_t		 have = in->len - off, skip = in->overlong ? max : 0;

	if (skip > have)
		skip = have;
	if ((nl = memchr(p + skip, '\n', have - skip)) != NULL) {
		*used = nl - p + 1;
		*len = *used - 1 > max ? max : *used - 1;
		in->overlong = 0;
		return 1;
	}
	if (have > max) {
		in->overlong = 1;
		in->len = (uint32_t)(off + max);
	}
	return 0;
}
