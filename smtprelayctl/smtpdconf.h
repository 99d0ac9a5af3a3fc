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
/* The lines that smtpd.conf(5) needs, and which of them it has. */

#ifndef SMTPDCONF_H
#define SMTPDCONF_H

#include "base/compat.h"

#define SMTPDCONF_LINES	11	/* at most */
#define SMTPDCONF_MAX	1024		/* bytes of a line */

struct smtpdconf {
	const char	*path;		/* of smtpd.conf; NULL: there is none */
	struct {
		char	 text[SMTPDCONF_MAX];
		int	 present;
	}		 line[SMTPDCONF_LINES];
	size_t		 lines;
	int		 mailboxes;	/* some are for mailboxes */
	size_t		 outbound;	/* first of those for accounts */
};

struct conf;

/*
 * Makes the lines for the relay.conf at `path', which is absolute, and looks
 * for each of them in smtpd's configuration.  Those for mailboxes are left out
 * when relay.conf has other blocks but no `replies'.  Returns 0, or -1 when a
 * line would be too long, or `path' or the path of the courier's certificate
 * has a character that smtpd or the shell would not take as it is.
 */
int	smtpdconf_make(struct smtpdconf *, const struct conf *,
	    const char *path);

#endif
