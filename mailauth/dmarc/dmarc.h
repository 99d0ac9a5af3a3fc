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
 * DMARC, RFC 9989: policy records, the walk up the DNS tree that finds them
 * and the organisational domain, and the judgement of a message.
 */

#ifndef DMARC_H
#define DMARC_H

#include <sys/types.h>

#include "dns/dns.h"

#define DMARC_WALK_MAX		8	/* questions of a walk, RFC 9989 4.10 */
#define DMARC_RECORD_MAX	4096	/* bytes of a policy record */
#define DMARC_IDENTS_MAX	16	/* identifiers looked at */

/* What a domain's owner asks for, by rising strength. */
#define DMARC_ABSENT		-1	/* no such tag */
#define DMARC_INVALID		-2	/* the tag has no such value */
#define DMARC_P_NONE		0
#define DMARC_P_QUARANTINE	1
#define DMARC_P_REJECT		2

struct dmarc_record {
	int	 p, sp, np;	/* DMARC_P_NONE, ... */
	int	 psd;		/* 'y', 'n', 'u' */
	int	 adkim;		/* 's' strict, 'r' relaxed */
	int	 aspf;
	int	 test;		/* t=y */
	int	 rua;		/* has an address for reports */
};

/*
 * Reads the text of a TXT record.  0, or -1 when it does not begin as a
 * policy record does or is longer than DMARC_RECORD_MAX; errors after the
 * beginning leave the defaults (RFC 9989 4.8).
 */
int	 dmarc_record_parse(struct dmarc_record *r, const char *text,
	    size_t len);

/*
 * The walk for one domain: ask for the TXT records of dmarc_walk_next(), tell
 * dmarc_walk_answer(), until there is nothing to ask.
 */
struct dmarc_walk {
	char		 domain[DNS_NAME_MAX + 1];	/* lower case */
	size_t		 at;		/* where in it the next target begins */
	int		 asked;
	int		 done;
	int		 failed;	/* a temporary error ended it */
	size_t		 n;		/* records found, from the longest */
	struct {			/* name up */
		size_t			at;
		struct dmarc_record	record;
	}		 found[DMARC_WALK_MAX];
};

/* Begins at domain.  0, or -1 when it is no name to ask the DNS for. */
int	 dmarc_walk_start(struct dmarc_walk *w, const char *domain);

/*
 * 1 and the name to ask for, or 0 when the walk is over.  A target for which
 * "_dmarc." makes the name too long is passed over.
 */
int	 dmarc_walk_next(struct dmarc_walk *w, char *name, size_t namesz);

/* Takes the answer to the last question and goes on. */
void	 dmarc_walk_answer(struct dmarc_walk *w, const struct dns_answer *a);

/*
 * The record that applies to the walk's domain, and *where it stands, owned
 * by w: its own, else its organisational domain's, else the public suffix's.
 * NULL when there is none or, with w->failed, none that is known.
 */
const struct dmarc_record *dmarc_walk_policy(const struct dmarc_walk *w,
	    const char **where);

/* Results, those of RFC 9989 9.2 (RFC 8601's words). */
#define DMARC_NONE	0	/* no policy */
#define DMARC_PASS	1
#define DMARC_FAIL	2
#define DMARC_TEMPERROR	3
#define DMARC_PERMERROR	4	/* no From address to judge by */

#define DMARC_SPF	1	/* MAIL FROM alone, never HELO */
#define DMARC_DKIM	2

/* A domain for which SPF or DKIM passed, or might have but for an error. */
struct dmarc_ident {
	int		 method;	/* DMARC_SPF, DMARC_DKIM */
	int		 temporary;	/* it ended in a temporary error */
	const char	*domain;
};

struct dmarc {
	int	 result;	/* DMARC_NONE, ... */
	int	 policy;	/* asked for when it fails; t= is */
				/* accounted for */
	int	 published;	/* the same without t= */
	int	 test;
	/*
	 * Who answers for the From domain, policy or not: without one a
	 * domain aligns with itself alone.
	 */
	int	 spf;		/* 1 SPF passed, aligned */
	int	 dkim;		/* 1 DKIM passed, aligned */
	int	 unsure;	/* neither, and an error may be why */
	size_t	 ident;		/* which identifier aligned first */
	char	 author[DNS_NAME_MAX + 1];
	char	 org[DNS_NAME_MAX + 1];		/* "" when not known */
	char	 where[DNS_NAME_MAX + 1];	/* the record's; "" none */
};

struct dmarc_check;

/* Takes the outcome, which is good during the call only. */
typedef void	 dmarc_callback(const struct dmarc *, void *);

/*
 * Judges a message whose From address has the domain author (NULL: there is
 * not exactly one address) by n identifiers; those beyond DMARC_IDENTS_MAX
 * are not looked at.  0: d is asked, *out is a handle for dmarc_cancel(), void
 * after cb(outcome, arg), which is called once and later.  1: the outcome is
 * *now, and cb is not called.  -1 when memory or d is exhausted.
 */
int	 dmarc_check(struct dmarc_check **out, struct dmarc *now,
	    struct dns *d, const char *author, const struct dmarc_ident *v,
	    size_t n, dmarc_callback *cb, void *arg);

/* Ends a judgement without a call of its callback.  NULL is allowed. */
void	 dmarc_cancel(struct dmarc_check *c);

/* The words: "pass", ...; "none", "quarantine", "reject". */
const char *dmarc_result(int result);
const char *dmarc_policy(int policy);

#endif
