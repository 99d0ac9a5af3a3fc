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

/* Message-Ids: RFC 5322 3.6.4, obsolete forms of 4.5.4. */

#ifndef MSGID_H
#define MSGID_H

#include <sys/types.h>

#define MSGID_MAX	900	/* bytes of one, without < and > */
#define MSGID_LIST_MAX	500

struct msgids {
	char	**v;		/* without < and > */
	size_t	  n;
	int	  truncated;	/* there were more, or one too long */
};

/*
 * Appends the ids in the value of Message-Id, In-Reply-To or References to
 * *l, which the caller has zeroed, in their order, at most max in all and
 * none twice.  An id is what stands between < and >, white space and line
 * breaks inside taken out; comments and phrases between ids are skipped;
 * where no < stands at all, words that hold one '@' count.  Ids hold only
 * printable ASCII.  0, or -1 when memory is exhausted.
 */
int	 msgid_parse(struct msgids *l, const char *value, size_t len,
	    size_t max);

/* Frees what *l owns and zeroes it. */
void	 msgids_free(struct msgids *l);

/* 1 when id stands in *l (case matters), else 0. */
int	 msgids_has(const struct msgids *l, const char *id);

/*
 * 1 when id, without < and >, can stand in a header between them: 1 to
 * MSGID_MAX printable ASCII characters, none of them white space, < or >.
 * Stricter syntax would break the threads of programs that ignore it.
 */
int	 msgid_valid(const char *id);

/*
 * Makes an id: 26 random letters and digits "@" domain, without < and >.
 * 0, or -1 when out is too small or domain is no name.
 */
int	 msgid_make(const char *domain, char *out, size_t outsz);

#endif
