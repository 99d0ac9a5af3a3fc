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

/* Sessions with accounts' servers, for the commands that need one. */

#ifndef CTL_UPSTREAM_H
#define CTL_UPSTREAM_H

#include "crypto/keys.h"
#include "ctl.h"
#include "store/store_account.h"
#include "upstreamrun.h"

#define CTL_UPSTREAM_WHY	(UPSTREAM_TEXT_MAX + 32)

/*
 * What a session that failed is explained by: run->end.text, behind the name
 * of the stage if it does not name that itself.  Returns buf, which needs
 * CTL_UPSTREAM_WHY bytes.
 */
const char	*ctl_upstream_why(const struct upstreamrun *run, char *buf,
	    size_t size);

/*
 * Opens a session with acc's server, with its secret, and sends mail unless
 * that is NULL; s and keys are only read, but for a refresh token that was
 * renewed.  CTL_OK, or CTL_FAIL with why in
 * run->end.text.
 */
int	ctl_upstream(struct ctl *, struct store *s, const struct keys *keys,
	    const struct store_account *acc,
	    const struct upstreamrun_mail *mail, struct upstreamrun *run);

/*
 * Looks how far a session with acc's server comes without a login; whatever
 * its certificate is worth is in run->info.  servers: name servers as in
 * struct aresev_conf, or NULL.  1 when it would take a login now, else 0 with
 * why in run->end.text.
 */
int	 ctl_upstream_probe(const struct store_account *acc,
	    const char *servers, struct upstreamrun *run);

/*
 * Looks at the certificate of a server that is not to be trusted: nothing is
 * said to it but QUIT.  1, or 0 if there is none to be seen.
 */
int	ctl_upstream_look(const struct store_account *acc,
	    struct tlsio_info *info);

#endif
