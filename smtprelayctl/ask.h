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

/* Questions to the DNS that a command waits for. */

#ifndef ASK_H
#define ASK_H

#include "base/hostport.h"
#include "ctl.h"
#include "dns/dns.h"
#include "judge/judge.h"
#include "spf/spf.h"

#define ASK_SECONDS	5	/* for one question, unless -t says more */
#define ASK_SECONDS_MAX	120
#define ASK_JUDGE_SECONDS 30

struct event_base;

struct ask {
	struct event_base	*base;
	struct dns		*dns;
	char			 server[HOSTPORT_TEXT_MAX + 1];	/* given, or
								 * "" */
};

/*
 * Begins with what the option of that letter (address:port of a name server)
 * and -t (seconds) say.  CTL_OK; or another status after saying why, and then
 * there is nothing to close.
 */
int	ask_open(struct ask *, struct ctl *, int letter);
void	ask_close(struct ask *);

/*
 * Asks and waits; *a is then the caller's, for ask_clear(), and zeroed first.
 * Returns its status.  For names: a is a question of a name and a type.
 */
int	ask_dns(struct ask *, const char *name, int type,
	    struct dns_answer *a);
void	ask_clear(struct dns_answer *a);

/* The same for a check by SPF. */
void	ask_spf(struct ask *, const struct spf_request *req,
	    struct spf_result *r);

/*
 * The same for all questions of a message, which have ASK_JUDGE_SECONDS, as
 * long as filter-relay waits.
 */
void	ask_judge(struct ask *, const struct judge_request *req,
	    struct judge_result *r);

/* 1 when nobody could answer: another time somebody may. */
int	ask_later(int status);

#endif
