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
 * Sessions with an account's server for a program that has nothing else to
 * do meanwhile: smtprelayctl and mda-relay.  Each call has an event loop of
 * its own and returns when the session is over.
 */

#ifndef UPSTREAMRUN_H
#define UPSTREAMRUN_H

#include <stddef.h>

#include "smtp/upstream.h"

/* What a session showed, as far as it came. */
struct upstreamrun {
	int			 ready;	/* the server would take mail */
	int			 sent;	/* ... and has taken this one */
	struct upstream_end	 end;	/* why not, when it is not so */
	char			 peer[80]; /* address of the server */
	int			 tls;	/* a handshake was made, and so: */
	struct tlsio_info	 info;
	struct ehlo	 caps;
	char			 answer[UPSTREAM_TEXT_MAX]; /* the server's to
					 * AUTH, or to the message; or "" */
};

/* How a mail is to be sent. */
struct upstreamrun_mail {
	const char	*from;		/* addresses without <>, from "" */
	const char	*rcpt;
	const char	*data;		/* the message; lines end in LF or
					 * CR LF */
	size_t		 len;
};

/*
 * Opens a session with the server of conf, up to and with AUTH, sends mail
 * (unless it is NULL), says QUIT.  ca and servers as in tlsio_ctx_client()
 * and struct aresev_conf, NULL for the system's.  Returns 0 when the server
 * is ready and has taken the mail, if any; -1 with *run telling what came of
 * it (end.text is always set then).
 */
int	 upstreamrun(const struct upstream_conf *conf, const char *ca,
	    const char *servers, const struct upstreamrun_mail *mail,
	    struct upstreamrun *run);

#endif
