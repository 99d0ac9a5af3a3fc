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

/* What the files of spf.h share: a check under way. */

#ifndef SPF_INT_H
#define SPF_INT_H

#include "spf/spf.h"
#include "spf/spf_macro.h"

/* An include at the last lookup that is allowed can still be entered. */
#define SPF_DEPTH_MAX	(SPF_LOOKUPS_MAX + 1)

/* A record being evaluated: the domain's, or an included one. */
struct spf_frame {
	char			 domain[DNS_NAME_MAX + 1];
	struct spf_record	 record;
	size_t			 next;		/* term */
	int			 redirected;
};

/* What happens next. */
#define SPF_EVALUATE	0
#define SPF_EXP_NAME	1	/* the name of the explanation */
#define SPF_EXP_TEXT	2	/* its text has come */
#define SPF_OVER	3

struct spf {
	struct dns		*dns;
	struct dns_query	*query;		/* being waited for, or NULL */
	void			(*cb)(const struct spf_result *, void *);
	void			*arg;
	int			 phase;
	int			 flags;
	struct spf_result	 r;

	int			 family;
	unsigned char		 addr[16];
	char			 sender[SPF_SENDER_MAX * 2 + 2];
	char			 local[SPF_SENDER_MAX + 1];
	char			 sender_domain[SPF_SENDER_MAX + 1];
	char			 helo[SPF_SENDER_MAX + 1];
	char			 receiver[DNS_NAME_MAX + 1];

	struct spf_frame	 frames[SPF_DEPTH_MAX];
	int			 depth;		/* frames in use */

	/* Names under way: of MX or of PTR. */
	char			 names[SPF_NAMES_MAX][DNS_NAME_MAX + 1];
	int			 nnames;
	int			 name;		/* whose address is asked for */
	/* Those that the address itself names, and that name it (5.5). */
	int			 ptr_done;
	char			 validated[SPF_NAMES_MAX][DNS_NAME_MAX + 1];
	int			 nvalidated;
	char			*exp;		/* text of the explanation */
};

/* Ends the whole check with a result; why may be NULL. */
void	 spf_finish(struct spf *s, int result, const char *why);

/*
 * Asks for name; cb takes the answer.  When memory is exhausted the check
 * ends with SPF_TEMPERROR.
 */
void	 spf_ask(struct spf *s, const char *name, int type, dns_callback *cb);

/* In a dns_callback, first: the question is answered. */
void	 spf_asked(struct spf *s);

/* Goes on after an answer; the check may be over and gone afterwards. */
void	 spf_continue(struct spf *s);

/*
 * Counts one more term that asks (4.6.4), and one more without an answer.
 * 0, or -1 when that is one too many and the check has ended.
 */
int	 spf_count(struct spf *s);
int	 spf_count_void(struct spf *s, const struct dns_answer *a);

/* Looks the validated names up (5.5); calls spf_continue() at the end. */
void	 spf_ptr_start(struct spf *s);

/* 1 when a validated name is domain or below it, else 0. */
int	 spf_ptr_match(const struct spf *s, const char *domain);

/* Fills in what the letters stand for, p too, below domain (7.2). */
void	 spf_macros(const struct spf *s, const char *domain,
	    struct spf_macros *m);

/* 1 when one of a's addresses is the client's, to prefix bits, else 0. */
int	 spf_answer_match(const struct spf *s, const struct dns_answer *a,
	    int prefix);
int	 spf_addr_match(const void *a, const void *b, int prefix);

/*
 * Begins, evaluates the next term or modifier of the innermost record.
 * Either a question is under way afterwards or the check has gone on.
 */
void	 spf_enter(struct spf *s, const char *domain, int redirected);
void	 spf_term_next(struct spf *s);

/* The explanation of a fail (6.2): the next step of it. */
void	 spf_exp_step(struct spf *s);

#endif
