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
 * Authentication-Results, written: RFC 8601.  A field is begun, results are
 * added, and it is ended; it is written in lines that end in LF.  What others
 * chose is written only in forms that no reader can take for something else.
 */

#ifndef AUTHRESWRITE_H
#define AUTHRESWRITE_H

#include "base/sbuf.h"
#include "dkim/dkim.h"
#include "dmarc/dmarc.h"

#define AUTHRESWRITE_MAX	32768	/* bytes that always suffice */
#define AUTHRESWRITE_WANT	76	/* where lines are folded */

struct authreswrite {
	struct sbuf	*b;
	size_t		 col;	/* of the line in hand */
	int		 some;	/* a result was written */
	int		 failed;
};

/*
 * Begins a field in *b under the name authserv_id, ours.  A name that is no
 * host's name fails.
 */
void	 authreswrite_begin(struct authreswrite *w, struct sbuf *b,
	    const char *authserv_id);

/*
 * SPF: result is the word of RFC 8601 2.7.2.  sender is that of MAIL FROM as
 * it came, "" for none, helo the greeting; either may be NULL.  Where the local
 * part is no dot-string only the domain is written, and a greeting that is no
 * name is quoted.
 */
void	 authreswrite_spf(struct authreswrite *w, const char *result,
	    const char *sender, const char *helo);

/* A signature, once decided. */
void	 authreswrite_dkim(struct authreswrite *w, const struct dkim_sig *s);

/* That there is no signature. */
void	 authreswrite_nodkim(struct authreswrite *w);

void	 authreswrite_dmarc(struct authreswrite *w, const struct dmarc *d);

/* Ends the field.  0, or -1 when anything failed: *b is then void. */
int	 authreswrite_end(struct authreswrite *w);

#endif
