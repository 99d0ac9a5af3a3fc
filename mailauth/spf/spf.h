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
 * check_host() of RFC 7208: may the host at an address send mail as an
 * address of a domain?  Asks the DNS without waiting.  All that a domain's
 * record can cost is bounded: 4.6.4's limits, those of dns.h and of
 * spf_record.h; the time is bounded by the caller, who cancels.
 */

#ifndef SPF_H
#define SPF_H

#include <sys/types.h>

#include "dns/dns.h"
#include "spf/spf_record.h"

#define SPF_LOOKUPS_MAX	10	/* terms that ask the DNS (4.6.4) */
#define SPF_VOIDS_MAX	2	/* of them, without an answer (4.6.4) */
#define SPF_NAMES_MAX	10	/* names of one MX or PTR answer (4.6.4) */
#define SPF_WALK_MAX	100	/* instead of both, for SPF_WALK */
#define SPF_SENDER_MAX	320	/* bytes of a sender, and of a greeting */
#define SPF_EXP_MAX	512	/* bytes of an explanation */

/* Results (2.6). */
#define SPF_NONE	0
#define SPF_NEUTRAL	1
#define SPF_PASS	2
#define SPF_FAIL	3
#define SPF_SOFTFAIL	4
#define SPF_TEMPERROR	5
#define SPF_PERMERROR	6

/*
 * For reports: no mechanism matches, so that every one of the record and of
 * those that it includes is looked up and counted, however many they are.
 */
#define SPF_WALK	1

struct spf_request {
	int		 family;	/* AF_INET or AF_INET6 */
	const void	*addr;		/* 4 or 16 bytes, network order; mapped
					 * IPv4 counts as IPv4 */
	const char	*sender;	/* of MAIL FROM; "" or NULL stands for
					 * postmaster@helo (2.4) */
	const char	*helo;		/* as greeted, perhaps a literal */
	const char	*receiver;	/* our name, or NULL */
	int		 flags;		/* SPF_WALK or 0 */
};

struct spf_result {
	int		 result;	/* SPF_NONE, ... */
	char		 domain[DNS_NAME_MAX + 1]; /* that was checked, or "" */
	char		 why[SPF_WHY_MAX];	/* the term that matched, or
					 * what went wrong; or "" */
	char		 explanation[SPF_EXP_MAX + 1]; /* the domain's own, of
					 * a fail; printable ASCII; or "" */
	int		 lookups;	/* terms that asked the DNS */
	int		 voids;
};

struct spf;

/*
 * Begins a check of *req, of which it keeps copies, with d.  cb is called
 * once, never from inside this function; *r is good during the call only.
 * Returns a handle for spf_cancel() that is void when cb was called, or NULL
 * when memory is exhausted.
 */
struct spf *spf_check(struct dns *d, const struct spf_request *req,
	    void (*cb)(const struct spf_result *r, void *arg), void *arg);

/* Ends a check: its callback is not called.  NULL is allowed. */
void	 spf_cancel(struct spf *s);

/* A result as RFC 8601 2.7.2 writes it: "pass", "softfail", ... */
const char *spf_word(int result);

#endif
