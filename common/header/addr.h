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
 * Addresses: RFC 5321 mailboxes, and the address lists of RFC 5322 headers
 * with their obsolete forms.  All input is hostile; nothing here does I/O.
 */

#ifndef ADDR_H
#define ADDR_H

#include <sys/types.h>

#define ADDR_LOCAL_MAX	64	/* RFC 5321 4.5.3.1.1 */
#define ADDR_DOMAIN_MAX	255	/* RFC 5321 4.5.3.1.2 */
#define ADDR_MAX	254	/* RFC 5321 4.5.3.1.3 less < and > */
#define ADDR_NAME_MAX	1024	/* bytes of a display name as it came */
#define ADDR_LIST_MAX	500	/* default for addrlist_parse() */

/*
 * 1 when s is a mailbox of RFC 5321 4.1.2 (dot-string or quoted string; a
 * domain or an address literal) within the limits above, else 0.  ASCII
 * only; IDNA's A-labels are ordinary labels.
 */
int	 addr_valid(const char *s);

/* The same, and the local part is a dot-string and the domain a name. */
int	 addr_valid_dotatom(const char *s);

/*
 * Writes s in lower case, local part too, for comparison and as a database
 * key.  0, or -1 when s is not addr_valid() or out too small (ADDR_MAX + 1
 * always suffices).
 */
int	 addr_fold(const char *s, char *out, size_t outsz);

/* 1 when both are valid and fold to the same, else 0. */
int	 addr_equal(const char *a, const char *b);

/* What follows the last '@', or NULL when there is none. */
const char *addr_domain(const char *s);

/*
 * Splits local+tag@domain: copies the address without the tag to base
 * (sized ADDR_MAX + 1) and the tag to tag.  1 with a tag, 0 without (base
 * is s, tag is empty), -1 when s is not valid or a buffer too small.
 */
int	 addr_split_tag(const char *s, char *base, size_t basesz, char *tag,
	    size_t tagsz);

struct addr {
	char	*name;		/* display name, quotes and escapes undone, */
				/* encoded words kept; NULL when none */
	char	*addr;		/* valid mailbox, case as it came */
	char	*folded;	/* the same by addr_fold(), to compare */
};

/*
 * What was seen while parsing.  ADDRLIST_AMBIGUOUS: two sane programs could
 * disagree on which addresses the field names; why says what it was.
 */
#define ADDRLIST_AMBIGUOUS	0x01
#define ADDRLIST_GROUP		0x02	/* a group, perhaps empty */
#define ADDRLIST_TRUNCATED	0x04	/* more than max addresses */
#define ADDRLIST_BAD		0x08	/* a member that is no address */

struct addrlist {
	struct addr	*v;
	size_t		 n;
	int		 flags;
	const char	*why;	/* static text, NULL unless ambiguous */
};

/*
 * Parses the value of From, To and the like (RFC 5322 3.4, obsolete forms
 * of 4.4): line breaks before white space count as white space.  Members
 * of groups are listed like others.  Members that are no valid address are
 * left out and flagged.  Appends to *l, which the caller has zeroed, so
 * that several fields collect in one list; at most max addresses in all.
 * 0, or -1 when memory is exhausted.  *l owns its strings: addrlist_free().
 */
int	 addrlist_parse(struct addrlist *l, const char *value, size_t len,
	    size_t max);

/*
 * Appends a copy of an address; name may be NULL.  0, or -1 when it is none or
 * memory is exhausted.
 */
int	 addrlist_add(struct addrlist *l, const char *name, const char *addr);

/* Frees what *l owns and zeroes it. */
void	 addrlist_free(struct addrlist *l);

/* 1 when an address of *l equals addr, else 0. */
int	 addrlist_has(const struct addrlist *l, const char *addr);

#endif
