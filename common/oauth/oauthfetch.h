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
 * Access tokens from token endpoints (RFC 6749 section 6), over HTTPS with
 * libcurl on libevent.  Nothing but https is spoken, no redirection is
 * followed, no proxy asked; certificates are verified as those of servers of
 * mail are; what comes back has a limit in size and in time.
 */

#ifndef OAUTHFETCH_H
#define OAUTHFETCH_H

#include "oauth/oauthanswer.h"

struct event_base;
struct oauthfetch;
struct oauthfetch_query;
struct resolve;
struct tlsio_ctx;

#define OAUTHFETCH_BODY_MAX	32768	/* bytes of an answer */
#define OAUTHFETCH_TIME		30	/* seconds for a request */
#define OAUTHFETCH_CONNS	16	/* at one time */

/* The answer; the callee may take its strings and leave NULL there. */
typedef void oauthfetch_cb(struct oauthanswer *, void *arg);

/*
 * Makes what requests share; before a sandbox closes.  base may be NULL for
 * the one of event_init(); resolve and tls must outlive it.  Returns NULL
 * after having logged why.
 */
struct oauthfetch *oauthfetch_new(struct event_base *base,
    struct resolve *resolve, struct tlsio_ctx *tls);

/* Ends all requests, without callbacks.  Not from one.  NULL is allowed. */
void	 oauthfetch_free(struct oauthfetch *);

/*
 * Asks for an access token with what is in *o, which it takes over, also
 * when it fails (*o is empty then).  An endpoint that wants the client's
 * secret in HTTP's own field gets a second request.  cb is called once, from
 * the event loop.  Returns NULL without memory.
 */
struct oauthfetch_query *oauthfetch_start(struct oauthfetch *,
    struct oauthtext *o, oauthfetch_cb *cb, void *arg);

/* Forgets a request; not from its callback, after which it is no more. */
void	 oauthfetch_cancel(struct oauthfetch_query *);

/*
 * The same for a program that has nothing else to do meanwhile: waits for
 * the answer in an event loop of its own.  ca as in tlsio_ctx_client(),
 * servers as in struct aresev_conf; *o is taken over.  *a is always set, and
 * then given to oauthanswer_free().
 */
void	 oauthfetch_run(struct oauthtext *o, const char *ca,
	    const char *servers, struct oauthanswer *a);

#endif
