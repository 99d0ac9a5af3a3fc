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
 * SPF records as text: RFC 7208 sections 4.5, 4.6.1, 5, 6 and 12.  All input
 * is hostile; nothing here asks the DNS.
 */

#ifndef SPF_RECORD_H
#define SPF_RECORD_H

#include <sys/types.h>

#include <netinet/in.h>

#include "base/sbuf.h"

#define SPF_RECORD_MAX	8192	/* bytes of a record that is read */
#define SPF_WHY_MAX	160	/* bytes of a reason, with its NUL */

/* Mechanisms (RFC 7208 5). */
#define SPF_ALL		0
#define SPF_INCLUDE	1
#define SPF_A		2
#define SPF_MX		3
#define SPF_PTR		4
#define SPF_IP4		5
#define SPF_IP6		6
#define SPF_EXISTS	7

struct spf_term {
	int		 kind;		/* SPF_ALL, ... */
	char		 qualifier;	/* '+', '-', '~' or '?' */
	char		*text;		/* the whole term as it stands */
	char		*spec;		/* its domain-spec, or NULL */
	int		 prefix4;	/* of SPF_A, SPF_MX, SPF_IP4 */
	int		 prefix6;	/* of SPF_A, SPF_MX, SPF_IP6 */
	struct in_addr	 in;		/* SPF_IP4 */
	struct in6_addr	 in6;		/* SPF_IP6 */
};

struct spf_record {
	struct spf_term	*terms;		/* mechanisms, in their order */
	size_t		 n;
	char		*redirect;	/* domain-spec, or NULL */
	char		*exp;		/* domain-spec, or NULL */
};

/* 1 when a TXT record's text is an SPF record (4.5), else 0. */
int	 spf_record_is(const char *text, size_t len);

/*
 * Reads a record that is one into *r, which spf_record_free() empties.
 * 0, or -1: a syntax error anywhere (which makes permerror), or no memory;
 * why (of SPF_WHY_MAX bytes) then says what, in printable ASCII.
 */
int	 spf_record_parse(struct spf_record *r, const char *text, size_t len,
	    char *why);

/* Frees what *r owns and zeroes it. */
void	 spf_record_free(struct spf_record *r);

/* The macros of SPF records: RFC 7208 section 7. */

#define SPF_EXPANDED_MAX	65536	/* bytes of an expanded string */

/* What the letters stand for; all strings are the caller's. */
struct spf_macros {
	const char	*sender;	/* s: local-part@domain */
	const char	*local;		/* l */
	const char	*sender_domain;	/* o */
	const char	*domain;	/* d */
	const char	*validated;	/* p, or NULL for "unknown" */
	const char	*helo;		/* h */
	const char	*receiver;	/* r */
	int		 family;	/* AF_INET or AF_INET6 */
	const void	*addr;		/* i, v, c: 4 or 16 bytes */
	long long	 now;		/* t: seconds */
};

/*
 * 0 when s is a macro-string (7.1), else -1.  With exp set, the letters c, r
 * and t and spaces are allowed as well.
 */
int	 spf_macro_check(const char *s, int exp);

/* The same for a domain-spec: it ends in a top label or in a macro. */
int	 spf_macro_check_domain(const char *s);

/* 1 when s, a macro-string, has the letter p, else 0. */
int	 spf_macro_has_p(const char *s);

/*
 * Appends the expansion of s, a macro-string, to *out, whose limit should be
 * SPF_EXPANDED_MAX.  0, or -1 when it is too long or memory is exhausted.
 */
int	 spf_macro_expand(const char *s, const struct spf_macros *m,
	    struct sbuf *out);

/*
 * Expands a domain-spec into a name of at most DNS_NAME_MAX bytes, without
 * its last dot, cut from the left where it is longer (7.3).  name is sized
 * DNS_NAME_MAX + 1.  The name may be one that cannot be asked for.  0 or -1.
 */
int	 spf_macro_domain(const char *s, const struct spf_macros *m,
	    char *name);

#endif
