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
 * All that the DNS says of one message, asked for at once: SPF, the keys of
 * its signatures, what DNS lists say of the address that it came from; and
 * then DMARC, by which of these is aligned with the From address.
 */

#ifndef JUDGE_H
#define JUDGE_H

#include "dkim/dkim.h"
#include "dmarc/dmarc.h"
#include "dns/dnslist.h"
#include "spf/spf.h"

#define JUDGE_LISTS_MAX	32	/* DNS lists asked for one message */

struct judge_request {
	/*
	 * Where it came from: AF_INET or AF_INET6 and its bytes, or 0: not
	 * known, and then neither SPF nor lists are asked.
	 */
	int			 family;
	const unsigned char	*addr;
	/*
	 * As struct spf_request.  A greeting of NULL is not known: mail
	 * without a sender is then not judged by SPF.
	 */
	const char		*sender;
	const char		*helo;
	const char		*receiver;
	const char		*author; /* domain of the one From address, or
					  * NULL: there is not exactly one */
	struct dkim_sig		*sigs;	/* decided in place; stay till then */
	size_t			 nsigs;
	const struct dnslist	*const *lists;	/* these stay till then, too */
	size_t			 nlists;	/* not more than the limit */
};

struct judge_result {
	int			 spf_asked;	/* else spf says none */
	struct spf_result	 spf;
	struct dmarc		 dmarc;
	/* Of each list: DNSLIST_NOT, ..., and the code where it is listed. */
	struct {
		int		 answer;
		struct in_addr	 code;
	}			 list[JUDGE_LISTS_MAX];
	int			 late;	/* judge_late() ended it */
};

struct judge;

/* Takes the outcome, which is good during the call only. */
typedef void	 judge_callback(const struct judge_result *, void *);

/*
 * Asks d.  0: cb(result, arg) is called once and later, and *out is a handle
 * until then.  1: the result is *now, and cb is not called.  -1 when memory
 * or a limit is exhausted.
 */
int	 judge_ask(struct judge **out, struct judge_result *now,
	    struct dns *d, const struct judge_request *req,
	    judge_callback *cb, void *arg);

/*
 * The time is over: what was not answered is a temporary error, and cb is
 * called from inside this call.
 */
void	 judge_late(struct judge *j);

/* Ends it without a call of cb.  NULL is allowed. */
void	 judge_cancel(struct judge *j);

#endif
