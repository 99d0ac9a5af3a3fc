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

/* A unit test is a main() that makes claims and returns test_done(). */

#ifndef TEST_H
#define TEST_H

#include <stdio.h>
#include <string.h>

static int test_failures, test_claims;

/* Claims that expr holds; says where it does not, and goes on. */
#define CHECK(expr) do {						\
	test_claims++;							\
	if (!(expr)) {							\
		test_failures++;					\
		fprintf(stderr, "%s:%d: not true: %s\n",		\
		    __FILE__, __LINE__, #expr);				\
	}								\
} while (0)

/* Claims that two strings are the same. */
#define CHECK_STR(got, want) do {					\
	const char *got_ = (got), *want_ = (want);			\
	test_claims++;							\
	if (got_ == NULL || strcmp(got_, want_) != 0) {			\
		test_failures++;					\
		fprintf(stderr, "%s:%d: %s is \"%s\", want \"%s\"\n",	\
		    __FILE__, __LINE__, #got,				\
		    got_ ? got_ : "(null)", want_);			\
	}								\
} while (0)

/* The status for main(): a test without claims has failed. */
static inline int
test_done(void)
{
	return test_failures != 0 || test_claims == 0;
}

#endif
