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
 * A resolver for the harness that includes this: it answers nothing by
 * itself, and claims that no more is asked than QUESTIONS_MAX, which stands
 * before the #include.  The input is taken apart at NULs.
 */

#ifndef FUZZDNS_H
#define FUZZDNS_H

#include "base/compat.h"
#include "dns/dns_resolver.h"
#include "fuzz.h"

static const char	*input;
static size_t		 left, asked;
static int		 results;	/* counted by the harness */

static int
fuzz_start(struct dns_query *q)
{
	CLAIM(!q->valid || dns_name_valid(q->name));
	CLAIM(++asked <= QUESTIONS_MAX);
	return 0;
}

static void
fuzz_cancel(struct dns_query *q)
{
	(void)q;
}

static void
fuzz_free(struct dns *d)
{
	(void)d;
}

/* Begins with an input: d is a resolver without questions. */
static void
fuzz_dns(struct dns *d, const uint8_t *data, size_t size)
{
	static const struct dns_ops	 ops = {
		fuzz_start, fuzz_cancel, fuzz_free
	};

	dns_init(d, &ops);
	input = (const char *)data;
	left = size;
	asked = 0;
	results = 0;
}

/* The next piece of the input. */
static size_t
piece(const char **p)
{
	const char	*nul = left > 0 ? memchr(input, '\0', left) : NULL;
	size_t		 len = nul == NULL ? left : (size_t)(nul - input);

	*p = input;
	input += nul == NULL ? len : len + 1;
	left -= nul == NULL ? len : len + 1;
	return len;
}

#endif
